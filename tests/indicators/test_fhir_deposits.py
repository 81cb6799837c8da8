"""A deposit by FHIR counts like one by SOAP: lines of the real mock, measured."""

from __future__ import annotations

import json
from fractions import Fraction
from typing import Any

import pytest

from indicators.cube import build_cube
from indicators.live import COUNTED
from indicators.measures import measures
from kit.journal import Exchange
from mocks.dmp.messages.pdsm import DEPOSITS, write_status
from tests.indicators.builders import ARun, a_deposit, an_establishment
from tests.mocks.dmp.builders import ARC, HOSPITAL, a_document
from tests.mocks.dmp.conftest import Bench, bench, make_bench, pki
from tests.mocks.dmp.fhir_builders import FhirBench, a_bundle, a_simplified

__all__ = ["bench", "make_bench", "pki"]  # fixtures

TOLD = ("DMP_ANY", "DMP_ANY_INS_QUALIFIED", "DMPTRY", "DMPTRY_REJECTED")


def a_row(line: Exchange) -> dict[str, Any]:
    """A line of the journal as a run keeps it."""
    told = line.as_dict()
    columns = ("id", "seq", "service", "transaction", "finess", "outcome", "stated_at",
               "received_at")  # fmt: skip
    texts = {name: json.dumps(told[name]) for name in ("codes", "refusals", "facts")}
    return {name: told[name] for name in columns} | texts


def counted(bench: Bench) -> tuple[int, ...]:
    """The measures of the journal, for the hospital."""
    run = ARun(
        establishment=[an_establishment(HOSPITAL.finess_ej)],
        exchange=[a_row(line) for line in bench.lines()],
    )
    tables = run.tables()
    try:
        cube = build_cube(tables, measures())
        return tuple(cube.count(name, "Q1", HOSPITAL.finess_ej) for name in TOLD)
    finally:
        tables.connection.close()


def by_soap(bench: Bench) -> None:
    bench.feed(a_document(1))


def by_bundle(bench: Bench) -> None:
    FhirBench(bench).provide(a_bundle(bench))


def alone(bench: Bench) -> None:
    FhirBench(bench).publish(a_simplified(1))


@pytest.mark.parametrize("deposit", [by_soap, by_bundle, alone])
def test_a_deposit_counts_however_it_came(bench: Bench, deposit: Any) -> None:
    deposit(bench)
    assert counted(bench) == (1, 1, 1, 0)


@pytest.mark.parametrize("deposit", [by_soap, by_bundle, alone])
def test_a_refused_one_is_a_try_and_a_deleted_one_no_longer_counts(
    bench: Bench, deposit: Any
) -> None:
    deposit(bench)
    deposit(bench)
    assert counted(bench) == (1, 1, 2, 1)
    FhirBench(bench).patch(f"{ARC}.1", write_status("entered-in-error"))
    assert counted(bench) == (0, 0, 2, 1)


def test_what_counts_is_a_table_and_the_journals_are_asked_for_all_of_it() -> None:
    tables = ARun(establishment=[an_establishment(HOSPITAL.finess_ej)]).tables()
    try:
        rows = tables.connection.execute("SELECT * FROM counted_transaction").fetchall()
    finally:
        tables.connection.close()
    counts_as = dict(rows)
    assert {name for name in counts_as if counts_as[name] == "TD2.1"} == {"TD2.1", *DEPOSITS}
    assert counts_as.keys() <= {transaction for _, transaction in COUNTED}


@pytest.mark.parametrize(("lines", "held"), [(0, Fraction(0)), (1, Fraction(1, 2)), (2, 1)])
def test_a_journal_of_fhir_that_lost_lines_is_noticed(lines: int, held: Fraction) -> None:
    delivery = {"finess_ej": HOSPITAL.finess_ej, "transaction": "ITI-65", "outcome": "delivered"}
    run = ARun(
        establishment=[an_establishment(HOSPITAL.finess_ej)],
        delivery=[delivery | {"delivery_id": f"d{number}"} for number in range(2)],
        exchange=[
            a_deposit(f"x{number}", f"1.{number}")
            | {"transaction": "ITI-65", "finess": HOSPITAL.finess_ej}
            for number in range(lines)
        ],
    )
    tables = run.tables()
    try:
        cube = build_cube(tables, measures())
        assert cube.completeness("TD2.1", HOSPITAL.finess_ej) == held
        assert cube.count("DMP_ANY", "Q1", HOSPITAL.finess_ej) == lines
    finally:
        tables.connection.close()
