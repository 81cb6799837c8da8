"""DMP mock, rules of the FHIR face: what only PDSm refuses.

A lot that came by FHIR is judged by ``provide`` and then by the book of TD2.1, without the
signature of the lot, which MHD does not have; a search by ``search`` and then by that of TD3.1; a
patch by ``patch`` and then by that of TD3.3. Not here: those books; who calls (``pdsm_caller``).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from kit.fhir import Criterion, Kind
from kit.fhir.search import read_period, split_prefix
from kit.rules import Finding, RuleBook
from kit.xds import vocabulary
from mocks.dmp import errors
from mocks.dmp.messages.pdsm import document_reference
from mocks.dmp.messages.pdsm import provide as provided
from mocks.dmp.messages.pdsm.datatypes import ins_of
from mocks.dmp.messages.pdsm.document_reference import CURRENT, Described
from mocks.dmp.messages.pdsm.patch import ADD, REMOVE, REPLACE, TEST, Operation
from mocks.dmp.messages.pdsm.provide import PATCH, POST, TRANSACTION, FhirLot, read_superseding
from mocks.dmp.messages.pdsm.search import (
    PATIENT,
    REQUIRED,
    STATUS,
    STATUSES,
    Search,
    item_name,
    patient_of,
)
from mocks.dmp.messages.pdsm.submission_set import SUBMISSION_SET
from mocks.dmp.rules.caller import DmpUser

provide = RuleBook("ITI-65, ITI-105")
search = RuleBook("ITI-66, ITI-67")
patch = RuleBook("PDSm, patch")

_PROFILE = "PDSm 3.1.1, profiles"
_MHD = "IHE MHD 4.2, ITI-65"
# Unconfirmed: PDSm 3.1.1 and the draft PDSm4DMP have folders as an option; no example of the DMP
# has one, and its XDS side names none.
_NO_FOLDER = (
    "choice of the bench: an option of PDSm, flux 1; IHE MHD 4.2, ITI-65: a recipient may fail"
)
MEDIA_TYPES = ("text/xml", "application/xslt+xml", "application/dicom")
KINDS = ("List", "DocumentReference", "Binary")


def _is_bundle(lot: FhirLot) -> bool:
    return lot.described_lot is not None


@provide.rule(errors.FHIR_PROFILE, source=_MHD)
def a_bundle_is_a_transaction_of_its_profile(lot: FhirLot, _: DmpUser) -> Iterator[Finding]:
    if not _is_bundle(lot):
        return
    if lot.type != TRANSACTION:
        yield Finding("Bundle", "Bundle.type", lot.type, TRANSACTION)
    known = (provided.PROFILE, provided.MHD_PROFILE)
    if not set(known) & set(lot.profiles):
        seen = ", ".join(lot.profiles)
        yield Finding("Bundle", "Bundle.meta.profile", seen, " or ".join(known))


@provide.rule(errors.FHIR_PROFILE, source=_MHD)
def a_bundle_holds_what_the_profile_names(lot: FhirLot, _: DmpUser) -> Iterator[Finding]:
    for entry in lot.entries:
        if entry.method == PATCH:
            continue
        if entry.kind not in KINDS:
            place = f"{entry.path}.resource"
            expected = f"{' or '.join(KINDS)}; a patient is named by their INS"
            yield Finding(entry.full_url, place, entry.kind, expected)
        if (entry.method, entry.url) != (POST, entry.kind):
            seen = f"{entry.method} {entry.url}".strip()
            expected = f"{POST} {entry.kind}"
            yield Finding(entry.full_url, f"{entry.path}.request", seen, expected)


@provide.rule(errors.FHIR_FOLDER, source=_NO_FOLDER)
def a_bundle_has_no_folder(lot: FhirLot, _: DmpUser) -> Iterator[Finding]:
    for entry in lot.entries:
        if entry.folder:
            seen, place = entry.folder
            yield Finding(entry.full_url, f"{entry.path}.resource.{place}", seen, SUBMISSION_SET)


@provide.rule(errors.FHIR_PROFILE, source=_MHD)
def a_patch_in_a_bundle_supersedes_what_is_replaced(lot: FhirLot, _: DmpUser) -> Iterator[Finding]:
    replaced = {
        relation.target
        for item in lot.documents
        for relation in item.relations
        if relation.kind == vocabulary.RPLC
    }
    for entry in lot.entries:
        if entry.method != PATCH:
            continue
        target, is_right = read_superseding(entry)
        if target not in replaced or not is_right:
            expected = "status superseded, of a document that relatesTo replaces"
            yield Finding(entry.full_url, f"{entry.path}.request.url", entry.url, expected)


@provide.rule(errors.FHIR_PROFILE, source=_PROFILE)
def the_list_is_a_current_submission_set(lot: FhirLot, _: DmpUser) -> Iterator[Finding]:
    sent = lot.described_lot
    if sent is None:
        return
    rows = (
        ("status", sent.status, CURRENT),
        ("mode", sent.mode, "working"),
        ("code", sent.kind, "submissionset"),
    )
    for name, seen, expected in rows:
        if seen != expected:
            yield Finding(sent.lot.unique_id, f"{sent.path}.{name}", seen, expected)


@provide.rule(errors.FHIR_PROFILE, source=_MHD)
def what_the_list_names_is_in_the_bundle(lot: FhirLot, _: DmpUser) -> Iterator[Finding]:
    for name in lot.strangers:
        path = lot.described_lot.path if lot.described_lot else ""
        yield Finding(name, f"{path}.entry.item", name, "a DocumentReference of the Bundle")


@provide.rule(errors.FHIR_PROFILE, source=_PROFILE)
def a_document_is_new_and_current(lot: FhirLot, _: DmpUser) -> Iterator[Finding]:
    for item in lot.documents:
        if item.status != CURRENT:
            yield _finding(item, "status", item.status, CURRENT)
        if item.doc_status:
            yield _finding(item, "docStatus", item.doc_status, "nothing")
        if item.entry.availability_status == vocabulary.ARCHIVED:
            yield _finding(item, f"extension('{document_reference.IS_ARCHIVED}')", "true", "false")


@provide.rule(errors.FHIR_PROFILE, source=_PROFILE)
def what_only_the_profile_requires_is_there(lot: FhirLot, _: DmpUser) -> Iterator[Finding]:
    for item in lot.documents:
        is_bundle, entry = _is_bundle(lot), item.entry
        rows: tuple[tuple[str, object], ...] = (
            ("custodian", item.custodian),
            ("date", item.date),
            ("content[0].attachment.hash", entry.hash or not is_bundle),
            ("content[0].attachment.size", entry.size_bytes is not None or not is_bundle),
        )
        for name, value in rows:
            if not value:
                yield _finding(item, name, "", "a value")
        if item.contents != 1:
            yield _finding(item, "content", f"{item.contents} contents", "one")
        if not item.contained_authors:
            yield _finding(item, "author", "a reference to nothing", "a contained resource")


@provide.rule(errors.FHIR_PROFILE, source=_PROFILE)
def the_bytes_are_where_the_profile_has_them(lot: FhirLot, _: DmpUser) -> Iterator[Finding]:
    for item in lot.documents:
        is_bundle = _is_bundle(lot)
        unwanted, value = ("data", item.data) if is_bundle else ("url", item.url)
        if value:
            expected = "a Binary of the Bundle, by url" if is_bundle else "the bytes, as data"
            yield _finding(item, f"content[0].attachment.{unwanted}", value[:80], expected)


@provide.rule(errors.FHIR_PROFILE, source="CI-SIS, partage: mimeType of a document")
def the_media_type_is_one_of_the_dmp(lot: FhirLot, _: DmpUser) -> Iterator[Finding]:
    for item in lot.documents:
        seen = item.entry.mime_type
        if seen and seen not in MEDIA_TYPES:
            expected = " or ".join(MEDIA_TYPES)
            yield _finding(item, "content[0].attachment.contentType", seen, expected)
        binary = lot.binaries.get(item.entry.entry_uuid)
        of_binary = binary.resource.text("contentType") if binary else seen
        if of_binary != seen:
            yield _finding(item, "content[0].attachment.contentType", seen, f"{of_binary}, Binary")


@provide.rule(
    errors.AUTHOR_INSTITUTION, source="PDSm 3.1.1: custodian is the structure of the VIHF"
)
def the_custodian_is_the_callers_structure(lot: FhirLot, user: DmpUser) -> Iterator[Finding]:
    for item in lot.documents:
        seen = item.custodian.id if item.custodian else ""
        if item.custodian is not None and seen not in (user.structure, user.legal_entity):
            yield _finding(item, "custodian", seen, user.structure)


def _finding(item: Described, element: str, seen: str, expected: str) -> Finding:
    name = item.entry.unique_id or item.entry.entry_uuid
    return Finding(name, f"{item.path}.{element}", seen, expected)


# Searches.


@search.rule(errors.FHIR_PARAMETER, source="IHE MHD 4.2, ITI-66 and ITI-67")
def required_parameters_are_there(asked: Search) -> Iterator[Finding]:
    for name in REQUIRED[asked.resource_type]:
        if not any(asked.values(name)):
            yield Finding(asked.resource_type, name, "", "a value")


@search.rule(errors.FHIR_PARAMETER, source="PDSm 3.1.1, flux 5; INS guide")
def the_patient_is_named_by_one_ins(asked: Search) -> Iterator[Finding]:
    values = asked.values(PATIENT)
    expected = "urn:oid:1.2.250.1.213.1.4.10|<INS>, once"
    if len(values) > 1 or (values and ins_of(*patient_of(asked)) is None):
        yield Finding(asked.resource_type, PATIENT, ", ".join(values)[:200], expected)


@search.rule(errors.FHIR_PARAMETER, source="IHE MHD 4.2, table 2:3.67.4.1.3.1-2")
def statuses_are_known(asked: Search) -> Iterator[Finding]:
    for value in asked.values(STATUS):
        if value and value not in STATUSES:
            yield Finding(asked.resource_type, STATUS, value, " or ".join(STATUSES))


@search.rule(errors.FHIR_PARAMETER, source="FHIR R4, Search 3.1.1.4")
def a_value_is_of_its_kind(asked: Search) -> Iterator[Finding]:
    for criterion, row in asked.matched:
        if row.kind is Kind.DATE:
            yield from _wrong_dates(asked, criterion)
        for value in criterion.values:
            if not value:
                yield Finding(asked.resource_type, criterion.text, value, "a value")


def _wrong_dates(asked: Search, criterion: Criterion) -> Iterator[Finding]:
    for value in filter(None, criterion.values):
        try:
            read_period(split_prefix(value)[1])
        except ValueError as error:
            yield Finding(asked.resource_type, criterion.text, value, str(error))


@search.rule(errors.FHIR_PARAMETER, source="FHIR R4, Search 3.1.1.4.5")
def a_modifier_is_offered(asked: Search) -> Iterator[Finding]:
    offered = {id(criterion): row.modifiers for criterion, row in asked.matched}
    for criterion in asked.query.criteria:
        allowed = offered.get(id(criterion), ())
        is_known = item_name(criterion) not in asked.ignored
        if is_known and criterion.modifier and criterion.modifier not in allowed:
            expected = " or ".join(allowed) or "no modifier"
            yield Finding(asked.resource_type, criterion.text, criterion.modifier, expected)


@search.rule(errors.FHIR_PARAMETER, source="FHIR R4, Prefer: handling=strict")
def an_unknown_parameter_is_refused_when_asked(asked: Search) -> Iterator[Finding]:
    for name in asked.ignored if asked.is_strict else ():
        yield Finding(asked.resource_type, name, name, "a parameter of the CapabilityStatement")


# Patches.


@dataclass(frozen=True, slots=True)
class Patching:
    """Around a patch: the identifier it names, and whether a document has it."""

    identifier: str
    is_known: bool


@patch.rule(errors.DOCUMENT_UNIQUE_ID, source="FHIR R4, conditional patch")
def a_document_has_the_identifier(_: tuple[Operation, ...], around: Patching) -> Iterator[Finding]:
    if not around.is_known:
        yield Finding(around.identifier, "identifier", around.identifier, "of one document")


@patch.rule(errors.FHIR_ELEMENT, source="PDSm 3.1.1, flux 4: 405")
def only_three_elements_change(operations: tuple[Operation, ...], _: Patching) -> Iterator[Finding]:
    for operation in operations:
        if not operation.element:
            expected = "/status, /securityLabel, /securityLabel/n or /extension/0/valueBoolean"
            yield Finding(operation.place, f"{operation.place}.path", operation.path, expected)


@patch.rule(errors.UPDATE_REFUSED, source="RFC 6902; PDSm 3.1.1, flux 3")
def an_operation_is_offered(operations: tuple[Operation, ...], _: Patching) -> Iterator[Finding]:
    offered = (ADD, REPLACE, REMOVE, TEST)
    for operation in operations:
        if operation.op not in offered:
            expected = " or ".join(offered)
            yield Finding(operation.place, f"{operation.place}.op", operation.op, expected)
