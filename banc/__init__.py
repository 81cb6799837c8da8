"""Banc as one types or imports it.

``from banc import validate`` judges a document, ``from banc.documents import document`` makes
one. The first is loaded when asked for, since the pytest plugin imports this package into every
run of an integrator's tests.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from banc.validation.front import validate
    from banc.validation.report import Report

__all__ = ["Report", "validate"]


def __getattr__(name: str) -> Any:
    if name == "validate":
        from banc.validation.front import validate

        return validate
    if name == "Report":
        from banc.validation.report import Report

        return Report
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
