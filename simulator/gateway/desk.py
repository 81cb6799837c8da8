"""Simulator, gateway, desk: one message: read, check, keep, acknowledge.

Message, tasks and journal line are committed before the acknowledgement leaves. Not here:
connections (server), deliveries (rounds).
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable

from kit.journal import Line
from kit.rules import Finding, Refusal, Refused
from kit.service import Service
from kit.world import World
from simulator.gateway import choices, errors, rules
from simulator.gateway.messages import (
    ACCEPTED,
    ERROR,
    REJECT,
    Acknowledgement,
    Header,
    Misread,
    Problem,
    Transmission,
    answer_header,
    code_of,
    encoded,
    problem_of,
    problem_of_reading,
    read_consent,
    read_header,
    read_segments,
    read_transmission,
    write_acknowledgement,
)
from simulator.gateway.plan import establishment_of, tasks_of
from simulator.gateway.store import Held, Outbox
from simulator.gateway.times import hl7_time

SERVICE, LISTENER, UNREAD = "gateway", "mllp", "HL7"


class Desk:
    """Judges what comes in."""

    def __init__(self, service: Service, outbox: Outbox, world: World) -> None:
        self.service = service
        self._outbox = outbox
        self._world = world
        self._around = rules.Around(outbox)

    def answer(self, data: bytes) -> bytes:
        """The acknowledgement of a message, b"" for what is never acknowledged.

        Raises Unavailable when nothing could be kept.
        """
        with self.service.journal.record(SERVICE, UNREAD, data, listener=LISTENER) as line:
            line.answer = self._judged(line, data)
        return line.answer

    def unavailable(self, data: bytes, why: str) -> bytes:
        """The answer when nothing can be kept, or when we failed: the creator sends again."""
        internal = errors.INTERNAL
        problem = Problem(internal.code, internal.meaning, told=why)
        return self._write(header_of(data), ERROR, "0", (problem,))

    def injected(self, data: bytes, transaction: str, value: str, *, answers: bool) -> bytes:
        """An armed fault: the acknowledgement it forces."""
        with self.service.journal.record(SERVICE, transaction, data, listener=LISTENER) as line:
            line.injected(value)
            internal = errors.INTERNAL
            code, told = value if re.fullmatch(r"\d{1,4}", value) else internal.code, "injected"
            problem = Problem(code, internal.meaning, told=f"{told} fault {value}")
            if answers:
                line.answer = self._write(header_of(data), ERROR, line.id, (problem,))
        return line.answer

    def malformed(self, error: Misread, seen: bytes) -> bytes:
        """Octets that are no block: told once, then the connection ends."""
        with self.service.journal.record(SERVICE, "MLLP", seen, listener=LISTENER) as line:
            line.malformed(error, error.code.code)
            line.answer = self._write(None, REJECT, line.id, (problem_of_reading(error),))
        return line.answer

    def _judged(self, line: Line, data: bytes) -> bytes:
        said: Header | None = None
        try:
            said = header_of(data)
            if said is not None:
                line.transaction, line.software = said.type, said.application
            said = read_header(read_segments(data)[0])
            return self._taken(line, said, data)
        except Misread as error:
            line.malformed(error, error.code.code)
            code = ERROR if said is not None else REJECT
            return self._write(said, code, line.id, (problem_of_reading(error),))
        except Refused as error:
            line.refuse(error.refusals)
            if said is None or said.code == "ACK":  # an acknowledgement is never acknowledged
                return b""
            problems = tuple(map(problem_of, error.refusals))
            return self._write(said, code_of(error.refusals), line.id, problems)

    def _taken(self, line: Line, said: Header, data: bytes) -> bytes:
        """Take a message. Raises Misread, Refused."""
        line.transaction = said.type
        line.facts["control_id"] = said.control_id
        rules.header.check(said)
        if said.code == "ADT":
            return self._consent(line, said, data)
        digest = hashlib.sha256(data).hexdigest()
        known = self._outbox.known(said.application, said.facility, said.control_id)
        if known is not None:
            return _repeated(line, known, digest)
        sent = read_transmission(data)
        self._describe(line, sent)
        choices.transmission.check(sent, self._around)
        answer = self._write(said, ACCEPTED, line.id)
        clock = self.service.clock
        held = Held(
            key=line.id,
            application=said.application,
            facility=said.facility,
            control_id=said.control_id,
            digest=digest,
            accepted_at=clock.now().replace(microsecond=0),
            content=data,
            answer=answer,
        )
        self._outbox.keep(held, tasks_of(sent), clock.wall())
        return answer

    def _consent(self, line: Line, said: Header, data: bytes) -> bytes:
        """ZFA: what a patient said of the DMP is remembered."""
        consent = read_consent(data)
        line.facts["opposed_to_feeding"] = consent.is_opposed_to_feeding
        line.facts["consents_to_consultation"] = consent.consents_to_consultation
        if consent.ins is not None:
            line.subject = consent.ins.matricule
            if consent.is_opposed_to_feeding is not None:
                opposed = consent.is_opposed_to_feeding
                self._outbox.note_consent(consent.ins, is_opposed=opposed)
        return self._write(said, ACCEPTED, line.id)

    def _describe(self, line: Line, sent: Transmission) -> None:
        ins, place = sent.patient.ins, self._place(sent)
        line.subject = ins.matricule if ins else ""
        line.type_code = sent.type.code
        line.finess = place
        line.facts["order"] = sent.order_control
        wanted = ("DESTDMP", "DESTMSSANTEPS", "DESTMSSANTEPAT")
        line.facts["destinations"] = [code for code in wanted if sent.says(code)]
        line.facts["documents"] = [
            {
                "unique_id": sent.document_id(item),
                "type_code": item.type.code,
                "level": item.header.body_kind if item.header else "",
            }
            for item in sent.documents
        ]

    def _place(self, sent: Transmission) -> str:
        own = self.service.settings.gateway_finess
        return establishment_of(sent, self._world, own).finess_ej

    def _write(
        self, said: Header | None, code: str, control_id: str, problems: Iterable[Problem] = ()
    ) -> bytes:
        at = hl7_time(self.service.clock.now())
        header = answer_header(said, control_id=control_id, at=at)
        about = said.control_id if said else ""
        text = write_acknowledgement(Acknowledgement(header, code, about, tuple(problems)))
        return encoded(text, header.charset)


def header_of(data: bytes) -> Header | None:
    """The header of a message of which nothing else may be readable."""
    first = re.split(rb"[\r\n]", data[:8192], maxsplit=1)[0]
    try:
        return read_header(read_segments(first)[0])
    except Misread:
        return None


def _repeated(line: Line, known: Held, digest: str) -> bytes:
    """The same message again gets the same answer; another one under its number is refused."""
    line.facts["repeated"] = True
    if known.digest == digest:
        return known.answer
    row = errors.DUPLICATE_KEY
    finding = Finding(known.control_id, "MSH-10", known.control_id, "a number of its own")
    rule = "a_control_id_names_one_message"
    raise Refused([Refusal(row, rule, row.source, finding.subject, finding.field, finding.seen,
                           finding.expected, rules.__package__)])  # fmt: skip
