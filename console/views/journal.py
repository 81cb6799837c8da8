"""Console, views, journal: what was exchanged, filtered, newest first, followed live.

Not here: one exchange (exchange), fetching lines (indicators.journals).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, Response, jsonify, render_template, request

from indicators.journals import SERVICES, Unreachable, find_lines
from kit.settings import Settings

PAGE = 50
MAX_PAGE = 100
SEARCHED = 5_000  # lines of each service that a search of text looks at
FILTERS = ("transaction", "outcome", "finess", "code")
MAX_VALUE = 200
TRANSACTIONS = (
    "TD0.2", "TD2.1", "TD3.1", "TD3.1b", "TD3.2", "TD3.3c", "ITI-65", "ITI-105", "ITI-66", "ITI-67",
    "ITI-68", "PDSM.PATCH", "PDSM.READ", "PDSM.HISTORY", "PDSM.TD0.2", "WS_INS2", "SMTP.DATA",
    "API.MAILBOX",
    "SEARCH Organization", "SEARCH HealthcareService", "PATCH Location", "TLS",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Found:
    """One page of lines, whether there are older ones, and what does not answer."""

    lines: tuple[Mapping[str, Any], ...] = ()
    has_more: bool = False
    unreachable: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Asked:
    """What the page is asked for."""

    service: str = ""
    text: str = ""
    page: int = 0
    filters: Mapping[str, str] = field(default_factory=dict)

    def address(self, page: int) -> str:
        """The same question at another page."""
        given = {"service": self.service, "text": self.text, **self.filters}
        given = {name: value for name, value in given.items() if value}
        return "/journal?" + urlencode(given | ({"page": str(page)} if page else {}))

    @property
    def is_filtered(self) -> bool:
        """Whether lines may be left out."""
        return bool(self.service or self.text or any(self.filters.values()))


def blueprint(settings: Settings) -> Blueprint:
    """The pages of the journal."""
    bp = Blueprint("journal", __name__)

    @bp.get("/journal")
    def journal() -> str:
        """The form, the lines."""
        asked = read_asked(request.args)
        return render_template(
            "journal.html", asked=asked, found=find(settings, asked), services=SERVICES,
            transactions=TRANSACTIONS,
        )  # fmt: skip

    @bp.get("/journal/lines")
    def lines() -> Response:
        """The first page of lines again, for the page that follows."""
        asked = read_asked(request.args)
        found = find(settings, Asked(asked.service, asked.text, 0, asked.filters))
        newest = found.lines[0]["id"] if found.lines else ""
        if request.args.get("newest") == newest:
            return Response(status=204)
        html = render_template("_lines.html", found=found, asked=asked)
        return jsonify({"newest": newest, "html": html})

    return bp


def read_asked(args: Mapping[str, str]) -> Asked:
    """The question in an address; what is unknown in it is left alone."""
    service = args.get("service", "")
    page = args.get("page", "")
    return Asked(
        service if service in SERVICES else "",
        args.get("text", "")[:MAX_VALUE].strip(),
        min(int(page), MAX_PAGE) if page.isascii() and page.isdigit() and len(page) < 6 else 0,
        {name: args.get(name, "")[:MAX_VALUE].strip() for name in FILTERS},
    )


def find(settings: Settings, asked: Asked) -> Found:
    """The lines of one page, of every service that answers."""
    names = (asked.service,) if asked.service else SERVICES
    wanted = (asked.page + 1) * PAGE + 1
    limit = SEARCHED if asked.text else wanted
    lines: list[Mapping[str, Any]] = []
    unreachable = []
    for name in names:
        try:
            lines += find_lines(settings, name, order="newest", limit=limit, **asked.filters)
        except Unreachable as problem:
            unreachable.append(str(problem))
    if asked.text:
        lines = [line for line in lines if _holds(line, asked.text)]
    lines.sort(key=_received, reverse=True)
    start = asked.page * PAGE
    return Found(tuple(lines[start : start + PAGE]), len(lines) > start + PAGE, tuple(unreachable))


def _received(line: Mapping[str, Any]) -> tuple[datetime, int]:
    try:
        at = datetime.fromisoformat(str(line.get("received_at")))
    except ValueError:
        at = datetime.fromtimestamp(0, UTC)
    return at if at.tzinfo else at.replace(tzinfo=UTC), int(line.get("seq", 0))


def _holds(line: Mapping[str, Any], text: str) -> bool:
    return text.casefold() in json.dumps(line, ensure_ascii=False).casefold()
