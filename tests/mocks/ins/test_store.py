"""INS store: corrections over the invented country, kept over a restart."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from kit.database import Database
from kit.identity import TEST_OID
from kit.settings import Settings
from kit.world import world_of
from mocks.ins.messages import Correction
from mocks.ins.store import Store, metadata
from tests.postgresql import database_settings

TOUSSAINT = "160012B02077713"


@pytest.fixture(params=["sqlite", "postgresql"])
def chosen(request: pytest.FixtureRequest, settings: Settings) -> Iterator[Settings]:
    """Settings of a database; the same tests hold on both."""
    with database_settings(request.param, settings) as found:
        yield found


@pytest.fixture
def store(chosen: Settings) -> Iterator[Store]:
    database = Database(chosen, "ins")
    database.create(metadata)
    yield Store(database, world_of(chosen), chosen)
    database.close()


def numbers(store: Store, birth_date: str, sex: str) -> list[str]:
    return [person.ins.matricule for person in store.born(birth_date, sex, "ADRTROIS")]


def test_the_country_is_searched_by_birth(store: Store) -> None:
    assert TOUSSAINT in numbers(store, "1960-01-01", "M")
    assert TOUSSAINT not in numbers(store, "1960-01-01", "F")


def test_a_correction_moves_a_person(store: Store) -> None:
    before = len(numbers(store, "1960-01-01", "M"))
    with store.open() as persons:
        persons.correct(TOUSSAINT, Correction(birth_date="1961-02-03"))
    assert TOUSSAINT not in numbers(store, "1960-01-01", "M")
    assert len(numbers(store, "1960-01-01", "M")) == before - 1
    assert numbers(store, "1961-02-03", "M").count(TOUSSAINT) == 1


def test_corrections_add_up(store: Store) -> None:
    with store.open() as persons:
        persons.correct(TOUSSAINT, Correction(matricule="160012B02099991", oid=TEST_OID))
        persons.correct("160012B02099991", Correction(birth_name="ADRQUATRE"))
        persons.correct("160012B02099991", Correction(matricule="160012B02099888"))
        person = persons.find("160012B02099888")
        assert persons.find(TOUSSAINT) is None
        assert persons.find("160012B02099991") is None
    assert person is not None
    assert person.traits.birth_name == "ADRQUATRE"
    assert [past.matricule for past in person.history] == ["160012B02099991", TOUSSAINT]
    with store.open() as persons:
        assert persons.restore("160012B02099888")
        assert persons.find(TOUSSAINT) is not None


def test_history_keeps_its_dates(store: Store) -> None:
    with store.open() as persons:
        before = persons.find("109076322083489")
        assert persons.find("209076322083439") is None  # a number of the past
        after = persons.correct("109076322083489", Correction(birth_place="63113"))
        kept = persons.find("109076322083489")
    assert before is not None
    assert after == kept
    assert kept is not None
    assert kept.history == before.history


def test_a_number_in_force_is_taken(store: Store) -> None:
    with store.open() as persons:
        assert persons.is_taken("109076322083489", TOUSSAINT)
        assert not persons.is_taken(TOUSSAINT, TOUSSAINT)
        assert not persons.is_taken(None, TOUSSAINT)


def test_nobody_is_corrected_without_a_person(store: Store) -> None:
    with store.open() as persons:
        assert persons.correct("199999999999999", Correction(sex="F")) is None
        assert not persons.restore(TOUSSAINT)


def test_a_correction_survives_a_restart(store: Store, chosen: Settings) -> None:
    with store.open() as persons:
        persons.correct(TOUSSAINT, Correction(birth_name="ADRQUATRE"))
    database = Database(chosen, "ins")
    with Store(database, world_of(chosen), chosen).open() as persons:
        person = persons.find(TOUSSAINT)
    database.close()
    assert person is not None
    assert person.traits.birth_name == "ADRQUATRE"


def test_an_undone_unit_of_work_leaves_nothing(store: Store) -> None:
    def interrupted() -> None:
        with store.open() as persons:
            persons.correct(TOUSSAINT, Correction(birth_name="ADRQUATRE"))
            raise RuntimeError

    with pytest.raises(RuntimeError):
        interrupted()
    with store.open() as persons:
        person = persons.find(TOUSSAINT)
    assert person is not None
    assert person.traits.birth_name == "ADRTROIS"
