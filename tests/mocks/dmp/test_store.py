"""The store: what was registered is found, in its sandbox, and nothing twice."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import event, text

from kit.database import Database
from kit.engines import write_json
from kit.pki import TestPki
from kit.rules import Refused
from kit.settings import Settings
from kit.xds import vocabulary
from kit.xds.metadata import DocumentEntry
from mocks.dmp import errors
from mocks.dmp.messages import (
    Parameter,
    Update,
    deletion,
    find_documents,
    get_associations,
    get_documents,
    lot_of_update,
    read_update,
    write_update,
)
from mocks.dmp.store import Store, metadata
from mocks.dmp.store.building import build
from mocks.dmp.store.matching import meets
from tests.mocks.dmp.builders import (
    ARC,
    INS,
    NOW,
    STRUCTURE,
    a_document,
    a_hospital,
    a_lot,
    an_entry,
    an_identity,
    provided,
)
from tests.postgresql import database_settings


@pytest.fixture(params=["sqlite", "postgresql"])
def store(request: pytest.FixtureRequest, settings: Settings) -> Iterator[Store]:
    with database_settings(request.param, settings) as chosen:
        database = Database(chosen, "dmp")
        database.create(metadata)
        yield Store(database)
        database.close()


def register(
    store: Store, pki: TestPki, *cdas: bytes, sandbox: str = "default", **lot: Any
) -> None:
    made = provided(*a_lot(a_hospital(pki).sign, *cdas, **lot))
    with store.open(sandbox) as documents:
        documents.register(made, structure=STRUCTURE, at=NOW)


def the_entry(store: Store, unique_id: str) -> DocumentEntry:
    with store.open() as documents:
        entry = documents.entry_of(unique_id)
    assert entry is not None
    return entry


def test_a_registered_document_is_found_with_what_the_registry_adds(
    store: Store, pki: TestPki
) -> None:
    register(store, pki)
    entry = the_entry(store, f"{ARC}.1")
    content = a_document(1)
    sent = an_entry(content)
    assert entry.entry_uuid.startswith("urn:uuid:")
    assert (entry.logical_id, entry.version, entry.is_opaque) == (entry.entry_uuid, 1, False)
    assert (entry.size_bytes, entry.availability_status) == (len(content), vocabulary.APPROVED)
    assert (entry.authors, entry.type_code, entry.source_patient_info) == (
        sent.authors,
        sent.type_code,
        sent.source_patient_info,
    )
    with store.open() as documents:
        assert documents.content(f"{ARC}.1") == content
        assert documents.hashes_of([f"{ARC}.1", "1.2.3"]) == {f"{ARC}.1": entry.hash}
        assert documents.entry(entry.entry_uuid) == entry
        assert documents.imputed_to(entry.entry_uuid) == STRUCTURE
        assert documents.has_lot(f"{ARC}.9.1")


def test_what_is_not_there_is_none(store: Store) -> None:
    with store.open() as documents:
        assert documents.hashes_of(["1.2.3"]) == {}
        assert documents.entry("urn:uuid:1") is None
        assert documents.content("1.2.3") is None
        assert not documents.has_lot("1.2.3")
        assert documents.imputed_to("urn:uuid:1") == ""


def test_sandboxes_do_not_see_each_other(store: Store, pki: TestPki) -> None:
    register(store, pki, sandbox="one")
    register(store, pki, sandbox="two")
    with store.open("three") as documents:
        assert documents.entry_of(f"{ARC}.1") is None
    with store.open("one") as documents:
        assert len(documents.find(find_documents(INS.cx), [INS.matricule])) == 1


def test_a_replaced_document_becomes_deprecated(store: Store, pki: TestPki) -> None:
    register(store, pki)
    old = the_entry(store, f"{ARC}.1")
    register(store, pki, a_document(2), number=2, replaced={"Document01": old.entry_uuid})
    assert the_entry(store, f"{ARC}.1").availability_status == vocabulary.DEPRECATED
    assert the_entry(store, f"{ARC}.2").availability_status == vocabulary.APPROVED


def test_a_deleted_document_keeps_its_entry_uuid(store: Store, pki: TestPki) -> None:
    register(store, pki)
    old = the_entry(store, f"{ARC}.1")
    update = read_update(
        write_update(lot_of_update(an_identity(7), INS), [deletion(old.entry_uuid)])
    )
    with store.open() as documents:
        documents.change(update, structure=STRUCTURE, at=NOW)
    assert the_entry(store, f"{ARC}.1") == replace(old, availability_status=vocabulary.DELETED)


def a_second_time(store: Store, pki: TestPki) -> None:
    register(store, pki)


def a_document_again(store: Store, pki: TestPki) -> None:
    register(store, pki, a_document(1), number=2)


def a_lot_of_update_again(store: Store, _: TestPki) -> None:
    with store.open() as documents:
        update = Update(lot_of_update(an_identity(1), INS), ())
        documents.change(update, structure=STRUCTURE, at=NOW)


@pytest.mark.parametrize("again", [a_second_time, a_document_again, a_lot_of_update_again])
def test_unique_constraints_are_the_last_guard(store: Store, pki: TestPki, again: Any) -> None:
    register(store, pki)
    with pytest.raises(Refused) as error:
        again(store, pki)
    assert [item.code for item in error.value.refusals] == [errors.DUPLICATE_UNIQUE_ID]


def test_nothing_of_a_refused_lot_stays(store: Store, pki: TestPki) -> None:
    register(store, pki)
    with pytest.raises(Refused):
        register(store, pki, a_document(3), a_document(1), number=3)
    with store.open() as documents:
        assert documents.entry_of(f"{ARC}.3") is None
        assert not documents.has_lot(f"{ARC}.9.3")


def test_get_documents_finds_by_unique_id_and_by_entry_uuid(store: Store, pki: TestPki) -> None:
    register(store, pki, a_document(1), a_document(2))
    second = the_entry(store, f"{ARC}.2")
    by_uuid = replace(
        get_documents(),
        parameters=(Parameter("$XDSDocumentEntryEntryUUID", (second.entry_uuid,), True),),
    )
    with store.open() as documents:
        found = documents.find(get_documents(f"{ARC}.1", f"{ARC}.9"), [INS.matricule])
        assert [entry.unique_id for entry in found] == [f"{ARC}.1"]
        assert documents.find(by_uuid, [INS.matricule]) == [second]


def test_statuses_filter(store: Store, pki: TestPki) -> None:
    register(store, pki)
    query = find_documents(INS.cx, statuses=(vocabulary.DELETED,))
    with store.open() as documents:
        assert documents.find(query, [INS.matricule]) == []
        assert documents.find(find_documents(INS.cx), ["279035121518900"]) == []


def test_every_attribute_survives_the_store() -> None:
    entry = an_entry(a_document(), version=3, is_opaque=True, size_bytes=None)
    assert build(DocumentEntry, json.loads(write_json(entry))) == entry


ENTRY = an_entry(a_document())
LETTER = "11490-0^^2.16.840.1.113883.6.1"
FILTERS = [  # parameter without its prefix, values, whether the letter meets it
    ("TypeCode", (LETTER,), True),
    ("TypeCode", ("18748-4", LETTER), True),
    ("TypeCode", ("18748-4^^2.16.840.1.113883.6.1",), False),
    ("TypeCode", ("11490-0^^1.2.3",), False),
    ("ClassCode", ("10^^1.2.250.1.213.1.1.4.1",), True),
    ("ConfidentialityCode", ("N^^2.16.840.1.113883.5.25",), True),
    ("EventCodeList", ("Z99",), False),
    ("CreationTimeFrom", ("20260105093000",), True),
    ("CreationTimeFrom", ("20260106",), False),
    ("CreationTimeTo", ("20260106",), True),
    ("CreationTimeTo", ("20260105093000",), False),
    ("ServiceStopTimeTo", ("2027",), True),
    ("AuthorPerson", ("%TESTEUR%",), True),
    ("AuthorPerson", ("TESTEUR%",), False),
    ("Type", (vocabulary.STABLE_DOCUMENT,), True),
    ("Type", ("urn:uuid:34268e47-fdf5-41a6-ba33-82133c465248",), False),
]


@pytest.mark.parametrize(("name", "values", "expected"), FILTERS)
def test_filters_of_a_search(name: str, values: tuple[str, ...], expected: bool) -> None:
    parameter = Parameter(f"$XDSDocumentEntry{name}", values)
    assert meets(find_documents(INS.cx, more=(parameter,)), ENTRY) is expected


def test_a_parameter_given_twice_is_an_and() -> None:
    both = tuple(Parameter("$XDSDocumentEntryTypeCode", (code,)) for code in (LETTER, "18748-4"))
    assert not meets(find_documents(INS.cx, more=both), ENTRY)


def test_a_search_by_patient_uses_its_index(settings: Settings) -> None:
    """100,000 documents in the store: the record of one patient is not found by reading them."""
    database = Database(settings, "dmp")
    database.create(metadata)
    query = (
        "EXPLAIN QUERY PLAN SELECT metadata FROM entry WHERE sandbox = 'default' "
        "AND matricule IN ('1') AND status IN ('a') AND type_code <> 'E1762' ORDER BY seq"
    )
    with database.transaction() as connection:
        plan = " ".join(str(row) for row in connection.execute(text(query)))
    database.close()
    assert "entry_by_patient" in plan


def test_associations_are_found_by_their_indexes(settings: Settings, pki: TestPki) -> None:
    """What a change and a query of links really ask; among 100,000 documents nobody reads all."""
    database = Database(settings, "dmp")
    database.create(metadata)
    store, asked = Store(database), []
    register(store, pki, a_document(1))
    entry = the_entry(store, f"{ARC}.1")

    def note(_c: Any, _cursor: Any, statement: str, given: Any, _x: Any, _many: bool) -> None:
        if "FROM association" in statement:
            asked.append((statement, given))

    event.listen(database.engine, "before_cursor_execute", note)
    with store.open() as documents:
        documents.versions.keep(entry, "urn:uuid:00000000-0000-4000-8000-00000000000a", NOW)
        documents.links(get_associations(entry.entry_uuid), [INS.matricule])
    event.remove(database.engine, "before_cursor_execute", note)
    with database.transaction() as connection:
        plans = [
            str(connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", given).all())
            for statement, given in asked
        ]
    database.close()
    wanted = ("by_source (sandbox=? AND source=?)", "by_target (sandbox=? AND target=?)",
              "by_patient (sandbox=? AND matricule=?)")  # fmt: skip
    assert len(plans) == len(wanted)
    for plan, index in zip(plans, wanted, strict=True):
        assert f"INDEX association_{index}" in plan
