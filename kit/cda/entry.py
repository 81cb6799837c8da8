"""Kit, CDA, entry: the XDS metadata of a document, derived from its header.

The mapping of the CI-SIS: one line per attribute. Not here: hash and size (the repository or the
archive computes them), the replaced entry (the registry knows its entryUUID).
Sources: CI-SIS, Partage de documents de santé; ASS_X04, ASS_A11 (kit.xds.tables).
"""

from __future__ import annotations

import re
from datetime import timedelta, timezone
from functools import lru_cache

from kit.cda.document import read_header
from kit.cda.header import CdaAuthor, CdaHeader, CdaOrganization, CdaPerson
from kit.cda.times import FRANCE
from kit.identity import STRUCTURE_OID
from kit.xds.hl7 import PS_OID, Cx, Xcn, Xon, escape, read_dtm, write_dtm
from kit.xds.metadata import Author, Coded, DocumentEntry
from kit.xds.tables import VISIBILITY_SYSTEM, class_of, format_of
from kit.xds.vocabulary import REFERENCE_ACCESSION, REFERENCE_ORDER, REFERENCE_STUDY

CDA_MIME_TYPE = "text/xml"
SELF_PRESENTING_MIME_TYPE = "application/xslt+xml"
_TS = re.compile(r"(\d{4}(?:\d{2}){0,5})(?:\.\d+)?([+-]\d{4})?", re.ASCII)
_LAST_MINUTE = 59
_IMAGING_TYPES = ("18748-4", "IMG-KOS")


def entry_from_cda(
    cda: bytes | CdaHeader, *, entry_uuid: str = "Document01", visibility: tuple[str, ...] = ()
) -> DocumentEntry:
    """The document entry of a CDA file, or of its header.

    visibility: MASQUE_PS, INVISIBLE_PATIENT …, added to the document's own confidentiality.
    A type that our tables do not know has no class_code. Raises Malformed.
    """
    header = read_header(cda) if isinstance(cda, bytes) else cda
    event, encounter = header.principal_event, header.encounter
    setting = event.performer.organization if event and event.performer else None
    own = (header.confidentiality,) if header.confidentiality else ()
    return DocumentEntry(
        entry_uuid=entry_uuid,
        unique_id=header.unique_id,
        patient_id=header.patient.ins,
        mime_type=SELF_PRESENTING_MIME_TYPE if header.is_self_presenting else CDA_MIME_TYPE,
        class_code=class_of(header.code.code) if header.code else None,
        type_code=header.code,
        format_code=format_of(header.templates, header.media_type),
        confidentiality_codes=own + tuple(Coded(v, VISIBILITY_SYSTEM, v) for v in visibility),
        healthcare_facility_type_code=encounter.facility if encounter else None,
        practice_setting_code=setting.setting if setting else None,
        event_codes=_event_codes(header),
        title=header.title,
        creation_time=to_utc(header.effective_time),
        service_start_time=to_utc(event.low) if event else "",
        service_stop_time=to_utc(event.high) if event else "",
        language_code=header.language,
        source_patient_id=_source_patient_id(header),
        source_patient_info=_source_patient_info(header),
        legal_authenticator=_optional_xcn(header.legal_authenticator),
        authors=tuple(map(_author, header.authors)),
        reference_ids=_reference_ids(header),
    )


def to_utc(timestamp: str) -> str:
    """A CDA time (TS) in UTC with the precision it has; what is no time stays as it is.

    A date is not shifted. A time without zone is French civil time: the schematrons let it pass.
    """
    match = _TS.fullmatch(timestamp)
    if match is None or len(match[1]) <= 8:
        return match[1] if match else timestamp
    digits, zone = match.groups()
    try:
        at = read_dtm(digits).replace(tzinfo=_zone(zone) if zone else FRANCE)
        return write_dtm(at)[: len(digits)]
    except (ValueError, OverflowError):  # no such day; the first or last of all years
        return timestamp


@lru_cache(maxsize=256)
def _zone(written: str) -> timezone:
    """``+0200``. Raises ValueError for one that is no zone."""
    hours, minutes = int(written[1:3]), int(written[3:])
    if minutes > _LAST_MINUTE:
        raise ValueError(f"not a zone: {written!r}")
    away = timedelta(hours=hours, minutes=minutes)
    return timezone(-away if written[0] == "-" else away)


def _event_codes(header: CdaHeader) -> tuple[Coded, ...]:
    """Codes of all acts with their translations (CCAM, modality, region), each once."""
    codes = (code for event in header.service_events for code in event.codes)
    return tuple({(code.code, code.system): code for code in codes}.values())


def _source_patient_id(header: CdaHeader) -> str:
    local, ins = header.patient.local_id, header.patient.ins
    if local is not None:
        return Cx(local.extension, local.root, "PI").write()
    return ins.cx if ins else ""


def _source_patient_info(header: CdaHeader) -> tuple[str, ...]:
    patient = header.patient
    name = f"{escape(patient.birth_name)}^{escape(patient.first_given_name)}^^^^^L"
    pairs = (
        ("PID-5", name if patient.birth_name else ""),
        ("PID-7", patient.birth_time[:8]),
        ("PID-8", patient.sex),
    )
    return tuple(f"{field}|{value}" for field, value in pairs if value)


def _author(author: CdaAuthor) -> Author:
    organization = author.person.organization
    code = author.person.code
    role = author.function.label or author.function.code if author.function else ""
    return Author(
        person=_xcn(author.person),
        institutions=(_xon(organization),) if organization else (),
        roles=(role,) if role else (),
        specialties=(code,) if code else (),
    )


def _optional_xcn(person: CdaPerson | None) -> Xcn | None:
    return _xcn(person) if person else None


def _xcn(person: CdaPerson) -> Xcn:
    """A national number is IDNPS; an internal one, ``structure/id``, EI; software, RI."""
    identifier = next((item for item in person.ids if item.root == PS_OID), None)
    identifier = identifier or next(iter(person.ids), None)
    number = identifier.extension if identifier else ""
    kind = "EI" if "/" in number else "IDNPS"
    return Xcn(
        id=number,
        family=person.family,
        given=person.given,
        authority=identifier.root if identifier else "",
        name_type="U" if person.is_device else "D",
        id_type="RI" if person.is_device else kind,
    )


def _xon(organization: CdaOrganization) -> Xon:
    identifier = next((item for item in organization.ids if item.root == STRUCTURE_OID), None)
    if identifier is None:
        return Xon(organization.name)
    return Xon(organization.name, identifier.extension, STRUCTURE_OID, "IDNST")


def _reference_ids(header: CdaHeader) -> tuple[str, ...]:
    """Orders, accession numbers, and for imaging the StudyInstanceUID of each act."""
    rows = [(item, REFERENCE_ORDER) for item in header.orders]
    rows += [(item, REFERENCE_ACCESSION) for item in header.accessions]
    if header.code and header.code.code in _IMAGING_TYPES:
        studies = (item for event in header.service_events for item in event.ids)
        rows += [(item, REFERENCE_STUDY) for item in studies if not item.extension]
    return tuple(
        Cx(item.extension or item.root, item.root if item.extension else "", kind).write()
        for item, kind in rows
    )
