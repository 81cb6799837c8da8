"""Kit, vihf: what a VIHF says, and its code lists. Source: DMP examples.

Fields hold what was received, right or wrong: "" or an empty tuple when the message says
nothing. Not here: the wire (wire), the rules (rules).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from kit.identity import Ins

PROFESSIONS = "1.2.250.1.71.1.2.7"  # TRE_G15
SPECIALTIES = "1.2.250.1.71.4.2.5"  # TRE_R38 and its sisters
AUTHORS = "1.2.250.1.213.1.1.4.6"  # authors who are not professionals
ACCESS_MODES = "1.2.250.1.213.1.1.4.248"  # TRE_R248
SECTORS = "1.2.250.1.71.4.2.4"
ISSUER_FORMAT = "urn:oasis:names:tc:SAML:1.1:nameid-format:X509SubjectName"
CLASSES = "urn:oasis:names:tc:SAML:2.0:ac:classes:"
RESOURCE_URN = "urn:dmp"
MODE_ATTRIBUTE = "Authentification_mode"
CAPITAL_MODE_ATTRIBUTE = "Authentification_Mode"


class Authentication(StrEnum):
    """How the user proved who they are (mode d'authentification)."""

    DIRECT = "DIRECTE"
    INDIRECT = "INDIRECTE"
    REINFORCED = "INDIRECTE_RENFORCEE"


class AccessMode(StrEnum):
    """Why the record is opened (mode d'accès): the complete list."""

    NORMAL = "normal"
    BREAK_GLASS = "bris_de_glace"
    REGULATION = "centre_15"


class AuthnContext(StrEnum):
    """AuthnContextClassRef, without its prefix."""

    SMARTCARD = "SmartcardPKI"
    PASSWORD = "Password"  # noqa: S105 the name of a SAML class
    TLS_CLIENT = "TLSClient"
    UNSPECIFIED = "unspecified"
    MOBILE = "MobileTwoFactorUnregistered"


class Declaration(StrEnum):
    """AuthnContextDecl: only with reinforced authentication (AIR)."""

    BROWSER = "APP_BROWSER_AUTH"
    SIMPLIFIED = "CONF_EXI_PGSSIS"


@dataclass(frozen=True, slots=True)
class Role:
    """A profession, a specialty, or what a non-professional author is."""

    code: str
    system: str
    label: str = ""


@dataclass(frozen=True, slots=True)
class PurposeOfUse:
    """The access mode as a coded value."""

    code: str
    system: str = ACCESS_MODES
    label: str = ""


@dataclass(frozen=True, slots=True)
class Vihf:
    """The identification of a caller (Vecteur d'identification et d'habilitation formelles).

    issuer: distinguished name of the signing certificate. structure: Struct_IdNat.
    patient: the CX form ``<matricule>^^^&<OID>&ISO^NH``. homologation is treated as a secret.
    """

    id: str
    issued_at: datetime
    issuer: str
    name_id: str
    structure: str
    sector: str
    roles: tuple[Role, ...]
    authentication: str
    patient: str
    purpose: PurposeOfUse | None
    lps_name: str
    lps_version: str
    homologation: str = field(repr=False)
    subject_name: str = ""
    lps_id: str = ""
    confidentiality: str = ""
    authn_context: str = CLASSES + AuthnContext.UNSPECIFIED
    authn_declaration: str = ""
    resource_urn: str = RESOURCE_URN
    vihf_version: str = "3.0"
    issuer_format: str = ISSUER_FORMAT
    saml_version: str = "2.0"
    mode_attribute: str = MODE_ATTRIBUTE

    @property
    def ins(self) -> Ins:
        """The patient's INS. Raises Malformed when ``patient`` is no CX."""
        return Ins.from_cx(self.patient)

    @property
    def profession(self) -> str:
        """The code of the first role, or ""."""
        return self.roles[0].code if self.roles else ""

    @property
    def access_mode(self) -> str:
        """The code of the access mode, or ""."""
        return self.purpose.code if self.purpose else ""

    @property
    def software(self) -> str:
        """Name and version of the software (LPS)."""
        return f"{self.lps_name} {self.lps_version}".strip()


def profession(code: str, label: str = "") -> Role:
    """A professional (TRE_G15), or a non-professional author."""
    return Role(code, AUTHORS if code in NON_PROFESSIONALS else PROFESSIONS, label)


def specialty(code: str, label: str = "") -> Role:
    """The specialty of a doctor or pharmacist."""
    return Role(code, SPECIALTIES, label)


def access(mode: AccessMode, label: str = "") -> PurposeOfUse:
    """The access mode as the message carries it."""
    return PurposeOfUse(mode.value, ACCESS_MODES, label)


MACHINES = frozenset({"AUTOMATE", "DISPOSITIF"})
NON_PROFESSIONALS = MACHINES | {"SECRETARIAT_MEDICAL"}
WITH_SPECIALTY = frozenset({"10", "21"})  # doctor, pharmacist
# TRE_G15. DMP examples confirms 10 only, the others are unconfirmed there.
PROFESSION_CODES = frozenset(
    "10 21 26 28 31 32 35 36 37 38 40 41 42 50 60 69 70 71 72 73 80 81 82 83 84 85 86 91 92 93 94 "
    "95 96 98".split()
)
