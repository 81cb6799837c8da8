"""Transitions: the table is whole, and says what RNIV says."""

from __future__ import annotations

import pytest

from kit.identity import IdentityStatus
from kit.rules import Code
from simulator.rniv import errors
from simulator.rniv.transitions import (
    BY_A_CLERK,
    CALLS_INSI,
    EVENT_TRIGGERED_TRANSITIONS,
    LIFTS,
    SETS,
    Event,
    next_status,
)

PROV, RECUP, VALI, QUAL = (
    IdentityStatus.PROVISIONAL,
    IdentityStatus.RETRIEVED,
    IdentityStatus.VALIDATED,
    IdentityStatus.QUALIFIED,
)

DRAWN = [  # the arrows of RNIV
    (PROV, Event.INSI_AGREES, RECUP),
    (PROV, Event.INSI_DIFFERS, RECUP),
    (PROV, Event.DOCUMENT_AGREES, VALI),
    (RECUP, Event.DOCUMENT_AGREES, QUAL),
    (VALI, Event.INSI_AGREES, QUAL),
    (VALI, Event.INSI_DIFFERS, errors.DISCREPANCY),
    (RECUP, Event.TRAIT_EDITED, PROV),
    (QUAL, Event.TRAIT_EDITED, PROV),
    (QUAL, Event.DOUBT_RAISED, PROV),
    (VALI, Event.DOUBTFUL_SET, PROV),
    (QUAL, Event.FICTITIOUS_SET, PROV),
    (RECUP, Event.CHECK_DISAGREES, PROV),
    (QUAL, Event.CHECK_DISAGREES, VALI),
    (PROV, Event.APP_AGREES, QUAL),
]


@pytest.mark.parametrize(("status", "event", "expected"), DRAWN)
def test_the_table_draws_the_arrows_of_the_framework(
    status: IdentityStatus, event: Event, expected: object
) -> None:
    assert next_status(status, event) is expected


def test_every_event_is_foreseen_from_every_status() -> None:
    assert set(EVENT_TRIGGERED_TRANSITIONS) == set(IdentityStatus)
    assert all(set(row) == set(Event) for row in EVENT_TRIGGERED_TRANSITIONS.values())


def test_no_answer_of_insi_leaves_the_status_as_it_is() -> None:
    for status in IdentityStatus:
        for event in (Event.INSI_NONE, Event.INSI_SEVERAL, Event.INSI_FAULT):
            assert next_status(status, event) is status


def test_held_back_identities_are_provisional_from_everywhere() -> None:
    for status in IdentityStatus:
        assert next_status(status, Event.DOUBTFUL_SET) is PROV
        assert next_status(status, Event.FICTITIOUS_SET) is PROV


def test_each_refusal_of_the_table_is_a_row_of_the_errors() -> None:
    rows = [row for row in vars(errors).values() if isinstance(row, Code)]
    cells = {cell for row in EVENT_TRIGGERED_TRANSITIONS.values() for cell in row.values()}
    assert {cell for cell in cells if isinstance(cell, Code)} <= set(rows)
    assert len({row.code for row in rows}) == len(rows)


def test_events_are_of_known_kinds() -> None:
    assert not BY_A_CLERK & (CALLS_INSI - {Event.INSI_DIFFERS})
    assert not set(SETS) & set(LIFTS)
