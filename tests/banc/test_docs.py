"""The generated pages: every service is in the coverage, every code says how sure its name is."""

from __future__ import annotations

import re

from banc.docs import MOCKS, VIHF, _unique, coverage_page
from kit.rules import Code, RuleBook
from simulator.gateway import choices, rules


def sections() -> dict[str, str]:
    """Title of a service -> its part of the page."""
    parts = re.split(r"^## ", coverage_page(), flags=re.MULTILINE)[1:]
    return {part.partition("\n")[0]: part for part in parts}


def test_mocks_and_gateway_are_covered() -> None:
    found = sections()
    assert set(found) == {*MOCKS.values(), "HL7v2 gateway (PFI)"}
    named = [row.name for book in (rules.header, choices.transmission) for row in book.rows]
    told = found["HL7v2 gateway (PFI)"]
    assert [name for name in named if name.replace("_", " ") not in told] == []


def test_every_code_of_the_dmp_is_confirmed_or_simulated() -> None:
    told = sections()["DMP"].partition("### Codes")[2]
    rows = [line for line in told.splitlines() if line.startswith("| `")]
    codes = [*_unique("mocks.dmp.errors", Code), *_unique(VIHF["errors"], Code)]
    assert len(rows) == len(codes)
    for code in codes:
        spelling = "confirmed" if code.confirmed else "simulated"
        assert any(f"`{code.code}`" in row and row.endswith(f"| {spelling} |") for row in rows)
    assert all("simulated" in row for row in rows if "DMPSim" in row)


def test_the_rules_of_the_vihf_are_told_with_the_dmp() -> None:
    told = sections()["DMP"]
    names = [row.name for book in _unique(VIHF["rules"], RuleBook) for row in book.rows]
    assert names
    assert [name for name in names if name.replace("_", " ") not in told] == []
