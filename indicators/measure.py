"""Indicators, measure: a run measured with a catalogue, one result an indicator and establishment.

Not here: where tables come from (sources), counting (cube), judging (ratios), reasons (explain).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any

from indicators.catalogue import Catalogue, Indicator, load_catalogue
from indicators.cube import NATION, Cube, build_cube
from indicators.explain import Explainer, Explanation, Missing
from indicators.judge import Judgement, judged
from indicators.ratios import Judged, judge
from indicators.sources import NotARun, Place, Tables, of_run
from indicators.windows import Window

__all__ = ["Measurement", "NotARun", "Result", "UnknownProgramme", "measure", "measured"]

SAMPLE = 20  # exchanges and subjects in the JSON of a result
TRANSACTIONS = frozenset({"TD2.1", "SMTP.DATA"})
CONDITIONS = {
    "EVIDENCE_MSS_WHITELIST": "preuve valide d'inscription du domaine en liste de confiance",
    "BOX_ORGANIZATIONAL": "boîte aux lettres organisationnelle publiée",
    "MSSP_ANY": "document remis à un professionnel par MSSanté",
}


class UnknownProgramme(Exception):
    """No row of the catalogue is of that programme; the text is one clear line."""


@dataclass(frozen=True, slots=True)
class Result:
    """One indicator for one establishment ("" for a national one), with what explains it.

    num: of a yes/no, 1 when every condition holds. den, value, wilson_*: None when there is none.
    """

    code: str
    label_fr: str
    label_en: str
    programme: str
    finess_ej: str
    establishment: str
    window: Window
    num: int
    den: int | None
    value: float | None
    wilson_lo: float | None
    wilson_hi: float | None
    target: float | bool
    comparator: str
    verdict: str
    reason: str
    exchanges: tuple[str, ...] = ()
    missing: tuple[Missing, ...] = ()
    missing_by_reason: Mapping[str, int] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """As docs/json.md says."""
        values = {name: getattr(self, name) for name in self.__dataclass_fields__}
        return values | {
            "window": self.window.as_dict(),
            "exchanges": list(self.exchanges),
            "missing": [item.as_dict() for item in self.missing],
            "missing_by_reason": dict(self.missing_by_reason),
        }


@dataclass(frozen=True, slots=True)
class Measurement:
    """Every result of a run, in the order of the catalogue, then of the FINESS.

    judgements: the same against what the scenario expects.
    """

    run: str
    catalogue_version: str
    results: tuple[Result, ...]
    judgements: tuple[Judgement, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """As docs/json.md says."""
        return {
            "run": self.run,
            "catalogue_version": self.catalogue_version,
            "results": [result.as_dict() for result in self.results],
            "expectations": [item.as_dict() for item in self.judgements],
        }


def measure(
    run_dir: Path, programme: str | None = None, catalogue: Path | None = None
) -> Measurement:
    """Measure a run's folder. Raises NotARun, UnknownProgramme."""
    read = load_catalogue(catalogue)
    rows = _of_programme(read, programme)
    tables = of_run(Path(run_dir))
    try:
        return measured(tables, read, rows, sample=SAMPLE)
    finally:
        tables.connection.close()


def _of_programme(catalogue: Catalogue, programme: str | None) -> tuple[Indicator, ...]:
    if programme is None:
        return catalogue.rows
    rows = tuple(row for row in catalogue.rows if row.programme == programme.upper())
    if not rows:
        known = ", ".join(catalogue.programmes)
        raise UnknownProgramme(f"there is no programme {programme!r}; the catalogue has {known}")
    return rows


