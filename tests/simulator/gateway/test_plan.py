"""The plan: which deliveries a hand-over asks for, and in whose name."""

from __future__ import annotations

from dataclasses import replace

from simulator.gateway.messages import Participant
from simulator.gateway.plan import doctor_of, establishment_of, finess_of, tasks_of, wishes_of
from simulator.gateway.store import Kind
from tests.simulator.gateway.builders import (
    a_citizen,
    a_letter,
    a_recipient,
    a_sender,
    an_mdm,
    an_oru,
    choices,
)
from tests.simulator.stays import a_stay, world

LETTER = a_letter()
PEOPLE = (a_sender(LETTER), a_recipient(), a_recipient(), a_citizen(LETTER.patient))
STRANGER = Participant("SB", "899999999999", "Eric", "Thomas", "Ailleurs", "1300017985", "FINEG")


def test_each_document_is_a_deposit_and_each_mailbox_one_mail() -> None:
    yes = ("DESTDMP", "DESTMSSANTEPS", "DESTMSSANTEPAT")
    sent = an_oru(LETTER)
    sent = replace(
        sent, documents=sent.documents * 2, choices=choices(*yes, kind="CE"), participants=PEOPLE
    )
    wanted = tasks_of(sent)
    assert [item.kind for item in wanted] == [Kind.FEED, Kind.FEED, Kind.MAIL, Kind.MAIL]
    assert [item.target for item in wanted[:2]] == ["0", "1"]
    assert len({item.chain for item in wanted[:2]}) == 1
    assert {item.target for item in wanted[2:]} == {person.address for person in PEOPLE[1:]}


def test_a_deletion_is_a_task_of_its_own_kind() -> None:
    assert [item.kind for item in tasks_of(an_mdm(trigger="T04"))] == [Kind.DELETE]
    assert tasks_of(an_mdm(yes=())) == ()


def test_the_establishment_of_prt_8_delivers_or_our_own() -> None:
    place = a_stay().establishment
    own = world().establishments[3]
    assert establishment_of(an_mdm(LETTER), world(), "") == place
    elsewhere = an_mdm(participants=(STRANGER,))
    assert establishment_of(elsewhere, world(), own.finess_ej) == own
    assert establishment_of(elsewhere, world(), "") == world().establishments[0]
    assert finess_of(replace(STRANGER, finess="x" * 10)) == ""


def test_the_sender_deposits_known_or_not() -> None:
    place = a_stay().establishment
    assert doctor_of(an_mdm(LETTER), world(), place) == a_stay().author
    stranger = doctor_of(an_mdm(participants=(STRANGER,)), world(), place)
    assert (stranger.rpps, stranger.family, stranger.profession) == ("99999999999", "Eric", "10")


def test_the_creator_s_choices_become_wishes() -> None:
    sent = an_mdm(trigger="T04", yes=("ACK_RECEPTION", "MASQUE_PS"), note="FIN", bodies=())
    to_citizen, to_doctor = (wishes_of(sent, is_citizen=given) for given in (True, False))
    assert (to_citizen.forbids_answer, to_doctor.forbids_answer) == (True, False)
    assert to_doctor.mention == "Suppression :"
    assert "supprimé" in to_doctor.body
    assert (to_doctor.asks_for_delivery, to_doctor.asks_for_reading) == (True, False)
    assert to_doctor.visibility == ("MASQUE_PS",)
