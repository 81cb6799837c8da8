"""Kit, statements: compiled once, they write, read and fail as SQLAlchemy's own do."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import (
    JSON,
    Column,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    bindparam,
    insert,
    select,
)
from sqlalchemy.engine import Connection
from sqlalchemy.exc import DBAPIError, IntegrityError

from kit.database import Database, Unavailable, UtcDateTime
from kit.settings import Settings
from kit.statements import Insert, Question
from tests.postgresql import database_settings

metadata = MetaData()
kept = Table(
    "kept",
    metadata,
    Column("seq", Integer, primary_key=True, autoincrement=True),
    Column("name", String(40), nullable=False, unique=True),
    Column("at", UtcDateTime),
    Column("facts", JSON),
    Column("bytes", LargeBinary),
)
AT = datetime(2026, 1, 5, 8, tzinfo=UTC)
ROWS = [
    {"name": "é'\"; --", "at": AT, "facts": {"a": [1, None, {"é": []}]}, "bytes": b"\0\xff"},
    {"name": "empty", "at": None, "facts": [], "bytes": None},
    {"name": "empty too", "at": AT, "facts": {}, "bytes": b""},
]
COLUMNS = (kept.c.name, kept.c.at, kept.c.facts, kept.c.bytes)
_BY_NAME = select(*COLUMNS).where(kept.c.name == bindparam("name"))


@pytest.fixture(params=["sqlite", "postgresql"])
def tables(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    with database_settings(request.param, replace(Settings(), data_dir=tmp_path)) as settings:
        database = Database(settings, "kit")
        database.create(metadata)
        yield database
        database.close()


def test_rows_are_kept_as_sqlalchemy_keeps_them(tables: Database) -> None:
    with tables.transaction() as connection:
        Insert(kept).run(connection, ROWS)
        connection.execute(insert(kept), [row | {"name": f"{row['name']} 2"} for row in ROWS])
    with tables.reading() as connection:
        found = [dict(row) for row in connection.execute(select(*COLUMNS)).mappings()]
    assert found == [*ROWS, *(row | {"name": f"{row['name']} 2"} for row in ROWS)]


def test_a_question_answers_as_sqlalchemy_does(tables: Database) -> None:
    with tables.transaction() as connection:
        connection.execute(insert(kept), ROWS)
        by_name, every = Question(_BY_NAME), Question(select(*COLUMNS).order_by(kept.c.seq))
        assert [by_name.first(connection, name=row["name"]) for row in ROWS] == ROWS
        assert by_name.first(connection, name="nobody") is None
        assert by_name.rows(connection, name="nobody") == []
        assert every.rows(connection) == ROWS


def test_nothing_to_insert_is_no_statement(tables: Database) -> None:
    with tables.transaction() as connection:
        Insert(kept).run(connection, [])
        assert Question(select(kept.c.seq)).rows(connection) == []


def test_a_broken_constraint_is_the_error_of_sqlalchemy(tables: Database) -> None:
    with pytest.raises(IntegrityError, match=r"(?i)unique"), tables.transaction() as connection:
        Insert(kept).run(connection, [ROWS[0], ROWS[0]])
    with tables.reading() as connection:
        assert Question(select(kept.c.seq)).rows(connection) == []


def test_a_table_that_is_not_there_is_the_error_of_sqlalchemy(tables: Database) -> None:
    metadata.drop_all(tables.engine)
    with pytest.raises(DBAPIError, match="kept"), tables.reading() as connection:
        Question(_BY_NAME).first(connection, name="x")


def test_what_may_pass_is_unavailable(tmp_path: Path) -> None:
    """The file cannot be written now: the exchange must not be acknowledged."""
    database = Database(replace(Settings(), data_dir=tmp_path), "kit")
    database.create(metadata)
    with database.writing() as connection:
        connection.exec_driver_sql("PRAGMA query_only = ON")
        with pytest.raises(Unavailable):
            Insert(kept).run(connection, ROWS)
    database.close()


def test_a_writer_that_failed_leaves_nothing_to_the_next(tables: Database) -> None:
    """The next one has the same connection (SQLite), and none of the former's rows."""

    def fail() -> None:
        with tables.transaction() as connection:
            Insert(kept).run(connection, ROWS)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    with tables.transaction() as connection:
        assert Question(select(kept.c.seq)).rows(connection) == []
        Insert(kept).run(connection, ROWS[:1])
    with tables.reading() as connection:
        assert len(Question(select(kept.c.seq)).rows(connection)) == 1


def test_a_commit_that_fails_holds_nobody_up(tmp_path: Path) -> None:
    """SQLite stays in its transaction then: the next writer must not find it there."""
    database = Database(replace(Settings(), data_dir=tmp_path, database_wait_seconds=1), "kit")
    database.create(metadata)

    def fail() -> None:
        with database.transaction() as connection:
            connection.exec_driver_sql("PRAGMA defer_foreign_keys = ON")
            connection.exec_driver_sql("INSERT INTO child VALUES ('nobody')")

    with database.writing() as connection:
        connection.exec_driver_sql("CREATE TABLE child (name TEXT REFERENCES kept (name))")
        connection.commit()
    for _ in range(2):
        with pytest.raises(IntegrityError, match="FOREIGN KEY"):
            fail()
    with database.transaction() as connection:
        Insert(kept).run(connection, ROWS[:1])
        assert connection.exec_driver_sql("SELECT count(*) FROM child").scalar() == 0
    database.close()


def test_a_connection_that_cannot_undo_does_not_keep_the_turn(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = Database(replace(Settings(), data_dir=tmp_path, database_wait_seconds=1), "kit")
    database.create(metadata)

    def broken(_: object) -> None:
        raise OSError("gone")

    def undo() -> None:
        with database.writing() as connection:
            Insert(kept).run(connection, ROWS)

    with monkeypatch.context() as patched:
        patched.setattr(Connection, "rollback", broken)
        with pytest.raises(OSError, match="gone"):
            undo()
    undo()
    with database.reading() as connection:
        assert Question(select(kept.c.seq)).rows(connection) == []
    database.close()
