"""A wire that answers from a script, and keeps what was sent. Given as a parameter."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from kit import mtom
from kit.soap import read_envelope, write_envelope
from kit.xml import Element, build, parse
from simulator.delivery import NoAnswer
from simulator.delivery.wire import HttpAnswer, SoapAnswer, read_soap


@dataclass
class ScriptedWire:
    """Answers in order: an element, an HttpAnswer, or NoAnswer."""

    answers: Iterable[Any]
    sent: list[tuple[str, bytes]] = field(default_factory=list)
    headers: list[Mapping[str, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._ahead = iter(self.answers)

    async def send(
        self, method: str, path: str, body: bytes = b"", headers: Mapping[str, str] | None = None
    ) -> HttpAnswer:
        self.sent.append((f"{method} {path}", body))
        self.headers.append(headers or {})
        answer = next(self._ahead)
        if isinstance(answer, NoAnswer):
            raise answer
        assert isinstance(answer, HttpAnswer)
        return answer

    async def soap(
        self, path: str, envelope: bytes, *, action: str, content_type: str = ""
    ) -> SoapAnswer:
        if content_type:
            envelope, _ = mtom.read_multipart(content_type, envelope)
        self.sent.append((path, envelope))
        answer = next(self._ahead)
        if isinstance(answer, NoAnswer):
            raise answer
        return read_soap(HttpAnswer(200, "application/soap+xml", write_envelope(answer)))

    @property
    def bodies(self) -> list[Element]:
        """The body of each SOAP message sent."""
        return [read_envelope(parse(content)).body for _, content in self.sent]


def a_fault(party: str, subcode: str) -> Element:
    """A SOAP fault of the sender or the receiver."""
    return build(
        "soap:Fault",
        build(
            "soap:Code",
            build("soap:Value", f"soap:{party}"),
            build("soap:Subcode", build("soap:Value", f"soap:{subcode}")),
        ),
        build("soap:Reason", build("soap:Text", "pourquoi")),
    )


def as_json(status: int, body: Any) -> HttpAnswer:
    return HttpAnswer(status, "application/json", json.dumps(body).encode())
