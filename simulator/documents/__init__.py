"""Simulator, documents: the facts of a stay or visit written as CDA documents.

``draw_case`` chooses what the stay is about, ``write_document`` writes a document of one of the
``KINDS``. Not here: who is admitted and when (activity), sending (delivery).
"""

from simulator.documents.facts import (
    Act,
    Admission,
    ClinicalCase,
    ClinicalDocument,
    Coded,
    Discharge,
    EncounterMode,
    ImagingExam,
    LabResult,
    StayFacts,
    Treatment,
)
from simulator.documents.kinds import KINDS, Kind
from simulator.documents.pictures import draw_case, has_case
from simulator.documents.write import write_document

__all__ = [
    "KINDS",
    "Act",
    "Admission",
    "ClinicalCase",
    "ClinicalDocument",
    "Coded",
    "Discharge",
    "EncounterMode",
    "ImagingExam",
    "Kind",
    "LabResult",
    "StayFacts",
    "Treatment",
    "draw_case",
    "has_case",
    "write_document",
]
