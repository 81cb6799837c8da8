"""Versions and histories: former entryUUIDs, statuses, associations, an INS that changed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from kit.identity import TEST_OID, Ins
from kit.world import Patient
from kit.xds import vocabulary
from kit.xds.metadata import DocumentEntry
from kit.xml import Element
from mocks.dmp import messages
from mocks.dmp.messages import (
    Parameter,
    StoredQuery,
    archiving,
    deletion,
    find_documents,
    get_associations,
    get_documents,
    get_documents_and_associations,
    with_visibility,
)
from mocks.dmp.messages.query import ENTRY_UUID, LOGICAL_ID, METADATA_LEVEL, UNIQUE_ID
from tests.mocks.dmp.builders import (
    ARC,
    INS,
    STRUCTURE,
    WORLD,
    a_card_vihf,
    a_document,
    a_hospital_vihf,
    an_identity,
)
from tests.mocks.dmp.conftest import Bench, codes_of, envelope_of, registry_response
from tests.mocks.dmp.test_registry import a_strangers_vihf, change, resend, the_entry

LEVEL_2 = Parameter(METADATA_LEVEL, ("2",))


def by(name: str, *values: str, more: tuple[Parameter, ...] = ()) -> StoredQuery:
    """GetDocuments by another parameter than the uniqueId."""
    asked = (Parameter(name, values, is_list=True), *more)
    return replace(get_documents("1", return_type="LeafClass"), parameters=asked)


def masked_and_shown(bench: Bench) -> list[DocumentEntry]:
    """A document whose visibility changed twice: its three versions."""
    bench.feed()
    versions = [the_entry(bench)]
    for number, hidden in ((5, True), (6, False)):
        sent = with_visibility(versions[-1], "MASQUE_PS", hidden=hidden)
        assert registry_response(resend(bench, sent, number=number)).accepted
        versions.append(the_entry(bench))
    return versions


def told(bench: Bench, query: StoredQuery) -> list[tuple[str, int | None, str]]:
    """entryUUID, version, status of what a query finds."""
    entries = bench.find(query)[1].entries
    return [(item.entry_uuid, item.version, item.availability_status) for item in entries]


def test_a_metadata_update_gives_another_entry_uuid_and_the_next_version(bench: Bench) -> None:
    versions = masked_and_shown(bench)
    assert [item.version for item in versions] == [1, 2, 3]
    assert len({item.entry_uuid for item in versions}) == 3
    assert {item.logical_id for item in versions} == {versions[0].entry_uuid}
    assert {item.unique_id for item in versions} == {f"{ARC}.1"}


def test_a_former_entry_uuid_still_finds_its_version_deprecated(bench: Bench) -> None:
    first, second, third = (item.entry_uuid for item in masked_and_shown(bench))
    deprecated, approved = vocabulary.DEPRECATED, vocabulary.APPROVED
    assert told(bench, by(ENTRY_UUID, first)) == [(first, 1, deprecated)]
    assert told(bench, by(ENTRY_UUID, third)) == [(third, 3, approved)]
    assert told(bench, by(UNIQUE_ID, f"{ARC}.1")) == [(third, 3, approved)]
    every = [(third, 3, approved), (first, 1, deprecated), (second, 2, deprecated)]
    for name, value in ((UNIQUE_ID, f"{ARC}.1"), (LOGICAL_ID, first)):
        assert told(bench, by(name, value, more=(LEVEL_2,))) == every
    assert told(bench, by(LOGICAL_ID, first)) == [(third, 3, approved)]
    assert told(bench, by(LOGICAL_ID, second)) == []


def test_a_search_shows_current_versions_unless_the_former_are_asked(bench: Bench) -> None:
    first, second, third = (item.entry_uuid for item in masked_and_shown(bench))
    both = (vocabulary.APPROVED, vocabulary.DEPRECATED)
    assert told(bench, find_documents(INS.cx, statuses=both)) == [(third, 3, vocabulary.APPROVED)]
    asked = find_documents(INS.cx, statuses=both, more=(LEVEL_2,))
    assert [uuid for uuid, _, _ in told(bench, asked)] == [third, first, second]
    approved = find_documents(INS.cx, more=(LEVEL_2,))
    assert [uuid for uuid, _, _ in told(bench, approved)] == [third]
    assert "lint" not in bench.line.facts


def test_a_former_version_does_not_show_what_is_masked_now(bench: Bench) -> None:
    bench.feed()
    first = the_entry(bench)
    resend(bench, with_visibility(first, "MASQUE_PS", hidden=True))
    asked = by(ENTRY_UUID, first.entry_uuid)
    assert bench.find(asked, a_strangers_vihf(bench))[1].entries == ()
    assert len(bench.find(asked)[1].entries) == 1


def test_a_former_entry_uuid_is_no_target(bench: Bench) -> None:
    first = masked_and_shown(bench)[0].entry_uuid
    assert codes_of(change(bench, deletion(first), number=7)) == ["XDSMetadataUpdateError"]
    assert bench.line.refusals[0]["rule"] == "the_document_is_known"
    assert "current version" in bench.line.refusals[0]["expected"]
    late = bench.feed(a_document(2), number=2, replaced={"Document01": first})
    assert codes_of(late) == ["UnresolvedReferenceException"]


def test_a_new_version_takes_over_that_it_replaces(bench: Bench) -> None:
    bench.feed()
    old = the_entry(bench).entry_uuid
    bench.feed(a_document(2), number=2, replaced={"Document01": old})
    before = the_entry(bench, 2)
    resend(bench, with_visibility(before, "MASQUE_PS", hidden=True))
    after = the_entry(bench, 2)
    for uuid in (before.entry_uuid, after.entry_uuid):
        _, found = bench.find(get_associations(uuid))
        (link,) = (item for item in found.associations if item.kind == vocabulary.RPLC)
        assert (link.source, link.target) == (uuid, old)
    _, found = bench.find(get_documents_and_associations(after.entry_uuid))
    assert {vocabulary.RPLC, vocabulary.HAS_MEMBER} <= {item.kind for item in found.associations}
    assert len({item.entry_uuid for item in found.associations}) == len(found.associations)


def test_statuses_are_found_by_their_name(bench: Bench) -> None:
    bench.feed(*(a_document(number) for number in (1, 2, 3)))
    bench.feed(a_document(4), number=4, replaced={"Document01": the_entry(bench, 1).entry_uuid})
    change(bench, archiving(the_entry(bench, 2).entry_uuid))
    change(bench, deletion(the_entry(bench, 3).entry_uuid), number=6)
    for status, number in (
        (vocabulary.DEPRECATED, 1),
        (vocabulary.ARCHIVED, 2),
        (vocabulary.DELETED, 3),
        (vocabulary.APPROVED, 4),
    ):
        entries = bench.find(find_documents(INS.cx, statuses=(status,)))[1].entries
        assert [item.unique_id for item in entries] == [f"{ARC}.{number}"], status


def test_a_change_of_status_is_a_version_only_where_it_is_switched_on(
    make_bench: Callable[..., Bench],
) -> None:
    bench = make_bench(dmp_status_versions=True)
    bench.feed()
    first = the_entry(bench)
    assert registry_response(change(bench, archiving(first.entry_uuid))).accepted
    second = the_entry(bench)
    assert (second.version, second.logical_id) == (2, first.entry_uuid)
    assert second.availability_status == vocabulary.ARCHIVED
    stale = change(bench, deletion(first.entry_uuid, vocabulary.ARCHIVED), number=6)
    assert codes_of(stale) == ["XDSMetadataUpdateError"]
    last = deletion(second.entry_uuid, vocabulary.ARCHIVED)
    assert registry_response(change(bench, last, number=6)).accepted


# An INS that changed: a waiting number (NIA) became a permanent one (NIR).


@pytest.fixture(scope="module")
def traveller() -> Patient:
    """Somebody born abroad whose waiting number became a permanent one."""
    return next(
        person
        for person in map(WORLD.patient, range(30_000))
        if person.history
        and person.history[0].number[0] in "78"
        and person.record.state == "open"
        and not person.record.opposed_to_feeding
    )


def fed_before(bench: Bench, person: Patient) -> Ins:
    """A document filed under the former INS."""
    former = Ins(person.history[0].matricule, person.history[0].oid)
    vihf = a_hospital_vihf(bench.pki, patient=former.cx)
    assert registry_response(bench.feed(a_document(1, ins=former), vihf=vihf)).accepted
    return former


def found_by(bench: Bench, ins: Ins) -> list[str]:
    vihf = a_card_vihf(bench.pki, patient=ins.cx)
    return [item.unique_id for item in bench.find(find_documents(ins.cx), vihf)[1].entries]


def test_a_record_is_found_by_either_number(bench: Bench, traveller: Patient) -> None:
    former = fed_before(bench, traveller)
    assert found_by(bench, former) == found_by(bench, traveller.ins) == [f"{ARC}.1"]
    card = a_card_vihf(bench.pki, patient=traveller.ins.cx)
    assert len(bench.retrieve(f"{ARC}.1", vihf=card).documents) == 1
    entry = bench.find(find_documents(traveller.ins.cx), card)[1].entries[0]
    assert entry.patient_id == former  # documents stay where they were filed


def test_a_query_names_the_number_of_its_vihf(bench: Bench, traveller: Patient) -> None:
    former = fed_before(bench, traveller)
    card = a_card_vihf(bench.pki, patient=traveller.ins.cx)
    _, found = bench.find(find_documents(former.cx), card)
    assert [error.code for error in found.errors] == ["XDSPatientIdDoesNotMatch"]


def test_what_was_filed_under_the_former_number_is_replaced_and_deleted(
    bench: Bench, traveller: Patient
) -> None:
    fed_before(bench, traveller)
    server = a_hospital_vihf(bench.pki, patient=traveller.ins.cx)
    (old,) = bench.find(get_documents(f"{ARC}.1"), server)[1].references
    newer = a_document(2, ins=traveller.ins)
    answer = bench.feed(newer, number=2, replaced={"Document01": old}, vihf=server)
    assert registry_response(answer).accepted
    assert found_by(bench, traveller.ins) == [f"{ARC}.2"]
    lot = messages.lot_of_update(an_identity(5), traveller.ins)
    body = messages.write_update(lot, [deletion(old, vocabulary.DEPRECATED)])
    assert _accepted(bench, body, server)


def _accepted(bench: Bench, body: Element, vihf: Element) -> bool:
    answer = bench.send(messages.REGISTRY, body, action=messages.ITI_57, vihf=vihf)
    return registry_response(answer).accepted


def test_the_record_is_one_and_tells_the_current_number(bench: Bench, traveller: Patient) -> None:
    former = fed_before(bench, traveller)
    query = messages.ExistenceQuery(former, "m1", "20260105080000", ARC, "Banc")
    answer = bench.send(
        messages.PATIENTS,
        messages.write_existence(query),
        action=messages.TD0_2,
        vihf=a_hospital_vihf(bench.pki, patient=former.cx),
    )
    record = messages.read_existence_response(envelope_of(answer).body).record
    assert record is not None
    assert record.patient_id == traveller.ins
    page = f"/mon-espace-sante/{former.matricule}"
    bench.client.post(f"{page}/acces/bloquer", json={"holder": STRUCTURE})
    told = bench.client.get(f"/mon-espace-sante/{traveller.ins.matricule}/api").get_json()
    assert [item["blocked"] for item in told["authorizations"]] == [True]
    for ins in (former, traveller.ins):
        vihf = a_hospital_vihf(bench.pki, patient=ins.cx)
        answer = bench.feed(a_document(3, ins=ins), number=3, vihf=vihf)
        assert codes_of(answer) == ["DMPSimBlockedProfessional"]


def test_a_waiting_number_has_its_authority_where_all_are_taken(
    make_bench: Callable[..., Bench],
) -> None:
    person = next(item for item in map(WORLD.patient, range(30_000)) if item.is_waiting)
    query = messages.ExistenceQuery(person.ins, "m1", "20260105080000", ARC, "Banc")
    bench = make_bench(dmp_ins_oids="all")
    for ins in (person.ins, replace(person.ins, oid=TEST_OID)):
        answer = bench.send(
            messages.PATIENTS,
            messages.write_existence(replace(query, patient_id=ins)),
            action=messages.TD0_2,
            vihf=a_hospital_vihf(bench.pki, patient=ins.cx),
        )
        told = messages.read_existence_response(envelope_of(answer).body)
        assert (told.query_response, told.record) == ("NF", None)
