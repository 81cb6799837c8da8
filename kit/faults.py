"""Kit, faults: disturbances one arms on purpose, drawn again the same way from the same seed.

Armed over ``/_banc/faults`` or by a scenario. Not here: what a fault's code looks like on the
wire (each mock writes its own), and SOAP's own faults (soap).
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from pathlib import Path
from typing import Any

from kit.clock import Clock
from kit.rules import Malformed
from kit.shared_file import SharedFile

DELAY, CUT, LOSE, CODE = "delay_ms", "cut", "lose", "code"
EFFECTS = {
    DELAY: "waits `value` milliseconds, then answers",
    CUT: "closes the connection before anything is done",
    LOSE: "does what is asked, then closes the connection without an answer",
    CODE: "answers with the error code in `value`",
}
MAX_DELAY_MS = 60_000
MAX_FAULTS = 100
_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
_NUMBER = re.compile(r"[0-9]{1,9}")


@dataclass(frozen=True, slots=True)
class Fault:
    """One armed disturbance. ``transaction`` "*" means any; instants are bench time, ISO 8601."""

    id: str
    service: str
    effect: str
    transaction: str = "*"
    value: str = ""
    probability: float = 1.0
    from_at: str = ""
    until_at: str = ""
    seed: int = 0

    def fires(self, transaction: str, request: bytes, now: datetime) -> bool:
        """Whether this request is disturbed; the draw depends on the seed and the bytes only."""
        if self.transaction not in ("*", transaction) or not self._is_due(now):
            return False
        drawn = hashlib.blake2b(f"{self.seed}/{self.id}/".encode() + request, digest_size=8)
        return int.from_bytes(drawn.digest(), "big") / 2**64 < self.probability

    def _is_due(self, now: datetime) -> bool:
        started = not self.from_at or datetime.fromisoformat(self.from_at) <= now
        return started and (not self.until_at or now < datetime.fromisoformat(self.until_at))


def read_fault(given: Any, service: str) -> Fault:
    """A fault from JSON. Raises Malformed naming the field that is wrong."""
    if not isinstance(given, dict):
        raise Malformed("fault", "expected an object")
    unknown = set(given) - {item.name for item in fields(Fault)}
    if unknown:
        raise Malformed(sorted(unknown)[0][:64], "not a field of a fault")
    for name in ("id", "effect"):
        if not isinstance(given.get(name), str) or not given[name]:
            raise Malformed(name, "missing")
    values = {"service": service, **given}
    values["value"] = str(values.get("value", ""))
    if values["service"] != service:
        raise Malformed("service", f"this is {service}; arm the fault there")
    if not _ID.fullmatch(values["id"]):
        raise Malformed("id", "expected 1 to 64 letters, digits, dots, dashes or underscores")
    if not isinstance(values.get("transaction", ""), str):
        raise Malformed("transaction", "expected a name or *")
    _judge(values)
    return Fault(**values)


def _judge(values: dict[str, Any]) -> None:
    if values["effect"] not in EFFECTS:
        raise Malformed("effect", f"{values['effect']!r} is not one of {', '.join(EFFECTS)}")
    if values["effect"] == DELAY and not _NUMBER.fullmatch(values["value"]):
        raise Malformed("value", "a delay needs a number of milliseconds")
    if values["effect"] == DELAY and int(values["value"]) > MAX_DELAY_MS:
        raise Malformed("value", f"a delay is at most {MAX_DELAY_MS} ms")
    if values["effect"] == CODE and not values["value"]:
        raise Malformed("value", "the code to answer is missing")
    chance = values.get("probability", 1.0)
    if isinstance(chance, bool) or not isinstance(chance, int | float) or not 0 <= chance <= 1:
        raise Malformed("probability", "expected a number between 0 and 1")
    if type(values.get("seed", 0)) is not int:
        raise Malformed("seed", "expected an integer")
    for name in ("from_at", "until_at"):
        _judge_instant(name, values.get(name, ""))


def _judge_instant(name: str, text: Any) -> None:
    try:
        aware = text == "" or datetime.fromisoformat(text).tzinfo is not None
    except (TypeError, ValueError):
        aware = False
    if not aware:
        raise Malformed(name, "expected an instant with a time zone, ISO 8601")


class Faults:
    """The faults armed on one service; every worker process sees them at its next request."""

    def __init__(self, data_dir: Path, service: str, clock: Clock) -> None:
        self.service = service
        self._clock = clock
        self._file = SharedFile(data_dir / f"faults-{service}.json")

    def all(self) -> list[Fault]:
        """Every armed fault, in the order they were armed."""
        return [Fault(**values) for values in self._file.read() or []]

    def arm(self, fault: Fault) -> None:
        """Arm a fault, or replace the one with the same id."""

        def armed(found: Any) -> list[dict[str, Any]]:
            kept = [item for item in found or [] if item["id"] != fault.id]
            if len(kept) >= MAX_FAULTS:
                raise Malformed("fault", f"at most {MAX_FAULTS} faults can be armed")
            return [*kept, asdict(fault)]

        self._file.change(armed)

    def disarm(self, fault_id: str) -> bool:
        """Take a fault away; false when there is none with this id."""
        before: list[dict[str, Any]] = []

        def disarmed(found: Any) -> list[dict[str, Any]]:
            before.extend(found or [])
            return [item for item in before if item["id"] != fault_id]

        self._file.change(disarmed)
        return any(item["id"] == fault_id for item in before)

    def clear(self) -> None:
        """Take every fault away."""
        self._file.remove()

    def draw(self, transaction: str, request: bytes) -> Fault | None:
        """The first armed fault that fires on this request."""
        if not self._file.read():
            return None
        now = self._clock.now()
        for fault in self.all():
            if fault.fires(transaction, request, now):
                return fault
        return None
