"""Agreement: what a clerk has to look at, and what is only another way to write."""

from __future__ import annotations

from typing import Any

import pytest

from simulator.rniv.agreement import discrepancies
from tests.simulator.rniv.builders import a_trait

LISTED = {"first_names": ("JEAN", "CHRISTOPHE", "PIERRE"), "birth_name": "D'ARTAGNAN LE-GOFF"}
ROWS: list[tuple[dict[str, Any], list[str]]] = [  # typed here, what differs; EXI ID 10
    ({}, []),
    ({"first_names": ("JEAN",)}, []),
    ({"first_names": ("JEAN", "CHRISTOPHE")}, []),
    ({"first_names": ("Jean-Christophe",)}, []),
    ({"first_names": ("JEAN-CHRISTOPHE-PIERRE",)}, []),
    ({"first_names": ("JEAN", "PIERRE")}, ["first_names"]),
    ({"first_names": ("CHRISTOPHE",)}, ["first_names"]),
    ({"first_names": ("JEA",)}, ["first_names"]),
    ({"birth_name": "d’Artagnan le Goff"}, []),
    ({"birth_name": "ARTAGNAN LE GOFF"}, ["birth_name"]),
    ({"sex": "M"}, ["sex"]),
    ({"birth_date": "1977-07-15", "birth_place": "99999"}, ["birth_date", "birth_place"]),
]


@pytest.mark.parametrize(("typed", "expected"), ROWS)
def test_hyphens_spaces_and_a_shorter_list_are_no_discrepancy(
    typed: dict[str, Any], expected: list[str]
) -> None:
    found = discrepancies(a_trait(**(LISTED | typed)), a_trait(**LISTED))
    assert [row.field for row in found] == expected


def test_a_lunar_date_agrees_with_the_way_it_is_completed() -> None:
    local, national = a_trait(birth_date="1957-12-31"), a_trait(birth_date="1957-00-00")
    assert discrepancies(local, national) == ()


def test_a_discrepancy_shows_both_sides() -> None:
    (found,) = discrepancies(a_trait(birth_place="35238"), a_trait())
    assert (found.local, found.national) == ("35238", "63220")
