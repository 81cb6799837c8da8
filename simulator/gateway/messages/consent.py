"""Simulator, gateway, messages, consent: ZFA of an ADT message, what the patient said of the DMP.

Source: CI-SIS, HL7v2, PAM.FR. Not here: identities (simulator.rniv).
"""

from __future__ import annotations

from dataclasses import dataclass

from kit.identity import Ins
from kit.rules import Malformed
from simulator.gateway import errors
from simulator.gateway.messages.header import Header, read_header
from simulator.gateway.messages.segments import Misread, first, read_segments
from simulator.rniv.hl7v2 import read_ins

FEEDING = {"IO": True, "INO": False}  # ZFA-9: opposed to feeding or not; empty, NA: not collected
CONSULTING = {"IC": True, "INC": False}  # ZFA-11: consents to consultation or not


@dataclass(frozen=True, slots=True)
class DmpConsent:
    """What is known of a patient's record. None: not collected."""

    header: Header
    ins: Ins | None
    record_status: str
    is_opposed_to_feeding: bool | None
    consents_to_consultation: bool | None


def read_consent(data: bytes) -> DmpConsent:
    """Read ZFA and the INS of an ADT message. Raises Misread."""
    segments = read_segments(data)
    pid, zfa = first(segments, "PID"), first(segments, "ZFA")
    if pid is None or zfa is None:
        raise Misread(errors.REQUIRED, "ZFA" if pid else "PID", "the segment is absent")
    try:
        ins, _ = read_ins(pid.fields)
    except Malformed as error:
        raise Misread(errors.DATA_TYPE, error.where, error.why) from None
    for field, table in ((9, FEEDING), (11, CONSULTING)):
        if zfa.text(field) not in (*table, "", "NA"):
            raise Misread(errors.TABLE_VALUE, f"ZFA-{field}", f"not one of {', '.join(table)}")
    return DmpConsent(
        header=read_header(segments[0]),
        ins=ins,
        record_status=zfa.text(1),
        is_opposed_to_feeding=FEEDING.get(zfa.text(9)),
        consents_to_consultation=CONSULTING.get(zfa.text(11)),
    )
