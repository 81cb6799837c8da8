"""Kit, vihf: the SAML 2.0 assertion that says who speaks to the DMP (VIHF), and its rules.

Not here: what that person may do (rights matrix), and whether the patient blocked them: the mock.
"""

from kit.vihf.checking import VihfPolicy, VihfVerified, policy_of, verify_vihf
from kit.vihf.explaining import Explanation, Judged, Line, Verdict, explain
from kit.vihf.finding import find_assertion
from kit.vihf.model import (
    AccessMode,
    Authentication,
    AuthnContext,
    PurposeOfUse,
    Role,
    Vihf,
    access,
    profession,
    specialty,
)
from kit.vihf.rules import Circumstances, attributes, signer, version
from kit.vihf.wire import read_vihf, write_vihf

__all__ = [
    "AccessMode",
    "Authentication",
    "AuthnContext",
    "Circumstances",
    "Explanation",
    "Judged",
    "Line",
    "PurposeOfUse",
    "Role",
    "Verdict",
    "Vihf",
    "VihfPolicy",
    "VihfVerified",
    "access",
    "attributes",
    "explain",
    "find_assertion",
    "policy_of",
    "profession",
    "read_vihf",
    "signer",
    "specialty",
    "verify_vihf",
    "version",
    "write_vihf",
]
