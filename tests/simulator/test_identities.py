"""Identities: what is typed and shown at admission, and how documents name a person."""

from __future__ import annotations

from dataclasses import replace

import pytest

from kit.identity import IdentityStatus
from simulator.identities import SLIPS, draw_local_identity
from simulator.plan import make_plan
from simulator.rniv.evidence import is_enough
from simulator.rniv.search_plan import as_insi_writes
from simulator.streams import Streams
from tests.simulator.builders import WORLD, a_held, a_scenario

PATIENT = WORLD.patient(31_234_567)
ADMISSIONS = make_plan(a_scenario(), WORLD).encounters[:40]

STATUSES = [  # identity document checked, INS found, status
    (True, True, IdentityStatus.QUALIFIED),
    (False, True, IdentityStatus.RETRIEVED),
    (True, False, IdentityStatus.VALIDATED),
    (False, False, IdentityStatus.PROVISIONAL),
]


@pytest.mark.parametrize(("is_checked", "is_found", "status"), STATUSES)
def test_the_ins_travels_only_when_both_axes_hold(
    is_checked: bool, is_found: bool, status: IdentityStatus
) -> None:
    held = a_held(PATIENT, is_checked=is_checked, has_ins=is_found)
    assert held.status is status
    is_qualified = status is IdentityStatus.QUALIFIED
    assert held.outward_ins == (PATIENT.ins if is_qualified else None)


def test_the_traits_of_the_national_base_replace_those_typed() -> None:
    typed = replace(PATIENT.traits, birth_name="ERREUR")
    held = a_held(PATIENT, typed=typed, has_ins=False)
    assert held.as_patient().traits.birth_name == "ERREUR"
    assert a_held(PATIENT, typed=typed).as_patient() == PATIENT


@pytest.mark.parametrize("slip", SLIPS)
def test_each_slip_changes_a_trait(slip: object) -> None:
    assert callable(slip)
    assert slip(PATIENT.traits, Streams(1)["slip"]) != PATIENT.traits


def test_no_error_means_what_is_sent_is_right() -> None:
    for found in ADMISSIONS:
        local = draw_local_identity(found, Streams(3)[found.id], errors=0.0, checked=1.0)
        assert as_insi_writes(local.typed) == found.patient.traits


def test_what_is_shown_proves_an_identity_and_nothing_is_shown_when_nobody_checks() -> None:
    for found in ADMISSIONS:
        shown = draw_local_identity(found, Streams(3)[found.id], errors=0.0, checked=1.0).shown
        assert shown
        assert is_enough(shown)
        assert (shown.code == "LEP") is (found.patient.traits.birth_date > "2008-12-31")
        nobody = draw_local_identity(found, Streams(3)[found.id], errors=0.0, checked=0.0)
        assert nobody.shown is None
