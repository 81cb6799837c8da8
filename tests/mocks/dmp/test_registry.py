"""The registry on the wire: each stored query with its filters, and ITI-57 in its meanings."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from kit.pki import CertificateKind, Person
from kit.vihf import Authentication, write_vihf
from kit.xds import vocabulary
from kit.xds.metadata import DocumentEntry
from kit.xml import Element
from mocks.dmp import messages
from mocks.dmp.messages import (
    Parameter,
    StatusChange,
    StoredQuery,
    archiving,
    deletion,
    find_documents,
    find_submission_sets,
    get_associations,
    get_documents,
    get_documents_and_associations,
    unarchiving,
    with_visibility,
)
from mocks.dmp.messages.query import FIND_BY_REFERENCE, REFERENCES
from tests.mocks.dmp.builders import (
    ARC,
    INS,
    NOW,
    a_card_vihf,
    a_document,
    a_vihf,
    an_entry,
    an_identity,
)
from tests.mocks.dmp.conftest import Bench, codes_of, registry_response

ORDER = "1^^^&1.2.3&ISO^urn:ihe:iti:xds:2013:order"
STRANGER = "899900000001"


def a_strangers_vihf(bench: Bench) -> Element:
    """A doctor who wrote nothing here."""
    card = bench.pki.issue(
        CertificateKind.PS_SIGN, common_name=STRANGER, person=Person("Médecin", "Sam", "Essai")
    )
    return write_vihf(a_vihf(card, name_id=STRANGER, authentication=Authentication.DIRECT), card)


def the_entry(bench: Bench, number: int = 1) -> DocumentEntry:
    _, found = bench.find(get_documents(f"{ARC}.{number}", return_type="LeafClass"))
    (entry,) = found.entries
    return entry


def change(bench: Bench, *changes: StatusChange, number: int = 5, vihf: Any = None) -> Any:
    lot = messages.lot_of_update(an_identity(number), INS)
    return _update(bench, messages.write_update(lot, changes), vihf)


def resend(bench: Bench, *entries: DocumentEntry, number: int = 5, vihf: Any = None) -> Any:
    lot = messages.lot_of_update(an_identity(number), INS)
    return _update(bench, messages.write_visibility(lot, entries), vihf)


def _update(bench: Bench, body: Element, vihf: Any) -> Any:
    caller = a_card_vihf(bench.pki) if vihf is None else vihf
    return bench.send(messages.REGISTRY, body, action=messages.ITI_57, vihf=caller)


# TD3.3a, TD3.3b


def test_a_document_is_masked_and_unmasked_by_its_author(bench: Bench) -> None:
    bench.feed()
    before = the_entry(bench)
    masked = with_visibility(before, "MASQUE_PS", hidden=True)
    assert registry_response(resend(bench, masked)).accepted
    assert (bench.line.transaction, bench.line.facts) == ("TD3.3a", {"masking": [f"{ARC}.1"]})
    after = the_entry(bench)
    assert (after.version, after.logical_id) == (2, before.logical_id)
    assert after.entry_uuid != before.entry_uuid
    assert after.unique_id == before.unique_id
    stranger = a_strangers_vihf(bench)
    assert bench.find(find_documents(INS.cx), stranger)[1].entries == ()
    refused = resend(bench, masked, number=6)
    assert "XDSMetadataUpdateError" in codes_of(refused)
    clear = with_visibility(after, "MASQUE_PS", hidden=False)
    assert set(codes_of(resend(bench, clear, number=6, vihf=stranger))) == {
        "XDSMetadataUpdateError",
        "DMPSimMaskedDocument",
    }
    assert registry_response(resend(bench, clear, number=6)).accepted
    assert len(bench.find(find_documents(INS.cx), stranger)[1].entries) == 1
    assert bench.retrieve(f"{ARC}.1").documents


def test_a_document_is_shown_to_the_patient(bench: Bench) -> None:
    hidden = with_visibility(an_entry(a_document()), "INVISIBLE_PATIENT", hidden=True)
    assert registry_response(bench.feed(a_document(), entries=(hidden,))).accepted
    shown = with_visibility(the_entry(bench), "INVISIBLE_PATIENT", hidden=False)
    assert registry_response(resend(bench, shown, vihf=a_strangers_vihf(bench))).accepted
    assert (bench.line.transaction, bench.line.facts) == ("TD3.3b", {"shown": [f"{ARC}.1"]})
    again = with_visibility(the_entry(bench), "INVISIBLE_PATIENT", hidden=True)
    assert codes_of(resend(bench, again, number=6)) == ["XDSMetadataUpdateError"]


def test_other_metadata_do_not_change_with_the_visibility(bench: Bench) -> None:
    bench.feed()
    spoilt = replace(with_visibility(the_entry(bench), "MASQUE_PS", hidden=True), title="Autre")
    (error,) = registry_response(resend(bench, spoilt)).errors
    assert error.location.endswith("/title")
    assert bench.line.refusals[0]["rule"] == "only_the_visibility_changes"


# TD3.3d, TD3.3c


def test_a_document_is_archived_unarchived_and_deleted_from_archive(bench: Bench) -> None:
    bench.feed()
    name = the_entry(bench).entry_uuid
    assert registry_response(change(bench, archiving(name))).accepted
    assert (bench.line.transaction, bench.line.facts) == ("TD3.3d", {"archiving": [f"{ARC}.1"]})
    assert bench.find(find_documents(INS.cx))[1].entries == ()
    archived = find_documents(INS.cx, statuses=(vocabulary.APPROVED, vocabulary.ARCHIVED))
    (entry,) = bench.find(archived)[1].entries
    assert (entry.availability_status, entry.entry_uuid) == (vocabulary.ARCHIVED, name)
    assert codes_of(change(bench, archiving(name), number=6)) == ["XDSMetadataUpdateError"]
    assert bench.line.refusals[0]["rule"] == "the_original_status_is_the_current_one"
    assert registry_response(change(bench, unarchiving(name), number=6)).accepted
    assert registry_response(change(bench, archiving(name), number=7)).accepted
    last = deletion(name, vocabulary.ARCHIVED)
    assert registry_response(change(bench, last, number=8)).accepted
    assert bench.line.transaction == "TD3.3c"


def test_a_stranger_does_not_archive(bench: Bench) -> None:
    bench.feed()
    answer = change(bench, archiving(the_entry(bench).entry_uuid), vihf=a_strangers_vihf(bench))
    assert codes_of(answer) == ["XDSMetadataUpdateError"]
    assert "documents written by the user" in bench.line.refusals[0]["expected"]


# TD3.1: every filter.

ENTRY = an_entry(a_document())


def _code(attribute: str) -> str:
    coded = getattr(ENTRY, attribute)
    coded = coded[0] if isinstance(coded, tuple) else coded
    return f"{coded.code}^^{coded.system}"


def _parameter(name: str, *values: str, single: bool = False) -> Parameter:
    return Parameter(f"$XDSDocumentEntry{name}", values, is_list=not single)


FILTERS = [
    (_parameter("ClassCode", _code("class_code")), _parameter("ClassCode", "60^^1.2")),
    (_parameter("TypeCode", _code("type_code")), _parameter("TypeCode", "11490-0^^1.2.3")),
    (_parameter("FormatCode", _code("format_code")), _parameter("FormatCode", "x^^y")),
    (
        _parameter("PracticeSettingCode", _code("practice_setting_code")),
        _parameter("PracticeSettingCode", "HAD^^1.2"),
    ),
    (
        _parameter("HealthcareFacilityTypeCode", _code("healthcare_facility_type_code")),
        _parameter("HealthcareFacilityTypeCode", "SA99^^1.2"),
    ),
    (
        _parameter("ConfidentialityCode", _code("confidentiality_codes")),
        _parameter("ConfidentialityCode", "V^^2.16.840.1.113883.5.25"),
    ),
    (
        _parameter("CreationTimeFrom", ENTRY.creation_time, single=True),
        _parameter("CreationTimeFrom", "2099", single=True),
    ),
    (
        _parameter("CreationTimeTo", "2099", single=True),
        _parameter("CreationTimeTo", ENTRY.creation_time, single=True),
    ),
    (
        _parameter("ServiceStartTimeFrom", ENTRY.service_start_time, single=True),
        _parameter("ServiceStartTimeFrom", "2099", single=True),
    ),
    (
        _parameter("ServiceStartTimeTo", "2099", single=True),
        _parameter("ServiceStartTimeTo", "1999", single=True),
    ),
    (
        _parameter("ServiceStopTimeTo", "2099", single=True),
        _parameter("ServiceStopTimeTo", "1999", single=True),
    ),
    (
        _parameter("ServiceStopTimeFrom", "1999", single=True),
        _parameter("ServiceStopTimeFrom", "2099", single=True),
    ),
    (
        _parameter("AuthorPerson", "%" + ENTRY.authors[0].person.family + "%"),  # type: ignore[union-attr]
        _parameter("AuthorPerson", "%PERSONNE%"),
    ),
    (
        _parameter("Type", vocabulary.STABLE_DOCUMENT),
        _parameter("Type", "urn:uuid:34268e47-fdf5-41a6-ba33-82133c465248"),
    ),
]


@pytest.mark.parametrize(("meets", "misses"), FILTERS)
def test_a_filter_of_find_documents(bench: Bench, meets: Parameter, misses: Parameter) -> None:
    bench.feed()
    assert len(bench.find(find_documents(INS.cx, more=(meets,)))[1].entries) == 1
    assert bench.find(find_documents(INS.cx, more=(misses,)))[1].entries == ()
    assert "lint" not in bench.line.facts


def test_an_event_code_and_a_reference_are_found(bench: Bench) -> None:
    coded = replace(ENTRY.type_code, code="QZFA001", system="1.2.250.1.213.2.5")  # type: ignore[type-var]
    entry = replace(ENTRY, event_codes=(coded,), reference_ids=(ORDER,))
    assert registry_response(bench.feed(a_document(), entries=(entry,))).accepted
    event = _parameter("EventCodeList", "QZFA001^^1.2.250.1.213.2.5")
    assert len(bench.find(find_documents(INS.cx, more=(event,)))[1].entries) == 1
    for value, count in ((ORDER, 1), (ORDER.replace("1^", "2^", 1), 0)):
        asked = find_documents(INS.cx, more=(Parameter(REFERENCES, (value,), is_list=True),))
        _, found = bench.find(replace(asked, query_id=FIND_BY_REFERENCE))
        assert len(found.entries) == count
    _, found = bench.find(replace(find_documents(INS.cx), query_id=FIND_BY_REFERENCE))
    assert [error.code for error in found.errors] == ["XDSStoredQueryMissingParam"]


def test_a_parameter_the_query_has_not_is_ignored_and_noted(bench: Bench) -> None:
    bench.feed()
    odd = _parameter("SubmissionTimeFrom", "2099", single=True)
    assert len(bench.find(find_documents(INS.cx, more=(odd,)))[1].entries) == 1
    assert "SubmissionTimeFrom is ignored" in bench.line.facts["lint"][0]


def test_references_are_enough_when_they_are_asked(bench: Bench) -> None:
    bench.feed()
    _, found = bench.find(find_documents(INS.cx, return_type="ObjectRef"))
    assert (len(found.references), found.entries, found.total) == (1, (), 1)


LOT_FILTERS: list[tuple[Callable[[], StoredQuery], int]] = [
    (lambda: find_submission_sets(INS.cx), 2),
    (lambda: find_submission_sets(INS.cx, since="20260105080000"), 1),
    (lambda: find_submission_sets(INS.cx, until="20260105080000"), 1),
    (lambda: find_submission_sets(INS.cx, since="2027"), 0),
    (lambda: find_submission_sets(INS.cx, more=(_lot("SourceId", ARC),)), 2),
    (lambda: find_submission_sets(INS.cx, more=(_lot("SourceId", "1.2"),)), 0),
    (lambda: find_submission_sets(INS.cx, more=(_lot("AuthorPerson", "%TESTEUR%"),)), 2),
    (lambda: find_submission_sets(INS.cx, more=(_lot("ContentType", "07^^1.2.250.1.213.2.2"),)), 0),
    (lambda: find_submission_sets(INS.cx, more=(_lot("ContentType", "03^^1.2.250.1.213.2.2"),)), 2),
]


def _lot(name: str, value: str) -> Parameter:
    return Parameter(f"$XDSSubmissionSet{name}", (value,), is_list=True)


@pytest.mark.parametrize(("query", "count"), LOT_FILTERS)
def test_a_filter_of_find_submission_sets(
    bench: Bench, query: Callable[[], StoredQuery], count: int
) -> None:
    bench.feed(submitted_at=NOW - timedelta(hours=3))
    bench.feed(a_document(2), number=2)
    _, found = bench.find(query())
    assert len(found.lots) == count
    assert all(lot.entry_uuid.startswith("urn:uuid:") for lot in found.lots)


def test_what_is_new_takes_three_calls(bench: Bench) -> None:
    """FindSubmissionSets by time, GetAssociations (HasMember), GetDocumentsAndAssociations."""
    bench.feed(submitted_at=NOW - timedelta(days=2))
    bench.feed(a_document(2), number=2)
    since = f"{NOW - timedelta(days=1):%Y%m%d%H%M%S}"
    _, lots = bench.find(find_submission_sets(INS.cx, since=since, return_type="ObjectRef"))
    _, links = bench.find(get_associations(*lots.references))
    members = [link.target for link in links.associations if link.kind == vocabulary.HAS_MEMBER]
    assert len(members) == 2  # the document and the signature of the lot
    _, found = bench.find(get_documents_and_associations(*members))
    assert [entry.unique_id for entry in found.entries] == [f"{ARC}.2"]
    assert {link.kind for link in found.associations} == {vocabulary.HAS_MEMBER, vocabulary.SIGNS}
    assert len(bench.retrieve(f"{ARC}.1", f"{ARC}.2").documents) == 2


def test_a_replacement_is_seen_in_its_associations(bench: Bench) -> None:
    bench.feed()
    old = the_entry(bench).entry_uuid
    bench.feed(a_document(2), number=2, replaced={"Document01": old})
    _, found = bench.find(get_associations(old))
    assert vocabulary.RPLC in {link.kind for link in found.associations}


def test_too_many_results_are_refused(make_bench: Callable[..., Bench]) -> None:
    bench = make_bench(dmp_max_results=1)
    bench.feed(a_document(1), a_document(2))
    _, found = bench.find(find_documents(INS.cx))
    assert [error.code for error in found.errors] == ["XDSTooManyResults"]
    _, references = bench.find(find_documents(INS.cx, return_type="ObjectRef"))
    assert references.total == 2
