"""Messages of the DMP: what is written is what is read, and what cannot be read says why."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from kit.identity import Ins
from kit.pki import TestPki
from kit.rules import Malformed, Refusal
from kit.xds import vocabulary
from kit.xml import Element, canonical, find, find_all, parse, qname, serialize
from mocks.dmp import errors, messages
from mocks.dmp.messages import (
    DocumentRequest,
    ExistenceQuery,
    Parameter,
    Record,
    RetrievedDocument,
    StoredQuery,
)
from tests.mocks.dmp.builders import (
    ARC,
    INS,
    a_document,
    a_hospital,
    a_lot,
    an_entry,
    an_identity,
    provided,
)

REFUSAL = Refusal(errors.DMP_CLOSED, "the_record_is_open", "a source", "1.2.3", "patientId", "x")


def again(element: Element) -> Element:
    """As it comes over the wire."""
    return parse(serialize(element))


def test_a_lot_is_read_as_it_was_written(pki: TestPki) -> None:
    cdas = (a_document(1), a_document(2))
    submission, contents = a_lot(a_hospital(pki).sign, *cdas, replaced={"Document02": "urn:uuid:1"})
    body, attachments = messages.write_submission(submission, contents)
    read = messages.read_submission(again(body), attachments)
    assert replace(read, submission=submission) == provided(submission, contents)
    assert read.submission.lot == submission.lot
    assert read.submission.documents == submission.documents
    assert [item.content for item in read.documents] == list(cdas)
    assert {link.target for link in read.submission.of_kind(vocabulary.RPLC)} == {"urn:uuid:1"}


def test_the_same_lot_gives_the_same_bytes(pki: TestPki) -> None:
    def written() -> tuple[bytes, dict[str, bytes]]:
        body, attachments = messages.write_submission(*a_lot(a_hospital(pki).sign))
        return canonical(body), attachments

    assert written() == written()


def without_include(body: Element) -> Element:
    document = find_all(body, "xds:Document")[0]
    document.remove(document[0])
    document.text = "PGEvPg=="
    return body


def twice(body: Element) -> Element:
    first, second = find_all(body, "xds:Document")
    second.set("id", first.get("id", ""))
    return body


def without_objects(body: Element) -> Element:
    body.remove(body[0])
    return body


def with_lost_part(body: Element) -> Element:
    include = find(body, "xds:Document/xop:Include")
    assert include is not None
    include.set("href", "cid:nowhere@test")
    return body


UNREADABLE: list[tuple[Callable[[Element], Element], str]] = [
    (without_include, "MTOM is required"),
    (twice, "given twice"),
    (without_objects, "is missing"),
    (with_lost_part, "no part has the Content-ID"),
]


@pytest.mark.parametrize(("spoil", "why"), UNREADABLE)
def test_a_lot_that_cannot_be_built_is_malformed(
    pki: TestPki, spoil: Callable[[Element], Element], why: str
) -> None:
    body, attachments = messages.write_submission(*a_lot(a_hospital(pki).sign))
    with pytest.raises(Malformed, match=why):
        messages.read_submission(spoil(again(body)), attachments)


def test_parts_and_entries_that_do_not_meet_are_told_apart(pki: TestPki) -> None:
    submission, contents = a_lot(a_hospital(pki).sign)
    contents["document01"] = contents.pop("Document01")
    read = messages.read_submission(*messages.write_submission(submission, contents))
    assert read.orphans == ("document01",)
    assert read.documents[0].content is None


def test_bytes_that_are_no_cda_are_kept_with_the_reason(pki: TestPki) -> None:
    submission, contents = a_lot(a_hospital(pki).sign)
    contents["Document01"] = b"<note/>"
    read = messages.read_submission(*messages.write_submission(submission, contents))
    assert read.documents[0].header is None
    assert "ClinicalDocument" in read.documents[0].unreadable


QUERIES = [
    messages.find_documents(INS.cx),
    messages.find_documents(
        INS.cx,
        statuses=(vocabulary.APPROVED, vocabulary.DELETED),
        return_type="ObjectRef",
        more=(
            Parameter("$XDSDocumentEntryTypeCode", ("11490-0^^2.16.840.1.113883.6.1",), True),
            Parameter("$XDSDocumentEntryCreationTimeFrom", ("20260101",)),
            Parameter("$XDSDocumentEntryAuthorPerson", ("%D'ESSAI%",), True),
        ),
    ),
    messages.get_documents(f"{ARC}.1", f"{ARC}.2"),
]


@pytest.mark.parametrize("query", QUERIES)
def test_a_query_is_read_as_it_was_written(query: StoredQuery) -> None:
    assert messages.read_query(again(messages.write_query(query))) == query


VALUES = [  # as it is on the wire, the values, whether it is a list
    ("'a'", ("a",), False),
    ("('a','b')", ("a", "b"), True),
    ("( 'a' , 'b' )", ("a", "b"), True),
    ("'l''hôpital'", ("l'hôpital",), False),
    ("20260101", ("20260101",), False),
    ("('it''s','b')", ("it's", "b"), True),
]


def a_query(text: str) -> Element:
    element = messages.write_query(
        StoredQuery("urn:uuid:1", "LeafClass", (Parameter("$A", ("x",)),))
    )
    value = find(element, "rim:AdhocQuery/rim:Slot/rim:ValueList/rim:Value")
    assert value is not None
    value.text = text
    return element


@pytest.mark.parametrize(("text", "values", "is_list"), VALUES)
def test_a_value_of_a_query(text: str, values: tuple[str, ...], is_list: bool) -> None:
    (parameter,) = messages.read_query(a_query(text)).parameters
    assert (parameter.values, parameter.is_list) == (values, is_list)


@pytest.mark.parametrize("text", ["", "a", "'a", "('a', b)", "a'b'"])
def test_a_value_that_is_not_quoted_is_malformed(text: str) -> None:
    with pytest.raises(Malformed, match="not a quoted value"):
        messages.read_query(a_query(text))


def test_what_was_found_is_read_as_it_was_written() -> None:
    entry = an_entry(
        a_document(),
        "urn:uuid:1",
        availability_status=vocabulary.APPROVED,
        logical_id="urn:uuid:1",
        version=1,
        is_opaque=False,
        hash="aa",
        size_bytes=12,
    )
    element = again(messages.write_found([entry], "LeafClass"))
    found = messages.read_query_response(element)
    assert (found.entries, found.references, found.total) == ((entry,), (), 1)
    assert (element.get("startIndex"), element.get("totalResultCount")) == ("0", "1")
    references = messages.read_query_response(messages.write_found([entry], "ObjectRef"))
    assert (references.entries, references.references) == ((), ("urn:uuid:1",))


def test_a_retrieval_is_read_as_it_was_written() -> None:
    asked = (DocumentRequest(f"{ARC}.1"), DocumentRequest(f"{ARC}.2", "1.2.3"))
    assert messages.read_retrieve(again(messages.write_retrieve(asked))) == asked
    with pytest.raises(Malformed, match="DocumentRequest"):
        messages.read_retrieve(messages.write_retrieve(()))


RETRIEVED = [
    ([RetrievedDocument(f"{ARC}.1", b"\xff\x00\r\n--x")], [], "ResponseStatusType:Success"),
    ([RetrievedDocument(f"{ARC}.1", b"<a/>")], [REFUSAL], "PartialSuccess"),
    ([], [REFUSAL], "ResponseStatusType:Failure"),
]


@pytest.mark.parametrize(("documents", "refusals", "status"), RETRIEVED)
def test_what_was_retrieved_is_read_as_it_was_written(
    documents: list[RetrievedDocument], refusals: list[Refusal], status: str
) -> None:
    element, attachments = messages.write_retrieved(documents, refusals)
    read = messages.read_retrieve_response(again(element), attachments)
    assert read.documents == tuple(documents)
    assert read.status.endswith(status)
    assert [error.code for error in read.errors] == [item.code.code for item in refusals]


def test_a_document_inside_the_answer_as_base64_is_read_too() -> None:
    element, _ = messages.write_retrieved([RetrievedDocument(f"{ARC}.1", b"<a/>")])
    document = find(element, "xds:DocumentResponse/xds:Document")
    assert document is not None
    document.remove(document[0])
    document.text = "PGEv\nPg=="
    assert messages.read_retrieve_response(element, {}).documents[0].content == b"<a/>"
    document.text = "?"
    with pytest.raises(Malformed, match="base64"):
        messages.read_retrieve_response(element, {})


def test_an_update_is_read_as_it_was_written() -> None:
    lot = messages.lot_of_update(an_identity(), INS)
    change = messages.deletion("urn:uuid:1", vocabulary.ARCHIVED)
    read = messages.read_update(again(messages.write_update(lot, [change])))
    assert (read.lot, read.changes) == (lot, (change,))
    with pytest.raises(Malformed, match="UpdateAvailabilityStatus"):
        messages.read_update(messages.write_update(lot, []))


def test_a_refusal_tells_all_an_integrator_needs() -> None:
    response = messages.read_registry_response(again(messages.write_failure([REFUSAL])))
    assert not response.accepted
    (error,) = response.errors
    assert (error.code, error.location) == ("DMPClosed", "1.2.3/patientId")
    assert error.context.startswith("DMP fermé; the record is open; subject 1.2.3")
    assert "[a source]" in error.context
    assert messages.read_registry_response(messages.write_success()).accepted


EXISTENCE = ExistenceQuery(INS, "5f0c5d0e", "20260105080000", ARC, "Banc")
RECORD = Record(
    patient_id=INS,
    is_open=True,
    birth_name="PAT-TROIS",
    used_name="",
    given_names="DOMINIQUE MARIE-LOUISE",
    sex="F",
    birth_date="1979-03-28",
    attached_to_mes=True,
    authorization="VALIDE",
)
RECORDS = [
    (RECORD, "OK"),
    (replace(RECORD, is_open=False, used_name="ESSAI", authorization=""), "OK"),
    (replace(RECORD, attached_to_mes=False, is_attending_doctor=True), "OK"),
    (None, "NF"),
]


def test_a_test_of_existence_is_read_as_it_was_written() -> None:
    written = again(messages.write_existence(EXISTENCE))
    assert messages.read_existence(written) == EXISTENCE
    assert written.tag == qname("hl7:PRPA_IN201307UV02")


@pytest.mark.parametrize(("record", "code"), RECORDS)
def test_an_existence_is_read_as_it_was_written(record: Record | None, code: str) -> None:
    element = messages.write_existence_response(EXISTENCE, record, at="20260105080001")
    read = messages.read_existence_response(again(element))
    assert (read.record, read.query_response, read.error_code) == (record, code, "")


def test_a_refused_test_of_existence_tells_its_code() -> None:
    element = messages.write_existence_failure(EXISTENCE, [REFUSAL], at="20260105080001")
    read = messages.read_existence_response(again(element))
    assert (read.record, read.query_response, read.error_code) == (None, "AE", "DMPClosed")
    assert read.error_text.startswith("DMP fermé")


MISSING = ["hl7:controlActProcess", "hl7:id", "hl7:creationTime", "hl7:sender"]


@pytest.mark.parametrize("path", MISSING)
def test_a_test_of_existence_without_a_part_is_malformed(path: str) -> None:
    element = messages.write_existence(EXISTENCE)
    part = find(element, path)
    assert part is not None
    element.remove(part)
    with pytest.raises(Malformed):
        messages.read_existence(element)


def test_another_namespace_is_not_ours() -> None:
    body: Any = messages.write_query(QUERIES[0])
    foreign = serialize(body).replace(b"ebxml-regrep:xsd:rim:3.0", b"ebxml-regrep:xsd:rim:4.0")
    with pytest.raises(Malformed, match="AdhocQuery"):
        messages.read_query(parse(foreign))


def test_two_assertions_are_one_too_many() -> None:
    block = messages.write_security(parse(b"<a/>"))
    header = parse(b"<h/>")
    assert messages.read_security(header) is None
    header.append(block)
    header.append(messages.write_security(parse(b"<a/>")))
    with pytest.raises(Malformed, match="one assertion"):
        messages.read_security(header)


def test_an_ins_of_another_oid_is_kept_as_it_came() -> None:
    query = replace(EXISTENCE, patient_id=Ins("1", "1.2.3"))
    assert messages.read_existence(messages.write_existence(query)).patient_id == Ins("1", "1.2.3")
