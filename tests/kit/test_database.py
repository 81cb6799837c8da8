"""Database: many processes and threads, killed in the middle; nothing acknowledged is lost."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace

import pytest
from sqlalchemy import Column, Integer, MetaData, String, Table, event, insert, select, text

from kit.clock import FixedClock
from kit.database import Database, OtherRelease, Unavailable
from kit.journal import MAX_LINES, Journal, Line
from kit.journal import metadata as journal_tables
from kit.settings import Settings
from tests.postgresql import database_settings

PROCESSES, THREADS, ACKNOWLEDGED = 3, 3, 150
tables = MetaData()
note = Table(
    "note", tables, Column("id", String(24), primary_key=True), Column("sandbox", String(64))
)


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def chosen(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Settings]:
    """One database for the module: PostgreSQL takes its time to make one."""
    folder = tmp_path_factory.mktemp("database")
    settings = replace(Settings(), data_dir=folder, workers=1, database_wait_seconds=5)
    with database_settings(request.param, settings) as found:
        yield found


@pytest.fixture
def database(chosen: Settings) -> Iterator[Database]:
    database = Database(chosen, "kit")
    database.create(journal_tables, tables)
    database.empty(journal_tables, tables)
    yield database
    database.close()


def fork(work: Callable[[], None]) -> int:
    pid = os.fork()
    if not pid:
        code = 1
        try:
            work()
            code = 0
        finally:
            os._exit(code)
    return pid


def keep(database: Database, journal: Journal, mark: Callable[[Line], None]) -> None:
    """One exchange with an effect; ``mark`` is its answer, sent once it is committed."""
    with journal.record("kit", "T", b"x" * 2000) as line, database.transaction() as connection:
        connection.execute(insert(note).values(id=line.id, sandbox="default"))
    mark(line)


def play(settings: Settings, answers: int) -> None:
    database = Database(settings, "kit")
    journal = Journal(database, FixedClock(), settings)

    def work() -> None:
        while True:
            keep(
                database, journal, lambda line: os.write(answers, f"{line.id}\n".encode()) and None
            )

    threads = [threading.Thread(target=work, daemon=True) for _ in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def test_what_was_acknowledged_survives_kill_9(chosen: Settings, database: Database) -> None:
    heard, answers = os.pipe()
    pids = [fork(lambda: play(chosen, answers)) for _ in range(PROCESSES)]
    os.close(answers)
    told = b""
    while told.count(b"\n") < ACKNOWLEDGED:
        told += os.read(heard, 4096)
    for pid in pids:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
    while piece := os.read(heard, 65536):
        told += piece
    lines = {line.id for line in Journal(database, FixedClock(), chosen).find(limit=MAX_LINES)}
    with database.reading() as connection:
        effects = set(connection.execute(select(note.c.id)).scalars())
    assert {name.decode() for name in told.split()} <= lines
    assert effects == lines


def test_two_processes_may_create_the_tables_at_once(chosen: Settings) -> None:
    for round_ in range(5):
        service = f"round{round_}"
        waiting, go = os.pipe()

        def create(service: str = service, waiting: int = waiting, go: int = go) -> None:
            os.close(go)
            os.read(waiting, 1)
            Database(chosen, service).create(journal_tables, tables)

        pids = [fork(create) for _ in range(4)]
        os.close(waiting)
        os.close(go)
        assert [os.waitpid(pid, 0)[1] for pid in pids] == [0, 0, 0, 0]


@pytest.mark.parametrize("change", ["DROP COLUMN said", "ADD COLUMN more INTEGER"])
def test_tables_of_another_release_are_told_and_not_touched(
    chosen: Settings, database: Database, change: str
) -> None:
    name, own = f"told_{change[:3].lower()}", MetaData()
    Table(name, own, Column("id", Integer, primary_key=True), Column("said", String(9)))
    database.create(own)
    database.create(own)
    with database.transaction() as connection:
        connection.execute(text(f"INSERT INTO {name} (id) VALUES (7)"))
        connection.execute(text(f"ALTER TABLE {name} {change}"))
    another = Database(chosen, "kit")
    with pytest.raises(OtherRelease, match=f"another release of Banc .its table {name} .*DATA_DIR"):
        another.create(own)
    another.close()
    with database.reading() as connection:
        assert connection.execute(text(f"SELECT id FROM {name}")).scalars().all() == [7]


def test_who_follows_the_journal_misses_no_line_of_a_slower_exchange(
    chosen: Settings, database: Database
) -> None:
    """The slower exchange has its number first and commits last."""
    journal = Journal(database, FixedClock(), chosen)
    numbered, go_on, seen = threading.Event(), threading.Event(), []
    slow = threading.Thread(target=lambda: keep(database, journal, lambda _: None))
    quick = threading.Thread(target=lambda: keep(database, journal, lambda _: None))

    def pause(_: object) -> None:
        if threading.current_thread() is slow:
            numbered.set()
            go_on.wait(5)

    def follow() -> None:
        seen.extend(line.seq for line in journal.find())

    event.listen(database.engine, "commit", pause)  # its line is written, and nobody sees it
    slow.start()
    assert numbered.wait(5)
    quick.start()
    quick.join(0.3)
    follower = threading.Thread(target=follow)
    follower.start()
    follower.join(0.3)
    go_on.set()
    for thread in (slow, quick, follower):
        thread.join()
    after = max(seen, default=0)
    assert len(seen) + len(journal.find(after=after)) == 2


def test_a_writer_that_keeps_the_database_is_told_and_not_waited_for(
    chosen: Settings, database: Database
) -> None:
    """Another process holds what the exchange needs; the exchange ends within its patience."""
    impatient = Database(replace(chosen, database_wait_seconds=1), "kit")
    with database.writing() as holder:
        holder.execute(insert(note).values(id="same", sandbox="default"))
        with pytest.raises(Unavailable), impatient.transaction() as connection:
            connection.execute(insert(note).values(id="same", sandbox="default"))
    with impatient.transaction() as connection:
        connection.execute(insert(note).values(id="same", sandbox="default"))
    impatient.close()


def test_when_every_connection_is_in_use_one_is_told(chosen: Settings) -> None:
    few = Database(replace(chosen, database_wait_seconds=1, threads=1), "kit")

    def hold_ten() -> None:
        with ExitStack() as held:
            for _ in range(10):
                held.enter_context(few.reading())

    with pytest.raises(Unavailable, match="in use"):
        hold_ten()
    with few.reading() as connection:
        assert connection.execute(text("SELECT 1")).scalar_one() == 1
    few.close()


def test_a_server_that_is_not_there_is_told(settings: Settings) -> None:
    gone = Database(replace(settings, database_url="postgresql://nobody@127.0.0.1:9/x"), "kit")
    with pytest.raises(Unavailable), gone.transaction():
        pass


def test_a_mistake_in_a_statement_is_not_called_unavailable(database: Database) -> None:
    with pytest.raises(Exception, match="nowhere"), database.transaction() as connection:
        connection.execute(text("SELECT * FROM nowhere"))


def test_a_reset_leaves_no_half_of_an_exchange(chosen: Settings, database: Database) -> None:
    journal = Journal(database, FixedClock(), chosen)
    work = [
        threading.Thread(
            target=lambda: [keep(database, journal, lambda _: None) for _ in range(20)]
        )
        for _ in range(3)
    ]
    for thread in work:
        thread.start()
    for _ in range(5):
        database.empty(journal_tables, tables)
    for thread in work:
        thread.join()
    with database.reading() as connection:
        effects = set(connection.execute(select(note.c.id)).scalars())
    assert effects == {line.id for line in journal.find()}


def test_one_sandbox_is_emptied_alone(chosen: Settings, database: Database) -> None:
    journal = Journal(database, FixedClock(), chosen)
    for name in ("default", "mine"):
        with journal.record("kit", "T", b"", sandbox=name):
            pass
    database.empty(journal_tables, tables, sandbox="mine")
    assert (journal.count("default"), journal.count("mine")) == (1, 0)


def test_numbers_go_on_after_a_reset(chosen: Settings, database: Database) -> None:
    journal = Journal(database, FixedClock(), chosen)
    keep(database, journal, lambda _: None)
    [before] = journal.find()
    database.empty(journal_tables, tables)
    keep(database, journal, lambda _: None)
    assert len(journal.find(after=before.seq)) == 1


def test_reading_waits_for_no_writer(settings: Settings) -> None:
    database = Database(replace(settings, database_wait_seconds=1), "kit")
    database.create(journal_tables, tables)
    journal = Journal(database, FixedClock(), settings)
    with database.writing():
        assert (journal.count(), journal.find(), journal.get("none")) == (0, [], None)
    database.close()


@pytest.mark.parametrize("chosen", ["postgresql"], indirect=True)  # SQLite has no server
def test_after_a_restart_of_the_server_one_request_is_told_and_the_next_is_served(
    chosen: Settings, database: Database
) -> None:
    killer = Database(chosen, "other")
    with database.reading(), database.reading():
        pass
    with killer.transaction() as connection:
        connection.execute(text(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        ))  # fmt: skip
    with pytest.raises(Unavailable), database.reading():
        pass
    for _ in range(3):
        with database.reading() as connection:
            assert connection.execute(text("SELECT 1")).scalar_one() == 1
    killer.close()
