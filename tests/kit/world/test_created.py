"""World, created: what a user adds is derived, found everywhere, and drawn by no play."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from kit.identity import valid_finess, valid_rpps
from kit.rules import Malformed
from kit.settings import Settings
from kit.world import ProfessionalOrder, StructureOrder, World, world_of
from kit.world.created import Additions, Created

HOUSE = StructureOrder("Clinique neuve", "CLINIQUE", "69")
DOCTOR = ProfessionalOrder("Duval", "Anne", specialty="SM04")


def test_what_is_added_is_found_by_its_numbers(tmp_path: Path) -> None:
    world = World(7, Created(tmp_path))
    assert world.created is not None
    house = world.created.add_structure(HOUSE)
    order = replace(DOCTOR, finess=house.finess_ej, unit=house.units[0].code)
    doctor = world.created.add_professional(order)
    assert valid_finess(house.finess_ej)
    assert valid_finess(house.finess_eg)
    assert valid_rpps(doctor.rpps)
    assert world.establishment(house.finess_eg) == world.establishment(house.finess_ej) == house
    assert world.professional(doctor.rpps) == doctor
    assert world.professionals(house.finess_eg) == (doctor,)
    assert doctor.mailbox.endswith("@clinique-neuve.formation.mssante.fr")


def test_another_process_finds_the_same(tmp_path: Path) -> None:
    made = Created(tmp_path).add_structure(HOUSE)
    assert Created(tmp_path).all() == Additions((made,), ())


def test_one_has_its_own_numbers(tmp_path: Path) -> None:
    own = replace(HOUSE, finess_ej="0B0172805", finess_eg="1B0172805")
    made = Created(tmp_path).add_structure(own)
    assert (made.finess_ej, made.finess_eg) == ("0B0172805", "1B0172805")


def test_a_play_draws_nobody_who_was_added(tmp_path: Path) -> None:
    world = World(7, Created(tmp_path))
    place = world.establishments[0]
    before = world.establishments, world.professionals(place.finess_eg)
    assert world.created is not None
    world.created.add_structure(HOUSE)
    world.created.add_professional(replace(DOCTOR, finess=place.finess_eg))
    assert (world.establishments, world.professionals(place.finess_eg)) == before


def test_each_bench_has_its_own(tmp_path: Path, settings: Settings) -> None:
    here, there = (replace(settings, data_dir=tmp_path / name) for name in "ab")
    Created(here.data_dir).add_structure(HOUSE)
    assert [len(world_of(item).additions.structures) for item in (here, there)] == [1, 0]


WRONG = [  # what is ordered, the field that is named
    (replace(HOUSE, name="!"), "name"),
    (replace(HOUSE, name="CHR de Valombreuse"), "name"),
    (replace(HOUSE, kind="EHPAD"), "kind"),
    (replace(HOUSE, department="99"), "department"),
    (replace(HOUSE, finess_ej=World().establishments[0].finess_ej), "finess_ej"),
    (replace(HOUSE, finess_eg="x"), "finess_eg"),
    (replace(DOCTOR, family="A\nB"), "family"),
    (replace(DOCTOR, given=""), "given"),
    (replace(DOCTOR, civility="DR"), "civility"),
    (replace(DOCTOR, profession="médecin"), "profession"),
    (replace(DOCTOR, specialty="SM4"), "specialty"),
    (replace(DOCTOR, finess="0B0000000"), "finess"),
    (replace(DOCTOR, unit="CARDIO1"), "unit"),
    (replace(DOCTOR, rpps="10000000000"), "rpps"),
    (replace(DOCTOR, department=""), "department"),
]


@pytest.mark.parametrize(("order", "field"), WRONG)
def test_a_wrong_order_names_its_field(
    tmp_path: Path, order: StructureOrder | ProfessionalOrder, field: str
) -> None:
    created = Created(tmp_path)
    is_structure = isinstance(order, StructureOrder)
    add: Callable[[Any], object] = (
        created.add_structure if is_structure else created.add_professional
    )
    with pytest.raises(Malformed) as told:
        add(order)
    assert told.value.where == field
    assert created.all() == Additions()
