"""DMP mock, messages: what a patient decided about their record, as a plain object.

Not here: the messages that carry it (``existence``, ``revision``).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

OPEN, CLOSED, NONE = "open", "closed", "none"
AT_THE_PATIENTS_DEMAND = "FERMETURE_DEMANDE_PATIENT"


# HL7 PersonalRelationshipRoleType, 2.16.840.1.113883.1.11.19579; FTH is confirmed.
FATHER, MOTHER = "FTH", "MTH"


@dataclass(frozen=True, slots=True)
class Representative:
    """A legal representative of a minor: name, and what they are (a code of HL7)."""

    name: str
    code: str = FATHER


@dataclass(frozen=True, slots=True)
class PatientRecord:
    """The state of a record, and the patient's oppositions and consents.

    state: open, closed or none. shows_masked_in_emergency: masked documents may be read in the
    modes centre_15 and bris_de_glace. telecoms, address: as a professional last wrote them.
    birth_date: YYYY-MM-DD, decides on majority.
    """

    state: str
    attached_to_mes: bool = False
    opposed_to_feeding: bool = False
    opposed_to_break_glass: bool = False
    opposed_to_regulation: bool = False
    shows_masked_in_emergency: bool = False
    closed_at: datetime | None = None
    closing_motive: str = ""
    closing_reason: str = ""
    telecoms: tuple[str, ...] = ()
    street: str = ""
    postal_code: str = ""
    city: str = ""
    representatives: tuple[Representative, ...] = ()
    birth_date: str = ""


@dataclass(frozen=True, slots=True)
class Access:
    """One access: who did what, for which structure, in which access mode, when.

    action: a transaction, or MES.* for what the patient or a representative did. unique_id, title:
    of one document, or "". is_secret: kept from the legal representatives of a minor.
    """

    unique_id: str
    title: str
    who: str
    name: str
    structure: str
    access_mode: str
    at: datetime
    action: str
    is_secret: bool = False
