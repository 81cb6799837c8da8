"""Simulator, RNIV, pairs: which identities are known to be alike, and what a clerk decided.

A proven collision is kept here too: an identity beside itself. Not here: the score (``detection``).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import and_, bindparam, delete, insert, or_, select
from sqlalchemy.engine import Connection

from simulator.rniv.detection import Likeness
from simulator.rniv.tables import pair_table

_PAIR = pair_table.c
_FORGET = delete(pair_table).where(
    _PAIR.sandbox == bindparam("its_sandbox"),
    or_(_PAIR.one == bindparam("ipp"), _PAIR.other == bindparam("ipp")),
)
_FORGET_UNDECIDED = _FORGET.where(_PAIR.is_decided.is_(False))


@dataclass(frozen=True, slots=True)
class Pair:
    """Two identities that are alike. is_decided: a clerk said so, and no program asks again."""

    one: str
    other: str
    likeness: Likeness
    score: int = 0
    clues: tuple[str, ...] = ()
    is_decided: bool = False


class Pairs:
    """The pairs of one sandbox, inside one transaction."""

    def __init__(self, connection: Connection, sandbox: str) -> None:
        self._connection = connection
        self._sandbox = sandbox

    def put(self, pair: Pair, *, at: datetime, by: str = "") -> None:
        """Keep a pair in place of what was known of the two; ``by`` a clerk, it is decided."""
        one, other = sorted((pair.one, pair.other))
        self._connection.execute(delete(pair_table).where(self._of(one, other)))
        self._connection.execute(
            insert(pair_table).values(
                sandbox=self._sandbox,
                one=one,
                other=other,
                likeness=pair.likeness.value,
                score=pair.score,
                clues=list(pair.clues),
                is_decided=bool(by),
                at=at,
                by=by,
            )
        )

    def find(self, *likenesses: Likeness) -> list[Pair]:
        """The pairs of some kinds, or of all."""
        query = select(pair_table).where(pair_table.c.sandbox == self._sandbox)
        if likenesses:
            query = query.where(pair_table.c.likeness.in_([item.value for item in likenesses]))
        rows = self._connection.execute(query.order_by("one", "other")).mappings()
        return [
            Pair(
                row["one"],
                row["other"],
                Likeness(row["likeness"]),
                row["score"],
                tuple(row["clues"]),
                row["is_decided"],
            )
            for row in rows
        ]

    def members(self, likenesses: Iterable[Likeness]) -> set[str]:
        """The identities in a pair of some kinds."""
        return {ipp for pair in self.find(*likenesses) for ipp in (pair.one, pair.other)}

    def is_decided(self, one: str, other: str) -> bool:
        """Whether a clerk decided what the two are."""
        first, second = sorted((one, other))
        query = select(pair_table.c.is_decided).where(self._of(first, second))
        return bool(self._connection.execute(query).scalar_one_or_none())

    def forget(self, ipp: str, *, undecided: bool = False) -> None:
        """Forget the pairs an identity is in, all or only those no clerk decided."""
        query = _FORGET_UNDECIDED if undecided else _FORGET
        self._connection.execute(query, {"its_sandbox": self._sandbox, "ipp": ipp})

    def _of(self, one: str, other: str) -> Any:
        columns = pair_table.c
        return and_(columns.sandbox == self._sandbox, columns.one == one, columns.other == other)
