"""DMP mock, rules of TD2.1: the right to feed, the patient, the state of the record.

Not here: documents and their metadata (``metadata``, ``codes``), the lot (``lot``).
"""

from __future__ import annotations

from collections.abc import Iterator

from kit.cda import CdaHeader, has_qualified_ins
from kit.identity import NIA_OID, NIR_OID
from kit.rules import Finding
from mocks.dmp import errors
from mocks.dmp.messages.submission import ProvidedDocument, ProvidedLot
from mocks.dmp.rules import minors
from mocks.dmp.rules.access import (
    a_secret_connection_is_for_a_minor,
    the_professional_is_not_blocked,
)
from mocks.dmp.rules.caller import forbidden, same_ins
from mocks.dmp.rules.feeding import ITI, Feeding, cdas, lot_name, name_of, submission
from mocks.dmp.rules.rights import Action, User


@submission.rule(errors.FORBIDDEN, source="PDT-INF-526 v1.8, row TD2.1; PDT-INF-606 v1.3")
def the_user_may_feed(lot: ProvidedLot, around: Feeding) -> Iterator[Finding]:
    del lot
    is_employee = around.user.user == User.EMPLOYEE
    yield from forbidden(Action.FEED_BY_EMPLOYEE if is_employee else Action.FEED, around.user)


submission.rule(errors.BLOCKED, source="M526: a blocked professional is always refused")(
    the_professional_is_not_blocked
)


submission.rule(errors.MINOR, source=minors.GUIDE)(a_secret_connection_is_for_a_minor)


@submission.rule(errors.MINOR, source=minors.CONFIDENTIALITY)
def only_a_minor_has_representatives(lot: ProvidedLot, around: Feeding) -> Iterator[Finding]:
    standing = around.user.standing
    if standing.are_minors_judged:
        entries = lot.submission.health_documents
        yield from minors.kept_from_representatives(entries, is_minor=standing.is_minor)


@submission.rule(errors.NOT_FICTITIOUS, source="bench: fictitious people only")
def the_patient_is_fictitious(lot: ProvidedLot, around: Feeding) -> Iterator[Finding]:
    ins = lot.submission.lot.patient_id
    if around.record is None and ins is not None and ins.oid in (NIR_OID, NIA_OID):
        yield Finding(lot_name(lot), "patientId", ins.cx, "a test OID, 1.2.250.1.213.1.4.10")


@submission.rule(errors.UNKNOWN_PATIENT, source=ITI)
def the_patient_has_a_record(lot: ProvidedLot, around: Feeding) -> Iterator[Finding]:
    if around.record is None or around.record.state == "none":
        yield Finding(
            lot_name(lot), "patientId", lot.submission.lot.patient_cx, "an INS with a DMP"
        )


@submission.rule(errors.DMP_CLOSED, source="PDSm4DMP, feeding")
def the_record_is_open(lot: ProvidedLot, around: Feeding) -> Iterator[Finding]:
    if around.record is not None and around.record.state == "closed":
        yield Finding(lot_name(lot), "patientId", lot.submission.lot.patient_cx, "an open DMP")


@submission.rule(errors.FEEDING_OPPOSED, source="PAM.FR ZFA, opposition to feeding")
def the_patient_is_not_opposed(lot: ProvidedLot, around: Feeding) -> Iterator[Finding]:
    if around.record is not None and around.record.opposed_to_feeding:
        yield Finding(lot_name(lot), "patientId", lot.submission.lot.patient_cx, "no opposition")


@submission.rule(errors.PATIENT_ID_DOES_NOT_MATCH, source="CI-SIS, partage: INS of the VIHF")
def the_patient_is_that_of_the_vihf(lot: ProvidedLot, around: Feeding) -> Iterator[Finding]:
    sent = lot.submission.lot
    if not same_ins(sent.patient_id, around.user.patient_id):
        yield Finding(lot_name(lot), "patientId", sent.patient_cx, around.user.patient_id.cx)


@submission.rule(errors.PATIENT_ID_DOES_NOT_MATCH, source=ITI)
def one_lot_is_about_one_patient(lot: ProvidedLot, _: Feeding) -> Iterator[Finding]:
    sent = lot.submission.lot
    for item in lot.everything:
        if item.entry.patient_cx and item.entry.patient_cx != sent.patient_cx:
            yield Finding(name_of(item), "patientId", item.entry.patient_cx, sent.patient_cx)


@submission.rule(errors.INS_NOT_QUALIFIED, source="national INS reference system, since 10/2023")
def a_document_carries_a_qualified_ins(lot: ProvidedLot, around: Feeding) -> Iterator[Finding]:
    if around.now < around.policy.ins_gate_on:
        return
    for item, header in cdas(lot):
        if not is_qualified(item):
            seen = ", ".join(_missing_traits(header))
            wanted = "INS with a right key, birth name, first given name, birth date, sex"
            yield Finding(name_of(item), "recordTarget", f"missing or wrong: {seen}", wanted)


def is_qualified(item: ProvidedDocument) -> bool:
    """Whether a document carries a qualified INS: matricule with a right key, and the traits."""
    header = item.header
    if header is None or header.patient.ins is None:
        return False
    return has_qualified_ins(header) and header.patient.ins.has_valid_key


def _missing_traits(header: CdaHeader) -> Iterator[str]:
    patient, ins = header.patient, header.patient.ins
    rows: tuple[tuple[str, object], ...] = (
        ("INS", ins),
        ("key of the INS", ins is not None and ins.has_valid_key),
        ("birth name (family BR)", patient.birth_name),
        ("first given name (given BR)", patient.first_given_name),
        ("birth date", patient.birth_time),
        ("sex", patient.sex),
    )
    return (name for name, value in rows if not value)


def minor_remarks(lot: ProvidedLot, around: Feeding) -> list[str]:
    """What is odd about minors in a lot that a lenient bench takes; for the journal."""
    user, entries = around.user, lot.submission.health_documents
    findings = [
        *minors.kept_from_representatives(entries, is_minor=user.standing.is_minor),
        *minors.unkept_secrets(entries, user),
    ]
    return minors.told(findings)
