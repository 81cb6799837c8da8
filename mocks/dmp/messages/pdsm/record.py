"""DMP mock, messages, PDSm: the record of a patient (TD0.2) as a Patient, written only.

A draft of 2026 has it so; traits are for information (RG_0320), a lunar birth date is told as far
as it is a date. Not here: whether the caller may ask (``rules``). Source: PDSm4DMP, TD0.2.
"""

from __future__ import annotations

import re

from kit.fhir import Resource
from mocks.dmp.messages.pdsm.datatypes import write_ins
from mocks.dmp.messages.registration import Record

_DRAFT = "https://interop.esante.gouv.fr/ig/fhir/dmp/StructureDefinition/"
CLOSING, ATTACHED = f"{_DRAFT}dmp-fermeture", f"{_DRAFT}dmp-rattachement-mes"
ATTENDING = f"{_DRAFT}dmp-medecin-traitant"
_GENDERS = {"M": "male", "F": "female"}
_REAL = re.compile(r"\d{4}(-(?!00)\d\d(-(?!00)\d\d)?)?")


def write_record(record: Record) -> Resource:
    """A record, open or closed with its motive."""
    given = record.given_names.split()
    names = [{"use": "official", "family": record.birth_name, "given": given}]
    if record.used_name:
        names.append({"use": "usual", "family": record.used_name, "given": given[:1]})
    extensions = [
        {"url": ATTACHED, "valueBoolean": record.attached_to_mes},
        {"url": ATTENDING, "valueBoolean": record.is_attending_doctor},
    ]
    if record.closing_motive:
        extensions.insert(0, _closing(record))
    return {
        "resourceType": "Patient",
        "id": record.patient_id.matricule,
        "extension": extensions,
        "identifier": [{"use": "official"} | write_ins(record.patient_id)],
        "active": record.is_open,
        "name": names,
        "gender": _GENDERS.get(record.sex, "unknown"),
        "birthDate": _date(record.birth_date),
    }


def _date(text: str) -> str:
    """A date, cut before the first part that is unknown."""
    match = _REAL.match(text)
    return match[0] if match else text[:4]


def _closing(record: Record) -> Resource:
    day = record.closed_on
    told: list[Resource] = []
    if day:
        told.append({"url": "dateFermeture", "valueDate": f"{day[:4]}-{day[4:6]}-{day[6:8]}"})
    motive = {"coding": [{"code": record.closing_motive}]}
    told.append({"url": "motifFermeture", "valueCodeableConcept": motive})
    if record.closing_reason:
        told.append({"url": "raisonFermeture", "valueString": record.closing_reason})
    return {"url": CLOSING, "extension": told}
