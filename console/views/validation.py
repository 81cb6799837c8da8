"""Console, views, validation: what is wrong in a file that an integrator drops, and where.

The page sends the bytes as they are and shows the answer; programs send them to
``/_banc/validate`` and get the report as JSON. Nothing is kept. Who judges is given to the
console when it is put together (banc does). Not here: any rule.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from flask import Blueprint, Response, abort, jsonify, render_template, request

from kit.settings import Settings

MAX_NAME = 200
PATIENCE_SECONDS = 2.0  # of the page, which asks again while the kit is loading
PROGRAM_PATIENCE_SECONDS = 300.0
VERDICTS = {
    "conformant": ("conforme", "attained"),
    "findings": ("écarts", "not_measurable"),
    "unusable": ("injugeable", "not_attained"),
}
KINDS = {"XDS metadata": "métadonnées XDS"}
STATUS = {"conformant": 200, "findings": 200, "unusable": 422}


class Judge(Protocol):
    """Who judges. The report is a mapping, as docs/json.md tells it."""

    def __call__(
        self, content: bytes, name: str, *, profiles: bool, patience: float
    ) -> Mapping[str, Any]: ...


def blueprint(settings: Settings, judge: Judge | None) -> Blueprint:
    """The page, what it asks, and the same for programs."""
    bp = Blueprint("validation", __name__)

    @bp.get("/valider")
    def page() -> str:
        """Where a file is dropped."""
        return render_template(
            "validation.html", max_bytes=settings.max_body_bytes, can_judge=judge is not None
        )

    @bp.post("/valider/document")
    def document() -> Response:
        """The findings of one file, as a fragment of the page; waiting: ask again."""
        report = _report(judge, settings, PATIENCE_SECONDS)
        html = render_template("_findings.html", report=report, verdicts=VERDICTS, kinds=KINDS)
        return jsonify({"html": html, "waiting": bool(report.get("waiting"))})

    @bp.post("/_banc/validate")
    def program() -> tuple[Response, int]:
        """The report of one file, for programs: ?name=…&profiles=false."""
        report = _report(judge, settings, PROGRAM_PATIENCE_SECONDS)
        return jsonify(report), STATUS.get(str(report.get("verdict")), 200)

    return bp


def _report(judge: Judge | None, settings: Settings, patience: float) -> Mapping[str, Any]:
    if judge is None:
        abort(502, "Cette console ne sait pas juger un document : `banc up` la démarre entière.")
    request.max_content_length = settings.max_body_bytes
    content = request.get_data(cache=False)
    name = request.args.get("name", "")[:MAX_NAME] or "document"
    profiles = request.args.get("profiles", "true") != "false"
    return judge(content, name, profiles=profiles, patience=patience)
