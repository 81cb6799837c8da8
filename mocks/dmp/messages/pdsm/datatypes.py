"""DMP mock, messages, PDSm: FHIR data types and those of XDS, both ways.

Code systems, identifiers, times, hashes. Readers never refuse a value: what they do not
recognise stays as it came, so that a rule can quote it. Not here: any resource.
Sources: PDSm; NOS (URLs of the terminologies); IHE ITI TF-2 Appendix E.3; FHIR R4 data types.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime

from kit.fhir import Element, Resource
from kit.identity import INS_OIDS, Ins
from kit.xds.metadata import Coded
from kit.xds.tables import (
    CLASS_SYSTEM,
    CONFIDENTIALITY_SYSTEM,
    CONTENT_TYPE_SYSTEM,
    FACILITY_SYSTEM,
    FORMAT_SYSTEM_FR,
    FORMAT_SYSTEM_IHE,
    LOINC,
    PRACTICE_SYSTEM,
    SPECIALTY_SYSTEM,
    TYPE_SYSTEM_FR,
    VISIBILITY_SYSTEM,
)

URI = "urn:ietf:rfc:3986"  # the system of identifiers that are URIs
OID, UUID = "urn:oid:", "urn:uuid:"
PDSM = "https://interop.esante.gouv.fr/ig/fhir/pdsm/StructureDefinition/"
MHD = "https://profiles.ihe.net/ITI/MHD/"
IDENTIFIER_TYPES = f"{MHD}CodeSystem/IHE.MHD.MHDIdentifierType"
UNIQUE_ID, ENTRY_UUID = "uniqueId", "entryUUID"
_NATIONAL_TYPES = "https://hl7.fr/ig/fhir/core/CodeSystem/fr-core-cs-v2-0203"
_HL7_TYPES = "http://terminology.hl7.org/CodeSystem/v2-0203"
_NATIONAL = ("IDNPS", "IDNST")


def _nos(name: str) -> str:
    """The URL of a terminology of the NOS: ``TRE_A03-ClasseDocument`` says all of it."""
    return f"https://mos.esante.gouv.fr/NOS/{name}/FHIR/{name.replace('_', '-', 1)}"


# OID of a code system -> its URL in FHIR; any other OID is written urn:oid:.
SYSTEMS: Mapping[str, str] = {
    LOINC: "http://loinc.org",
    TYPE_SYSTEM_FR: _nos("TRE_A05-TypeDocComplementaire"),
    CLASS_SYSTEM: _nos("TRE_A03-ClasseDocument"),
    FORMAT_SYSTEM_FR: _nos("TRE_A06-FormatCodeComplementaire"),
    FORMAT_SYSTEM_IHE: _nos("TRE_A11-IheFormatCode"),
    CONFIDENTIALITY_SYSTEM: "http://terminology.hl7.org/CodeSystem/v3-Confidentiality",
    VISIBILITY_SYSTEM: _nos("TRE_A07-StatutVisibiliteDocument"),
    CONTENT_TYPE_SYSTEM: _nos("TRE_R209-TypeActivite"),
    PRACTICE_SYSTEM: _nos("TRE_A01-CadreExercice"),
    FACILITY_SYSTEM: _nos("TRE_R02-SecteurActivite"),
    SPECIALTY_SYSTEM: _nos("TRE_A02-ProfessionSavFaire-CISIS"),
    "1.2.250.1.213.1.1.4.6": _nos("TRE_A00-ProducteurDocNonPS"),
    "1.2.840.10008.2.6.1": _nos("TRE_A09-DICOMuidRegistry"),
    "1.2.840.10008.2.16.4": "http://dicom.nema.org/resources/ontology/DCM",
    "2.16.840.1.113883.6.96": "http://snomed.info/sct",
    "2.16.840.1.113883.6.3": "http://hl7.org/fhir/sid/icd-10",
}
# Other spellings that published examples use.
_ALIASES = {
    _nos("TRE_A07-StatusVisibiliteDocument"): VISIBILITY_SYSTEM,
    "http://ihe.net/fhir/ihe.formatcode.fhir/CodeSystem/formatcode": FORMAT_SYSTEM_IHE,
}
_OIDS = {url: oid for oid, url in SYSTEMS.items()} | _ALIASES
_DOTTED = re.compile(r"[0-2](\.(0|[1-9][0-9]*))+")
_HEX = re.compile(r"(?:[0-9a-f]{2})+")


def write_system(oid: str) -> str:
    """The URL of a code system, ``urn:oid:`` for one without; a name that is no OID stays."""
    if oid in SYSTEMS:
        return SYSTEMS[oid]
    return f"{OID}{oid}" if _DOTTED.fullmatch(oid) else oid


def read_system(url: str) -> str:
    """The OID of a code system."""
    return _OIDS.get(url, url.removeprefix(OID))


def write_coding(code: Coded) -> Resource:
    """A Coding."""
    rows = (("system", write_system(code.system)), ("code", code.code), ("display", code.label))
    return {name: value for name, value in rows if value}


def read_coding(element: Element) -> Coded | None:
    """A Coding; None when it has no code."""
    code = element.text("code")
    if not code:
        return None
    return Coded(code, read_system(element.text("system")), element.text("display"))


def write_concept(code: Coded) -> Resource:
    """A CodeableConcept of one coding."""
    return {"coding": [write_coding(code)]}


def read_concept(element: Element) -> Coded | None:
    """The first coding of a CodeableConcept that has a code."""
    codes = (read_coding(coding) for coding in element.children("coding"))
    return next((code for code in codes if code), None)


def read_concepts(elements: Iterable[Element]) -> tuple[Coded, ...]:
    """Every CodeableConcept of an array that has a code."""
    return tuple(code for code in map(read_concept, elements) if code)


# Identifiers.


def write_identifier(value: str, authority: str, kind: str = "") -> Resource:
    """An Identifier of an authority known by its OID; ``kind``: NH, PI, IDNPS …"""
    found: Resource = {}
    if kind:
        system = _NATIONAL_TYPES if kind in _NATIONAL else _HL7_TYPES
        found["type"] = {"coding": [{"system": system, "code": kind}]}
    if authority:
        found["system"] = f"{OID}{authority}"
    return found | ({"value": value} if value else {})


def read_identifier(element: Element) -> tuple[str, str, str]:
    """Value, OID of the authority, kind."""
    kind = read_concept(element.child("type"))
    return element.text("value"), read_authority(element.text("system")), kind.code if kind else ""


def read_authority(system: str) -> str:
    """``urn:oid:1.2`` as ``1.2``; another system stays."""
    return system.removeprefix(OID)


def write_uri(value: str, kind: str = "") -> Resource:
    """An Identifier that is a URI: ``urn:oid:…`` or ``urn:uuid:…``; kind: of MHD."""
    coding = {"system": IDENTIFIER_TYPES, "code": kind}
    typed: Resource = {"type": {"coding": [coding]}} if kind else {}
    return typed | {"system": URI, "value": value}


def write_unique_id(unique_id: str) -> Resource:
    """A uniqueId as an Identifier."""
    value = f"{OID}{unique_id}" if _DOTTED.fullmatch(unique_id) else unique_id
    return write_uri(value, UNIQUE_ID)


def read_unique_id(element: Element) -> str:
    """A uniqueId: the bare OID; ``root^extension`` when the identifier is made so."""
    value, system = element.text("value"), element.text("system")
    if system in ("", URI):
        return value.removeprefix(OID)
    return f"{read_authority(system)}^{value}"


def kind_of(identifier: Element) -> str:
    """Whether an identifier of MHD is a uniqueId or an entryUUID: by its type, else its value."""
    kind = read_concept(identifier.child("type"))
    if kind is not None and kind.code in (UNIQUE_ID, ENTRY_UUID):
        return kind.code
    return ENTRY_UUID if identifier.text("value").startswith(UUID) else UNIQUE_ID


def write_ins(ins: Ins) -> Resource:
    """The Identifier of a patient."""
    return write_identifier(ins.matricule, ins.oid, "NH")


def ins_of(system: str, value: str) -> Ins | None:
    """The INS of an identifier; None when its system is not that of an INS."""
    oid = read_authority(system)
    return Ins(value, oid) if value and oid in INS_OIDS else None


# Times.

_DTM_PARTS = re.compile(r"(\d{4})(\d{2})?(\d{2})?(\d{2})?(\d{2})?(\d{2})?")
_DATE_TIME = re.compile(r"(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2})(?:\.\d{1,9})?(Z|[+-]\d{2}:\d{2})")
_DATE = re.compile(r"\d{4}(-\d{2}(-\d{2})?)?")


def write_time(dtm: str) -> str:
    """A time of XDS (UTC) as a dateTime; an hour or a minute alone is completed with zeros."""
    match = _DTM_PARTS.fullmatch(dtm)
    if match is None:
        return dtm
    year, month, day, hour, minute, second = match.groups()
    if hour is None:
        return "-".join(part for part in (year, month, day) if part)
    return f"{year}-{month}-{day}T{hour}:{minute or '00'}:{second or '00'}Z"


def write_instant(dtm: str) -> str:
    """A time of XDS as an instant: a day begins at midnight."""
    return write_time((dtm + "00000101000000"[len(dtm) :]) if _DTM_PARTS.fullmatch(dtm) else dtm)


def write_moment(at: datetime) -> str:
    """An instant as FHIR has it, to the millisecond."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def read_time(text: str) -> str:
    """A dateTime or an instant as a time of XDS: UTC, to the second; no time stays as it is."""
    if _DATE.fullmatch(text):
        return text.replace("-", "")
    match = _DATE_TIME.fullmatch(text)
    if match is None:
        return text
    try:
        at = datetime.fromisoformat(match[1] + match[2]).astimezone(UTC)
    except (ValueError, OverflowError):
        return text
    return f"{at:%Y%m%d%H%M%S}".rjust(14, "0")


# Hashes and bytes.


def write_hash(digest: str) -> str:
    """A hexadecimal SHA-1 as FHIR writes it: base64 of the digest."""
    if not _HEX.fullmatch(digest):
        return digest
    return base64.b64encode(bytes.fromhex(digest)).decode()


def read_hash(text: str) -> str:
    """A base64 SHA-1 in hexadecimal; what is no base64 stays as it is."""
    return text if (digest := read_base64(text)) is None else digest.hex()


def read_base64(text: str) -> bytes | None:
    """The bytes of a base64Binary; None when it is none."""
    try:
        return base64.b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError):
        return None
