"""Simulator, gateway, messages, business: ZAM, what became of a document, both ways.

Z01: the DMP took it or not; Z02: it reached a mailbox or not; Z03: it was read. Source:
CI-SIS, HL7v2,
CI-SIS, HL7v2. Not here: when one is due (rounds, receipts).
"""

from __future__ import annotations

from dataclasses import dataclass

from simulator.gateway import errors
from simulator.gateway.messages.acknowledgement import Problem, read_problem, write_problem
from simulator.gateway.messages.header import Header, read_header, write_header
from simulator.gateway.messages.segments import (
    Misread,
    components,
    first,
    joined,
    line,
    read_segments,
    value,
)

TABLE, YES_NO = "AckMetierZAM", "expandedYes-NoIndicator"
DMP_CODES, SMTP_CODES = "DMPERRORCODE", "SMTPERRORCODE"
DMP_RECEPTION, MSS_RECEPTION, MSS_READING = "Z01", "Z02", "Z03"
# Trigger -> code and label of the first observation, then of the mailbox.
_SAID = {
    DMP_RECEPTION: ("ACK_RECEPTION_DMP", "Accusé de réception DMP", "", ""),
    MSS_RECEPTION: (
        "ACK_RECEPTION_MSS",
        "Accusé de réception MSSanté",
        "DESTINATAIRE_MSS",
        "Destinataire MSSanté",
    ),
    MSS_READING: (
        "ACK_LECTURE_MSS",
        "Accusé de lecture",
        "LECTEUR_MSS",
        "Lecteur du courriel MSSanté",
    ),
}


@dataclass(frozen=True, slots=True)
class BusinessAcknowledgement:
    """ZAM. about: MSH-10 of the document's message. person, address: of the mailbox."""

    header: Header
    recorded_at: str
    about: str
    is_positive: bool
    person: str = ""
    address: str = ""
    problem: Problem | None = None


def failure(code: str, text: str, table: str) -> Problem:
    """Why not, under the code of the DMP or of SMTP."""
    internal = errors.INTERNAL
    return Problem(internal.code, internal.meaning, code, text, table)


def write_business(said: BusinessAcknowledgement) -> str:
    """A ZAM."""
    code, label, mailbox, mailbox_label = _SAID[said.header.trigger]
    verdict = components("Y" if said.is_positive else "N", "", YES_NO)
    lines = [
        write_header(said.header),
        line("EVN", {2: said.recorded_at}),
        _observation(1, "CWE", (code, label), said.about, verdict),
    ]
    if mailbox:
        address = components("", "", "X.400", said.address)
        lines.append(_observation(2, "XTN", (mailbox, mailbox_label), said.person, address))
    if said.problem is not None:
        lines.append(write_problem(said.problem))
    return joined(lines)


def _observation(number: int, kind: str, what: tuple[str, str], about: str, told: str) -> str:
    fields = {1: str(number), 2: kind, 3: components(*what, TABLE), 4: value(about), 5: told}
    return line("OBX", fields | {11: "F"}) + "|"


def read_business(data: bytes) -> BusinessAcknowledgement:
    """Read a ZAM. Raises Misread."""
    segments = read_segments(data)
    header = read_header(segments[0])
    observed = [item for item in segments if item.name == "OBX"]
    if header.code != "ZAM" or header.trigger not in _SAID or not observed:
        raise Misread(errors.MESSAGE_TYPE, "MSH-9", f"{header.type} is no ZAM with an OBX")
    if observed[0].text(3) != _SAID[header.trigger][0]:
        raise Misread(errors.TABLE_VALUE, "OBX[1]-3", f"not the one of {header.trigger}")
    event, err = first(segments, "EVN"), first(segments, "ERR")
    mailbox = next((item for item in observed if item.text(2) == "XTN"), None)
    return BusinessAcknowledgement(
        header=header,
        recorded_at=event.text(2) if event else "",
        about=observed[0].text(4),
        is_positive=observed[0].text(5) == "Y",
        person=mailbox.text(4) if mailbox else "",
        address=mailbox.text(5, 4) if mailbox else "",
        problem=read_problem(err) if err else None,
    )
