"""Simulator, gateway, choices: rules on what the creator chose: metadata, destinations, mail.

They join the book of ``rules``. Source: CI-SIS, HL7v2 (send matrix).
Not here: the rest.
"""

from __future__ import annotations

from collections.abc import Iterator

from kit.rules import Finding, Malformed
from mocks.mssante.messages.addresses import matricule_of, read_address
from simulator.gateway import errors
from simulator.gateway.messages.transmission import METADATA, Transmission
from simulator.gateway.rules import VOLET, Around, transmission

__all__ = ["transmission"]

MATRIX = "Mon espace santé mail, send matrix: any other combination is an error"
DATA_TYPES = {"ORU": "CE", "MDM": "CWE"}
ANY = "YN"
# DESTMSSANTEPS, DESTMSSANTEPAT -> what MASQUE_PS, INVISIBLE_PATIENT, INVISIBLE_REP_LEGAUX,
# CONNEXION_SECRETE and DESTDMP may be then.
ALLOWED = {
    ("Y", "Y"): ("N", "N", "N", ANY, ANY),
    ("Y", "N"): ("N", "Y", "N", ANY, ANY),
    ("N", "Y"): (ANY, "N", ANY, "N", "N"),
    ("N", "N"): (ANY, ANY, ANY, ANY, ANY),
}
LIMITED = (*METADATA[:4], "DESTDMP")


@transmission.rule(errors.CARDINALITY, source=VOLET)
def each_choice_is_made_once(sent: Transmission, _: Around) -> Iterator[Finding]:
    codes = [item.code for item in sent.choices]
    for code in METADATA:
        if codes.count(code) != 1:
            yield Finding(code, "OBX-3", f"{codes.count(code)} times", "once")


@transmission.rule(errors.TABLE_VALUE, source=VOLET)
def a_choice_is_known_and_is_yes_or_no(sent: Transmission, _: Around) -> Iterator[Finding]:
    for item in sent.choices:
        if item.code not in METADATA:
            yield Finding(item.code[:40], "OBX-3", item.code[:40], "a code of MetaDMPMSS")
        elif item.value not in ("Y", "N"):
            yield Finding(item.code, "OBX-5", item.value[:40], "Y or N")


@transmission.rule(errors.SEQUENCE, source=f"{VOLET}: in this order")
def choices_come_in_their_order(sent: Transmission, _: Around) -> Iterator[Finding]:
    seen = [item.code for item in sent.choices if item.code in METADATA]
    if seen != sorted(seen, key=METADATA.index):
        yield Finding(sent.header.control_id, "OBX-3", " ".join(seen), " ".join(METADATA))


@transmission.rule(errors.DATA_TYPE, source=VOLET)
def a_choice_is_coded(sent: Transmission, _: Around) -> Iterator[Finding]:
    wanted = DATA_TYPES[sent.header.code]
    for item in sent.choices:
        if item.data_type != wanted:
            yield Finding(item.code[:40], "OBX-2", item.data_type[:20], wanted)


@transmission.rule(errors.OTHER, source=MATRIX)
def destinations_and_visibility_go_together(sent: Transmission, _: Around) -> Iterator[Finding]:
    values = {item.code: item.value for item in sent.choices}
    chosen = (values.get("DESTMSSANTEPS", ""), values.get("DESTMSSANTEPAT", ""))
    if chosen not in ALLOWED:
        return
    for code, allowed in zip(LIMITED, ALLOWED[chosen], strict=True):
        if values.get(code, "") not in allowed:
            told = f"with DESTMSSANTEPS {chosen[0]} and DESTMSSANTEPAT {chosen[1]}"
            yield Finding(code, "OBX-5", values[code], f"{allowed} {told}")


@transmission.rule(errors.OTHER, source="CI-SIS, HL7v2; Mon espace santé mail")
def what_the_patient_may_not_see_is_not_sent_to_him(
    sent: Transmission, _: Around
) -> Iterator[Finding]:
    if sent.says("INVISIBLE_PATIENT") and sent.says("DESTMSSANTEPAT"):
        yield Finding("DESTMSSANTEPAT", "OBX-5", "Y", "N with INVISIBLE_PATIENT Y")


