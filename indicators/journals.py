"""Indicators, journals: the journals of the running services, over HTTP ``/_banc``.

Not here: what a line means (tables.sql), nor the control API itself (kit.control).
"""

from __future__ import annotations

import http.client
import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

from kit.settings import Settings

SERVICES = ("dmp", "ins", "ror", "mssante", "psc", "gateway")
PAGE = 1000
SECONDS = 10
MAX_ANSWER_BYTES = 256 * 1024 * 1024  # a line with its raw bytes in base64, both ways


class Unreachable(Exception):
    """A service does not answer, or not in its language; the text is one clear line."""


def ask(
    settings: Settings, service: str, path: str, *, method: str = "GET", given: Any = None
) -> Any:
    """One request to the control API: the JSON of the answer, an error's too.

    Raises Unreachable.
    """
    host, port = settings.reach(service), _port(settings, service)
    connection = http.client.HTTPConnection(host, port, timeout=SECONDS)
    body = None if given is None else json.dumps(given).encode()
    headers = {"Content-Type": "application/json"} if body else {}
    try:
        connection.request(method, f"/_banc{path}", body, headers)
        text = connection.getresponse().read(MAX_ANSWER_BYTES + 1)
        if len(text) > MAX_ANSWER_BYTES:
            raise Unreachable(f"{service} answers more than {MAX_ANSWER_BYTES} bytes")
        return json.loads(text)
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise Unreachable(f"{service} does not answer on {host}:{port}: {error}") from None
    finally:
        connection.close()


def _port(settings: Settings, service: str) -> int:
    """The plain HTTP port: what the gateway's other one speaks is MLLP."""
    named = f"{service}_http_port" if service == "gateway" else f"{service}_port"
    return int(getattr(settings, named))


def find_lines(settings: Settings, service: str, **filters: str | int) -> list[dict[str, Any]]:
    """One page of a journal. Raises Unreachable."""
    given = {name: value for name, value in filters.items() if value not in ("", None)}
    answer = ask(settings, service, f"/journal?{urlencode(given)}")
    if not isinstance(answer, dict) or not isinstance(answer.get("exchanges"), list):
        raise Unreachable(f"{service} answers something else than a journal")
    return list(answer["exchanges"])


def pages(
    settings: Settings, service: str, *, after: int = 0, **filters: str
) -> Iterator[list[dict[str, Any]]]:
    """Every line with a ``seq`` above ``after``, a page at a time, oldest first."""
    while True:
        page = find_lines(settings, service, after=after, limit=PAGE, **filters)
        if page:
            yield page
        if len(page) < PAGE:
            return
        after = int(page[-1]["seq"])
