"""Banc, control: asks the running parts over ``/_banc``: journals, reset.

Not here: what the parts answer (kit.control).
"""

from __future__ import annotations

import http.client
import json
import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

from kit.settings import Settings

SERVICES = ("dmp", "ins", "ror", "mssante", "psc", "gateway")
FOLLOW_SECONDS = 0.5


class NotRunning(Exception):
    """No bench answers."""


def ask(settings: Settings, service: str, method: str, path: str) -> Any:
    """One control request; the JSON answer. Raises NotRunning."""
    port = settings.gateway_http_port if service == "gateway" else None
    port = port or getattr(settings, f"{service}_port")
    connection = http.client.HTTPConnection(settings.reach(service), port, timeout=30)
    try:
        connection.request(method, f"/_banc{path}")
        return json.loads(connection.getresponse().read())
    except (OSError, http.client.HTTPException) as error:
        raise NotRunning(
            f"no bench answers on {settings.reach(service)}:{port}; start it with `banc up`"
        ) from error
    finally:
        connection.close()


def journal_size(settings: Settings) -> int:
    """How many exchanges the journals hold."""
    return sum(int(ask(settings, name, "GET", "/health")["journal"]) for name in SERVICES)


def reset_bench(settings: Settings) -> None:
    """Empty every store and journal; the clock follows real time again."""
    for name in SERVICES:
        ask(settings, name, "POST", "/reset")
    ask(settings, SERVICES[0], "DELETE", "/clock")


def lines(
    settings: Settings, *, service: str, limit: int, follow: bool, **filters: str
) -> Iterator[dict[str, Any]]:
    """Journal lines, oldest first; with ``follow`` it goes on until interrupted."""
    if service and service not in SERVICES:
        raise NotRunning(f"there is no service {service!r}; one of {', '.join(SERVICES)}")
    names = (service,) if service else SERVICES
    asked = "&" + urlencode({name: value for name, value in filters.items() if value})
    last = dict.fromkeys(names, 0)
    found = [
        line
        for name in names
        for line in _page(settings, name, f"?order=newest&limit={limit}{asked}")
    ]
    newest = sorted(found, key=lambda line: str(line["received_at"]))[-limit:]
    for line in found:
        last[line["service"]] = max(last[line["service"]], line["seq"])
    yield from newest
    while follow:
        time.sleep(FOLLOW_SECONDS)
        for name in names:
            for line in _page(settings, name, f"?after={last[name]}{asked}"):
                last[name] = line["seq"]
                yield line


def _page(settings: Settings, name: str, query: str) -> list[dict[str, Any]]:
    found = ask(settings, name, "GET", f"/journal{query}")["exchanges"]
    assert isinstance(found, list)
    return found
