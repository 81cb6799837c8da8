"""Simulator, gateway, messages, reading: the octets of a hand-over -> Transmission.

Tolerant of what it does not know; Misread only when no object can be made. Not here: rules.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from kit.cda import CdaHeader
from kit.cda import read_header as read_cda_header
from kit.rules import Malformed
from kit.xds.metadata import Coded
from simulator.gateway import errors
from simulator.gateway.messages.header import read_header
from simulator.gateway.messages.segments import Misread, Segment, first, read_segments
from simulator.gateway.messages.transmission import (
    BODIES,
    METADATA_TABLE,
    Choice,
    DocumentEnvelope,
    MailBody,
    Participant,
    PatientIds,
    SentDocument,
    Transmission,
)
from simulator.rniv.hl7v2 import read_ins, read_reliability

MAX_DOCUMENTS, MAX_PARTICIPANTS, MAX_BODY = 10, 100, 100_000  # the last: characters


@dataclass(slots=True)
class _Observation:
    """An OBX and what follows it."""

    obx: Segment
    participants: list[Segment] = field(default_factory=list)
    notes: list[Segment] = field(default_factory=list)


def read_transmission(data: bytes) -> Transmission:
    """Read an ORU or MDM message. Raises Misread."""
    segments = read_segments(data)
    observed = tuple(_observations(segments))
    metadata = [item for item in observed if item.obx.text(3, 3) == METADATA_TABLE]
    carried = [item for item in observed if item.obx.text(3, 3) != METADATA_TABLE]
    people = [part for item in observed for part in item.participants]
    if len(carried) > MAX_DOCUMENTS or len(people) > MAX_PARTICIPANTS:
        why = f"more than {MAX_DOCUMENTS} documents or {MAX_PARTICIPANTS} participants"
        raise Misread(errors.CARDINALITY, "OBX", why)
    txa, pv1 = first(segments, "TXA"), first(segments, "PV1")
    orc, obr, evn = first(segments, "ORC"), first(segments, "OBR"), first(segments, "EVN")
    return Transmission(
        header=read_header(segments[0]),
        patient=_patient(first(segments, "PID")),
        patient_class=pv1.text(2) if pv1 else "",
        visit=pv1.text(19) if pv1 else "",
        order_control=orc.text(1) if orc else "",
        type=_coded(obr, 4) if obr else Coded("", ""),
        envelope=_envelope(txa) if txa else None,
        documents=tuple(map(_document, carried)),
        participants=tuple(found for part in people for found in _participants(part)),
        choices=tuple(_choice(item) for item in metadata if item.obx.text(3) not in BODIES),
        bodies=tuple(_body(item) for item in metadata if item.obx.text(3) in BODIES),
        recorded_at=evn.text(2) if evn else "",
        segments=tuple(item.name for item in segments),
    )


def _observations(segments: Sequence[Segment]) -> Iterator[_Observation]:
    """Each OBX with the PRT and NTE under it."""
    current: _Observation | None = None
    for item in segments:
        if item.name == "OBX":
            if current is not None:
                yield current
            current = _Observation(item)
        elif current is not None and item.name == "PRT":
            current.participants.append(item)
        elif current is not None and item.name == "NTE":
            current.notes.append(item)
    if current is not None:
        yield current


def _patient(pid: Segment | None) -> PatientIds:
    if pid is None:
        return PatientIds()
    try:
        ins, since = read_ins(pid.fields)
        reliability = read_reliability(pid.fields)
    except Malformed as error:
        raise Misread(errors.DATA_TYPE, error.where, error.why) from None
    local = pid.fields.repetition(3, kind_at=5, kind="PI")
    legal = pid.fields.repetition(5, kind_at=7, kind="L") or 1
    return PatientIds(
        ins=ins,
        ins_since=since,
        ipp=pid.text(3, repetition=local) if local else "",
        ipp_authority=pid.text(3, 4, 2, local) if local else "",
        reliability=reliability,
        birth_name=pid.text(5, 1, repetition=legal),
        first_name=pid.text(5, 2, repetition=legal),
        birth_date=pid.text(7),
        sex=pid.text(8),
        account=pid.text(18),
    )


def _coded(segment: Segment, number: int) -> Coded:
    return Coded(segment.text(number, 1), segment.text(number, 3), segment.text(number, 2))


def _envelope(txa: Segment) -> DocumentEnvelope:
    return DocumentEnvelope(txa.text(2), _entity(txa, 12), _entity(txa, 13), txa.text(17))


def _entity(segment: Segment, number: int) -> str:
    """An identifier as XDS writes it: ``ext^^root^ISO`` or a bare root, with a name or not."""
    identifier, root = segment.text(number, 1), segment.text(number, 3)
    return f"{root}^{identifier}" if root and identifier else root or identifier


def _document(item: _Observation) -> SentDocument:
    obx = item.obx
    content, problem = _decoded(obx)
    header, unreadable = _cda(content) if not problem else (None, problem)
    return SentDocument(
        place=obx.place,
        type=_coded(obx, 3),
        status=obx.text(11),
        content=content,
        data_type=obx.text(2),
        header=header,
        problem=unreadable,
    )


def _decoded(obx: Segment) -> tuple[bytes, str]:
    """The octets of an ED value, or why there are none."""
    if obx.text(5, 4).upper() != "BASE64":
        return b"", f"encoding (OBX-5.4) {obx.text(5, 4)[:40]!r}, expected Base64"
    try:
        return base64.b64decode(obx.data(5, 5), validate=True), ""
    except (binascii.Error, ValueError) as error:
        return b"", f"not base64: {error}"


def _cda(content: bytes) -> tuple[CdaHeader | None, str]:
    try:
        return read_cda_header(content), ""
    except Malformed as error:
        return None, str(error)


def _participants(prt: Segment) -> Iterator[Participant]:
    """PRT, once for each address it gives."""
    for repetition in range(1, max(prt.count(15), 1) + 1):
        yield Participant(
            kind=prt.text(4),
            person=prt.text(5, 1),
            family=prt.text(5, 2),
            given=prt.text(5, 3),
            organization=prt.text(8, 1),
            finess=prt.text(8, 10),
            finess_type=prt.text(8, 7),
            address=prt.text(15, 4, repetition=repetition),
        )


def _choice(item: _Observation) -> Choice:
    obx = item.obx
    note = next((found.text(4) for found in item.notes if found.text(4)), "")
    return Choice(obx.text(3), obx.text(5), obx.text(3, 2), obx.text(2), note)


def _body(item: _Observation) -> MailBody:
    content, problem = _decoded(item.obx)
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        text, problem = "", problem or f"not UTF-8: {error.reason}"
    if len(text) > MAX_BODY:
        text, problem = "", f"more than {MAX_BODY} characters"
    if "\0" in text:
        text, problem = "", "holds a null character"
    return MailBody(item.obx.text(3), text, problem)
