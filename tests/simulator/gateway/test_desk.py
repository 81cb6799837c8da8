"""The desk: what is kept, what is answered, what the journal says."""

from __future__ import annotations

from dataclasses import replace

import pytest

from kit.journal import ACCEPTED, MALFORMED, REFUSED
from simulator.gateway.messages import (
    Acknowledgement,
    encoded,
    read_acknowledgement,
    write_transmission,
)
from simulator.gateway.store import Kind
from tests.simulator.gateway.builders import a_letter, a_patient, an_mdm, an_oru, octets
from tests.simulator.gateway.conftest import Gateway

ADT = (
    "MSH|^~\\&|GAM|CHU-X|DPI|CHU-X|20260304100000||ADT^A01^ADT_A01|{number}|P|2.5^FRA^2.11|||||FRA|"
    "UNICODE UTF-8|FR||2.11^IHE_FRANCE-2.11-PAM\rEVN||20260304100000\r"
    "PID|1||{matricule}^^^ASIP-SANTE-INS-NIR&{oid}&ISO^INS\rZFA|ACTIF|20260304|||||||{said}||IC\r"
)


def ask(gateway: Gateway, data: bytes) -> Acknowledgement:
    return read_acknowledgement(gateway.desk.answer(data))


def an_adt(said: str, number: str = "1") -> bytes:
    ins = a_patient().ins
    return ADT.format(number=number, matricule=ins.matricule, oid=ins.oid, said=said).encode()


def test_a_message_is_kept_with_its_tasks_before_the_answer(gateway: Gateway) -> None:
    sent = an_mdm(yes=("DESTDMP", "DESTMSSANTEPS", "INVISIBLE_PATIENT"))
    answer = ask(gateway, octets(sent))
    assert (answer.code, answer.control_id, answer.problems) == ("AA", "M1", ())
    line = gateway.service.journal.find()[0]
    assert (line.transaction, line.outcome, line.software) == ("MDM^T02", ACCEPTED, "RIS-Y")
    assert line.subject == a_patient().ins.matricule
    assert line.facts["destinations"] == ["DESTDMP", "DESTMSSANTEPS"]
    held = gateway.outbox.message(line.id)
    assert held is not None
    assert held.content == octets(sent)
    assert [task.kind for task in gateway.outbox.tasks_of(line.id)] == [Kind.FEED, Kind.MAIL]
    raw = gateway.service.journal.raw(line.id)
    assert raw is not None
    assert read_acknowledgement(raw[1]) == answer


def test_the_same_message_again_gets_the_same_answer_and_no_more_tasks(gateway: Gateway) -> None:
    first, second = (gateway.desk.answer(octets(an_mdm())) for _ in range(2))
    assert first == second
    assert len(gateway.outbox.tasks(100)) == 1
    assert [line.outcome for line in gateway.service.journal.find()] == [ACCEPTED, ACCEPTED]


def test_another_message_under_the_same_number_is_refused(gateway: Gateway) -> None:
    assert ask(gateway, octets(an_mdm())).code == "AA"
    other = ask(gateway, octets(an_mdm(a_letter(a_patient(rank=1), 2))))
    assert (other.code, other.problems[0].code) == ("AE", "205")
    assert ask(gateway, octets(an_oru())).problems[0].code == "205"


def test_a_refused_message_may_be_sent_again_once_mended(gateway: Gateway) -> None:
    wrong = replace(an_mdm(), order_control="RO")
    answer = ask(gateway, octets(wrong))
    assert (answer.code, answer.problems[0].code) == ("AE", "103")
    assert "order status and trigger agree" in answer.problems[0].told
    assert gateway.outbox.tasks(100) == []
    assert ask(gateway, octets(an_mdm())).code == "AA"


def test_every_refusal_is_told(gateway: Gateway) -> None:
    wrong = replace(an_mdm(), participants=(), order_control="CA")
    problems = ask(gateway, octets(wrong)).problems
    assert {problem.code for problem in problems} == {"101", "103"}
    line = gateway.service.journal.find()[0]
    assert line.outcome == REFUSED
    assert {refusal["rule"] for refusal in line.refusals} == {
        "order_status_and_trigger_agree", "the_sender_is_named"
    }  # fmt: skip


def test_a_code_of_the_application_stands_in_err_5(gateway: Gateway) -> None:
    other = an_mdm(a_letter(a_patient(rank=1), 2))
    answer = ask(gateway, octets(replace(other, patient=an_mdm().patient)))
    problem = answer.problems[0]
    assert (problem.code, problem.application_code) == ("207", "904")


def test_the_answer_is_in_the_encoding_of_the_question(gateway: Gateway) -> None:
    sent = an_mdm(yes=("DESTDMP",), order_control="œ")
    sent = replace(sent, header=replace(sent.header, charset="8859/15", to_facility="Hôpital"))
    answer = gateway.desk.answer(encoded(write_transmission(sent), "8859/15"))
    assert "Hôpital".encode("iso8859-15") in answer
    assert read_acknowledgement(answer).header.charset == "8859/15"


def test_opposition_to_feeding_is_remembered_and_taken_back(gateway: Gateway) -> None:
    assert ask(gateway, an_adt("IO")).code == "AA"
    refused = ask(gateway, octets(an_mdm()))
    assert (refused.code, refused.problems[0].application_code) == ("AE", "906")
    assert ask(gateway, an_adt("NA", "2")).code == "AA"
    assert ask(gateway, octets(an_mdm())).code == "AE"
    assert ask(gateway, an_adt("INO", "3")).code == "AA"
    assert ask(gateway, octets(an_mdm())).code == "AA"


def test_an_acknowledgement_is_never_acknowledged(gateway: Gateway) -> None:
    ack = gateway.desk.answer(octets(an_mdm()))
    assert gateway.desk.answer(ack) == b""
    assert gateway.service.journal.find()[-1].transaction == "ACK^T02"


UNREADABLE = [  # octets, answer, ERR-3
    (b"", "AR", "100"),
    (b"hello", "AR", "100"),
    (b"MSH|^~\\&|A", "AR", "200"),
    (b"MSH#^~\\&#A", "AR", "100"),
    (octets(an_mdm()) + b"\rMSH|^~\\&|A", "AE", "100"),
    (octets(an_mdm()) + b"\x00", "AE", "102"),
    (octets(an_mdm()).replace(b"UNICODE UTF-8", b"UNICODE UTF-7"), "AR", "103"),
]


@pytest.mark.parametrize(("data", "code", "condition"), UNREADABLE)
def test_what_cannot_be_read_is_answered(
    gateway: Gateway, data: bytes, code: str, condition: str
) -> None:
    answer = ask(gateway, data)
    assert (answer.code, answer.problems[0].code) == (code, condition)
    assert gateway.service.journal.find()[0].outcome in (MALFORMED, REFUSED)
    assert gateway.outbox.tasks(10) == []
