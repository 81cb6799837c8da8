"""DMP mock, messages: what a patient decided about their record, as a plain object.

Not here: the messages that carry it (``existence``, ``revision``).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

OPEN, CLOSED, NONE = "open", "closed", "none"
AT_THE_PATIENTS_DEMAND = "FERMETURE_DEMANDE_PATIENT"


@dataclass(frozen=True, slots=True)
class PatientRecord:
    """The state of a record, and the patient's oppositions and consents.

    state: open, closed or none. shows_masked_in_emergency: masked documents may be read in the
    modes centre_15 and bris_de_glace. telecoms, address: as a professional last wrote them.
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
    representatives: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Reading:
    """One document somebody read: who, for which structure, in which access mode, when."""

    unique_id: str
    title: str
    reader: str
    reader_name: str
    structure: str
    access_mode: str
    at: datetime
