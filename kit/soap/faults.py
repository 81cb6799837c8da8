"""Kit, SOAP: faults, and how a service words them.

Not here: envelopes (envelope), who catches a fault (port).
"""

from __future__ import annotations

from collections.abc import Iterable

from kit.rules import Malformed, Refusal, Refused
from kit.xml import Element, build


class SoapFault(Exception):
    """A SOAP 1.2 fault: ``code`` is Sender, Receiver or VersionMismatch."""

    def __init__(
        self,
        code: str = "Sender",
        *,
        subcode: str = "",
        reason: str = "",
        detail: Element | None = None,
        status: int = 500,
        outcome: str = "unauthorized",
        refusals: Iterable[Refusal] = (),
    ) -> None:
        super().__init__(reason)
        self.code, self.subcode, self.reason = code, subcode, reason
        self.detail, self.status, self.outcome = detail, status, outcome
        self.refusals = tuple(refusals)

    @property
    def journal_code(self) -> str:
        """What the journal line shows as code."""
        return self.subcode or self.code


class FaultStyle:
    """How a service words its faults; a mock overrides what it knows better."""

    language = "fr"
    prefix = "soap"

    def malformed(self, error: Malformed) -> SoapFault:
        """The message cannot be read."""
        return SoapFault("Sender", reason=f"{error.where} : {error.why}", outcome="malformed")

    def unknown_operation(self, name: str) -> SoapFault:
        """No operation has this body element."""
        why = f"élément de corps inconnu : {name}"
        return SoapFault("Sender", reason=why, outcome="malformed")

    def refused(self, error: Refused) -> SoapFault:
        """Rules are broken and the port has no other form for it."""
        reason = " | ".join(refusal.text for refusal in error.refusals)
        code = error.refusals[0].code.code
        return SoapFault(
            "Sender", subcode=code, reason=reason, outcome="refused", refusals=error.refusals
        )

    def injected(self, code: str) -> SoapFault:
        """An armed fault answers with ``code``."""
        return SoapFault("Receiver", subcode=code, reason=f"défaut injecté : {code}")

    def unavailable(self) -> SoapFault:
        """The database cannot take the exchange now: nothing was done, the sender may repeat it."""
        reason = "service momentanément indisponible, rien n'a été fait : réessayez"
        return SoapFault("Receiver", reason=reason, status=503)

    def bug(self, exchange_id: str) -> SoapFault:
        """Our mistake."""
        return SoapFault("Receiver", reason=f"banc bug, exchange {exchange_id}", outcome="bug")

    def write(self, fault: SoapFault, message_id: str) -> Element:
        """The ``soap:Fault`` element. ``message_id`` is the request's, for styles that echo it."""
        del message_id
        code = build("soap:Code", build("soap:Value", f"{self.prefix}:{fault.code}"))
        if fault.subcode:
            value = build("soap:Value", f"{self.prefix}:{fault.subcode}")
            code.append(build("soap:Subcode", value))
        text = build("soap:Text", fault.reason)
        text.set("{http://www.w3.org/XML/1998/namespace}lang", self.language)
        element = build("soap:Fault", code, build("soap:Reason", text))
        if fault.detail is not None:
            element.append(build("soap:Detail", fault.detail))
        return element
