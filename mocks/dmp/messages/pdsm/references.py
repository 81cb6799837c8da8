"""DMP mock, messages, PDSm: what a Reference names: a patient, a structure, a document.

Both ways. Not here: contained people (``people``). Sources: FHIR R4, References; PDSm 3.1.1.
"""

from __future__ import annotations

from urllib.parse import parse_qsl

from kit.fhir import Element, Resource
from kit.identity import STRUCTURE_OID, Ins
from kit.xds.hl7 import Cx
from mocks.dmp.messages.pdsm import datatypes as fhir
from mocks.dmp.messages.pdsm.people import Holder


def resource_id(entry_uuid: str) -> str:
    """The id of a resource: its entryUUID without the scheme."""
    return entry_uuid.removeprefix(fhir.UUID)


def entry_uuid_of(identifier: str) -> str:
    """The entryUUID of a resource id."""
    return f"{fhir.UUID}{identifier}"


def write_subject(patient: Ins | None, other: str = "") -> Resource:
    """The patient, by their identifier: no Patient is read here."""
    if patient is not None:
        return {"type": "Patient", "identifier": fhir.write_ins(patient)}
    cx = Cx.read(other)
    identifier = fhir.write_identifier(cx.id, cx.authority, cx.type)
    return {"type": "Patient", "identifier": identifier} if other else {}


def write_custodian(structure: str) -> Resource:
    """A structure, by its national identifier (Struct_IdNat)."""
    identifier = fhir.write_identifier(structure, STRUCTURE_OID, "IDNST")
    return {"type": "Organization", "identifier": identifier} if structure else {}


def read_subject(reference: Element, holder: Holder) -> tuple[Ins | None, str]:
    """The INS a Reference to a Patient tells, and in its absence what it tells instead.

    By identifier, by a conditional reference (``Patient?identifier=…|…``), or contained.
    """
    identifier, literal = reference.child("identifier"), reference.text("reference")
    if identifier:
        return _ins(identifier.text("system"), identifier.text("value"))
    _, is_conditional, query = literal.partition("?")
    if is_conditional:
        system, _, value = (
            dict(parse_qsl(query, max_num_fields=20)).get("identifier", "").partition("|")
        )
        return _ins(system, value)
    held = holder.follow(reference)
    told = [] if held is None else held.children("identifier")
    found = [_ins(item.text("system"), item.text("value")) for item in told]
    known = (item for item in found if item[0] is not None)
    return next(known, found[0] if found else (None, literal))


def _ins(system: str, value: str) -> tuple[Ins | None, str]:
    ins = fhir.ins_of(system, value)
    return ins, "" if ins else Cx(value, fhir.read_authority(system)).write()


def read_target(reference: Element) -> str:
    """The document a Reference names: an entryUUID, or ``urn:oid:`` and a uniqueId."""
    identifier, literal = reference.child("identifier"), reference.text("reference")
    if identifier:
        return identifier.text("value")
    _, is_conditional, query = literal.partition("?")
    if is_conditional:
        asked = dict(parse_qsl(query, max_num_fields=20)).get("identifier", "")
        return asked.rpartition("|")[2]
    if literal.startswith((fhir.UUID, fhir.OID)):
        return literal
    kind, _, name = literal.rpartition("/")
    return entry_uuid_of(name) if kind.endswith("DocumentReference") else literal
