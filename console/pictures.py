"""Console, pictures: where a ratio stands between 0 and 1, as numbers for inline SVG.

Not here: the SVG itself (templates), any colour (console.css).
"""

from __future__ import annotations

from dataclasses import dataclass

from indicators.measure import Result

WIDTH = 240  # units of the SVG's view box, 0 to 100 %


@dataclass(frozen=True, slots=True)
class Bar:
    """Abscissas of the value, of its interval and of the target."""

    value: float
    low: float
    high: float
    target: float
    text: str

    @property
    def span(self) -> float:
        """Width of the interval, visible even when it is a point."""
        return max(self.high - self.low, 1.0)


def bar_of(result: Result) -> Bar | None:
    """The bar of a ratio; None for a count, a yes/no or nothing to show."""
    if result.value is None or result.wilson_lo is None or result.wilson_hi is None:
        return None
    text = f"valeur {result.value:.3f}, intervalle {result.wilson_lo:.3f} à {result.wilson_hi:.3f}"
    return Bar(
        value=_x(result.value),
        low=_x(result.wilson_lo),
        high=_x(result.wilson_hi),
        target=_x(float(result.target)),
        text=f"{text}, cible {float(result.target):.3f}",
    )


def _x(share: float) -> float:
    return round(min(max(share, 0.0), 1.0) * WIDTH, 1)
