"""Rules of a hand-over: each one with what passes and what it refuses."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from kit.identity import Ins
from kit.rules import Code, Refused
from kit.xds.metadata import Coded
from simulator.gateway import choices as rules_of_choices
from simulator.gateway import errors, rules
from simulator.gateway.choices import transmission
from simulator.gateway.messages import (
    MailBody,
    Participant,
    PatientIds,
    SentDocument,
    Transmission,
    code_of,
    read_transmission,
)
from tests.simulator.gateway.builders import (
    a_citizen,
    a_letter,
    a_patient,
    a_recipient,
    a_sender,
    an_mdm,
    an_oru,
    choices,
    octets,
)


class NobodyOpposed:
    def is_opposed(self, ins: Ins) -> bool:
        return False


class EverybodyOpposed:
    def is_opposed(self, ins: Ins) -> bool:
        return True


AROUND = rules.Around(NobodyOpposed())
LETTER, OTHER = a_letter(), a_letter(a_patient(rank=1), 2)
NEXT = a_letter(version=2, unique_id="1.2.250.1.999.1.1.777", replaces=LETTER.unique_id)
PAT = ("DESTMSSANTEPAT",)
BOTH = ("DESTMSSANTEPS", "DESTMSSANTEPAT")
PEOPLE = (a_sender(LETTER), a_recipient(), a_citizen(LETTER.patient))


def broken(sent: Transmission, around: rules.Around = AROUND) -> set[str]:
    return {refusal.rule for refusal in transmission.findings(sent, around)}


def of(changed: str, **changes: Any) -> tuple[Any, ...]:
    """The choices of a letter for the DMP with one of them changed."""
    return tuple(
        replace(item, **changes) if item.code == changed else item for item in choices("DESTDMP")
    )  # fmt: skip


GOOD = [
    an_mdm(),
    an_oru(),
    an_mdm(trigger="T04"),
    an_mdm(NEXT, trigger="T10"),
    an_mdm(yes=("DESTMSSANTEPS", "INVISIBLE_PATIENT")),
    an_mdm(yes=("DESTMSSANTEPS", "INVISIBLE_PATIENT", "CONNEXION_SECRETE", "DESTDMP")),
    an_mdm(yes=BOTH, participants=PEOPLE),
    an_mdm(yes=(*BOTH, "DESTDMP", "CONNEXION_SECRETE"), participants=PEOPLE, note="FIN"),
    an_mdm(yes=PAT, participants=PEOPLE),
    an_mdm(yes=(*PAT, "MASQUE_PS", "INVISIBLE_REP_LEGAUX"), participants=PEOPLE),
    an_mdm(yes=("DESTDMP", "MASQUE_PS")),
    an_mdm(yes=()),
    an_mdm(patient=replace(an_mdm().patient, reliability=("QUAL",))),
]


@pytest.mark.parametrize("sent", GOOD)
def test_a_right_message_breaks_no_rule(sent: Transmission) -> None:
    assert broken(sent) == set()
    assert broken(read_transmission(octets(sent))) == set()


def document(**changes: Any) -> tuple[SentDocument, ...]:
    return (replace(an_mdm().documents[0], **changes),)


def envelope(sent: Transmission, **changes: Any) -> Transmission:
    assert sent.envelope is not None
    return replace(sent, envelope=replace(sent.envelope, **changes))


SEGMENTS = ("MSH", "EVN", "PID", "PV1", "ORC", "OBR", "TXA", "OBX")
WITHOUT_INS = replace(an_mdm().patient, ins=None)
BAD = [  # what is sent, the rule it breaks
    (an_mdm(segments=SEGMENTS[:1] + SEGMENTS[2:]), "every_segment_of_the_structure_is_there"),
    (an_mdm(segments=("MSH", "PID", "EVN", *SEGMENTS[3:])), "segments_come_in_their_order"),
    (an_mdm(segments=(*SEGMENTS[:3], *SEGMENTS[2:])), "one_message_is_one_order"),
    (an_mdm(documents=()), "the_message_carries_documents"),
    (an_mdm(documents=document() * 2), "the_message_carries_documents"),
    (an_mdm(documents=document(data_type="TX")), "a_document_is_encapsulated"),
    (an_mdm(order_control="RO"), "order_status_and_trigger_agree"),
    (an_mdm(order_control="XX"), "order_status_and_trigger_agree"),
    (an_mdm(documents=document(status="C")), "order_status_and_trigger_agree"),
    (an_mdm(type=Coded("34112-3", "LN", "CRH")), "the_document_type_is_said_once"),
    (envelope(an_mdm(), type_code="34112-3"), "the_document_type_is_said_once"),
    (envelope(an_mdm(), availability="CA"), "a_document_is_available"),
    (an_mdm(documents=document(problem="not base64", header=None)), "a_document_can_be_read"),
    (
        an_mdm(documents=document(type=Coded("34112-3", "LN"))),
        "the_document_is_of_the_type_announced",
    ),
    (
        an_mdm(documents=(replace(an_mdm(OTHER).documents[0]),)),
        "message_and_document_are_about_one_patient",
    ),
    (an_mdm(patient=WITHOUT_INS), "message_and_document_are_about_one_patient"),
    (an_mdm(patient=WITHOUT_INS), "dmp_and_patient_need_an_ins"),
    (an_mdm(patient=replace(an_mdm().patient, reliability=("PROV",))), "an_ins_is_qualified"),
    (
        an_mdm(patient=PatientIds(Ins("187109300154500", "1.2.3"), reliability=("VALI",))),
        "an_ins_is_qualified",
    ),
    (envelope(an_mdm(), document_id="1.2.3"), "the_identifier_is_that_of_the_document"),
    (
        envelope(an_mdm(NEXT, trigger="T10"), parent_id=""),
        "a_replacement_names_what_it_replaces",
    ),
    (
        envelope(an_mdm(NEXT, trigger="T10"), parent_id="1.2.3"),
        "a_replacement_names_what_it_replaces",
    ),
    (envelope(an_mdm(), parent_id="1.2.3"), "only_a_replacement_has_a_parent"),
    (an_mdm(choices=choices()[1:]), "each_choice_is_made_once"),
    (an_mdm(choices=choices() + choices()[:1]), "each_choice_is_made_once"),
    (an_mdm(choices=of("DESTDMP", value="O")), "a_choice_is_known_and_is_yes_or_no"),
    (an_mdm(choices=of("DESTDMP", code="DEST")), "a_choice_is_known_and_is_yes_or_no"),
    (an_mdm(choices=choices()[::-1]), "choices_come_in_their_order"),
    (an_mdm(choices=choices(kind="CE")), "a_choice_is_coded"),
    (replace(an_oru(), choices=choices()), "a_choice_is_coded"),
    (an_mdm(yes=("DESTMSSANTEPS",)), "destinations_and_visibility_go_together"),
    (
        an_mdm(yes=("DESTMSSANTEPS", "INVISIBLE_PATIENT", "MASQUE_PS")),
        "destinations_and_visibility_go_together",
    ),
    (
        an_mdm(yes=(*PAT, "DESTDMP"), participants=PEOPLE),
        "destinations_and_visibility_go_together",
    ),
    (
        an_mdm(yes=(*PAT, "INVISIBLE_PATIENT"), participants=PEOPLE),
        "what_the_patient_may_not_see_is_not_sent_to_him",
    ),
    (an_mdm(participants=()), "the_sender_is_named"),
    (an_mdm(participants=(Participant("SB", person="8"),)), "the_sender_is_named"),
    (an_mdm(yes=BOTH, participants=PEOPLE[:2]), "a_mail_has_a_recipient"),
    (an_mdm(yes=BOTH, participants=(PEOPLE[0], PEOPLE[2])), "a_mail_has_a_recipient"),
    (
        an_mdm(participants=(*PEOPLE, a_recipient("a b@c.fr"))),
        "an_address_is_one",
    ),
    (
        an_mdm(participants=(*PEOPLE, Participant("REPLY", address="x@y.test\nBcc: a@b.test"))),
        "an_address_is_one",
    ),
    (an_mdm(participants=(*PEOPLE, Participant("RCT", "8")), yes=BOTH),
     "each_recipient_has_an_address"),
    (
        an_mdm(yes=BOTH, participants=(*PEOPLE[:2], a_citizen(a_patient(rank=1)))),
        "the_mailbox_is_that_of_the_patient",
    ),
    (an_mdm(yes=BOTH, participants=PEOPLE, note="FINI"), "the_note_of_the_patient_is_fin"),
    (an_mdm(bodies=(MailBody("CORPSMAIL_PS", "", "not base64"),)),
     "the_body_of_a_mail_can_be_read"),
]  # fmt: skip


@pytest.mark.parametrize(("sent", "rule"), BAD)
def test_a_broken_rule_is_named(sent: Transmission, rule: str) -> None:
    assert rule in broken(sent)


def test_a_document_without_ins_is_refused_when_the_message_has_one() -> None:
    header = an_mdm().documents[0].header
    assert header is not None
    bare = replace(header, patient=replace(header.patient, ids=()))
    sent = an_mdm(documents=document(header=bare))
    assert broken(sent) == {"a_document_carries_the_ins_of_the_message"}


def test_a_patient_opposed_to_feeding_is_not_sent_to_the_dmp() -> None:
    around = rules.Around(EverybodyOpposed())
    rule = rules_of_choices.a_patient_opposed_to_feeding_is_not_sent_to_the_dmp.__name__
    assert broken(an_mdm(), around) == {rule}
    assert broken(an_mdm(yes=()), around) == set()
    assert broken(an_mdm(trigger="T04"), around) == set()


HEADERS = [  # change of MSH, the rule it breaks, the code of the answer
    ({"code": "SIU"}, "the_type_is_one_we_take", "AR"),
    ({"trigger": "T08"}, "the_trigger_is_one_we_take", "AR"),
    ({"processing_id": "X"}, "the_processing_id_is_known", "AR"),
    ({"version": "2.5"}, "the_version_goes_with_the_type", "AR"),
    ({"profile": "1.1^CISIS_CDA_HL7_LPS"}, "the_profile_is_that_of_the_volet", "AR"),
    ({"control_id": ""}, "the_message_has_a_control_id", "AE"),
    ({"control_id": "x" * 51}, "the_message_has_a_control_id", "AE"),
    ({"application": ""}, "the_creator_is_named", "AE"),
    ({"country": "BEL"}, "the_country_is_france", "AE"),
]


@pytest.mark.parametrize(("change", "rule", "answer"), HEADERS)
def test_a_header_that_is_not_for_us(change: dict[str, str], rule: str, answer: str) -> None:
    rules.header.check(an_mdm().header)
    with pytest.raises(Refused) as caught:
        rules.header.check(replace(an_mdm().header, **change))  # type: ignore[arg-type]
    assert [refusal.rule for refusal in caught.value.refusals] == [rule]
    assert code_of(caught.value.refusals) == answer


def test_every_rule_is_tried_here_and_every_code_has_a_source() -> None:
    tried = {rule for _, rule in BAD} | {rule for _, rule, _ in HEADERS}
    tried |= {
        "a_document_carries_the_ins_of_the_message",
        "a_patient_opposed_to_feeding_is_not_sent_to_the_dmp",
    }
    assert tried == {row.name for row in (*transmission.rows, *rules.header.rows)}
    codes = [item for item in vars(errors).values() if isinstance(item, Code)]
    assert all(code.source and code.meaning for code in codes)
