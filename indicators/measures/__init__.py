"""Indicators, measures: one short DuckDB query a measure, in the files beside this module.

A query gives (finess_ej, period, count) over the tables of ``tables.sql``. The first line of a
file names its measure. Not here: those tables (sources), ratios of measures (ratios).
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path

FOLDER = Path(__file__).parent


@cache
def measures() -> Mapping[str, str]:
    """Measure -> its query."""
    return {path.stem: path.read_text("utf-8") for path in sorted(FOLDER.glob("*.sql"))}
