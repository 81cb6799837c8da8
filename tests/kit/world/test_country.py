"""The country: one world for a process, light to open."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace

from kit.settings import Settings
from kit.world import World, world_of


def test_a_process_has_one_world_for_a_seed() -> None:
    settings = Settings()
    assert world_of(settings) is world_of(replace(settings))
    assert world_of(settings).seed == settings.seed
    assert world_of(replace(settings, seed=settings.seed + 1)) is not world_of(settings)


def test_two_processes_derive_the_same_country() -> None:
    code = (
        "from kit.world import World; w = World(11); e = w.establishments[2];"
        "print(w.patient(41_234_567)); print(w.professionals(e.finess_eg)[5])"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    world = World(11)
    expected = (
        world.patient(41_234_567),
        world.professionals(world.establishments[2].finess_eg)[5],
    )
    assert said.stdout.splitlines() == [str(value) for value in expected]
