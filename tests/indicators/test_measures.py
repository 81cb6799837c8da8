"""Measures: each one counts what it should and leaves out what it should, on hand-made tables."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from indicators.cube import NATION, Cube, build_cube
from indicators.measures import measures
from tests.indicators.builders import (
    EJ,
    MONDAY,
    OTHER_EJ,
    SUNDAY_NIGHT,
    ARun,
    a_deletion,
    a_deposit,
    a_document,
    a_mail,
    a_stay,
    an_evidence,
    an_exchange,
    an_offer,
)

DAY = timedelta(days=1)
LEFT = MONDAY + 2 * DAY


def cube(run: ARun) -> Cube:
    tables = run.tables()
    try:
        return build_cube(tables, measures())
    finally:
        tables.connection.close()


def count(run: ARun, measure: str, finess: str = EJ) -> int:
    return cube(run).count(measure, "Q1", finess)


def sessions(number: int, *, first: datetime, every: timedelta) -> list[dict[str, object]]:
    return [
        a_stay(f"D{n}", mode="session", patient_id="P1", left_at=first + n * every)
        for n in range(number)
    ]


JANUARY = datetime(2026, 1, 2, tzinfo=UTC)
STAYS = [  # what, stays, how many count
    ("a stay of the week", [a_stay()], 1),
    ("transferred to another hospital", [a_stay(exit="transfer")], 1),
    ("a death", [a_stay(exit="death")], 0),
    ("a move within the legal entity", [a_stay(exit="mutation")], 0),
    ("a cancelled file", [a_stay(pmsi_ok=False)], 0),
    ("left before the run", [a_stay(left_at=MONDAY - DAY)], 0),
    ("left when the window closes", [a_stay(left_at=SUNDAY_NIGHT)], 0),
    ("left when it opens", [a_stay(left_at=MONDAY)], 1),
    ("a day stay", [a_stay(mode="day")], 1),
]


@pytest.mark.parametrize(("what", "stays", "expected"), STAYS)
def test_which_stays_are_eligible(what: str, stays: list[dict[str, object]], expected: int) -> None:
    assert count(ARun(stay=stays), "STAY") == expected, what


def test_fifty_two_sessions_of_four_months_are_one_stay() -> None:
    run = ARun(
        stay=sessions(52, first=JANUARY, every=timedelta(days=2)),
        start=datetime(2025, 12, 31, 23, tzinfo=UTC),
        end=datetime(2026, 6, 30, 22, tzinfo=UTC),
    )
    assert cube(run).count("STAY", "SEM", EJ) == 1


def test_two_sessions_are_no_stay_and_months_of_two_groups_do_not_add_up() -> None:
    run = ARun(stay=sessions(2, first=MONDAY, every=DAY))
    assert count(run, "STAY") == 0
    across = ARun(
        stay=sessions(4, first=datetime(2026, 4, 29, 12, tzinfo=UTC), every=DAY),
        start=datetime(2026, 4, 27, tzinfo=UTC),
        end=datetime(2026, 5, 4, tzinfo=UTC),
    )
    assert count(across, "STAY") == 0


def test_a_letter_of_any_session_counts_for_the_grouped_stay() -> None:
    run = ARun(
        stay=sessions(3, first=MONDAY, every=DAY),
        document=[a_document("1.1", "D0"), a_document("1.2", "D1")],
        exchange=[a_deposit("x1", "1.1"), a_deposit("x2", "1.2")],
    )
    assert count(run, "STAY_WITH_DMP_LDL") == 1


def with_letter(*exchanges: dict[str, object], **document: object) -> ARun:
    return ARun(
        stay=[a_stay(left_at=LEFT)], document=[a_document(**document)], exchange=list(exchanges)
    )


SECOND = a_document("1.2", set_id="1.1", version=2)
DEPOSITS = [  # what, exchanges, stays with a letter, documents active, of them with a qualified INS
    ("accepted", [a_deposit()], 1, 1, 1),
    ("nothing sent", [], 0, 0, 0),
    ("refused", [a_deposit(outcome="refused")], 0, 0, 0),
    ("refused, then accepted", [a_deposit("x0", outcome="refused"), a_deposit()], 1, 1, 1),
    ("without a qualified INS", [a_deposit(qualified=False)], 1, 1, 0),
    ("another type on the wire", [a_deposit(type_code="34112-3")], 0, 1, 1),
    ("of an unknown document", [a_deposit(unique_id="7.7")], 0, 1, 1),
    ("29 days after the exit", [a_deposit(stated_at=LEFT + 29 * DAY)], 1, 0, 0),
    ("30 days after the exit", [a_deposit(stated_at=LEFT + 30 * DAY)], 0, 0, 0),
    ("two versions", [a_deposit(), a_deposit("x2", "1.2", replaces="1.1")], 1, 1, 1),
    ("deleted", [a_deposit(), a_deletion("x2", "1.1", stated_at=LEFT + DAY)], 0, 0, 0),
    (
        "deleted after the window",
        [a_deposit(), a_deletion("x2", "1.1", stated_at=SUNDAY_NIGHT + DAY)],
        1, 1, 1,
    ),
    (
        "a refused deletion",
        [a_deposit(), a_deletion("x2", "1.1", stated_at=LEFT + DAY, outcome="refused")],
        1, 1, 1,
    ),
    (
        "its second version deleted",
        [
            a_deposit(),
            a_deposit("x2", "1.2", replaces="1.1", stated_at=LEFT + DAY),
            a_deletion("x3", "1.2", stated_at=LEFT + 2 * DAY),
        ],
        0, 0, 0,
    ),
    (
        "on time, its second version late",
        [a_deposit(), a_deposit("x2", "1.2", replaces="1.1", stated_at=LEFT + 40 * DAY)],
        1, 1, 1,
    ),
]  # fmt: skip


@pytest.mark.parametrize(("what", "exchanges", "stays", "active", "qualified"), DEPOSITS)
def test_deposits(
    what: str, exchanges: list[dict[str, object]], stays: int, active: int,
    qualified: int,
) -> None:  # fmt: skip
    run = with_letter(*exchanges)
    run.document.append(SECOND)
    found = cube(run)
    counts = [
        found.count(name, "Q1", EJ)
        for name in ("STAY_WITH_DMP_LDL", "DMP_ANY", "DMP_ANY_INS_QUALIFIED")
    ]
    assert counts == [stays, active, qualified], what


def test_a_document_without_file_number_counts_in_volumes_only() -> None:
    found = cube(with_letter(a_deposit(), a_mail(), stay_id=None))
    assert found.count("STAY_WITH_DMP_LDL", "Q1", EJ) == 0
    assert found.count("STAY_WITH_MSSP_LDL", "Q1", EJ) == 0
    assert found.count("DMP_ANY", "Q1", EJ) == 1
    assert found.count("MSSP_ANY", "Q1", EJ) == 1


MAILS = [  # what, exchanges, stays with a letter mailed, documents mailed
    ("delivered", [a_mail()], 1, 1),
    ("nothing sent", [], 0, 0),
    ("sent twice", [a_mail(), a_mail("m2")], 1, 1),
    ("refused", [a_mail(outcome="refused")], 0, 0),
    ("bounced", [a_mail(status="bounced")], 0, 0),
    ("to the patient only", [a_mail(kind="citizen")], 0, 0),
    ("to the patient and to a doctor", [a_mail(kind="citizen"), a_mail("m2")], 1, 1),
    ("another type on the wire", [a_mail(type_code="57833-6")], 0, 1),
    ("30 days after the exit", [a_mail(stated_at=LEFT + 30 * DAY)], 0, 0),
    ("deposited, not mailed", [a_deposit()], 0, 0),
]


@pytest.mark.parametrize(("what", "exchanges", "stays", "documents"), MAILS)
def test_mails(what: str, exchanges: list[dict[str, object]], stays: int, documents: int) -> None:
    found = cube(with_letter(*exchanges))
    assert found.count("STAY_WITH_MSSP_LDL", "Q1", EJ) == stays, what
    assert found.count("MSSP_ANY", "Q1", EJ) == documents, what


TRIES = [  # what, exchange, tries, rejected
    ("accepted", a_deposit(), 1, 0),
    ("refused", a_deposit(outcome="refused", codes=["XDSRegistryError"]), 1, 1),
    ("malformed", an_exchange(outcome="malformed"), 1, 1),
    ("unauthorized", an_exchange(outcome="unauthorized"), 1, 1),
    ("busy", an_exchange(outcome="injected", codes=["XDSRepositoryBusy"], finess=""), 1, 1),
    ("a cut connection", an_exchange(outcome="injected", codes=["cut"], finess=""), 0, 0),
    ("a bug of the bench", an_exchange(outcome="bug"), 0, 0),
    ("a search", an_exchange(transaction="TD3.1", outcome="refused"), 0, 0),
    ("before the run", a_deposit(stated_at=MONDAY - DAY), 0, 0),
]


@pytest.mark.parametrize(("what", "exchange", "tries", "rejected"), TRIES)
def test_attempts(what: str, exchange: dict[str, object], tries: int, rejected: int) -> None:
    found = cube(ARun(exchange=[exchange]))
    assert found.count("DMPTRY", "M1", NATION) == tries, what
    assert found.count("DMPTRY_REJECTED", "M1", NATION) == rejected, what


PROOFS = [  # proof, how many
    (an_evidence(), 1),
    (an_evidence(code="pssi"), 0),
    (an_evidence(date=date(2026, 3, 1)), 0),
    (an_evidence(valid_until=date(2026, 1, 6)), 0),
    (an_evidence(valid_until=date(2026, 12, 31)), 1),
]


@pytest.mark.parametrize(("proof", "expected"), PROOFS)
def test_evidence_is_dated_and_valid(proof: dict[str, object], expected: int) -> None:
    assert count(ARun(evidence=[proof]), "EVIDENCE_MSS_WHITELIST") == expected


def test_only_organisational_mailboxes_count() -> None:
    boxes = [{"address": f"{kind}@b.test", "kind": kind} for kind in ("ORG", "APP", "PER")]
    assert count(ARun(boxes=boxes), "BOX_ORGANIZATIONAL") == 1
    assert count(ARun(boxes=[]), "BOX_ORGANIZATIONAL") == 0


def test_a_mailbox_created_over_the_api_counts_until_it_is_deleted() -> None:
    box = {"address": "new@b.test", "kind": "ORG"}
    creation = an_exchange("c", "API.MAILBOX", facts={"mailbox": box})
    deletion = an_exchange(
        "d", "API.MAILBOX", facts={"mailbox": {"address": "new@b.test"}}, stated_at=LEFT + DAY
    )
    assert count(ARun(boxes=[], exchange=[creation]), "BOX_ORGANIZATIONAL") == 1
    assert count(ARun(boxes=[], exchange=[creation, deletion]), "BOX_ORGANIZATIONAL") == 0


def test_offers_are_due_and_fresh_when_complete_and_of_the_year() -> None:
    offers = [
        an_offer("O1"),
        an_offer("O2", complete=False),
        an_offer("O3", updated_at=SUNDAY_NIGHT - 366 * DAY),
        an_offer("O4", updated_at=SUNDAY_NIGHT - 365 * DAY),
        an_offer("O5", updated_at=None),
    ]
    found = cube(ARun(ror_offer=offers))
    assert found.count("ROR_OFFER_DUE", "Y1", EJ) == 5
    assert found.count("ROR_OFFER_FRESH", "Y1", EJ) == 2


@pytest.fixture
def two_places() -> Cube:
    there = {"finess_ej": OTHER_EJ}
    return cube(
        ARun(
            stay=[a_stay(), a_stay("S2", **there)],
            document=[a_document(), a_document("1.2", "S2")],
            exchange=[a_deposit(), a_deposit("x2", "1.2", finess=OTHER_EJ)],
        ),
    )


def test_counts_are_by_establishment_and_add_up(two_places: Cube) -> None:
    for finess, expected in ((EJ, 1), (OTHER_EJ, 1), (NATION, 2), ("999999999", 0)):
        assert two_places.count("STAY_WITH_DMP_LDL", "Q1", finess) == expected
    cells = [fact for fact in two_places.facts if fact.measure == "STAY" and fact.period == "Q1"]
    assert [(fact.finess_ej, fact.count) for fact in cells] == [(OTHER_EJ, 1), (EJ, 1)]
