"""Kit, XDS writing: from plain objects to ebXML (lcm:SubmitObjectsRequest, ExtrinsicObject).

Order of children is that of the schema: slots, Name, Description, VersionInfo, classifications,
external identifiers. Ids of inner objects follow from their owner's, so the same submission gives
the same bytes. Not here: the SOAP request around it, nor the documents.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from lxml import etree

from kit.xds import vocabulary as v
from kit.xds.metadata import (
    Association,
    Author,
    Coded,
    DocumentEntry,
    Slot,
    Submission,
    SubmissionSet,
)
from kit.xml import NS, Element, qname

_NSMAP = {"lcm": NS["lcm"], "rim": NS["rim"]}

DOCUMENT_CODES = (  # attribute of DocumentEntry, scheme; in the order of the standard's table
    ("class_code", v.DOCUMENT_CLASS_CODE),
    ("type_code", v.DOCUMENT_TYPE_CODE),
    ("format_code", v.DOCUMENT_FORMAT_CODE),
    ("healthcare_facility_type_code", v.DOCUMENT_FACILITY_CODE),
    ("practice_setting_code", v.DOCUMENT_PRACTICE_CODE),
)
DOCUMENT_CODE_LISTS = (
    ("confidentiality_codes", v.DOCUMENT_CONFIDENTIALITY_CODE),
    ("event_codes", v.DOCUMENT_EVENT_CODE),
)
DOCUMENT_SLOTS = (  # attribute of DocumentEntry holding text, slot
    ("creation_time", "creationTime"),
    ("language_code", "languageCode"),
    ("service_start_time", "serviceStartTime"),
    ("service_stop_time", "serviceStopTime"),
    ("source_patient_id", "sourcePatientId"),
    ("hash", "hash"),
    ("uri", "URI"),
    ("repository_unique_id", "repositoryUniqueId"),
)


def write_submit_objects(submission: Submission) -> Element:
    """Write a lot, its entries and its associations as lcm:SubmitObjectsRequest."""
    root = etree.Element(qname("lcm:SubmitObjectsRequest"), nsmap=_NSMAP)
    objects = etree.SubElement(root, qname("rim:RegistryObjectList"))
    objects.append(write_registry_package(submission.lot))
    node = {"classificationNode": v.SUBMISSION_SET_NODE}
    _classification(objects, submission.lot.entry_uuid, "node", **node)
    for entry in submission.documents:
        objects.append(write_extrinsic_object(entry))
    for number, link in enumerate(submission.associations, 1):
        objects.append(write_association(link, default_id=f"association{number:02}"))
    return root


def write_registry_package(lot: SubmissionSet) -> Element:
    """Write a lot as rim:RegistryPackage."""
    package = _registry_object("rim:RegistryPackage", lot.entry_uuid, lot.availability_status)
    _slots(package, _lot_slots(lot))
    _texts(package, lot.title, lot.description)
    owner = lot.entry_uuid
    for number, author in enumerate(lot.authors, 1):
        _author(package, owner, f"author{number}", scheme=v.LOT_AUTHOR, author=author)
    if lot.content_type_code is not None:
        scheme = v.LOT_CONTENT_TYPE_CODE
        _code(package, owner, "contentTypeCode", scheme=scheme, code=lot.content_type_code)
    identifiers = (
        ("patientId", v.LOT_PATIENT_ID, lot.patient_cx),
        ("sourceId", v.LOT_SOURCE_ID, lot.source_id),
        ("uniqueId", v.LOT_UNIQUE_ID, lot.unique_id),
    )
    _identifiers(package, owner, "XDSSubmissionSet", identifiers)
    return package


def write_extrinsic_object(entry: DocumentEntry) -> Element:
    """Write a document entry, as sent or as a query answers it (status, lid, version)."""
    extrinsic = _registry_object(
        "rim:ExtrinsicObject", entry.entry_uuid, entry.availability_status, entry.logical_id
    )
    extrinsic.set("mimeType", entry.mime_type)
    extrinsic.set("objectType", entry.object_type)
    if entry.is_opaque is not None:
        extrinsic.set("isOpaque", "true" if entry.is_opaque else "false")
    _slots(extrinsic, _entry_slots(entry))
    _texts(extrinsic, entry.title, entry.description)
    if entry.version is not None:
        etree.SubElement(extrinsic, qname("rim:VersionInfo"), versionName=str(entry.version))
    _entry_classifications(extrinsic, entry)
    identifiers = (
        ("patientId", v.DOCUMENT_PATIENT_ID, entry.patient_cx),
        ("uniqueId", v.DOCUMENT_UNIQUE_ID, entry.unique_id),
    )
    _identifiers(extrinsic, entry.entry_uuid, "XDSDocumentEntry", identifiers)
    return extrinsic


def write_association(link: Association, *, default_id: str = "") -> Element:
    """Write an association; ``default_id`` is its id when it has none of its own."""
    element = etree.Element(
        qname("rim:Association"),
        {
            "id": link.entry_uuid or default_id,
            "associationType": link.kind,
            "sourceObject": link.source,
            "targetObject": link.target,
        },
        nsmap={"rim": NS["rim"]},
    )
    _slots(element, link.slots)
    return element


def write_slot(parent: Element, slot: Slot) -> None:
    """Append one rim:Slot."""
    element = etree.SubElement(parent, qname("rim:Slot"), name=slot.name)
    values = etree.SubElement(element, qname("rim:ValueList"))
    for value in slot.values:
        etree.SubElement(values, qname("rim:Value")).text = value


def _registry_object(name: str, object_id: str, status: str, logical_id: str = "") -> Element:
    element = etree.Element(qname(name), id=object_id, nsmap={"rim": NS["rim"]})
    if logical_id:
        element.set("lid", logical_id)
    if status:
        element.set("status", status)
    return element


def _lot_slots(lot: SubmissionSet) -> Iterator[Slot]:
    if lot.submission_time:
        yield Slot("submissionTime", (lot.submission_time,))
    if lot.intended_recipients:
        yield Slot("intendedRecipient", lot.intended_recipients)
    yield from lot.other_slots


def _entry_slots(entry: DocumentEntry) -> Iterator[Slot]:
    for attribute, name in DOCUMENT_SLOTS:
        value: str = getattr(entry, attribute)
        if value:
            yield Slot(name, (value,))
    if entry.size_bytes is not None:
        yield Slot("size", (str(entry.size_bytes),))
    if entry.legal_authenticator is not None:
        yield Slot("legalAuthenticator", (entry.legal_authenticator.write(),))
    if entry.source_patient_info:
        yield Slot("sourcePatientInfo", entry.source_patient_info)
    if entry.reference_ids:
        yield Slot(v.REFERENCE_ID_LIST, entry.reference_ids)
    yield from entry.other_slots


def _entry_classifications(extrinsic: Element, entry: DocumentEntry) -> None:
    owner = entry.entry_uuid
    for number, author in enumerate(entry.authors, 1):
        _author(extrinsic, owner, f"author{number}", scheme=v.DOCUMENT_AUTHOR, author=author)
    for attribute, scheme in DOCUMENT_CODES:
        code: Coded | None = getattr(entry, attribute)
        if code is not None:
            _code(extrinsic, owner, attribute, scheme=scheme, code=code)
    for attribute, scheme in DOCUMENT_CODE_LISTS:
        codes: tuple[Coded, ...] = getattr(entry, attribute)
        for number, code in enumerate(codes, 1):
            _code(extrinsic, owner, f"{attribute}{number}", scheme=scheme, code=code)


def _author(parent: Element, owner: str, suffix: str, *, scheme: str, author: Author) -> None:
    attributes = {"classificationScheme": scheme, "nodeRepresentation": ""}
    element = _classification(parent, owner, suffix, **attributes)
    person = (author.person.write(),) if author.person else ()
    slots = (
        Slot("authorPerson", person),
        Slot("authorInstitution", tuple(xon.write() for xon in author.institutions)),
        Slot("authorRole", author.roles),
        Slot("authorSpecialty", tuple(coded.write() for coded in author.specialties)),
        Slot("authorTelecommunication", author.telecoms),
        *author.other_slots,
    )
    _slots(element, (slot for slot in slots if slot.values))


def _code(parent: Element, owner: str, suffix: str, *, scheme: str, code: Coded) -> None:
    attributes = {"classificationScheme": scheme, "nodeRepresentation": code.code}
    element = _classification(parent, owner, suffix, **attributes)
    if code.system:
        write_slot(element, Slot("codingScheme", (code.system,)))
    _text(element, "rim:Name", code.label)


def _classification(parent: Element, owner: str, suffix: str, **attributes: str) -> Element:
    element = etree.SubElement(parent, qname("rim:Classification"), id=f"{owner}-{suffix}")
    element.set("classifiedObject", owner)
    for name, value in attributes.items():
        element.set(name, value)
    return element


def _identifiers(
    parent: Element, owner: str, name: str, rows: Iterable[tuple[str, str, str]]
) -> None:
    for attribute, scheme, value in rows:
        if value:
            element = etree.SubElement(
                parent,
                qname("rim:ExternalIdentifier"),
                {
                    "id": f"{owner}-{attribute}",
                    "registryObject": owner,
                    "identificationScheme": scheme,
                    "value": value,
                },
            )
            _text(element, "rim:Name", f"{name}.{attribute}")


def _slots(parent: Element, slots: Iterable[Slot]) -> None:
    for slot in slots:
        write_slot(parent, slot)


def _texts(parent: Element, title: str, description: str) -> None:
    _text(parent, "rim:Name", title)
    _text(parent, "rim:Description", description)


def _text(parent: Element, name: str, value: str) -> None:
    """A LocalizedString; nothing is written for an empty text."""
    if value:
        holder = etree.SubElement(parent, qname(name))
        localized = etree.SubElement(holder, qname("rim:LocalizedString"))
        localized.set("charset", "UTF8")
        localized.set("value", value)
        localized.set("{http://www.w3.org/XML/1998/namespace}lang", "FR")
