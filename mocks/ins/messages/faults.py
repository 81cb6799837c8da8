"""INS messages, faults: a ``siram:Erreur`` in its SOAP fault, written and read.

The one place that renders a refusal. Not here: the codes and their sentences (``errors``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from http import HTTPStatus

from kit.rules import Malformed, Refusal, Refused
from kit.soap import FaultStyle, SoapFault
from kit.xml import NS, Element, build, qname
from mocks.ins import errors
from mocks.ins.errors import FaultCode
from mocks.ins.messages.dialects import Dialect

_LANGUAGE = "{http://www.w3.org/XML/1998/namespace}lang"


@dataclass(frozen=True, slots=True)
class Erreur:
    """The technical half of a fault: code, severity, sentence, the message it is about."""

    code: str
    severity: str
    text: str
    message_id: str = ""


class InsFault(SoapFault):
    """A fault of the teleservice. ``why`` goes on from the code's own sentence."""

    def __init__(self, row: FaultCode, why: str = "", *, refusals: Iterable[Refusal] = ()) -> None:
        super().__init__(
            row.party,
            subcode=row.subcode,
            reason=row.reason,
            outcome=row.outcome,
            refusals=refusals,
        )
        self.row = row
        self.text = row.meaning if row.is_literal or not why else f"{row.meaning} {why}"

    @property
    def journal_code(self) -> str:
        return self.row.code

    def __str__(self) -> str:
        return self.text


class InsFaultStyle(FaultStyle):
    """How the teleservice words its faults, in the dialect of the running call."""

    def __init__(self, dialect: Callable[[], Dialect]) -> None:
        self._dialect = dialect

    def malformed(self, error: Malformed) -> SoapFault:
        return InsFault(errors.MALFORMED, f"{error.where} : {error.why}")

    def unknown_operation(self, name: str) -> SoapFault:
        return InsFault(errors.MALFORMED, f"soap:Body : élément {name} inconnu")

    def refused(self, error: Refused) -> SoapFault:
        """The first refusal decides on the fault; its sentence tells them all."""
        row = error.refusals[0].code
        assert isinstance(row, FaultCode)
        why = " ; ".join(map(_told, error.refusals))
        return InsFault(row, why, refusals=error.refusals)

    def injected(self, code: str) -> SoapFault:
        return InsFault(errors.FAULTS.get(code) or errors.unlisted(code))

    def unavailable(self) -> SoapFault:
        fault = InsFault(errors.UNAVAILABLE)
        fault.status = HTTPStatus.SERVICE_UNAVAILABLE
        return fault

    def bug(self, exchange_id: str) -> SoapFault:
        return InsFault(errors.INTERNAL, f"Échange {exchange_id}.")

    def write(self, fault: SoapFault, message_id: str) -> Element:
        if not isinstance(fault, InsFault):
            return super().write(fault, message_id)
        return write_fault(fault, message_id, self._dialect())


def write_fault(fault: InsFault, message_id: str, dialect: Dialect) -> Element:
    """The soap:Fault; ``message_id`` is the request's."""
    prefix, scope = dialect.fault_prefix, {dialect.fault_prefix: NS["soap"]}
    subcode = build("soap:Subcode", build("soap:Value", f"{prefix}:{fault.subcode}", nsmap=scope))
    code = build("soap:Code", build("soap:Value", f"{prefix}:{fault.code}", nsmap=scope), subcode)
    text = build("soap:Text", fault.reason, nsmap=scope)
    text.set(_LANGUAGE, dialect.language)
    row = fault.row
    severity = dialect.fatal if row.severity == "fatal" else row.severity
    error = Erreur(row.code, severity, fault.text, message_id if row.echoes else "")
    return build(
        "soap:Fault",
        code,
        build("soap:Reason", text, nsmap=scope),
        build("soap:Detail", write_error(error), nsmap=scope),
        nsmap=scope,
    )


def write_error(error: Erreur) -> Element:
    """The siram:Erreur; no messageID when there is none to repeat."""
    element = build("siram:Erreur", error.text, code=error.code, severite=error.severity)
    if error.message_id:
        element.set("messageID", error.message_id)
    return element


def read_error(fault: Element) -> Erreur:
    """Read the error of a soap:Fault. Raises Malformed when it holds none."""
    found = next(fault.iter(qname("siram:Erreur")), None)
    if found is None:
        raise Malformed("soap:Detail", "siram:Erreur is missing")
    return Erreur(
        code=found.get("code", ""),
        severity=found.get("severite", ""),
        text=(found.text or "").strip(),
        message_id=found.get("messageID", ""),
    )


def _told(refusal: Refusal) -> str:
    field = f"{refusal.subject}, {refusal.field}" if refusal.field else refusal.subject
    return f"{field} : lu {refusal.seen}, attendu {refusal.expected} [{refusal.source}]"
