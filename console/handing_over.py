"""Console, handing over: what a form changes is asked of a service, server-side.

Not here: who may send a form (security), reading journals (indicators.journals).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask import Response, abort, jsonify

from indicators.journals import Unreachable, ask
from kit.settings import Settings


@dataclass(frozen=True, slots=True)
class Answer:
    """What the service answers; ``problem`` when it refuses, and the status it gives that."""

    told: Mapping[str, Any]
    problem: str = ""
    status: int = 200

    def refusal(self) -> tuple[Response, int]:
        """The service's own words, for the page."""
        return jsonify({"error": self.problem}), self.status


def hand_over(
    settings: Settings, service: str, path: str, *, method: str = "POST", given: Any = None
) -> Answer:
    """Ask the control API of a service; 502 when it is away or speaks another language."""
    try:
        told = ask(settings, service, path, method=method, given=given)
    except Unreachable as away:
        abort(502, str(away))
    if not isinstance(told, dict):
        abort(502, f"{service} : réponse inattendue.")
    error = told.get("error")
    if not isinstance(error, dict):
        return Answer(told)
    problem = f"{error.get('where', '')} : {error.get('message', '')}".strip(" :")
    return Answer({}, problem, int(error.get("status", 400)))
