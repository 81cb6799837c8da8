"""Kit, CDA, comparing the patient: sourcePatientId and sourcePatientInfo against recordTarget.

Not here: the patientId, the other fields (comparing.py).
Source: CI-SIS, Partage de documents de santé: PID-3, PID-5, PID-7, PID-8.
"""

from __future__ import annotations

from collections.abc import Iterator

from kit.cda.header import CdaHeader, CdaPatient
from kit.identity import INS_OIDS
from kit.xds.hl7 import Cx, unescape
from kit.xds.metadata import DocumentEntry

_FIELD = "sourcePatientInfo"
_USED_NAME = "D"  # type of a name in PID-5; L: the birth name


def source_patient(entry: DocumentEntry, header: CdaHeader) -> Iterator[tuple[str, str, str]]:
    """What differs: field, seen, expected."""
    patient = header.patient
    if entry.source_patient_id and not _is_own(entry.source_patient_id, patient):
        yield "sourcePatientId", entry.source_patient_id, _identifiers(patient)
    values = [item.partition("|") for item in entry.source_patient_info]
    given = {field for field, _, _ in values}
    for field, _, value in values:
        wanted = _wanted(field, value, patient)
        if wanted:
            yield _FIELD, f"{field}|{value}", f"{field}|{wanted}"
    if values:
        for field, wanted in _required(patient):
            if field not in given:
                yield _FIELD, "", f"{field}|{wanted}"


def _required(patient: CdaPatient) -> Iterator[tuple[str, str]]:
    rows = (
        ("PID-5", patient.birth_name),
        ("PID-7", patient.birth_time[:8]),
        ("PID-8", patient.sex),
    )
    return ((field, value) for field, value in rows if value)


def _wanted(field: str, value: str, patient: CdaPatient) -> str:
    """What a value of PID should be; "" when it is right, or not compared."""
    if field == "PID-3":
        return "" if _is_own(value, patient) else _identifiers(patient)
    if field == "PID-5":
        return _name(value, patient)
    if field == "PID-7":
        day = patient.birth_time[:8]
        return "" if value[:8] == day else day
    if field == "PID-8":
        return "" if value == patient.sex else patient.sex
    return ""


def _name(value: str, patient: CdaPatient) -> str:
    """The birth name with the first given name or all of them; the used name under type D."""
    family, given, *rest = [*map(unescape, value.split("^")), ""]
    if _USED_NAME in rest:
        families = {patient.used_name, patient.birth_name}
        givens = {patient.used_given_name, patient.first_given_name, patient.birth_given_names}
    else:
        families = {patient.birth_name}
        givens = {patient.first_given_name, patient.birth_given_names}
    if _among(family, families) and _among(given, givens):
        return ""
    return f"{'/'.join(sorted(families - {''}))}^{'/'.join(sorted(givens - {''}))}"


def _among(seen: str, expected: set[str]) -> bool:
    known = {item.casefold() for item in expected if item}
    return not seen or not known or seen.casefold() in known


def _is_own(cx: str, patient: CdaPatient) -> bool:
    """An identifier of the document: the INS under type NH, or one of the establishment."""
    read = Cx.read(cx)
    if read.authority in INS_OIDS and read.type not in ("NH", "INS"):
        return False
    return any((item.extension, item.root) == (read.id, read.authority) for item in patient.ids)


def _identifiers(patient: CdaPatient) -> str:
    return " or ".join(
        Cx(item.extension, item.root, "NH" if item.root in INS_OIDS else "PI").write()
        for item in patient.ids
    )
