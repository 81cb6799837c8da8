"""Simulator, gateway, rules: what a hand-over is refused for: its header, its shape, its document.

Pure: no I/O, no XML. Destinations and what the creator chose: rules of ``choices``. Not here: how
a refusal is written (messages.acknowledgement).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Protocol

from kit.identity import Ins
from kit.rules import Finding, RuleBook
from simulator.gateway import errors
from simulator.gateway.messages.header import PROFILE, Header
from simulator.gateway.messages.transmission import (
    AGREEMENT,
    REPLACE,
    SentDocument,
    Transmission,
)

ENVELOPE, VOLET = "HL7 v2 MSH", "CI-SIS, HL7v2: Transmission de documents CDA en HL7v2, v2.1"
VERSIONS = {"ORU": "2.5", "MDM": "2.6"}
TRIGGERS = {"ORU": ("R01",), "MDM": ("T02", "T04", "T10"), "ADT": ()}
PROCESSING_IDS = ("P", "T", "D")
ORDER = {
    "ORU": ("MSH", "PID", "PV1", "ORC", "OBR", "OBX"),
    "MDM": ("MSH", "EVN", "PID", "PV1", "ORC", "OBR", "TXA", "OBX"),
}

header = RuleBook("HL7 v2 header")
transmission = RuleBook("ORU^R01, MDM^T02, MDM^T04, MDM^T10")


class Consents(Protocol):
    """What a rule may ask of what patients said."""

    def is_opposed(self, ins: Ins) -> bool: ...


@dataclass(frozen=True, slots=True)
class Around:
    """What stands around a message."""

    consents: Consents


# The header: enough to know whether the message is for us.


@header.rule(errors.MESSAGE_TYPE, source=VOLET)
def the_type_is_one_we_take(said: Header) -> Iterator[Finding]:
    if said.code not in TRIGGERS:
        yield Finding(said.control_id, "MSH-9.1", said.code[:20], "ORU, MDM or ADT with ZFA")


@header.rule(errors.EVENT, source=VOLET)
def the_trigger_is_one_we_take(said: Header) -> Iterator[Finding]:
    known = TRIGGERS.get(said.code, ())
    if known and said.trigger not in known:
        yield Finding(said.control_id, "MSH-9.2", said.trigger[:20], " or ".join(known))


@header.rule(errors.PROCESSING_ID, source=ENVELOPE)
def the_processing_id_is_known(said: Header) -> Iterator[Finding]:
    if said.processing_id not in PROCESSING_IDS:
        yield Finding(said.control_id, "MSH-11", said.processing_id[:20], "P, T or D")


@header.rule(errors.VERSION, source=VOLET)
def the_version_goes_with_the_type(said: Header) -> Iterator[Finding]:
    wanted = VERSIONS.get(said.code)
    if wanted and said.version != wanted:
        yield Finding(said.control_id, "MSH-12", said.version[:20], wanted)


@header.rule(errors.PROFILE, source=VOLET)
def the_profile_is_that_of_the_volet(said: Header) -> Iterator[Finding]:
    if said.code in VERSIONS and said.profile != PROFILE:
        yield Finding(said.control_id, "MSH-21", said.profile[:60], PROFILE)


@header.rule(errors.REQUIRED, source=ENVELOPE)
def the_message_has_a_control_id(said: Header) -> Iterator[Finding]:
    if not 0 < len(said.control_id) <= 50:
        yield Finding("", "MSH-10", said.control_id[:60], "1 to 50 characters")


@header.rule(errors.REQUIRED, source=VOLET)
def the_creator_is_named(said: Header) -> Iterator[Finding]:
    for number, name in ((3, said.application), (4, said.facility)):
        if not name:
            yield Finding(said.control_id, f"MSH-{number}", "", "who sends")


@header.rule(errors.TABLE_VALUE, source=VOLET)
def the_country_is_france(said: Header) -> Iterator[Finding]:
    if said.code in VERSIONS and said.country != "FRA":
        yield Finding(said.control_id, "MSH-17", said.country[:20], "FRA")


# The shape of a hand-over.


@transmission.rule(errors.REQUIRED, source=VOLET)
def every_segment_of_the_structure_is_there(sent: Transmission, _: Around) -> Iterator[Finding]:
    for name in ORDER[sent.header.code]:
        if name not in sent.segments:
            yield Finding(sent.header.control_id, name, "", "the segment")


@transmission.rule(errors.SEQUENCE, source=VOLET)
def segments_come_in_their_order(sent: Transmission, _: Around) -> Iterator[Finding]:
    order = ORDER[sent.header.code]
    ranks = [(order.index(name), name) for name in sent.segments if name in order]
    for (before, earlier), (after, later) in pairwise(ranks):
        if after < before:
            yield Finding(sent.header.control_id, later, f"after {earlier}", " ".join(order))


@transmission.rule(errors.CARDINALITY, source=VOLET)
def one_message_is_one_order(sent: Transmission, _: Around) -> Iterator[Finding]:
    for name in ORDER[sent.header.code]:
        if name != "OBX" and sent.segments.count(name) > 1:
            yield Finding(sent.header.control_id, name, str(sent.segments.count(name)), "1")


@transmission.rule(errors.CARDINALITY, source=VOLET)
def the_message_carries_documents(sent: Transmission, _: Around) -> Iterator[Finding]:
    count = len(sent.documents)
    if count == 0 or (sent.header.code == "MDM" and count > 1):
        wanted = "1" if sent.header.code == "MDM" else "1 or more"
        yield Finding(sent.header.control_id, "OBX", f"{count} documents", wanted)


@transmission.rule(errors.DATA_TYPE, source=VOLET)
def a_document_is_encapsulated(sent: Transmission, _: Around) -> Iterator[Finding]:
    for document in sent.documents:
        if document.data_type != "ED":
            yield Finding(document.place, f"{document.place}-2", document.data_type[:20], "ED")


@transmission.rule(errors.TABLE_VALUE, source=f"{VOLET}, else reject")
def order_status_and_trigger_agree(sent: Transmission, _: Around) -> Iterator[Finding]:
    if sent.order_control not in AGREEMENT:
        yield Finding(sent.header.control_id, "ORC-1", sent.order_control[:20], "NW, RO or CA")
        return
    status, trigger = AGREEMENT[sent.order_control]
    if sent.header.code == "MDM" and sent.header.trigger != trigger:
        told = f"{trigger} with ORC-1 {sent.order_control}"
        yield Finding(sent.header.control_id, "MSH-9.2", sent.header.trigger, told)
    for document in sent.documents:
        if document.status != status:
            told = f"{status} with ORC-1 {sent.order_control}"
            yield Finding(document.place, f"{document.place}-11", document.status[:20], told)


@transmission.rule(errors.TABLE_VALUE, source=VOLET)
def the_document_type_is_said_once(sent: Transmission, _: Around) -> Iterator[Finding]:
    for document in sent.documents:
        if document.type.code != sent.type.code:
            yield Finding(
                document.place, f"{document.place}-3", document.type.code, sent.type.code
            )  # fmt: skip
    if sent.envelope is not None and sent.envelope.type_code != sent.type.code:
        yield Finding("TXA", "TXA[1]-2", sent.envelope.type_code, sent.type.code)


@transmission.rule(errors.TABLE_VALUE, source=VOLET)
def a_document_is_available(sent: Transmission, _: Around) -> Iterator[Finding]:
    if sent.envelope is not None and sent.envelope.availability != "AU":
        yield Finding("TXA", "TXA[1]-17", sent.envelope.availability[:20], "AU")


# The document against the message.


@transmission.rule(errors.ANOTHER, source=VOLET)
def a_document_can_be_read(sent: Transmission, _: Around) -> Iterator[Finding]:
    for document in sent.documents:
        if document.problem:
            yield Finding(document.place, f"{document.place}-5", document.problem, "a CDA R2")


@transmission.rule(errors.ANOTHER, source=VOLET)
def the_document_is_of_the_type_announced(sent: Transmission, _: Around) -> Iterator[Finding]:
    for document in _readable(sent):
        code = document.header.code.code if document.header and document.header.code else ""
        if code != document.type.code:
            yield Finding(document.place, "ClinicalDocument/code", code, document.type.code)


@transmission.rule(errors.NO_INS, source=VOLET)
def a_document_carries_the_ins_of_the_message(sent: Transmission, _: Around) -> Iterator[Finding]:
    for document in _readable(sent):
        if sent.patient.ins is not None and _ins(document) is None:
            yield Finding(document.place, "recordTarget", "no INS", sent.patient.ins.cx)


@transmission.rule(errors.OTHER_INS, source=f"{VOLET}: the same ids as in the CDA")
def message_and_document_are_about_one_patient(sent: Transmission, _: Around) -> Iterator[Finding]:
    for document in _readable(sent):
        ins = _ins(document)
        if ins is not None and ins != sent.patient.ins:
            seen = sent.patient.ins.cx if sent.patient.ins else "none"
            yield Finding(document.place, "PID[1]-3", seen, ins.cx)


@transmission.rule(errors.INCOMPLETE_INS, source="RNIV: an INS comes with VALI")
def an_ins_is_qualified(sent: Transmission, _: Around) -> Iterator[Finding]:
    patient = sent.patient
    if patient.ins is not None and not patient.is_qualified:
        yield Finding(patient.ins.matricule, "PID[1]-32", " ".join(patient.reliability), "VALI")
    if patient.ins is not None and not patient.ins.has_valid_key:
        yield Finding(patient.ins.matricule, "PID[1]-3", patient.ins.key, "a right key")


@transmission.rule(errors.WRONG_VERSION, source=VOLET)
def the_identifier_is_that_of_the_document(sent: Transmission, _: Around) -> Iterator[Finding]:
    if sent.envelope is None:
        return
    for document in _readable(sent):
        if sent.envelope.document_id != sent.document_id(document):
            told = sent.document_id(document)
            yield Finding(document.place, "TXA[1]-12", sent.envelope.document_id, told)


@transmission.rule(errors.WRONG_VERSION, source=VOLET)
def a_replacement_names_what_it_replaces(sent: Transmission, _: Around) -> Iterator[Finding]:
    if sent.order_control != REPLACE:
        return
    if sent.envelope is not None and not sent.envelope.parent_id:
        yield Finding("TXA", "TXA[1]-13", "", "the identifier of the document replaced")
        return
    for document in _readable(sent):
        named = sent.replaced_id(document)
        own = document.header.replaces if document.header else None
        if not named or named == sent.document_id(document):
            yield Finding(document.place, "relatedDocument", named, "another document, RPLC")
        elif own is not None and own.text != named:
            yield Finding(document.place, "TXA[1]-13", named, own.text)


@transmission.rule(errors.WRONG_VERSION, source=VOLET)
def only_a_replacement_has_a_parent(sent: Transmission, _: Around) -> Iterator[Finding]:
    parent = sent.envelope.parent_id if sent.envelope else ""
    if parent and sent.header.trigger == "T02":
        yield Finding("TXA", "TXA[1]-13", parent, "nothing in a new document")


def _readable(sent: Transmission) -> Iterator[SentDocument]:
    return (document for document in sent.documents if document.header is not None)


def _ins(document: SentDocument) -> Ins | None:
    return document.header.patient.ins if document.header else None
