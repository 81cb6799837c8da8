"""Console, views, results: where each indicator stands now, and what is behind a number.

Not here: measuring (indicators.live).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, Response, abort, jsonify, render_template, request
from markupsafe import Markup

from console.formats import VERDICTS, number
from console.pictures import WIDTH, Bar, bar_of
from indicators.catalogue import Indicator, load_catalogue
from indicators.live import LiveBench, Observed
from indicators.measure import Result
from indicators.ratios import percent

SAMPLE = 200  # exchanges and subjects on the page of one number
NATION = "france"  # in an address, the place of a FINESS


@dataclass(frozen=True, slots=True)
class Group:
    """An indicator and its results, with their bars."""

    first: Result
    results: tuple[tuple[Result, Bar | None], ...]


def blueprint(bench: LiveBench) -> Blueprint:
    """The pages over the live measures."""
    bp = Blueprint("indicators", __name__)
    catalogue = load_catalogue()

    @bp.get("/")
    def index() -> str:
        """Every indicator."""
        html = _table(bench)
        return render_template("indicators.html", table=Markup(html), mark=_mark(html))  # noqa: S704

    @bp.get("/live")
    def live() -> Response:
        """The table again when it changed, for the page that refreshes itself."""
        html = _table(bench)
        mark = _mark(html)
        if request.args.get("mark") == mark:
            return Response(status=204)
        return jsonify({"mark": mark, "html": html})

    @bp.get("/indicators/<code>/<finess>")
    def detail(code: str, finess: str) -> str:
        """The exchanges behind one number, and what misses."""
        place = "" if finess == NATION else finess
        row = catalogue.row(code)
        result = bench.result(code, place, sample=SAMPLE) if row else None
        if row is None or result is None:
            abort(404)
        return render_template(
            "indicator.html", result=result, bar=bar_of(result), width=WIDTH, row=row,
            target=target_of(result, row), sample=SAMPLE,
        )  # fmt: skip

    bp.add_app_template_global(target_of, "target_of")
    bp.add_app_template_global(value_of, "value_of")
    bp.add_app_template_global(_address, "address_of")
    return bp


def _table(bench: LiveBench) -> str:
    return render_template("_indicators.html", **_told(bench.observe()))


def _mark(html: str) -> str:
    """The same for the same table, whichever worker process made it."""
    return hashlib.sha256(html.encode()).hexdigest()[:16]


def _told(observed: Observed) -> dict[str, Any]:
    """What the template of the table shows."""
    verdicts = [result.verdict for result in observed.measurement.results]
    return {
        "observed": observed,
        "groups": tuple(_groups(observed.measurement.results)),
        "width": WIDTH,
        "judgements": observed.measurement.judgements,
        "counts": {name: verdicts.count(name) for name in VERDICTS if name in verdicts},
    }


def _groups(results: Iterable[Result]) -> Iterable[Group]:
    found: dict[str, list[Result]] = {}
    for result in results:
        found.setdefault(result.code, []).append(result)
    for kept in found.values():
        yield Group(kept[0], tuple((result, bar_of(result)) for result in kept))


def value_of(result: Result) -> str:
    """A share, a count, ``oui`` or ``non``; a dash when there is nothing to divide by."""
    if isinstance(result.target, bool):
        return "oui" if result.num else "non"
    if result.den is None:
        return number(result.num)
    return "–" if result.value is None else percent(result.value)


def target_of(result: Result, row: Indicator | None = None) -> str:
    """``≥ 50 %``, ``≥ 1`` or ``oui``; with the row, its range too."""
    if isinstance(result.target, bool):
        return "oui"
    sign = "≤" if result.comparator == "<=" else "≥"
    is_ratio = result.den is not None
    told = f"{sign} {_share(result.target, is_ratio)}"
    if row is not None and row.target_low is not None and row.target_high is not None:
        low, high = _share(row.target_low, is_ratio), _share(row.target_high, is_ratio)
        told += f" (entre {low} et {high})"
    return told


def _share(value: float, is_ratio: bool) -> str:
    return f"{value * 100:g}\u00a0%".replace(".", ",") if is_ratio else f"{value:g}"


def _address(result: Result) -> str:
    return f"/indicators/{result.code}/{result.finess_ej or NATION}"
