"""Simulator, control: the bench over ``/_banc``: its clock, its faults, its journals.

Not here: what the services answer (kit.control).
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import asdict
from datetime import datetime
from typing import Any

from kit.faults import Fault
from kit.settings import Settings
from simulator.delivery import NoAnswer
from simulator.delivery.patience import PATIENCE_SECONDS, patiently
from simulator.delivery.wire import Wire
from simulator.scenario import SERVICES, Outage

JSON = {"Content-Type": "application/json"}
PAGE = 5000  # journal lines


class Bench:
    """The control API of the four services, on their plain listeners."""

    def __init__(self, settings: Settings) -> None:
        self._wires = {
            name: Wire(f"http://{settings.reach(name)}:{getattr(settings, f'{name}_port')}", None)
            for name in SERVICES
        }

    async def close(self) -> None:
        for wire in self._wires.values():
            await wire.close()

    async def set_clock(self, at: datetime) -> None:
        """Stop the clock of all parts at an instant."""
        await self._ask("dmp", "PUT", "/clock", {"now": at.isoformat(), "speed": 0})

    async def release_clock(self) -> None:
        """Follow real time again."""
        await self._ask("dmp", "DELETE", "/clock")

    @asynccontextmanager
    async def armed(self, outages: Iterable[Outage], seed: int) -> AsyncIterator[None]:
        """The outages of a scenario armed as faults, for as long as the block."""
        faults = [fault_of(outage, at, seed) for at, outage in enumerate(outages)]
        for fault in faults:
            await self._ask(fault.service, "POST", "/faults", asdict(fault))
        try:
            yield
        finally:
            for fault in faults:
                await self._ask(fault.service, "DELETE", f"/faults/{fault.id}")

    @asynccontextmanager
    async def speaking(self, dialect: str, idams: Iterable[str]) -> AsyncIterator[None]:
        """INSi answers these software in a dialect, for as long as the block; none when empty."""
        paths = [f"/ins/dialects/{idam}" for idam in sorted(set(idams))] if dialect else []
        for path in paths:
            await self._ask("ins", "PUT", path, {"dialect": dialect})
        try:
            yield
        finally:
            for path in paths:
                await self._ask("ins", "DELETE", path)

    async def newest(self, service: str) -> int:
        """The number of the newest line of a journal, 0 when it is empty."""
        found = await self._ask(service, "GET", "/journal?order=newest&limit=1")
        return int(found["exchanges"][0]["seq"]) if found["exchanges"] else 0

    async def journal(self, service: str, after: int) -> list[dict[str, Any]]:
        """Every line of a journal after one, in order."""
        lines: list[dict[str, Any]] = []
        while True:
            page = await self._ask(service, "GET", f"/journal?after={after}&limit={PAGE}")
            lines += page["exchanges"]
            if len(page["exchanges"]) < PAGE:
                return lines
            after = int(lines[-1]["seq"])

    async def _ask(self, service: str, method: str, path: str, body: Any = None) -> Any:
        content = b"" if body is None else json.dumps(body).encode()
        wire = self._wires[service]
        answer = await patiently(  # every control request may be asked twice
            lambda: wire.send(method, f"/_banc{path}", content, JSON),
            over=(NoAnswer,),
            seconds=PATIENCE_SECONDS,
        )
        if answer.status != 200:
            told = answer.body[:300].decode(errors="replace")
            raise NoAnswer(f"{service} {method} /_banc{path}: HTTP {answer.status} {told}")
        return json.loads(answer.body)


def fault_of(outage: Outage, at: int, seed: int) -> Fault:
    """The fault that an outage arms; the draws come from the scenario's seed."""
    return Fault(
        id=f"scenario-{at}",
        service=outage.service,
        effect=outage.effect,
        transaction=outage.transaction,
        value=outage.value,
        probability=outage.probability,
        from_at=outage.from_at.isoformat(),
        until_at=outage.until_at.isoformat(),
        seed=seed,
    )
