"""Kit, signature: XML signatures of assertions (enveloped) and of lots (XAdES with a manifest).

Not here: what an assertion must say (vihf), where a lot's signature lies (xds).
"""

from kit.signature.enveloped import (
    RSA_SHA1,
    RSA_SHA256,
    SignatureFlaw,
    SignatureRefused,
    Verified,
    alone,
    certificate_in,
    sign_enveloped,
    verify_enveloped,
    verify_integrity,
)
from kit.signature.lot_checking import check_lot_signature
from kit.signature.lot_writing import write_lot_signature

__all__ = [
    "RSA_SHA1",
    "RSA_SHA256",
    "SignatureFlaw",
    "SignatureRefused",
    "Verified",
    "alone",
    "certificate_in",
    "check_lot_signature",
    "sign_enveloped",
    "verify_enveloped",
    "verify_integrity",
    "write_lot_signature",
]
