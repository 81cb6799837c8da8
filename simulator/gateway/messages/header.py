"""Simulator, gateway, messages, header: MSH, both ways.

Not here: the rest of a message.
"""

from __future__ import annotations

from dataclasses import dataclass

from simulator.gateway.messages.segments import Segment, components, line, value

UTF8 = "UNICODE UTF-8"
PROFILE = "2.1^CISIS_CDA_HL7_V2"


@dataclass(frozen=True, slots=True)
class Header:
    """MSH. at: MSH-7 as written; profile: MSH-21 as written, its components joined."""

    application: str
    facility: str
    to_application: str
    to_facility: str
    at: str
    code: str
    trigger: str
    structure: str
    control_id: str
    processing_id: str = "P"
    version: str = "2.6"
    country: str = "FRA"
    charset: str = UTF8
    profile: str = ""

    @property
    def type(self) -> str:
        """``MDM^T02``."""
        return f"{self.code}^{self.trigger}"


def read_header(msh: Segment) -> Header:
    """MSH as a header."""
    profile = "^".join(filter(None, (msh.text(21, 1), msh.text(21, 2))))
    return Header(
        application=msh.text(3),
        facility=msh.text(4),
        to_application=msh.text(5),
        to_facility=msh.text(6),
        at=msh.text(7),
        code=msh.text(9, 1),
        trigger=msh.text(9, 2),
        structure=msh.text(9, 3),
        control_id=msh.text(10),
        processing_id=msh.text(11),
        version=msh.text(12),
        country=msh.text(17),
        charset=msh.text(18),
        profile=profile,
    )


def write_header(header: Header) -> str:
    """MSH of a header."""
    fields = {
        3: value(header.application),
        4: value(header.facility),
        5: value(header.to_application),
        6: value(header.to_facility),
        7: value(header.at),
        9: components(header.code, header.trigger, header.structure),
        10: value(header.control_id),
        11: value(header.processing_id),
        12: value(header.version),
        17: value(header.country),
        18: value(header.charset),
        21: components(*header.profile.split("^")),
    }
    # MSH-1 is the separator itself: the fields of the line begin with MSH-2.
    shifted = {number - 1: text for number, text in fields.items()} | {1: "^~\\&"}
    return line("MSH", shifted)
