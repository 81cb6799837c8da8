"""Kit, CDA, comparing: where the XDS metadata of a document and its header disagree.

What the metadata should say is what ``entry_from_cda`` derives; nothing is derived twice. Not here:
whether a service refuses a difference (``COMPARED`` only tells how sure the rule is), the link to a
replaced document (the registry knows its entryUUID), what the metadata must have at all.
Sources: CI-SIS, Partage de documents de santé; HL7v2 volet (mapping done by a gateway).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from kit.cda.entry import entry_from_cda
from kit.cda.header import CdaHeader
from kit.cda.patient_comparing import source_patient
from kit.cda.times import same_time
from kit.rules import Finding
from kit.xds.hl7 import Cx, Xcn
from kit.xds.metadata import Author, Coded, DocumentEntry
from kit.xds.tables import OUTSIDE_PROFILES, VISIBILITY_SYSTEM

_PARTAGE = "CI-SIS, partage: metadata derived from the CDA"
_EVENT = "documentationOf/serviceEvent"
_ROLE = "author/assignedAuthor"


@dataclass(frozen=True, slots=True)
class Compared:
    """A field of the metadata: where the CDA says the same, who says so.

    is_binding: the derivation is published for this field; else a difference is worth a remark.
    """

    place: str
    source: str = _PARTAGE
    is_binding: bool = True


COMPARED: Mapping[str, Compared] = {
    "uniqueId": Compared("id/@root", "HL7v2 volet; CI-SIS, partage"),
    "patientId": Compared("recordTarget/patientRole/id", "CI-SIS, partage: INS of the patient"),
    "typeCode": Compared("code"),
    "classCode": Compared("code", "ASS_X16, edition 2024-02-23"),
    "formatCode": Compared("templateId", "ASS_A11"),
    "mimeType": Compared("ClinicalDocument"),
    "languageCode": Compared("languageCode/@code"),
    "confidentialityCode": Compared(
        "confidentialityCode", "HL7v2 volet: first the CDA's, then the visibility"
    ),
    "healthcareFacilityTypeCode": Compared(
        "componentOf/encompassingEncounter/location/healthCareFacility/code"
    ),
    "practiceSettingCode": Compared(
        f"{_EVENT}/performer/assignedEntity/representedOrganization/standardIndustryClassCode"
    ),
    "legalAuthenticator": Compared("legalAuthenticator/assignedEntity"),
    "authorPerson": Compared(_ROLE),
    "authorInstitution": Compared(f"{_ROLE}/representedOrganization/id"),
    "authorSpecialty": Compared(f"{_ROLE}/code"),
    "sourcePatientId": Compared("recordTarget/patientRole/id"),
    "sourcePatientInfo": Compared("recordTarget/patientRole/patient"),
    # What follows is flagged only: accepted in the field, free text, or not confirmed.
    "title": Compared("title", "CI-SIS, partage: free text", is_binding=False),
    "creationTime": Compared(
        "effectiveTime/@value", "integrators' reports: local time sent as UTC", is_binding=False
    ),
    "serviceStartTime": Compared(
        f"{_EVENT}/effectiveTime/low", "integrators' reports: local time sent as UTC",
        is_binding=False,
    ),
    "serviceStopTime": Compared(
        f"{_EVENT}/effectiveTime/high", "integrators' reports: local time sent as UTC",
        is_binding=False,
    ),
    "eventCodeList": Compared(
        f"{_EVENT}/code", "CI-SIS, partage: any code, unconfirmed", is_binding=False
    ),
    "author": Compared("author", "CI-SIS, partage: an author left out", is_binding=False),
    "authorRole": Compared("author/functionCode", "CI-SIS, partage: unconfirmed", is_binding=False),
    "referenceIdList": Compared(
        f"inFulfillmentOf/order, {_EVENT}/id", "JDV_J231, unconfirmed", is_binding=False
    ),
}  # fmt: skip

# Fields with one value, and how it is read from an entry.
_SINGLE: tuple[tuple[str, Callable[[DocumentEntry], str]], ...] = (
    ("uniqueId", lambda entry: entry.unique_id),
    ("patientId", lambda entry: _identifier(entry.patient_cx)),
    ("typeCode", lambda entry: _told(entry.type_code)),
    ("classCode", lambda entry: _told(entry.class_code)),
    ("formatCode", lambda entry: _told(entry.format_code)),
    ("mimeType", lambda entry: entry.mime_type),
    ("title", lambda entry: " ".join(entry.title.split())),
    ("languageCode", lambda entry: entry.language_code),
    ("healthcareFacilityTypeCode", lambda entry: _told(entry.healthcare_facility_type_code)),
    ("practiceSettingCode", lambda entry: _told(entry.practice_setting_code)),
    ("legalAuthenticator", lambda entry: _person(entry.legal_authenticator)),
)
_TIMES: tuple[tuple[str, Callable[[DocumentEntry], str], Callable[[CdaHeader], str]], ...] = (
    ("creationTime", lambda entry: entry.creation_time, lambda header: header.effective_time),
    ("serviceStartTime", lambda entry: entry.service_start_time, lambda header: _act(header)[0]),
    ("serviceStopTime", lambda entry: entry.service_stop_time, lambda header: _act(header)[1]),
)


def differences(entry: DocumentEntry, header: CdaHeader) -> list[Finding]:
    """Every field in which the metadata say something else than the CDA.

    A field that one of the two leaves out is no difference, but of lists and of sourcePatientInfo.
    The field of a finding is a key of COMPARED.
    """
    expected = entry_from_cda(header)
    found = [
        *_single(entry, expected),
        *_times(entry, expected, header),
        *_confidentiality(entry, expected),
        *_authors(entry, expected),
        *_lists(entry, expected),
        *source_patient(entry, header),
    ]
    subject = entry.unique_id or entry.entry_uuid
    return [
        Finding(subject, field, seen, _as_in_cda(field, wanted)) for field, seen, wanted in found
    ]


_Difference = tuple[str, str, str]  # field, seen, expected


def _as_in_cda(field: str, wanted: str) -> str:
    return f"{wanted or 'nothing'}, as in the CDA ({COMPARED[field].place})"


def _single(entry: DocumentEntry, expected: DocumentEntry) -> Iterator[_Difference]:
    for field, read in _SINGLE:
        seen, wanted = read(entry), read(expected)
        if seen and wanted and seen != wanted and not wanted.startswith(OUTSIDE_PROFILES):
            yield field, seen, wanted


def _times(
    entry: DocumentEntry, expected: DocumentEntry, header: CdaHeader
) -> Iterator[_Difference]:
    for field, read, in_cda in _TIMES:
        seen, wanted, local = read(entry), read(expected), in_cda(header)
        if not seen or not wanted or same_time(seen, wanted):
            continue
        is_local = same_time(seen, local.partition("+")[0].partition("-")[0])
        yield field, seen, f"{wanted} UTC{' and not the local time' if is_local else ''}"


def _confidentiality(entry: DocumentEntry, expected: DocumentEntry) -> Iterator[_Difference]:
    """The value of the CDA first; then only values of visibility."""
    own, codes = expected.confidentiality_codes[:1], entry.confidentiality_codes
    if own and codes and _told(codes[0]) != _told(own[0]):
        yield "confidentialityCode", _told(codes[0]), f"{_told(own[0])} first"
    for code in codes[1:]:
        if code.system != VISIBILITY_SYSTEM and (not own or _told(code) != _told(own[0])):
            yield "confidentialityCode", _told(code), "a code of visibility after the first"


def _authors(entry: DocumentEntry, expected: DocumentEntry) -> Iterator[_Difference]:
    known = {_id(author): author for author in expected.authors}
    for author in entry.authors:
        same = known.pop(_id(author), None)
        if same is None:
            wanted = "; ".join(_person(item.person) for item in expected.authors)
            yield "authorPerson", _person(author.person), f"one of {wanted}"
        else:
            yield from _author(author, same)
    if entry.authors:
        for author in known.values():
            yield "author", "", _person(author.person)


def _author(seen: Author, expected: Author) -> Iterator[_Difference]:
    rows: tuple[tuple[str, Iterable[str], Iterable[str]], ...] = (
        ("authorPerson", [_person(seen.person)], [_person(expected.person)]),
        (
            "authorInstitution",
            [xon.id for xon in seen.institutions if xon.id],
            [xon.id for xon in expected.institutions if xon.id],
        ),
        ("authorRole", seen.roles, expected.roles),
        ("authorSpecialty", map(_told, seen.specialties), map(_told, expected.specialties)),
    )
    for field, one, other in rows:
        found, wanted = set(one), set(other)
        if found and wanted and found != wanted:
            yield field, ", ".join(sorted(found)), ", ".join(sorted(wanted))


def _lists(entry: DocumentEntry, expected: DocumentEntry) -> Iterator[_Difference]:
    """Codes of acts and identifiers of orders: each that one side has and the other has not."""
    rows = (
        (
            "eventCodeList",
            dict.fromkeys(map(_told, entry.event_codes)),
            dict.fromkeys(map(_told, expected.event_codes)),
        ),
        (
            "referenceIdList",
            dict.fromkeys(map(_reference, entry.reference_ids)),
            dict.fromkeys(map(_reference, expected.reference_ids)),
        ),
    )
    for field, seen, wanted in rows:
        yield from ((field, "", item) for item in wanted if item not in seen)
        yield from ((field, item, "") for item in seen if item not in wanted)


def _act(header: CdaHeader) -> tuple[str, str]:
    event = header.principal_event
    return (event.low, event.high) if event else ("", "")


def _told(code: Coded | None) -> str:
    return f"{code.code} ({code.system})" if code else ""


def _person(person: Xcn | None) -> str:
    """Number and names; prefixes and types are not compared."""
    if person is None:
        return ""
    return "^".join((person.id, person.family, person.given)).rstrip("^")


def _id(author: Author) -> str:
    person = author.person
    return (person.id or _person(person)) if person else ""


def _identifier(cx: str) -> str:
    """A CX without what may follow its fifth component (a date in old examples)."""
    return Cx.read(cx).write() if cx else ""


def _reference(cx: str) -> str:
    read = Cx.read(cx)
    return f"{read.id} ({read.authority or read.type.rpartition(':')[2]})"
