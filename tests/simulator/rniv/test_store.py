"""Store: search before create, history, merges and homonyms, kept on both databases."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from kit.identity import IdentityStatus, Ins, PastIns
from kit.rules import Refused
from kit.settings import Settings
from simulator.rniv import vigilance
from simulator.rniv.detection import Likeness
from simulator.rniv.evidence import Evidence
from simulator.rniv.record import Attribute, Complement, Found, Identity
from simulator.rniv.rules import Deed, Search
from simulator.rniv.store import Identities, Repository, Stale, Unknown
from simulator.rniv.transitions import Event
from simulator.rniv.worklist import Kind
from tests.postgresql import database_settings
from tests.simulator.rniv.builders import (
    AT,
    CLERK,
    NUMBER,
    OTHER_NUMBER,
    PASSPORT,
    TRAITS,
    a_found,
    a_trait,
)

FINESS = "0B9013000"
BORN = Search("1977-07-14")
LATER = AT + timedelta(days=1)


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def chosen(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Settings]:
    """Settings of a database; the same tests hold on both."""
    usual = replace(Settings(), data_dir=tmp_path_factory.mktemp("data"), workers=1)
    with database_settings(request.param, usual) as found:
        yield found


@pytest.fixture(scope="module")
def opened(chosen: Settings) -> Iterator[Repository]:
    repository = Repository.of(chosen, FINESS)
    yield repository
    repository.close()


@pytest.fixture
def repository(opened: Repository) -> Repository:
    """An empty repository."""
    opened.empty()
    return opened


def admit(identities: Identities, ipp: str, **changes: Any) -> Identity:
    traits = a_trait(**changes)
    return identities.create(ipp, traits, Search(traits.birth_date), at=AT, by=CLERK)


def retrieve(identities: Identities, ipp: str, ins: Ins = NUMBER) -> Identity:
    found = Found(ins, identities.get(ipp).traits)
    return identities.save(vigilance.accept(identities.get(ipp), found, at=AT, by=CLERK), at=AT)


def test_an_identity_is_kept_whole(repository: Repository) -> None:
    past = PastIns(OTHER_NUMBER.matricule, OTHER_NUMBER.oid, "2019-03-01", "")
    with repository.open() as identities:
        identity = admit(identities, "1", birth_name="NESI")
        identity = vigilance.amend(identity, Complement("MARTIN"), at=AT, by=CLERK)
        identity = vigilance.accept(identity, Found(NUMBER, TRAITS, (past,)), at=AT, by=CLERK)
        evidence = Evidence("AN", "FRA", "2030-01-01", "school card")
        identity = vigilance.check_document(identity, evidence, at=LATER, by=CLERK)
        identities.save(identity, at=LATER)
    with repository.open() as identities:
        assert identities.get("1") == identity
        assert identities.get("1").qualified_at == LATER


def test_each_hospital_has_its_own_repository(chosen: Settings, repository: Repository) -> None:
    other = Repository.of(chosen, "0B9014008")
    with repository.open() as identities:
        admit(identities, "1")
    with other.open() as identities:
        assert identities.every() == []
    if not chosen.database_url:
        assert (chosen.data_dir / f"identities-{FINESS}.sqlite").is_file()
    other.close()


def test_each_sandbox_has_its_own_identities(repository: Repository) -> None:
    with repository.open() as identities:
        admit(identities, "1")
    with repository.open("other") as identities:
        assert identities.search(BORN) == []
        admit(identities, "1")
        assert identities.alike(identities.get("1")) == []


STARTS = [("", True), ("nes", True), ("Ru", True), ("ANN", True), ("MAR", True), ("ZO", False)]


def test_a_search_looks_at_the_birth_date_then_at_names(repository: Repository) -> None:
    with repository.open() as identities:
        identity = admit(identities, "1")
        amended = vigilance.amend(identity, Complement("MARTIN"), at=AT, by=CLERK)
        identities.save(amended, at=AT)
        for start, is_found in STARTS:
            assert bool(identities.search(Search("1977-07-14", start))) == is_found, start
        assert identities.search(Search("1977-07-15")) == []
        with pytest.raises(Refused, match="three letters"):
            identities.search(Search("1977-07-14", "NESS"))


def test_nobody_is_created_without_a_search(repository: Repository) -> None:
    with repository.open() as identities:
        with pytest.raises(Refused, match="one searches before one creates"):
            identities.create("1", TRAITS, Search("1950-01-01"), at=AT)
        with pytest.raises(Refused, match="starts with the birth date"):
            identities.create("1", TRAITS, Search(""), at=AT)
        with pytest.raises(Unknown):
            identities.get("1")
        admit(identities, "1")
        with pytest.raises(Refused, match="an ipp is given once"):
            admit(identities, "1", birth_name="OBI")


def test_a_lunar_date_is_found_as_it_is_kept(repository: Repository) -> None:
    with repository.open() as identities:
        admit(identities, "1", birth_date="1957-00-00")
        assert len(identities.search(Search("1957-00-00"))) == 1
        assert len(identities.search(Search("1957-12-31"))) == 1


def test_a_duplicate_is_seen_when_it_is_created_and_blocks_nothing(repository: Repository) -> None:
    with repository.open() as identities:
        admit(identities, "1")
        admit(identities, "2", birth_name="NESIS")
        admit(identities, "3", first_names=("MIRIAM",))  # a twin
        (pair,) = identities.pairs.find()
        assert (pair.one, pair.other, pair.likeness) == ("1", "2", Likeness.POTENTIAL_DUPLICATE)
        assert "alike birth name" in pair.clues
        assert identities.in_a_duplicate() == {"1", "2"}
        assert [(i.ipp, i.kind, i.field) for i in identities.work.open_items()] == [
            ("2", Kind.DUPLICATE, "1")
        ]


def test_a_repaired_slip_is_no_duplicate_any_more(repository: Repository) -> None:
    with repository.open() as identities:
        admit(identities, "1")
        slip = admit(identities, "2")
        other = a_trait(birth_name="OBI", first_names=("LEO",), birth_date="1950-01-30")
        identities.save(vigilance.edit_traits(slip, other, at=AT, by=CLERK), at=AT)
        assert identities.pairs.find() == []
        assert Kind.COLLISION in {item.kind for item in identities.work.open_items()}


def test_a_slip_in_the_birth_date_is_found_by_the_names(repository: Repository) -> None:
    with repository.open() as identities:
        admit(identities, "1")
        admit(identities, "2", birth_date="1977-07-15")
        admit(identities, "3", birth_date="1984-03-11")
        admit(identities, "4", birth_date="1984-11-03", birth_name="MESSI")
        assert {(pair.one, pair.other) for pair in identities.pairs.find()} == {
            ("1", "2"),
            ("3", "4"),
        }


def test_one_matricule_on_two_identities_is_a_proven_duplicate(repository: Repository) -> None:
    with repository.open() as identities:
        for ipp in ("1", "2"):
            admit(identities, ipp)
            retrieve(identities, ipp)
        assert [pair.likeness for pair in identities.pairs.find()] == [Likeness.PROVEN_DUPLICATE]
        assert [identity.ipp for identity in identities.holders(NUMBER.matricule)] == ["1", "2"]


def test_a_merge_is_resolved_and_taken_back(repository: Repository) -> None:
    with repository.open() as identities:
        admit(identities, "1")
        retrieve(identities, "1")
        before = admit(identities, "2")
        identities.merge("1", "2", at=LATER, by=CLERK)
        assert identities.resolve("2").ipp == "1"
        assert [identity.ipp for identity in identities.search(BORN)] == ["1"]
        assert identities.in_a_duplicate() == set()
        back = identities.separate("2", at=LATER, by=CLERK)
        assert (back.merged_into, back.traits, back.status) == ("", before.traits, before.status)
        assert [change.event for change in back.history] == ["created", "merged", "separated"]
        assert identities.resolve("2").ipp == "2"
        assert identities.in_a_duplicate() == {"1", "2"}


def test_a_merge_that_is_refused_changes_nothing(repository: Repository) -> None:
    with repository.open() as identities:
        admit(identities, "1")
        admit(identities, "2")
        retrieve(identities, "2")
        with pytest.raises(Refused, match="the more trusted identity stays"):
            identities.merge("1", "2", at=AT, by=CLERK)
        with pytest.raises(Refused, match="what is separated was merged"):
            identities.separate("2", at=AT, by=CLERK)
        assert identities.resolve("2").ipp == "2"


def test_homonyms_are_detected_by_their_matricules_and_marked(repository: Repository) -> None:
    with repository.open() as identities:
        for ipp, ins in (("1", NUMBER), ("2", OTHER_NUMBER)):
            admit(identities, ipp)
            retrieve(identities, ipp, ins)
        assert [pair.likeness for pair in identities.pairs.find()] == [Likeness.HOMONYMS]
        for ipp in ("1", "2"):
            assert identities.get(ipp).attributes == {Attribute.HOMONYM_DETECTED}
        assert identities.in_a_duplicate() == set()


def test_homonyms_told_apart_are_neither_asked_again_nor_merged(repository: Repository) -> None:
    with repository.open() as identities:
        admit(identities, "1")
        admit(identities, "2")
        identities.tell_apart("1", "2", at=AT, by=CLERK)
        assert identities.get("1").attributes == {Attribute.HOMONYM}
        identities.apply("1", Deed(Event.DOCUMENT_AGREES, AT, CLERK, evidence=PASSPORT))
        assert identities.in_a_duplicate() == set()
        with pytest.raises(Refused, match="homonyms told apart"):
            identities.merge("1", "2", at=AT, by=CLERK)


def test_a_proven_collision_invalidates_the_ins(repository: Repository) -> None:
    with repository.open() as identities:
        admit(identities, "1")
        retrieve(identities, "1")
        doubted = identities.prove_collision("1", at=AT, by=CLERK)
        assert (doubted.status, doubted.ins) == (IdentityStatus.PROVISIONAL, None)
        assert identities.in_a_collision() == {"1"}
        assert identities.in_a_duplicate() == set()


def test_held_back_identities_are_compared_with_nobody(repository: Repository) -> None:
    with repository.open() as identities:
        admit(identities, "1")
        identities.apply("1", Deed(Event.FICTITIOUS_SET, AT, CLERK))
        admit(identities, "2")
        assert identities.pairs.find() == []


def test_two_writers_cannot_both_win(repository: Repository) -> None:
    with repository.open() as identities:
        read = admit(identities, "1")
    with repository.open() as identities:
        retrieve(identities, "1")
    with pytest.raises(Stale), repository.open() as identities:
        identities.save(vigilance.accept(read, a_found(), at=LATER, by=CLERK), at=LATER)
    with repository.open() as identities:
        assert [change.event for change in identities.get("1").history] == [
            "created",
            Event.INSI_AGREES,
        ]


def test_what_raises_is_undone(repository: Repository) -> None:
    def admit_and_fail() -> None:
        with repository.open() as identities:
            admit(identities, "1")
            identities.merge("1", "1", at=AT, by=CLERK)

    with pytest.raises(Refused, match="merged into itself"):
        admit_and_fail()
    with repository.open() as identities:
        assert identities.every() == []
