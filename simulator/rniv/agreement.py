"""Simulator, RNIV, agreement: what differs between the traits held here and those given.

Source: guide INS, EXI ID 10, second-hand; INSi captures; RNIV.
"""

from __future__ import annotations

from dataclasses import dataclass

from kit.identity import IdentityTraits, completed_date, normalized


@dataclass(frozen=True, slots=True)
class Discrepancy:
    """A trait that differs, for a clerk to look at."""

    field: str
    local: str
    national: str


def discrepancies(local: IdentityTraits, national: IdentityTraits) -> tuple[Discrepancy, ...]:
    """The strict traits that differ; case, accents, hyphens and spaces alone are none."""
    rows = (
        ("birth_name", local.birth_name, national.birth_name, _same_name),
        ("first_names", " ".join(local.first_names), " ".join(national.first_names), _begins),
        ("sex", local.sex, national.sex, str.__eq__),
        ("birth_date", local.birth_date, national.birth_date, _same_date),
        ("birth_place", local.birth_place, national.birth_place, str.__eq__),
    )
    return tuple(
        Discrepancy(field, here, there)
        for field, here, there, agree in rows
        if not agree(here, there)
    )


def _same_name(local: str, national: str) -> bool:
    return normalized(local) == normalized(national)


def _begins(local: str, national: str) -> bool:
    """For the list JEAN CHRISTOPHE PIERRE: JEAN, JEAN-CHRISTOPHE and the whole are consistent."""
    given = normalized(local)
    return bool(given) and (normalized(national) + " ").startswith(given + " ")


def _same_date(local: str, national: str) -> bool:
    """A lunar date agrees with the way it is completed here."""
    return completed_date(local) == completed_date(national)
