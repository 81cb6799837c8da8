"""Identities: what is typed, what may be sent, and the status that follows."""

from __future__ import annotations

from dataclasses import replace

import pytest

from kit.identity import IdentityStatus
from simulator.identities import (
    SLIPS,
    IdentityState,
    LocalIdentity,
    draw_local_identity,
    sendable,
)
from simulator.streams import Streams
from tests.simulator.builders import WORLD

PATIENT = WORLD.patient(31_234_567)


def a_state(*, is_checked: bool = True) -> IdentityState:
    return IdentityState(LocalIdentity("0B9013000/1", PATIENT, PATIENT.traits, is_checked))


STATUSES = [  # identity document checked, INS found, status
    (True, True, IdentityStatus.QUALIFIED),
    (False, True, IdentityStatus.RETRIEVED),
    (True, False, IdentityStatus.VALIDATED),
    (False, False, IdentityStatus.PROVISIONAL),
]


@pytest.mark.parametrize(("is_checked", "is_found", "status"), STATUSES)
def test_the_status_has_two_independent_axes(
    is_checked: bool, is_found: bool, status: IdentityStatus
) -> None:
    state = a_state(is_checked=is_checked)
    assert state.status is IdentityStatus.PROVISIONAL
    if is_found:
        state.retrieved(PATIENT.ins, PATIENT.traits)
    else:
        state.unknown()
    assert state.status is status
    assert state.is_settled


def test_the_traits_of_the_national_base_replace_those_typed() -> None:
    typed = replace(PATIENT.traits, birth_name="ERREUR")
    state = IdentityState(LocalIdentity("k", PATIENT, typed, is_checked=True))
    assert state.as_patient().traits.birth_name == "ERREUR"
    state.retrieved(PATIENT.ins, PATIENT.traits)
    assert state.as_patient() == PATIENT


@pytest.mark.parametrize("slip", SLIPS)
def test_each_slip_changes_a_trait(slip: object) -> None:
    assert callable(slip)
    assert slip(PATIENT.traits, Streams(1)["slip"]) != PATIENT.traits


def test_no_error_means_what_is_sent_is_right() -> None:
    for number in range(20):
        stream = Streams(3)[str(number)]
        local = draw_local_identity("k", PATIENT, stream, errors=0.0, checked=1.0)
        assert sendable(local.typed) == PATIENT.traits


SENDABLE = [  # typed, sent
    ("D’Æion", "D'AEION"),
    ("Élodie--Anne", "ELODIE--ANNE"),
    ("MARTIN/DOUBLON 2", None),
    ("MARTIN_B", None),
    ("-MARTIN", None),
]


@pytest.mark.parametrize(("typed", "sent"), SENDABLE)
def test_a_character_without_equivalent_is_never_sent(typed: str, sent: str | None) -> None:
    found = sendable(replace(PATIENT.traits, birth_name=typed))
    assert (found.birth_name if found else None) == sent
