"""Simulator, gateway, messages, acknowledgement: the technical one, ACK, both ways; ERR too.

Not here: business acknowledgements (business).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from kit.rules import Refusal
from simulator.gateway import errors
from simulator.gateway.messages.header import UTF8, Header, read_header, write_header
from simulator.gateway.messages.segments import (
    CHARSETS,
    Misread,
    Segment,
    components,
    first,
    joined,
    line,
    read_segments,
    value,
)

ACCEPTED, ERROR, REJECT = "AA", "AE", "AR"
CONDITIONS, LOCAL = "messageErrorCondition", "L"
MAX_TEXT, MAX_ERRORS = 300, 12  # so that an acknowledgement stays a few kilobytes


@dataclass(frozen=True, slots=True)
class Problem:
    """ERR: a condition (ERR-3), the application's own code (ERR-5), where, and a sentence."""

    code: str
    text: str
    application_code: str = ""
    application_text: str = ""
    application_table: str = ""
    location: str = ""
    told: str = ""
    severity: str = "E"


@dataclass(frozen=True, slots=True)
class Acknowledgement:
    """ACK: AA, AE or AR, for the message with that control id."""

    header: Header
    code: str
    control_id: str
    problems: tuple[Problem, ...] = ()


def answer_header(asked: Header | None, *, control_id: str, at: str) -> Header:
    """MSH of the answer to a message; of one to nobody when its MSH could not be read."""
    if asked is None:
        return Header("PFI", "", "", "", at, "ACK", "", "ACK", control_id, charset=UTF8)
    charset = asked.charset if asked.charset in CHARSETS else UTF8
    return Header(
        application=asked.to_application,
        facility=asked.to_facility,
        to_application=asked.application,
        to_facility=asked.facility,
        at=at,
        code="ACK",
        trigger=asked.trigger,
        structure="ACK",
        control_id=control_id,
        processing_id=asked.processing_id or "P",
        version=asked.version or "2.6",
        charset=charset,
    )


def problem_of(refusal: Refusal) -> Problem:
    """A refusal as ERR: a code from 900 on stands in ERR-5, under 207."""
    row, told = refusal.code, refusal.text
    if int(row.code) >= errors.FIRST_APPLICATION_CODE:
        internal = errors.INTERNAL
        return Problem(
            internal.code, internal.meaning, row.code, row.meaning, LOCAL, refusal.field, told
        )  # fmt: skip
    return Problem(row.code, row.meaning, location=refusal.field, told=told)


def problem_of_reading(error: Misread) -> Problem:
    """A message that cannot be read as ERR."""
    code = error.code
    return Problem(code.code, code.meaning, location=error.where, told=str(error))


def code_of(refusals: Iterable[Refusal]) -> str:
    """AR when a message is not for us at all, AE when its content is wrong."""
    rejected = any(refusal.code in errors.REJECTED for refusal in refusals)
    return REJECT if rejected else ERROR


def write_acknowledgement(said: Acknowledgement) -> str:
    """An ACK."""
    lines = [
        write_header(said.header),
        line("MSA", {1: said.code, 2: value(said.control_id)}),
        *map(write_problem, _bounded(said.problems)),
    ]
    return joined(lines)


def _bounded(problems: tuple[Problem, ...]) -> tuple[Problem, ...]:
    """The first problems, and how many more there are."""
    if len(problems) <= MAX_ERRORS:
        return problems
    row, more = errors.OTHER, len(problems) - MAX_ERRORS
    return (*problems[:MAX_ERRORS], Problem(row.code, row.meaning, told=f"and {more} more"))


def write_problem(problem: Problem) -> str:
    """ERR."""
    own = (problem.application_code, problem.application_text, problem.application_table)
    fields = {
        2: "" if not problem.location else components(*_location(problem.location)),
        3: components(problem.code, problem.text, CONDITIONS),
        4: problem.severity,
        5: components(*own),
        8: value(problem.told[:MAX_TEXT]),
    }
    return line("ERR", fields)


def _location(place: str) -> tuple[str, ...]:
    """ERL of ``OBX[2]-5``: segment, its rank, the field; what has no such form is one text."""
    name, _, field = place.partition("-")
    segment, _, rank = name.partition("[")
    if len(segment) != 3:
        return (place[:40],)
    return (segment, rank.rstrip("]") or "1", field.partition(".")[0][:10])


def read_acknowledgement(data: bytes) -> Acknowledgement:
    """Read an ACK. Raises Misread."""
    segments = read_segments(data)
    msa = first(segments, "MSA")
    if msa is None:
        raise Misread(errors.REQUIRED, "MSA", "the segment is absent")
    problems = tuple(read_problem(item) for item in segments if item.name == "ERR")
    return Acknowledgement(read_header(segments[0]), msa.text(1), msa.text(2), problems)


def read_problem(err: Segment) -> Problem:
    """ERR as a problem; its location stays what ERR-2 says."""
    found = Problem(
        code=err.text(3, 1),
        text=err.text(3, 2),
        application_code=err.text(5, 1),
        application_text=err.text(5, 2),
        application_table=err.text(5, 3),
        told=err.text(8),
        severity=err.text(4),
    )
    segment, rank, field = (err.text(2, part) for part in (1, 2, 3))
    place = f"{segment}[{rank}]-{field}" if field else segment
    return replace(found, location=place)
