"""Kit, pki: the test authority, its certificates, revocation, what they say, and TLS contexts.

Shapes follow IGC-Santé: distinguished names, key usages, organisations apart from persons. Not
here: who may do what with a certificate (vihf and the mocks).
"""

from kit.pki.authority import EstablishmentCredentials, NotOurs, TestPki, TlsMode
from kit.pki.certificates import Authority, CertificateFault, CertificateKind, Person
from kit.pki.credentials import Credential
from kit.pki.names import (
    Holder,
    certificate_of,
    common_name,
    holder_of,
    is_authentication_certificate,
    is_signature_certificate,
    issuer_common_name,
    issuer_dn,
    organizational_units,
    same_name,
    struct_idnat,
    subject_dn,
)
from kit.pki.revocation import NoStatus, Reason, Revocation, RevocationLists
from kit.pki.trust import Distrust, Trust, Untrusted

__all__ = [
    "Authority",
    "CertificateFault",
    "CertificateKind",
    "Credential",
    "Distrust",
    "EstablishmentCredentials",
    "Holder",
    "NoStatus",
    "NotOurs",
    "Person",
    "Reason",
    "Revocation",
    "RevocationLists",
    "TestPki",
    "TlsMode",
    "Trust",
    "Untrusted",
    "certificate_of",
    "common_name",
    "holder_of",
    "is_authentication_certificate",
    "is_signature_certificate",
    "issuer_common_name",
    "issuer_dn",
    "organizational_units",
    "same_name",
    "struct_idnat",
    "subject_dn",
]
