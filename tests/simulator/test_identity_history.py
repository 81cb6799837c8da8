"""Identity history: who was known before the play, twice for some, and what an admission finds."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from kit.identity import IdentityStatus, normalized, unaccented
from kit.settings import Settings
from kit.world import Patient
from mocks.ins.messages import Individual
from simulator.identities import LocalIdentity
from simulator.identity_figures import _qualified_at, identity_figures, identity_rows
from simulator.identity_history import VARIANTS, History, Past, plant
from simulator.identity_office import IdentityOffice, open_office
from simulator.identity_unit import IdentityUnit
from simulator.plan import make_plan
from simulator.rniv.evidence import Evidence
from simulator.rniv.search_plan import Answer
from simulator.rniv.store import Repository
from simulator.streams import Streams
from simulator.waiting import Late
from tests.simulator.builders import CLINIC, MONDAY, WORLD, a_scenario, habits

PEOPLE = [WORLD.patient(20_000_000 + 9_001 * number) for number in range(1500)]
MARRIED = next(
    who for who in PEOPLE if normalized(who.used_name) != normalized(who.traits.birth_name)
)
CARD = Evidence("CN")
TUESDAY = MONDAY + timedelta(hours=33)  # 9 in the morning
KNOWN: dict[str, Any] = {
    "identity_known": 1.0,
    "identity_duplicates": 0.0,
    "identity_collisions": 0.0,
    "identity_errors": 0.0,
}


def a_history(seed: int = 7, **changes: Any) -> History:
    return History(CLINIC, habits(**changes), MONDAY, Streams(seed))


def test_the_history_of_a_person_follows_from_the_seed_and_the_person_alone() -> None:
    told = [a_history().of(who) for who in PEOPLE[:200]]
    assert [a_history().of(who) for who in reversed(PEOPLE[:200])] == told[::-1]
    assert [a_history(8).of(who) for who in PEOPLE[:200]] != told
    elsewhere = replace(a_history(), finess="0B9005006")
    assert [elsewhere.of(who) for who in PEOPLE[:200]] != told


def test_shares_are_those_of_the_habits() -> None:
    told = [a_history(identity_known=0.4, identity_duplicates=0.1).of(who) for who in PEOPLE]
    known = [every for every in told if every]
    assert 0.36 < len(known) / len(PEOPLE) < 0.44
    assert 0.06 < sum(len(every) == 2 for every in known) / len(known) < 0.14
    assert 0.75 < sum(every[0].is_retrieved for every in known) / len(known) < 0.85
    assert 0.89 < sum(every[0].shown is not None for every in known) / len(known) < 0.97
    assert not any(every[1].is_retrieved for every in known if len(every) == 2)
    often = [a_history(identity_known=1.0, identity_collisions=0.3).of(who) for who in PEOPLE]
    assert 0.25 < sum(every[0].collided_at is not None for every in often) / len(often) < 0.35


def test_nobody_is_known_when_the_share_is_zero_nor_twice() -> None:
    assert not any(a_history(identity_known=0.0).of(who) for who in PEOPLE)
    assert {len(a_history(**KNOWN).of(who)) for who in PEOPLE if _is_grown_up(who)} == {1}


def _is_grown_up(who: Patient) -> bool:
    return int(who.traits.birth_date[:4]) < 2020


def test_everything_was_made_in_the_life_of_the_person_and_before_the_play() -> None:
    history = a_history(identity_known=1.0, identity_duplicates=1.0)
    babies = [WORLD.patient(index) for index in WORLD.born_between(
        MONDAY.date() - timedelta(days=60), MONDAY.date() - timedelta(days=35))[:50]]  # fmt: skip
    assert babies
    for who in (*PEOPLE, *babies):
        for past in history.of(who):
            assert int(who.traits.birth_date[:4]) < past.created_at.year
            assert past.created_at < MONDAY
        made = [past.created_at for past in history.of(who)]
        assert made == sorted(made)


@pytest.fixture
def repository(tmp_path: Path, settings: Settings) -> Iterator[Repository]:
    found = Repository.of(replace(settings, data_dir=tmp_path, database_url=""), CLINIC)
    yield found
    found.close()


AXES = [  # document shown, INS retrieved, status
    (CARD, True, IdentityStatus.QUALIFIED),
    (None, True, IdentityStatus.RETRIEVED),
    (CARD, False, IdentityStatus.VALIDATED),
    (None, False, IdentityStatus.PROVISIONAL),
]


@pytest.mark.parametrize(("shown", "is_retrieved", "status"), AXES)
def test_what_is_planted_has_its_status_since_then(
    repository: Repository, shown: Evidence | None, is_retrieved: bool, status: IdentityStatus
) -> None:
    then = MONDAY - timedelta(days=400)
    past = Past("1-0", MARRIED, MARRIED.traits, then, shown, is_retrieved)
    with repository.open() as identities:
        made = plant(identities, past, by="clerk")
        assert identities.get("1-0") == made
        assert identities.work.calls() == []  # INSi was not called in the play
    assert made.status is status
    assert {change.at for change in made.history} == {then}
    assert made.outward_ins == (MARRIED.ins if status is IdentityStatus.QUALIFIED else None)


@pytest.mark.parametrize("variant", VARIANTS)
def test_each_kind_of_duplicate_is_noticed(repository: Repository, variant: Any) -> None:
    typed = variant(MARRIED, Streams(2)["variant"])
    assert typed != MARRIED.traits
    with repository.open() as identities:
        for ipp, traits, shown in (("1-0", MARRIED.traits, CARD), ("1-1", typed, None)):
            past = Past(ipp, MARRIED, traits, MONDAY - timedelta(days=60), shown, shown is CARD)
            plant(identities, past, by="clerk")
        assert identities.in_a_duplicate() == {"1-0", "1-1"}
        assert {item.kind.value for item in identities.work.open_items()} == {"duplicate"}


def test_the_used_name_is_typed_as_the_birth_name_by_some() -> None:
    history = a_history(identity_known=1.0, identity_duplicates=1.0)
    names = Counter(
        past.typed.birth_name == unaccented(past.person.used_name) != past.person.traits.birth_name
        for who in PEOPLE
        for past in history.of(who)[1:]
    )
    assert names[True] > 20


@pytest.mark.parametrize(("shown", "is_retrieved", "status"), AXES)
def test_an_identity_of_two_persons_was_doubted_and_counts_as_a_collision(
    repository: Repository, shown: Evidence | None, is_retrieved: bool, status: IdentityStatus
) -> None:
    then, found_at = MONDAY - timedelta(days=400), MONDAY - timedelta(days=90)
    past = Past("1-0", MARRIED, MARRIED.traits, then, shown, is_retrieved, found_at)
    with repository.open() as identities:
        made = plant(identities, past, by="clerk")
        assert identities.get("1-0") == made
        assert identities.in_a_collision() == {"1-0"}
    assert made.status is IdentityStatus.PROVISIONAL
    assert made.ins is None
    assert made.history[-1].at == found_at
    assert made.history[-1].before is status


# What an admission finds.

Open = Callable[..., IdentityOffice]


@pytest.fixture
def opened(tmp_path: Path, settings: Settings) -> Iterator[Open]:
    """An office with a history, where everybody was admitted."""
    offices: list[IdentityOffice] = []

    def make(*admissions: LocalIdentity, **changes: Any) -> IdentityOffice:
        named = {item.key: item for item in admissions}
        folder, unit = tmp_path / str(len(offices)), IdentityUnit(CLINIC, 1.0, Streams(7))
        history = a_history(**KNOWN | changes)
        office = open_office(folder, settings, CLINIC, named, unit, history)
        offices.append(office)
        office.admit(named)
        return office

    yield make
    for office in offices:
        office.close()


KEY = f"E/{MARRIED.index}"


def an_admission(
    key: str = KEY, shown: Evidence | None = CARD, who: Patient = MARRIED, **slip: Any
) -> LocalIdentity:
    return LocalIdentity(key, who, replace(who.traits, **slip), MONDAY, shown)


def test_who_is_known_is_found_and_insi_is_not_asked_again(opened: Open) -> None:
    office = opened(an_admission(), identity_retrieved=1.0, identity_checked=1.0)
    assert not office.is_searched_for(KEY)
    assert office.is_settled(KEY)
    assert office.held(KEY).outward_ins == MARRIED.ins
    file = office.file()
    assert file.recognised == {KEY}
    assert [identity.ipp for identity in file.identities] == [f"{MARRIED.index:09}-0"]


def test_who_stays_away_costs_no_row(opened: Open) -> None:
    office = opened(identity_known=1.0)
    assert office.file().identities == ()


def test_a_known_identity_without_its_ins_is_searched(opened: Open) -> None:
    office = opened(an_admission(), identity_retrieved=0.0)
    assert office.is_searched_for(KEY)
    assert not office.is_settled(KEY)
    assert office.file().recognised == {KEY}


def test_a_later_stay_with_a_document_qualifies(opened: Open) -> None:
    unshown = opened(an_admission(shown=None), identity_retrieved=1.0, identity_checked=0.0)
    assert unshown.held(KEY).status is IdentityStatus.RETRIEVED
    office = opened(an_admission(), identity_retrieved=1.0, identity_checked=0.0)
    assert office.held(KEY).status is IdentityStatus.QUALIFIED
    assert office.held(KEY).record.qualified_at == MONDAY


def test_two_admissions_of_one_slot_ask_insi_once(opened: Open) -> None:
    again = f"{KEY}/2"
    office = opened(an_admission(), an_admission(again), identity_retrieved=0.0)
    assert [office.is_searched_for(key) for key in (KEY, again)] == [True, False]
    office.give_up(KEY)
    assert office.is_settled(again)


def test_an_identity_that_was_doubted_is_found_and_made_sure_of_again(opened: Open) -> None:
    office = opened(an_admission(), identity_collisions=1.0, identity_retrieved=1.0)
    file = office.file()
    assert file.recognised == {KEY}
    assert file.in_a_collision == {office.held(KEY).ipp}
    assert office.is_searched_for(KEY)
    assert office.held(KEY).status is IdentityStatus.VALIDATED
    plan = office.search_plan(KEY)
    office.note(KEY, plan.after(Answer.FOUND), Individual(MARRIED.ins, MARRIED.traits))
    office.settle(TUESDAY)
    assert office.held(KEY).outward_ins == MARRIED.ins


def test_a_slip_makes_a_duplicate_of_who_was_known(opened: Open) -> None:
    office = opened(an_admission(birth_place="33063"), identity_retrieved=1.0)
    assert office.file().recognised == frozenset()
    assert len(office.file().in_a_duplicate) == 2


def test_duplicates_of_before_are_worked_off_and_counted(opened: Open) -> None:
    office = opened(an_admission(), identity_duplicates=1.0, identity_retrieved=1.0)
    before = office.file()
    assert before.in_a_duplicate == {f"{MARRIED.index:09}-{rank}" for rank in (0, 1)}
    assert before.work == {"duplicate": 1}
    office.work(TUESDAY)
    after = office.file()
    assert after.work == {}
    assert after.in_a_duplicate == frozenset()
    rows = list(identity_rows({CLINIC: after}))
    assert {row["patient_id"] for row in rows} == {MARRIED.ins.matricule}
    assert len(rows) == 2


def test_an_identity_merged_into_one_of_before_is_qualified_from_then_on(opened: Open) -> None:
    office = opened(an_admission(birth_place="33063"), identity_retrieved=1.0, identity_checked=1.0)
    assert office.held(KEY).outward_ins is None
    office.work(TUESDAY)
    assert office.held(KEY).ipp == f"{MARRIED.index:09}-0"
    assert office.held(KEY).outward_ins == MARRIED.ins
    assert office.is_settled(KEY)
    file = office.file()
    qualified_at = file.held[KEY].record.qualified_at
    assert qualified_at
    assert qualified_at < MONDAY
    assert file.joined == {KEY: TUESDAY}
    assert _qualified_at(KEY, file) == TUESDAY
    assert _qualified_at("E/1", file) is None


@pytest.mark.parametrize("trust", [0.0, 1.0])  # which of the three stays
def test_three_identities_of_one_person_become_one(opened: Open, trust: float) -> None:
    slip = an_admission(birth_place="33063")
    office = opened(slip, identity_retrieved=trust, identity_checked=trust, identity_duplicates=1.0)
    assert len(office.file().in_a_duplicate) == 3
    for days in range(2):
        office.work(TUESDAY + timedelta(days=days))
    file = office.file()
    assert file.in_a_duplicate == frozenset()
    assert [one.ipp for one in file.identities if not one.merged_into] == [office.held(KEY).ipp]
    assert (office.held(KEY).outward_ins == MARRIED.ins) is bool(trust)


def test_the_figures_tell_who_was_known_and_recognised(opened: Open) -> None:
    plan = make_plan(a_scenario(), WORLD)
    stranger = next(who for who in PEOPLE if who.index != MARRIED.index)
    slip = an_admission(f"E/{stranger.index}", who=stranger, birth_place="33063")
    office = opened(an_admission(), slip, identity_duplicates=1.0)
    (figures,) = identity_figures(plan, {CLINIC: office.file()}, {CLINIC: Late(3, 1, 0)})
    assert figures["known"] == {"numerator": 2, "denominator": 2, "value": 1.0}
    assert figures["recognised"] == {"numerator": 1, "denominator": 2, "value": 0.5}
    assert figures["duplicates"]["numerator"] > 1
    assert figures["withheld"] == {"withheld": 3, "sent_late": 1, "otherwise": 0, "never": 2}
