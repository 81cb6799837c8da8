"""Simulator, export: the tables of a run as Parquet, and run.json.

The tables hold what the simulator knows; what the services saw is in exchange.parquet and
ror_offer.parquet, read over the wire. Instants are in UTC. Not here: any indicator.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb

from kit.identity import IdentityStatus
from mocks.dmp.messages.pdsm import DEPOSITS as FHIR_DEPOSITS
from mocks.mssante.messages.mailboxes import establishment_mailboxes
from mocks.ror.messages import Offer
from simulator.delivery.dmp import TD2_1
from simulator.documents import KINDS
from simulator.encounters import Encounter
from simulator.establishments import Hospital
from simulator.identity_figures import TABLES as IDENTITY_TABLES
from simulator.identity_figures import identity_rows, insi_call_rows
from simulator.identity_office import IdentityFile
from simulator.movements import Kind
from simulator.papers import Paper
from simulator.plan import Plan
from simulator.rounds import Sent

INSTANT, TEXT, WHOLE, YES_NO = "TIMESTAMP", "VARCHAR", "BIGINT", "BOOLEAN"
DEPOSITS = frozenset({TD2_1, *FHIR_DEPOSITS})
Row = Mapping[str, Any]

# Table -> column -> type. The contract with the indicators.
TABLES: Mapping[str, Mapping[str, str]] = {
    "establishment": {
        "finess_ej": TEXT, "finess_eg": TEXT, "name": TEXT, "kind": TEXT, "region": TEXT,
        "activities": TEXT, "beds": WHOLE,
    },
    "stay": {
        "stay_id": TEXT, "finess_ej": TEXT, "finess_eg": TEXT, "unit": TEXT, "activity": TEXT,
        "mode": TEXT, "admitted_at": INSTANT, "left_at": INSTANT, "nights": WHOLE, "exit": TEXT,
        "surgery": YES_NO, "planned": YES_NO, "patient_id": TEXT, "patient_index": WHOLE,
        "ins_status": TEXT, "pmsi_ok": YES_NO,
    },
    "visit": {
        "visit_id": TEXT, "finess_ej": TEXT, "finess_eg": TEXT, "unit": TEXT, "kind": TEXT,
        "patient_id": TEXT, "at": INSTANT,
    },
    "document": {
        "unique_id": TEXT, "set_id": TEXT, "version": WHOLE, "type": TEXT, "type_code": TEXT,
        "stay_id": TEXT, "visit_id": TEXT, "finess_ej": TEXT, "finess_eg": TEXT, "level": TEXT,
        "unit": TEXT, "created_at": INSTANT, "patient_id": TEXT,
    },
    "delivery": {
        "delivery_id": TEXT, "finess_ej": TEXT, "channel": TEXT, "transaction": TEXT,
        "unique_id": TEXT, "stay_id": TEXT, "attempt": WHOLE, "due_at": INSTANT,
        "sent_at": INSTANT, "outcome": TEXT, "code": TEXT, "exchange_ref": TEXT,
        "recipient": TEXT,
    },
    "evidence": {"finess_ej": TEXT, "code": TEXT, "date": "DATE", "valid_until": "DATE"},
    "exchange": {
        "id": TEXT, "seq": WHOLE, "sandbox": TEXT, "received_at": INSTANT, "stated_at": INSTANT,
        "service": TEXT, "transaction": TEXT, "listener": TEXT, "finess": TEXT, "software": TEXT,
        "subject": TEXT, "type_code": TEXT, "outcome": TEXT, "codes": TEXT, "refusals": TEXT,
        "duration_ms": "DOUBLE", "size_bytes": WHOLE, "facts": TEXT,
    },
    "ror_offer": {
        "finess_ej": TEXT, "finess_eg": TEXT, "offer_id": TEXT, "unit": TEXT, "name": TEXT,
        "field": TEXT, "complete": YES_NO, "population": TEXT, "updated_at": INSTANT,
        "activity_field": YES_NO, "care_mode": YES_NO, "patients": YES_NO, "activity": YES_NO,
        "address": YES_NO, "contact": YES_NO, "category": YES_NO,
    },
    **IDENTITY_TABLES,
}  # fmt: skip
_JSON_COLUMNS = ("codes", "refusals", "facts")


@dataclass(frozen=True, slots=True, repr=False)  # asyncio writes results out when it ends
class Observed:
    """What the run saw: the calls it made, the identities of each legal entity, the journals and
    offers read over the wire."""

    sent: Sequence[Sent]
    files: Mapping[str, IdentityFile]
    exchanges: Sequence[Row]
    offers: Sequence[Offer]


def write_tables(folder: Path, plan: Plan, seen: Observed) -> None:
    """Write every table into ``folder``."""
    rows: dict[str, Iterable[Row]] = {
        "establishment": map(establishment_row, plan.hospitals),
        "stay": _stays(plan, seen.files),
        "visit": _visits(plan),
        "document": map(_document, plan.papers),
        "delivery": _deliveries(seen),
        "evidence": _evidence(plan),
        "exchange": map(_exchange, seen.exchanges),
        "ror_offer": map(_offer, seen.offers),
        "identity": identity_rows(seen.files),
        "insi_call": insi_call_rows(seen.files),
    }
    with duckdb.connect(":memory:") as connection:
        connection.execute("SET threads = 2")
        for name, columns in TABLES.items():
            _write(connection, folder / f"{name}.parquet", columns, rows[name])


def _write(
    connection: duckdb.DuckDBPyConnection,
    path: Path,
    columns: Mapping[str, str],
    rows: Iterable[Row],
) -> None:
    """One table, through a file of JSON lines, which DuckDB reads quicker than parameters."""
    lines = path.with_suffix(".jsonl")
    with lines.open("w", encoding="utf-8") as out:
        out.writelines(json.dumps(row, ensure_ascii=False, default=_plain) + "\n" for row in rows)
    typed = ", ".join(f"{_quoted(name)}: '{kind}'" for name, kind in columns.items())
    source = f"read_json({_literal(lines)}, format='newline_delimited', columns={{{typed}}})"
    target = f"{_literal(path)} (FORMAT parquet)"
    connection.execute(f"COPY (SELECT * FROM {source}) TO {target}")  # noqa: S608 our own names
    lines.unlink()


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _literal(path: Path) -> str:
    return "'" + str(path).replace("'", "''") + "'"


def _plain(value: object) -> str:
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")
    return str(value)


def establishment_row(hospital: Hospital) -> Row:
    found = hospital.establishment
    return {
        "finess_ej": found.finess_ej,
        "finess_eg": found.finess_eg,
        "name": found.name,
        "kind": found.kind,
        "region": found.region,
        "activities": ",".join(activities(hospital)),
        "beds": hospital.beds,
    }


def activities(hospital: Hospital) -> tuple[str, ...]:
    """The activities of the units that are played, in the order of the fields."""
    held = {ward.activity for ward in hospital.wards if ward.beds}
    return tuple(name for name in ("MCO", "SSR", "PSY") if name in held)


def described(hospital: Hospital) -> dict[str, Any]:
    """An establishment in run.json."""
    row = dict(establishment_row(hospital))
    boxes = [
        {"address": box.address, "kind": box.kind.value, "unit": box.service}
        for box in establishment_mailboxes(hospital.establishment)
    ]
    units = [{"code": ward.unit.code, "beds": ward.beds} for ward in hospital.wards]
    return row | {"activities": list(activities(hospital)), "boxes": boxes, "units": units}


def _place(found: Encounter) -> dict[str, Any]:
    return {
        "finess_ej": found.establishment.finess_ej,
        "finess_eg": found.establishment.finess_eg,
        "unit": found.unit.code,
        "patient_id": found.patient.ins.matricule,
    }


def _status(found: Encounter, files: Mapping[str, IdentityFile]) -> str:
    """The status of the identity of a stay at the end of the run; none was made: provisional."""
    held = files[found.establishment.finess_ej].held.get(found.admission_key)
    return (held.status if held else IdentityStatus.PROVISIONAL).name.lower()


def _stays(plan: Plan, files: Mapping[str, IdentityFile]) -> Iterator[Row]:
    """Stays that ended within the run, and those not ended, without an exit."""
    for found in plan.encounters:
        if found.kind is not Kind.STAY:
            continue
        yield _place(found) | {
            "stay_id": found.id,
            "activity": found.ward.activity,
            "mode": found.mode.value,
            "admitted_at": found.admitted_at,
            "left_at": found.left_at,
            "nights": found.nights,
            "exit": found.exit.value,
            "surgery": found.has_surgery,
            "planned": found.is_planned,
            "patient_index": found.patient.index,
            "ins_status": _status(found, files),
            "pmsi_ok": found.pmsi_ok and found.left_at is not None,
        }


def _visits(plan: Plan) -> Iterator[Row]:
    for found in plan.encounters:
        if found.kind is not Kind.STAY:
            place = _place(found)
            yield place | {
                "visit_id": found.id, "kind": found.kind.value, "at": found.admitted_at
            }  # fmt: skip


def _document(paper: Paper) -> Row:
    kind, found = KINDS[paper.kind], paper.encounter
    is_stay = found.kind is Kind.STAY
    return _place(found) | {
        "unique_id": paper.unique_id,
        "set_id": paper.set_id,
        "version": paper.version,
        "type": paper.kind,
        "type_code": kind.type.code,
        "stay_id": found.id if is_stay else None,
        "visit_id": None if is_stay else found.id,
        "level": kind.level,
        "created_at": paper.created_at,
    }


def _deliveries(seen: Observed) -> Iterator[Row]:
    references = _exchange_of_lot(seen.exchanges)
    for sent in seen.sent:
        paper, attempt = sent.job.paper, sent.attempt
        is_stay = paper is not None and paper.encounter.kind is Kind.STAY
        yield {
            "delivery_id": sent.delivery_id,
            "finess_ej": sent.job.hospital.establishment.finess_ej,
            "channel": sent.job.channel.value,
            "transaction": attempt.transaction,
            "unique_id": paper.unique_id if paper else None,
            "stay_id": paper.encounter.id if paper and is_stay else None,
            "attempt": sent.number,
            "due_at": sent.job.due_at,
            "sent_at": sent.sent_at,
            "outcome": attempt.outcome.value,
            "code": attempt.code,
            "exchange_ref": references.get(attempt.reference, attempt.reference),
            "recipient": attempt.recipient,
        }


def _exchange_of_lot(exchanges: Iterable[Row]) -> dict[str, str]:
    """The exchange in which each lot was judged last."""
    return {
        str(line["facts"]["lot"]): str(line["id"])
        for line in exchanges
        if line["transaction"] in DEPOSITS and "lot" in line["facts"]
    }


def _evidence(plan: Plan) -> Iterator[Row]:
    for hospital in plan.hospitals:
        for item in hospital.given.evidence:
            yield {
                "finess_ej": hospital.establishment.finess_ej,
                "code": item.code,
                "date": item.proven_on,
                "valid_until": item.valid_until,
            }


def _exchange(line: Row) -> Row:
    told = {name: json.dumps(line[name], ensure_ascii=False) for name in _JSON_COLUMNS}
    instants = {name: datetime.fromisoformat(line[name]) for name in ("received_at", "stated_at")}
    return {**line, **told, **instants}


def _offer(offer: Offer) -> Row:
    flags = offer.completeness
    return {
        "finess_ej": offer.finess_ej,
        "finess_eg": offer.finess_eg,
        "offer_id": offer.id,
        "unit": offer.unit_code,
        "name": offer.name,
        "field": offer.activity_field,
        "complete": offer.is_complete,
        "population": flags.population.value,
        "updated_at": offer.updated_at,
        "activity_field": flags.activity_field,
        "care_mode": flags.care_mode,
        "patients": flags.patients,
        "activity": flags.activity,
        "address": flags.address,
        "contact": flags.contact,
        "category": flags.category,
    }
