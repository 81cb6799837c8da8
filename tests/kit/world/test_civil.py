"""Civil spelling: accents and ligatures, and back."""

from __future__ import annotations

import pytest

from kit.identity import unaccented
from kit.world import given_names, surnames
from kit.world.civil import spelled


@pytest.mark.parametrize(
    ("plain", "civil"),
    [
        ("LEFEVRE", "LEFÈVRE"),
        ("HAUDECOEUR", "HAUDECŒUR"),
        ("D'ANCELLE", "D’ANCELLE"),
        ("DE L'ETREVAL", "DE L’ÉTREVAL"),
        ("CARRIERE", "CARRIÈRE"),
        ("MENARD--BERTHIER", "MÉNARD--BERTHIER"),
        ("GONCALVO", "GONÇALVO"),
        ("ANDRE", "ANDRÉ"),
        ("MARIE-HELENE", "MARIE-HÉLÈNE"),
        ("JEAN BAPTISTE", "JEAN BAPTISTE"),
        ("N'GOLO", "N’GOLO"),
    ],
)
def test_a_name_is_spelled(plain: str, civil: str) -> None:
    assert spelled(plain) == civil
    assert unaccented(civil) == plain


def test_every_name_of_the_tables_comes_back() -> None:
    tables = (*given_names.MEN.values(), *given_names.WOMEN.values())
    tables += (surnames.PLAIN, surnames.WORLDWIDE, surnames.VOWELS)
    for name in {name for table in tables for name in table}:
        assert unaccented(spelled(name)) == name
