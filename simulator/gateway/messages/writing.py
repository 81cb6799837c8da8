"""Simulator, gateway, messages, writing: a Transmission as a creator sends it.

Not here: where its values come from.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Iterator

from kit.identity import PROFESSIONAL_OID, STRUCTURE_OID
from kit.xds.metadata import Coded
from simulator.gateway.messages.header import write_header
from simulator.gateway.messages.segments import components, joined, line, value
from simulator.gateway.messages.transmission import (
    METADATA_TABLE,
    SENDER,
    DocumentEnvelope,
    Participant,
    PatientIds,
    SentDocument,
    Transmission,
)

PARTICIPATION, YES_NO = "participation", "expandedYes-NoIndicator"
INS_AUTHORITY = "ASIP-SANTE-INS-NIR"


def write_transmission(sent: Transmission) -> str:
    """The text of a hand-over."""
    return joined(_lines(sent))


def _lines(sent: Transmission) -> Iterator[str]:
    is_mdm = sent.header.code == "MDM"
    yield write_header(sent.header)
    if is_mdm:
        yield line("EVN", {2: value(sent.recorded_at), 6: value(sent.recorded_at)})
    yield _pid(sent.patient)
    visit = components(sent.visit, "", "", "", "VN") if sent.visit else ""
    yield line("PV1", {1: "1", 2: value(sent.patient_class), 19: visit})
    yield line("ORC", {1: value(sent.order_control)})
    yield line("OBR", {1: "1", 4: _coded(sent.type)})
    if sent.envelope is not None:
        yield _txa(sent.envelope)
    yield from _observations(sent, "text" if is_mdm else "TEXT")


def _observations(sent: Transmission, subtype: str) -> Iterator[str]:
    """Documents with their participants, then what was chosen, then the texts of mails."""
    for number, document in enumerate(sent.documents, start=1):
        yield _document(number, document, subtype)
        if number == 1:
            yield from map(_prt, sent.participants)
    chosen = len(sent.documents) + 1
    for number, choice in enumerate(sent.choices, start=chosen):
        what = components(choice.code, choice.label, METADATA_TABLE)
        told = components(choice.value, "", YES_NO)
        yield _obx(number, choice.data_type, what, told, "F")
        if choice.note:
            yield line("NTE", {1: "1", 4: value(choice.note)})
    for number, body in enumerate(sent.bodies, start=chosen + len(sent.choices)):
        data = base64.b64encode(body.text.encode()).decode()
        what = components(body.code, "Corps du mail", METADATA_TABLE)
        yield _obx(number, "ED", what, f"^{subtype}^^Base64^{data}", "F")


def _pid(patient: PatientIds) -> str:
    fields = {
        3: "~".join(_identifiers(patient)),
        5: components(patient.birth_name, patient.first_name, "", "", "", "", "L"),
        7: value(patient.birth_date),
        8: value(patient.sex),
        18: components(patient.account, "", "", "", "AN") if patient.account else "",
        32: "~".join(map(value, patient.reliability)),
    }
    return line("PID", fields)


def _identifiers(patient: PatientIds) -> Iterable[str]:
    if patient.ins is not None:
        authority = f"{INS_AUTHORITY}&{value(patient.ins.oid)}&ISO"
        since = f"^^{patient.ins_since.replace('-', '')}" if patient.ins_since else ""
        yield f"{value(patient.ins.matricule)}^^^{authority}^INS{since}"
    if patient.ipp:
        yield f"{value(patient.ipp)}^^^&{value(patient.ipp_authority)}&ISO^PI"


def _coded(code: Coded) -> str:
    return components(code.code, code.label, code.system)


def _txa(envelope: DocumentEnvelope) -> str:
    fields = {
        1: "1",
        2: value(envelope.type_code),
        3: "TEXT",
        12: _entity(envelope.document_id),
        13: _entity(envelope.parent_id),
        17: value(envelope.availability),
    }
    return line("TXA", fields)


def _entity(identifier: str) -> str:
    root, _, extension = identifier.partition("^")
    return components(extension, "", root, "ISO") if extension else components(root)


def _document(number: int, document: SentDocument, subtype: str) -> str:
    data = base64.b64encode(document.content).decode()
    told = f"^{subtype}^XML^Base64^{data}"
    return _obx(number, document.data_type, _coded(document.type), told, document.status)


def _obx(number: int, kind: str, what: str, told: str, status: str) -> str:
    return line("OBX", {1: str(number), 2: kind, 3: what, 5: told, 11: status}) + "|"


def _prt(part: Participant) -> str:
    authority = f"ASIP-SANTE-PS&{PROFESSIONAL_OID}&ISO^D^^^IDNPS"
    names = "^".join(map(value, (part.person, part.family, part.given)))
    place = f"ASIP-SANTE-ST&{STRUCTURE_OID}&ISO^{value(part.finess_type)}^^^{value(part.finess)}"
    fields = {
        2: "UC",
        4: components(part.kind, "", PARTICIPATION),
        5: f"{names}^^^^^^{authority}" if part.person else "",
        8: f"{value(part.organization)}^^^^^{place}" if part.kind == SENDER else "",
        15: components("", "", "X.400", part.address) if part.address else "",
    }
    return line("PRT", fields)
