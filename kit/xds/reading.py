"""Kit, XDS reading: from ebXML to plain objects, tolerant of order, strict on what cannot be read.

Raises Malformed with the place when an object has no id, an association no end, or a
single-valued attribute is given twice. What is absent stays "" or None and is judged by rules;
slots without a name of ours are kept in ``other_slots``. Not here: the SOAP request around it.
"""

from __future__ import annotations

from copy import deepcopy
from typing import Any

from lxml import etree

from kit.identity import INS_OIDS, Ins
from kit.rules import Malformed
from kit.xds import vocabulary as v
from kit.xds.hl7 import Cx, Xcn, Xon
from kit.xds.metadata import (
    Association,
    Author,
    Coded,
    DocumentEntry,
    Slot,
    Submission,
    SubmissionSet,
)
from kit.xds.writing import DOCUMENT_CODE_LISTS, DOCUMENT_CODES, DOCUMENT_SLOTS
from kit.xml import NS, Element, children, qname

_RIM2 = "urn:oasis:names:tc:ebxml-regrep:rim:xsd:2.1"
_RS2 = "urn:oasis:names:tc:ebxml-regrep:registry:xsd:2.1"
_SLOT, _CLASSIFICATION = qname("rim:Slot"), qname("rim:Classification")
_IDENTIFIER = qname("rim:ExternalIdentifier")
_VALUE_LIST, _VALUE = qname("rim:ValueList"), qname("rim:Value")
_NAME, _DESCRIPTION = qname("rim:Name"), qname("rim:Description")
_TEXT = qname("rim:LocalizedString")
_Children = dict[str, list[Element]]
_KINDS2 = {"HasMember": v.HAS_MEMBER, "RPLC": v.RPLC, "APND": v.APND, "XFRM": v.XFRM}


def read_submit_objects(element: Element) -> Submission:
    """Read lcm:SubmitObjectsRequest: one lot, its entries in message order, its associations.

    Raises Malformed when there is no lot, more than one, or an object cannot be built.
    """
    if element.tag != qname("lcm:SubmitObjectsRequest"):
        raise Malformed(str(element.tag), "lcm:SubmitObjectsRequest is expected")
    objects = element.find(qname("rim:RegistryObjectList"))
    if objects is None:
        raise Malformed("SubmitObjectsRequest", "rim:RegistryObjectList is absent")
    nodes = _package_nodes(objects)
    packages = objects.findall(qname("rim:RegistryPackage"))
    lots = [p for p in packages if v.FOLDER_NODE not in nodes.get(p.get("id", ""), ())]
    if len(lots) != 1:
        raise Malformed("SubmitObjectsRequest", f"one submission set is expected, {len(lots)} seen")
    return Submission(
        lot=read_registry_package(lots[0]),
        documents=tuple(map(read_extrinsic_object, objects.findall(qname("rim:ExtrinsicObject")))),
        associations=tuple(map(read_association, objects.findall(qname("rim:Association")))),
    )


def read_registry_package(package: Element) -> SubmissionSet:
    """Read rim:RegistryPackage as a lot."""
    own = children(package)
    slots = _slots(package, own)
    codes = _classifications(own)
    identifiers = _identifiers(package, own)
    patient = identifiers.get(v.LOT_PATIENT_ID, "")
    ins = read_ins(patient)
    return SubmissionSet(
        entry_uuid=_required(package, "id"),
        unique_id=identifiers.get(v.LOT_UNIQUE_ID, ""),
        source_id=identifiers.get(v.LOT_SOURCE_ID, ""),
        patient_id=ins,
        other_patient_id="" if ins else patient,
        content_type_code=_one_code(codes, v.LOT_CONTENT_TYPE_CODE, package),
        submission_time=_one_value(slots, "submissionTime", package),
        authors=tuple(map(_author, codes.get(v.LOT_AUTHOR, ()))),
        title=_text(own, _NAME),
        description=_text(own, _DESCRIPTION),
        intended_recipients=slots.pop("intendedRecipient", ()),
        availability_status=package.get("status", ""),
        other_slots=_remaining(slots),
    )