def measured(
    tables: Tables,
    catalogue: Catalogue,
    rows: Iterable[Indicator],
    *,
    sample: int,
    finess_ej: str | None = None,
) -> Measurement:
    """Measure rows of a catalogue over tables.

    sample: most exchanges and subjects a result. finess_ej: this establishment only (NATION for
    the national rows).
    """
    kept = tuple(rows)
    cube = build_cube(tables, {name for row in kept for name in row.measures})
    explainer = Explainer(tables, sample=sample)
    results = tuple(
        _result(row, place, tables, cube, explainer)
        for row in kept
        for place in _places(row, tables)
        if finess_ej in (None, place.finess_ej)
    )
    left_out = {row.code for row in catalogue.rows} - {row.code for row in kept}
    expect = [item for item in tables.expect if item.indicator not in left_out]
    told = judged(expect, results) if finess_ej is None else ()
    return Measurement(tables.name, catalogue.version, results, told)


def _places(row: Indicator, tables: Tables) -> Iterator[Place]:
    if row.is_national:
        yield Place(NATION, "", row.scope)
    else:
        yield from tables.places


def _result(
    row: Indicator, place: Place, tables: Tables, cube: Cube, explainer: Explainer
) -> Result:
    finess, window = place.finess_ej, tables.windows[row.window]
    num, den, unmet = _counts(row, cube, finess)
    absent, completeness = _completeness(row, tables, cube, finess)
    judged = judge(
        row,
        num,
        den,
        completeness=completeness,
        has_scope=_has_scope(row, place),
        missing=absent or ", ".join(CONDITIONS.get(name, name) for name in unmet),
    )
    return Result(
        code=row.code,
        label_fr=row.label_fr,
        label_en=row.label_en,
        programme=row.programme,
        finess_ej=finess,
        establishment=place.name,
        window=window,
        num=num,
        den=den,
        target=row.target_point,
        comparator=row.comparator,
        **_told(judged, window),
        **_explained(_explanation(explainer, row, finess, unmet)),
    )


def _has_scope(row: Indicator, place: Place) -> bool:
    """An establishment that tells no activity is taken to have them all."""
    return row.is_national or not place.activities or bool({*place.activities} & {*row.scope})


def _counts(row: Indicator, cube: Cube, finess: str) -> tuple[int, int | None, tuple[str, ...]]:
    """Numerator, denominator, and the measures of a yes/no that have nothing."""
    count = {name: cube.count(name, row.window, finess) for name in row.measures}
    if row.unit == "boolean":
        unmet = tuple(name for name in row.measures if not count[name])
        return int(not unmet), None, unmet
    den = count[row.denominator] if row.denominator else None
    return count[row.numerator], den, ()


def _completeness(row: Indicator, tables: Tables, cube: Cube, finess: str) -> tuple[str, Fraction]:
    """Which data is absent, and the share that is there."""
    absent = [name for name in row.sources if name not in tables.sources]
    if absent:
        return "absent : " + ", ".join(absent), Fraction(0)
    shares = (cube.completeness(name, finess) for name in row.sources if name in TRANSACTIONS)
    return "", min(shares, default=Fraction(1))


def _told(judged: Judged, window: Window) -> dict[str, Any]:
    """What was judged, with a remark when the run covers less than the window."""
    remark = f" Période partielle : le jeu couvre moins que {_NAMES[window.kind]}."
    reason = judged.reason + (remark if window.partial else "")
    return asdict(judged) | {"verdict": judged.verdict.value, "reason": reason}


_NAMES = {"M1": "le mois", "Q1": "le trimestre", "SEM": "le semestre", "Y1": "les douze mois"}


def _explanation(
    explainer: Explainer, row: Indicator, finess: str, unmet: tuple[str, ...]
) -> Explanation:
    """What is behind the numerator of a row, and what misses."""
    if row.unit != "boolean":
        return explainer.explain(row.numerator, row.window, finess)
    parts = (explainer.explain(name, row.window, finess) for name in row.measures)
    behind = tuple(item for part in parts for item in part.exchanges)
    missing = tuple(Missing(CONDITIONS.get(name, name), "condition") for name in unmet)
    return Explanation(behind, missing, {"condition": len(unmet)} if unmet else {})


def _explained(found: Explanation) -> dict[str, Any]:
    return {
        "exchanges": found.exchanges,
        "missing": found.missing,
        "missing_by_reason": found.missing_by_reason or {},
    }
