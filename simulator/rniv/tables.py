"""Simulator, RNIV, tables: the rows of the repository and how an identity becomes one.

Rows never leave the store. Not here: queries (``store``), what is kept and why (``record``).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from sqlalchemy import JSON, Boolean, Column, Index, Integer, MetaData, String, Table, Text

from kit.database import UtcDateTime
from kit.identity import IdentityStatus, IdentityTraits, Ins, PastIns, normalized
from simulator.rniv.evidence import Channel, Evidence
from simulator.rniv.record import Attribute, Change, Complement, DateMarker, Identity

metadata = MetaData()

identity_table = Table(
    "identity",
    metadata,
    Column("sandbox", String(64), primary_key=True),
    Column("ipp", String(64), primary_key=True),
    Column("version", Integer, nullable=False),  # lines of history: two writers cannot both win
    Column("status", String(5), nullable=False),
    Column("is_retrieved", Boolean, nullable=False),
    Column("is_checked", Boolean, nullable=False),
    Column("birth_name", String(200), nullable=False),
    Column("first_names", JSON, nullable=False),
    Column("sex", String(1), nullable=False),
    Column("birth_date", String(10), nullable=False),
    Column("birth_place", String(5), nullable=False),
    Column("date_marker", String(20), nullable=False),
    Column("name_start", String(3), nullable=False),
    Column("first_start", String(3), nullable=False),
    Column("matricule", String(15), nullable=False),
    Column("ins", JSON, nullable=False),
    Column("complement", JSON, nullable=False),
    Column("attributes", JSON, nullable=False),
    Column("evidence", JSON, nullable=False),
    Column("channel", String(5), nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("insi_called_at", UtcDateTime),
    Column("merged_into", String(64), nullable=False),
    Index("identity_by_birth", "sandbox", "birth_date"),
    Index("identity_by_names", "sandbox", "name_start", "first_start"),
    Index("identity_by_matricule", "sandbox", "matricule"),
    Index("identity_by_merge", "sandbox", "merged_into"),
)

change_table = Table(
    "identity_change",
    metadata,
    Column("sandbox", String(64), primary_key=True),
    Column("ipp", String(64), primary_key=True),
    Column("rank", Integer, primary_key=True),
    Column("at", UtcDateTime, nullable=False),
    Column("event", String(40), nullable=False),
    Column("by", String(100), nullable=False),
    Column("before", String(5), nullable=False),
    Column("after", String(5), nullable=False),
    Column("traits", JSON),
    Column("ins", JSON),
    Column("note", Text, nullable=False),
)

pair_table = Table(
    "identity_pair",
    metadata,
    Column("sandbox", String(64), primary_key=True),
    Column("one", String(64), primary_key=True),
    Column("other", String(64), primary_key=True),
    Column("likeness", String(4), nullable=False),
    Column("score", Integer, nullable=False),
    Column("clues", JSON, nullable=False),
    Column("is_decided", Boolean, nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("by", String(100), nullable=False),
    Index("pair_by_other", "sandbox", "other"),
)

work_table = Table(
    "identity_work",
    metadata,
    Column("sandbox", String(64), primary_key=True),
    Column("ipp", String(64), primary_key=True),
    Column("kind", String(20), primary_key=True),
    Column("field", String(40), primary_key=True),
    Column("local", Text, nullable=False),
    Column("national", Text, nullable=False),
    Column("opened_at", UtcDateTime, nullable=False),
    Column("closed_at", UtcDateTime),
    Column("closed_by", String(100), nullable=False),
    Index("work_open", "sandbox", "closed_at"),
)

call_table = Table(
    "insi_call",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("sandbox", String(64), nullable=False),
    Column("ipp", String(64), nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("channel", String(5), nullable=False),
    Column("answer", String(5), nullable=False),
    Index("call_by_sandbox", "sandbox", "at"),
)


def start(name: str) -> str:
    """The three letters an index keeps of a name."""
    return normalized(name)[:3]


def identity_row(identity: Identity, sandbox: str) -> dict[str, Any]:
    """The row of an identity, without its history."""
    traits = identity.traits
    return {
        "sandbox": sandbox,
        "ipp": identity.ipp,
        "version": len(identity.history),
        "status": identity.status.value,
        "is_retrieved": identity.is_retrieved,
        "is_checked": identity.is_checked,
        **_written_traits(traits),
        "date_marker": identity.date_marker.value,
        "name_start": start(traits.birth_name),
        "first_start": start(traits.first_name),
        "matricule": identity.ins.matricule if identity.ins else "",
        "ins": {
            "active": _written_ins(identity.ins),
            "history": [_written_ins(past) for past in identity.ins_history],
            "claimed": _written_ins(identity.claimed_ins),
        },
        "complement": asdict(identity.complement),
        "attributes": sorted(identity.attributes),
        "evidence": asdict(identity.evidence) if identity.evidence else {},
        "channel": identity.channel.value,
        "created_at": identity.created_at,
        "insi_called_at": identity.insi_called_at,
        "merged_into": identity.merged_into,
    }


def read_identity(row: Mapping[Any, Any], history: tuple[Change, ...]) -> Identity:
    """The identity of a row and of the lines of its history."""
    numbers = row["ins"]
    return Identity(
        row["ipp"],
        _read_traits(row),
        row["created_at"],
        is_retrieved=row["is_retrieved"],
        is_checked=row["is_checked"],
        ins=_read_ins(numbers["active"]),
        ins_history=tuple(ins for past in numbers["history"] if (ins := _read_ins(past))),
        claimed_ins=_read_ins(numbers["claimed"]),
        attributes=frozenset(map(Attribute, row["attributes"])),
        evidence=Evidence(**row["evidence"]) if row["evidence"] else None,
        channel=Channel(row["channel"]),
        date_marker=DateMarker(row["date_marker"]),
        complement=Complement(**row["complement"]),
        insi_called_at=row["insi_called_at"],
        merged_into=row["merged_into"],
        history=history,
    )


def change_row(change: Change, sandbox: str, ipp: str, rank: int) -> dict[str, Any]:
    """The row of a line of history."""
    return {
        "sandbox": sandbox,
        "ipp": ipp,
        "rank": rank,
        "at": change.at,
        "event": str(change.event),
        "by": change.by,
        "before": change.before.value,
        "after": change.after.value,
        "traits": _written_traits(change.traits) if change.traits else {},
        "ins": _written_ins(change.ins),
        "note": change.note,
    }


def read_change(row: Mapping[Any, Any]) -> Change:
    """The line of history of a row."""
    return Change(
        row["at"],
        row["event"],
        row["by"],
        IdentityStatus(row["before"]),
        IdentityStatus(row["after"]),
        _read_traits(row["traits"]) if row["traits"] else None,
        _read_ins(row["ins"]),
        row["note"],
    )


def _written_traits(traits: IdentityTraits) -> dict[str, Any]:
    return {
        "birth_name": traits.birth_name,
        "first_names": list(traits.first_names),
        "sex": traits.sex,
        "birth_date": traits.birth_date,
        "birth_place": traits.birth_place,
    }


def _read_traits(row: Mapping[Any, Any]) -> IdentityTraits:
    return IdentityTraits(
        row["birth_name"],
        tuple(row["first_names"]),
        row["sex"],
        row["birth_date"],
        row["birth_place"],
    )


def _written_ins(ins: Ins | None) -> list[str]:
    """[matricule, OID], with the two dates of a past number."""
    if ins is None:
        return []
    dates = [ins.valid_from, ins.valid_until] if isinstance(ins, PastIns) else []
    return [ins.matricule, ins.oid, *dates]


def _read_ins(values: list[str]) -> Ins | None:
    if not values:
        return None
    return PastIns(*values) if len(values) > 2 else Ins(*values)