def read_extrinsic_object(extrinsic: Element) -> DocumentEntry:
    """Read a document entry, as sent or as a query answers it."""
    own = children(extrinsic)
    slots = _slots(extrinsic, own)
    codes = _classifications(own)
    identifiers = _identifiers(extrinsic, own)
    patient = identifiers.get(v.DOCUMENT_PATIENT_ID, "")
    ins = read_ins(patient)
    return DocumentEntry(
        entry_uuid=_required(extrinsic, "id"),
        unique_id=identifiers.get(v.DOCUMENT_UNIQUE_ID, ""),
        patient_id=ins,
        other_patient_id="" if ins else patient,
        mime_type=extrinsic.get("mimeType", ""),
        object_type=extrinsic.get("objectType", ""),
        title=_text(own, _NAME),
        description=_text(own, _DESCRIPTION),
        authors=tuple(map(_author, codes.get(v.DOCUMENT_AUTHOR, ()))),
        availability_status=extrinsic.get("status", ""),
        logical_id=extrinsic.get("lid", ""),
        version=_version(extrinsic),
        is_opaque=_boolean(extrinsic),
        **_entry_codes(codes, extrinsic),
        **_entry_slots(slots, extrinsic),
    )


def read_association(element: Element) -> Association:
    """Read rim:Association; kinds are kept as they came."""
    return Association(
        kind=_required(element, "associationType"),
        source=_required(element, "sourceObject"),
        target=_required(element, "targetObject"),
        slots=_remaining(_slots(element, children(element))),
        entry_uuid=element.get("id", ""),
    )


def read_ins(patient: str) -> Ins | None:
    """The INS of a patientId ``INS^^^&OID&ISO^NH``; None when the value is no INS."""
    cx = Cx.read(patient)
    is_ins = bool(cx.id) and cx.authority in INS_OIDS and cx.type == "NH"
    return Ins(cx.id, cx.authority) if is_ins else None


def upgrade_ebrim2(element: Element) -> Element:
    """A SubmitObjectsRequest of ebRIM 2.1 (XDS.a, old XDM media) as one of ebRIM 3.0.

    Anything else is returned as it is.
    """
    if element.tag != f"{{{_RS2}}}SubmitObjectsRequest":
        return element
    root = deepcopy(element)
    names = {
        f"{{{_RS2}}}SubmitObjectsRequest": qname("lcm:SubmitObjectsRequest"),
        f"{{{_RIM2}}}LeafRegistryObjectList": qname("rim:RegistryObjectList"),
    }
    for node in root.iter(etree.Element):
        tag = str(node.tag)
        node.tag = names.get(tag, tag.replace(f"{{{_RIM2}}}", f"{{{NS['rim']}}}"))
        kind = node.get("associationType", "")
        if kind in _KINDS2:
            node.set("associationType", _KINDS2[kind])
    return root


def _where(element: Element) -> str:
    """Where we are, for a reader of Malformed: ``ExtrinsicObject[Document01]``."""
    return f"{etree.QName(element).localname}[{element.get('id', '')}]"


def _required(element: Element, attribute: str) -> str:
    value = element.get(attribute, "").strip()
    if not value:
        raise Malformed(f"{_where(element)}/@{attribute}", "is absent")
    return value


def _package_nodes(objects: Element) -> dict[str, set[str]]:
    """RegistryPackage id -> classification nodes, wherever the Classification stands."""
    nodes: dict[str, set[str]] = {}
    for item in objects.iter(_CLASSIFICATION):
        if item.get("classificationNode"):
            owner = item.get("classifiedObject", "")
            nodes.setdefault(owner, set()).add(item.get("classificationNode", ""))
    return nodes


def _slots(element: Element, own: _Children) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for slot in own.get(_SLOT, ()):
        name = slot.get("name", "").strip()
        if not name:
            raise Malformed(f"{_where(element)}/Slot/@name", "is absent")
        if name in found:
            raise Malformed(f"{_where(element)}/Slot[{name}]", "given twice")
        found[name] = tuple(
            [
                (value.text or "").strip()
                for values in slot[:]
                if values.tag == _VALUE_LIST
                for value in values[:]
                if value.tag == _VALUE
            ]
        )
    return found


def _remaining(slots: dict[str, tuple[str, ...]]) -> tuple[Slot, ...]:
    return tuple(Slot(name, values) for name, values in slots.items())


def _one_value(slots: dict[str, tuple[str, ...]], name: str, element: Element) -> str:
    """Take a single-valued slot out of ``slots``; "" when it is absent."""
    values = slots.pop(name, ())
    if len(values) > 1:
        what = f"one value is expected, {len(values)} seen"
        raise Malformed(f"{_where(element)}/Slot[{name}]", what)
    return values[0] if values else ""


