"""Simulator, RNIV, work-list: what a clerk of the identity unit has to look at, and INSi's calls.

Not here: what found it (``vigilance``, ``detection``), the indicators (``quality``).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import insert, select, update
from sqlalchemy.engine import Connection

from kit.identity import IdentityTraits
from simulator.rniv.agreement import discrepancies
from simulator.rniv.evidence import Channel
from simulator.rniv.quality import Call
from simulator.rniv.search_plan import Answer
from simulator.rniv.tables import call_table, work_table

_NEW_CALL = insert(call_table)


class Kind(StrEnum):
    """Why an identity is on the list."""

    DISCREPANCY = "discrepancy"
    CHECK_DISAGREES = "check disagrees"
    NOT_FOUND = "not found"
    SEVERAL = "several"
    WITHHELD = "withheld"
    DUPLICATE = "duplicate"
    HOMONYM = "homonym"
    COLLISION = "collision"


@dataclass(frozen=True, slots=True)
class WorkItem:
    """A line of the list. field: a trait, or the IPP of another identity."""

    ipp: str
    kind: Kind
    field: str
    local: str
    national: str
    opened_at: datetime
    closed_at: datetime | None = None
    closed_by: str = ""


class Worklist:
    """The work-list of one sandbox, inside one transaction."""

    def __init__(self, connection: Connection, sandbox: str) -> None:
        self._connection = connection
        self._sandbox = sandbox

    def add(
        self,
        ipp: str,
        kind: Kind,
        field: str = "",
        *,
        at: datetime,
        local: str = "",
        national: str = "",
    ) -> None:
        """Put a line on the list; one that is open stays as it is, a closed one opens again."""
        key = self._key(ipp, kind, field)
        known = self._connection.execute(select(work_table).where(*key)).mappings().one_or_none()
        if known is not None and known["closed_at"] is None:
            return
        values = {"local": local, "national": national, "opened_at": at, "closed_by": ""}
        if known is not None:
            query: Any = update(work_table).where(*key).values(**values, closed_at=None)
        else:
            names = {"sandbox": self._sandbox, "ipp": ipp, "kind": kind.value, "field": field}
            query = insert(work_table).values(**names, **values)
        self._connection.execute(query)

    def add_discrepancies(
        self, ipp: str, local: IdentityTraits, national: IdentityTraits, *, at: datetime
    ) -> None:
        """One line a trait that differs."""
        for found in discrepancies(local, national):
            self.add(
                ipp,
                Kind.DISCREPANCY,
                found.field,
                at=at,
                local=found.local,
                national=found.national,
            )

    def close(self, item: WorkItem, *, at: datetime, by: str) -> bool:
        """A clerk is done with a line; False when it was not open."""
        key = (*self._key(item.ipp, item.kind, item.field), work_table.c.closed_at.is_(None))
        query = update(work_table).where(*key).values(closed_at=at, closed_by=by)
        return self._connection.execute(query).rowcount == 1

    def open_items(self) -> list[WorkItem]:
        """What is to be looked at, oldest first."""
        query = select(work_table).where(
            work_table.c.sandbox == self._sandbox, work_table.c.closed_at.is_(None)
        )
        rows = self._connection.execute(query.order_by("opened_at", "ipp", "kind", "field"))
        return [
            WorkItem(
                row["ipp"],
                Kind(row["kind"]),
                row["field"],
                row["local"],
                row["national"],
                row["opened_at"],
            )
            for row in rows.mappings()
        ]

    def note_call(self, ipp: str, channel: Channel, answer: Answer, *, at: datetime) -> None:
        """Keep a call of INSi (EXI REC 07 and 08: calls are logged)."""
        kept = "fault" if "fault" in answer.value else answer.value
        names = {"sandbox": self._sandbox, "ipp": ipp, "at": at}
        self._connection.execute(_NEW_CALL, {**names, "channel": channel.value, "answer": kept})

    def calls(self) -> list[Call]:
        """The calls, for the answer mix."""
        return [call for _, call in self.dated_calls()]

    def dated_calls(self) -> list[tuple[datetime, Call]]:
        """The calls with their instant, in their order."""
        columns = call_table.c
        query = select(columns.at, columns.channel, columns.answer).where(
            columns.sandbox == self._sandbox
        )
        rows = self._connection.execute(query.order_by("number"))
        return [(at, Call(channel, answer)) for at, channel, answer in rows]

    def _key(self, ipp: str, kind: Kind, field: str) -> tuple[Any, ...]:
        columns = work_table.c
        return (
            columns.sandbox == self._sandbox,
            columns.ipp == ipp,
            columns.kind == kind.value,
            columns.field == field,
        )
