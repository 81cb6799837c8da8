"""Simulator, gateway, business: the ZAM that a delivery leads to, as a task of the outbox.

Pure. Not here: when one is due (rounds, receipts).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from simulator.gateway.messages import (
    DMP_CODES,
    DMP_RECEPTION,
    MSS_READING,
    MSS_RECEPTION,
    PROFILE,
    SMTP_CODES,
    BusinessAcknowledgement,
    Header,
    Problem,
    Transmission,
    encoded,
    failure,
    write_business,
)
from simulator.gateway.store import Held, Kind, State, Task, Wanted
from simulator.gateway.times import hl7_time

MAX_TEXT = 120  # characters of ERR-5.2


def deposited(
    held: Held, sent: Transmission, deposits: Sequence[Task], at: datetime, number: int
) -> Wanted:
    """Z01: whether the DMP took everything."""
    wrong = next((task for task in deposits if task.state is not State.DONE), None)
    problem = failure(wrong.code, _short(wrong.text), DMP_CODES) if wrong else None
    return _wanted(held, sent, DMP_RECEPTION, at, number, problem)


def undelivered(
    held: Held, sent: Transmission, mail: Task, at: datetime, number: int, code: str, text: str
) -> Wanted:
    """Z02: a mail that did not reach its mailbox; code: of SMTP."""
    problem = failure(code, _short(text), SMTP_CODES)
    return _wanted(held, sent, MSS_RECEPTION, at, number, problem, mail.target)


def delivered(held: Held, sent: Transmission, mail: Task, at: datetime, number: int) -> Wanted:
    """Z02: a mail that reached its mailbox."""
    return _wanted(held, sent, MSS_RECEPTION, at, number, None, mail.target)


def read(
    held: Held, sent: Transmission, mail: Task, at: datetime, number: int, problem: Problem | None
) -> Wanted:
    """Z03: a mail that was read, or that could not be integrated."""
    return _wanted(held, sent, MSS_READING, at, number, problem, mail.target)


def name_of(trigger: str, address: str) -> str:
    """The target of a ZAM task: there is one for each mailbox."""
    return f"{trigger} {address}".strip()


def _wanted(
    held: Held,
    sent: Transmission,
    trigger: str,
    at: datetime,
    number: int,
    problem: Problem | None,
    address: str = "",
) -> Wanted:
    people = (*sent.professionals, *sent.citizens)
    person = next((one.person for one in people if one.address.strip().lower() == address), "")
    said = BusinessAcknowledgement(
        header=_header(held, sent, trigger, at, number),
        recorded_at=hl7_time(at),
        about=held.control_id,
        is_positive=problem is None,
        person=person if address else "",
        address=address,
        problem=problem,
    )
    content = encoded(write_business(said), said.header.charset)
    chain = f"zam/{held.application}@{held.facility}"
    return Wanted(Kind.ZAM, name_of(trigger, address), chain, content)


def _header(held: Held, sent: Transmission, trigger: str, at: datetime, number: int) -> Header:
    asked = sent.header
    return Header(
        application=asked.to_application,
        facility=asked.to_facility,
        to_application=asked.application,
        to_facility=asked.facility,
        at=hl7_time(at),
        code="ZAM",
        trigger=trigger,
        structure="ZAM_Z01",
        control_id=f"{held.key[:14]}{number:03d}",
        processing_id=asked.processing_id,
        profile=PROFILE,
    )


def _short(text: str) -> str:
    """The first sentence of what a service told."""
    return text.partition(";")[0].strip()[:MAX_TEXT]