def _uri(values: tuple[str, ...]) -> str:
    """A URI longer than a value is cut in ``1|…``, ``2|…`` (ITI TF-3 4.2.3.2.27)."""
    if len(values) > 1 or (values and values[0].startswith("1|")):
        return "".join(part.partition("|")[2] for part in sorted(values))
    return values[0] if values else ""


def _entry_slots(slots: dict[str, tuple[str, ...]], element: Element) -> dict[str, Any]:
    """The attributes of DocumentEntry that are slots; consumes ``slots``."""
    uri = _uri(slots.pop("URI", ()))
    texts = {
        attribute: _one_value(slots, name, element)
        for attribute, name in DOCUMENT_SLOTS
        if attribute != "uri"
    }
    authenticator = _one_value(slots, "legalAuthenticator", element)
    return texts | {
        "uri": uri,
        "size_bytes": _size(_one_value(slots, "size", element), element),
        "legal_authenticator": Xcn.read(authenticator) if authenticator else None,
        "source_patient_info": slots.pop("sourcePatientInfo", ()),
        "reference_ids": slots.pop(v.REFERENCE_ID_LIST, ()),
        "other_slots": _remaining(slots),
    }


def _size(text: str, element: Element) -> int | None:
    if text and not (text.isascii() and text.isdigit() and len(text) <= 18):
        raise Malformed(f"{_where(element)}/Slot[size]", f"not a number of bytes: {text[:40]!r}")
    return int(text) if text else None


def _boolean(extrinsic: Element) -> bool | None:
    text = extrinsic.get("isOpaque")
    if text not in (None, "true", "false", "1", "0"):
        raise Malformed(f"{_where(extrinsic)}/@isOpaque", "true or false is expected")
    return None if text is None else text in ("true", "1")


def _version(extrinsic: Element) -> int | None:
    info = extrinsic.find(qname("rim:VersionInfo"))
    name = "" if info is None else info.get("versionName", "")
    return int(name) if name.isascii() and name.isdigit() and len(name) < 10 else None


def _classifications(own: _Children) -> dict[str, list[Element]]:
    found: dict[str, list[Element]] = {}
    for item in own.get(_CLASSIFICATION, ()):
        found.setdefault(item.get("classificationScheme", ""), []).append(item)
    return found


def _entry_codes(codes: dict[str, list[Element]], element: Element) -> dict[str, Any]:
    """The attributes of DocumentEntry that are codes."""
    single = {name: _one_code(codes, scheme, element) for name, scheme in DOCUMENT_CODES}
    several = {
        name: tuple(map(_coded, codes.get(scheme, ()))) for name, scheme in DOCUMENT_CODE_LISTS
    }
    return single | several


def _one_code(codes: dict[str, list[Element]], scheme: str, element: Element) -> Coded | None:
    found = codes.get(scheme, [])
    if len(found) > 1:
        raise Malformed(f"{_where(element)}/Classification[{scheme}]", "given twice")
    return _coded(found[0]) if found else None


def _coded(item: Element) -> Coded:
    own = children(item)
    slots = _slots(item, own)
    return Coded(
        code=item.get("nodeRepresentation", "").strip(),
        system=_one_value(slots, "codingScheme", item),
        label=_text(own, _NAME),
    )


def _author(item: Element) -> Author:
    slots = _slots(item, children(item))
    person = _one_value(slots, "authorPerson", item)
    return Author(
        person=Xcn.read(person) if person else None,
        institutions=tuple(map(Xon.read, slots.pop("authorInstitution", ()))),
        roles=slots.pop("authorRole", ()),
        specialties=tuple(map(Coded.read, slots.pop("authorSpecialty", ()))),
        telecoms=slots.pop("authorTelecommunication", ()),
        other_slots=_remaining(slots),
    )


def _identifiers(element: Element, own: _Children) -> dict[str, str]:
    found: dict[str, str] = {}
    for item in own.get(_IDENTIFIER, ()):
        scheme = item.get("identificationScheme", "")
        if scheme in found:
            raise Malformed(f"{_where(element)}/ExternalIdentifier[{scheme}]", "given twice")
        found[scheme] = item.get("value", "").strip()
    return found


def _text(own: _Children, tag: str) -> str:
    """The first LocalizedString of Name or Description; "" when absent."""
    for text in own.get(tag, ()):
        for child in text[:]:
            if child.tag == _TEXT:
                return child.get("value", "")
    return ""
