"""Journal: the line and the effect stand or fall together."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import Column, Integer, MetaData, String, Table, insert, select

from kit.clock import FixedClock
from kit.database import Database
from kit.journal import Journal
from kit.journal import metadata as journal_tables
from kit.rules import Code, Malformed, Refusal
from kit.settings import Settings
from tests.postgresql import database_settings

tables = MetaData()
note = Table(
    "note", tables, Column("id", Integer, primary_key=True), Column("text", String(20), unique=True)
)
REFUSAL = Refusal(Code("No", "not so", "Sheet"), "a_rule", "Sheet 1", "it", "field", "1", "2")


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def chosen(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Settings]:
    """One database for the module: PostgreSQL takes its time to make one."""
    settings = replace(Settings(), data_dir=tmp_path_factory.mktemp("journal"), workers=1)
    with database_settings(request.param, settings) as found:
        yield found


@pytest.fixture
def database(chosen: Settings) -> Iterator[Database]:
    database = Database(chosen, "kit")
    database.create(journal_tables, tables)
    database.empty(journal_tables, tables)
    yield database
    database.close()


@pytest.fixture
def journal(database: Database, settings: Settings, clock: FixedClock) -> Journal:
    return Journal(database, clock, settings)


def notes(database: Database) -> list[str]:
    with database.transaction() as connection:
        return list(connection.execute(select(note.c.text)).scalars())


def write(database: Database, text: str) -> None:
    with database.transaction() as connection:
        connection.execute(insert(note).values(text=text))


def test_an_accepted_exchange_keeps_its_effect(database: Database, journal: Journal) -> None:
    with journal.record("kit", "T1", b"asked") as line:
        write(database, "kept")
        line.finess, line.facts, line.answer = "0B0000001", {"n": 1}, b"told"
    [found] = journal.find()
    assert (found.outcome, found.finess, found.facts) == ("accepted", "0B0000001", {"n": 1})
    assert notes(database) == ["kept"]
    assert journal.raw(found.id) == (b"asked", b"told")


def test_a_refused_exchange_loses_its_effect_and_keeps_its_line(
    database: Database, journal: Journal
) -> None:
    with journal.record("kit", "T1", b"") as line:
        write(database, "lost")
        line.refuse([REFUSAL])
    [found] = journal.find(outcome="refused")
    assert notes(database) == []
    assert found.codes == ("No",)
    assert found.refusals[0]["expected"] == "2"


def test_a_bug_is_a_line_too(database: Database, journal: Journal) -> None:
    def fail() -> None:
        with journal.record("kit", "T1", b""):
            write(database, "lost")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert [line.outcome for line in journal.find()] == ["bug"]
    assert notes(database) == []


def test_outside_an_exchange_a_transaction_commits_by_itself(database: Database) -> None:
    write(database, "kept")
    assert notes(database) == ["kept"]


def test_lines_are_found_by_filter_and_page(journal: Journal) -> None:
    for name in ("T1", "T2", "T1"):
        with journal.record("kit", name, b"") as line:
            line.malformed(Malformed("here", "why"), f"code-{name}")
    assert len(journal.find(transaction="T1")) == 2
    assert [line.seq for line in journal.find(newest_first=True, limit=1)] == [
        max(line.seq for line in journal.find())
    ]
    assert len(journal.find(code="code-t2")) == 1
    last = journal.find()[1].seq
    assert len(journal.find(after=last)) == 1
    with pytest.raises(ValueError, match="no filter"):
        journal.find(nonsense="x")


def test_another_sandbox_sees_nothing(journal: Journal) -> None:
    with journal.record("kit", "T1", b"", sandbox="mine"):
        pass
    assert journal.find() == []
    assert len(journal.find(sandbox="mine")) == 1


def test_raw_bytes_go_after_their_retention(
    database: Database, settings: Settings, clock: FixedClock
) -> None:
    journal = Journal(database, clock, replace(settings, raw_retention_days=2))
    with journal.record("kit", "T1", b"old"):
        pass
    clock.advance(timedelta(days=3).total_seconds())
    assert journal.prune() == 1
    [found] = journal.find()
    assert journal.raw(found.id) is None


HOSTILE = "a\0b\ud800%_'\"é"


def test_hostile_text_is_kept_and_looked_for(database: Database, journal: Journal) -> None:
    with journal.record("kit", "T" * 100, b"") as line:
        line.subject = line.software = line.finess = HOSTILE
        line.facts = {HOSTILE: HOSTILE}
        line.unauthorized(HOSTILE, HOSTILE)
    [found] = journal.find()
    assert found.subject == "a?b?%_'\"é"
    assert found.transaction == "T" * 64
    assert found.facts == {HOSTILE: HOSTILE}
    assert journal.find(subject=HOSTILE) == [found]
    assert journal.get(HOSTILE) is None
    assert journal.find(code="%") == [found]
    assert journal.find(code="_" * 60_000) == []


def test_a_line_that_cannot_be_kept_is_a_bug_and_loses_the_effect(
    database: Database, journal: Journal
) -> None:
    def fail() -> None:
        with journal.record("kit", "T1", b"asked") as line:
            write(database, "lost")
            line.facts["thing"] = object()

    with pytest.raises(Exception, match="JSON") as caught:
        fail()
    [found] = journal.find()
    assert (found.outcome, found.facts, notes(database)) == ("bug", {}, [])
    assert f"exchange {found.id}" in caught.value.__notes__


def test_a_penalty_outlives_its_refusal(database: Database, journal: Journal) -> None:
    with journal.record("kit", "T1", b"") as line:
        write(database, "effect")
        line.penalty = lambda: write(database, "penalty")
        line.refuse([REFUSAL])
    assert notes(database) == ["penalty"]


def test_old_raw_bytes_go_by_themselves(
    database: Database, settings: Settings, clock: FixedClock
) -> None:
    journal = Journal(database, clock, replace(settings, raw_retention_days=2))
    with journal.record("kit", "T1", b"old") as line:
        old = line.id
    clock.advance(timedelta(days=3).total_seconds())
    with journal.record("kit", "T1", b"new") as line:
        new = line.id
    assert (journal.raw(old), journal.raw(new)) == (None, (b"new", b""))


def test_a_line_of_another_sandbox_is_not_read_by_its_id(journal: Journal) -> None:
    with journal.record("kit", "T1", b"", sandbox="mine") as line:
        pass
    assert (journal.get(line.id), journal.raw(line.id)) == (None, None)
    assert journal.get(line.id, "mine") is not None