@transmission.rule(errors.INCOMPLETE_INS, source="ECO.2.2.6; CI-SIS, HL7v2")
def dmp_and_patient_need_an_ins(sent: Transmission, _: Around) -> Iterator[Finding]:
    for code in ("DESTDMP", "DESTMSSANTEPAT"):
        if sent.says(code) and sent.patient.ins is None:
            yield Finding(code, "PID[1]-3", "no INS", "a qualified INS")


@transmission.rule(errors.ANOTHER, source="PAM.FR ZFA-9, opposition to feeding; CI-SIS, HL7v2")
def a_patient_opposed_to_feeding_is_not_sent_to_the_dmp(
    sent: Transmission, around: Around
) -> Iterator[Finding]:
    ins = sent.patient.ins
    if sent.says("DESTDMP") and not sent.is_deletion and ins and around.consents.is_opposed(ins):
        yield Finding("DESTDMP", "OBX-5", "Y", "N: ZFA-9 IO was received for this patient")


@transmission.rule(errors.REQUIRED, source=VOLET)
def the_sender_is_named(sent: Transmission, _: Around) -> Iterator[Finding]:
    sender = sent.sender
    if sender is None or not sender.person or not sender.organization:
        yield Finding("PRT SB", "PRT-5", "", "a person (PRT-5) and an organisation (PRT-8)")


@transmission.rule(errors.REQUIRED, source="CI-SIS, HL7v2")
def a_mail_has_a_recipient(sent: Transmission, _: Around) -> Iterator[Finding]:
    if sent.says("DESTMSSANTEPS") and not sent.professionals:
        yield Finding("DESTMSSANTEPS", "PRT-15", "", "the address of a PRT RCT")
    if sent.says("DESTMSSANTEPAT") and not sent.citizens:
        yield Finding("DESTMSSANTEPAT", "PRT-15", "", "a PRT RCT at patient.mssante.fr")


@transmission.rule(errors.DATA_TYPE, source="CI-SIS, HL7v2, PRT-15.4; RFC 5321")
def an_address_is_one(sent: Transmission, _: Around) -> Iterator[Finding]:
    addresses = [person.address for person in (*sent.professionals, *sent.citizens)]
    for address in filter(None, [*addresses, sent.reply_to]):
        try:
            read_address(address)
        except Malformed as error:
            yield Finding(address[:80], "PRT-15", address[:80], error.why)


@transmission.rule(errors.REQUIRED, source="CI-SIS, HL7v2, PRT-15.4")
def each_recipient_has_an_address(sent: Transmission, _: Around) -> Iterator[Finding]:
    if sent.says("DESTMSSANTEPS") and any(not person.address for person in sent.professionals):
        yield Finding("PRT RCT", "PRT-15", "", "an address")


@transmission.rule(errors.OTHER_INS, source="Mon espace santé mail: the patient's own mailbox")
def the_mailbox_is_that_of_the_patient(sent: Transmission, _: Around) -> Iterator[Finding]:
    ins = sent.patient.ins
    for person in sent.citizens:
        if ins is not None and matricule_of(person.address) != ins.matricule:
            wanted = f"{ins.matricule}@patient.mssante.fr"
            yield Finding("PRT RCT", "PRT-15", person.address[:80], wanted)


@transmission.rule(errors.TABLE_VALUE, source="CI-SIS, HL7v2: NTE-4")
def the_note_of_the_patient_is_fin(sent: Transmission, _: Around) -> Iterator[Finding]:
    for item in sent.choices:
        if item.code == "DESTMSSANTEPAT" and item.note not in ("", "FIN"):
            yield Finding(item.code, "NTE-4", item.note[:40], "FIN")


@transmission.rule(errors.DATA_TYPE, source="CI-SIS, HL7v2: CORPSMAIL")
def the_body_of_a_mail_can_be_read(sent: Transmission, _: Around) -> Iterator[Finding]:
    for body in sent.bodies:
        if body.problem:
            yield Finding(body.code, "OBX-5", body.problem, "UTF-8 text in base64")
