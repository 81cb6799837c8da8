"""Simulator, delivery, wire: HTTP over TLS with connections that are kept, and SOAP answers.

Not here: what is said (dmp, ins, ror).
"""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field

import aiohttp

from kit import mtom
from kit.rules import Malformed
from kit.soap import SOAP_TYPE, SoapFault, read_envelope
from kit.xml import Element, find_text, parse, qname
from simulator.delivery import NoAnswer
from simulator.delivery.patience import patiently

CONNECTIONS = 6  # kept to one service by one establishment
TIMEOUT_SECONDS = 30.0
KEEP_SECONDS = 15.0  # shorter than the server's


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """An answer of HTTP."""

    status: int
    content_type: str
    body: bytes


@dataclass(frozen=True, slots=True)
class SoapAnswer:
    """The element of an answer's body; party and subcode when it is a fault."""

    body: Element
    attachments: Mapping[str, bytes] = field(default_factory=dict)
    party: str = ""
    subcode: str = ""
    reason: str = ""

    @property
    def is_fault(self) -> bool:
        return bool(self.party)


class Wire:
    """A kept connection to a service. Use inside a running event loop; close it at the end."""

    def __init__(
        self,
        base_url: str,
        context: ssl.SSLContext | None,
        timeout: float = TIMEOUT_SECONDS,
        *,
        patience: float = 0.0,
    ) -> None:
        """``patience``: seconds to wait for a service that refuses the connection."""
        self._base_url = base_url
        self._patience = patience
        connector = aiohttp.TCPConnector(
            ssl=context if context is not None else True,
            limit=CONNECTIONS,
            keepalive_timeout=KEEP_SECONDS,
        )
        self._session = aiohttp.ClientSession(
            connector=connector, timeout=aiohttp.ClientTimeout(total=timeout)
        )

    async def close(self) -> None:
        await self._session.close()

    async def send(
        self, method: str, path: str, body: bytes = b"", headers: Mapping[str, str] | None = None
    ) -> HttpAnswer:
        """One request. Raises NoAnswer."""

        async def ask() -> HttpAnswer:
            async with self._session.request(
                method, self._base_url + path, data=body or None, headers=dict(headers or {})
            ) as response:
                content = await response.read()
                kind = response.headers.get("Content-Type", "")
                return HttpAnswer(response.status, kind, content)

        refused = (aiohttp.ClientConnectorError,)
        try:
            return await patiently(ask, over=refused, seconds=self._patience)
        except (TimeoutError, aiohttp.ClientError, OSError) as error:
            raise NoAnswer(f"{type(error).__name__}: {error}") from error

    async def soap(
        self, path: str, envelope: bytes, *, action: str, content_type: str = ""
    ) -> SoapAnswer:
        """One SOAP exchange. Raises NoAnswer, also when the answer cannot be read."""
        kind = content_type or f'{SOAP_TYPE}; charset=UTF-8; action="{action}"'
        answer = await self.send("POST", path, envelope, {"Content-Type": kind})
        try:
            return read_soap(answer)
        except (Malformed, SoapFault) as error:
            raise NoAnswer(f"HTTP {answer.status}, {error}") from error


def read_soap(answer: HttpAnswer) -> SoapAnswer:
    """The answer of a SOAP service, with MTOM or without. Raises Malformed."""
    content = answer.body
    attachments: Mapping[str, bytes] = {}
    if mtom.is_multipart(answer.content_type):
        content, attachments = mtom.read_multipart(answer.content_type, content)
    body = read_envelope(parse(content, where="answer")).body
    if body.tag != qname("soap:Fault"):
        return SoapAnswer(body, attachments)
    party = find_text(body, "soap:Code/soap:Value").rpartition(":")[2]
    subcode = find_text(body, "soap:Code/soap:Subcode/soap:Value").rpartition(":")[2]
    reason = find_text(body, "soap:Reason/soap:Text")
    return SoapAnswer(body, attachments, party or "Receiver", subcode, reason)
