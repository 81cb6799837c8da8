"""The rights matrix: who may do what, in which access mode, under which note."""

from __future__ import annotations

from dataclasses import replace

import pytest

from kit.pki import TestPki
from mocks.dmp.rules import user_of
from mocks.dmp.rules.rights import NOTES, RIGHTS, Action, Note, User, allowed, note_of
from tests.mocks.dmp.builders import (
    a_card,
    a_hospital,
    a_vihf,
)

RIGHTS_ROWS = [  # action, user, modes in which it is allowed
    (Action.FEED, User.SERVER, ("normal", "centre_15")),
    (Action.FEED, User.DOCTOR, ("normal", "centre_15", "bris_de_glace")),
    (Action.FEED, User.STRONG_DOCTOR, ()),
    (Action.LIST, User.SERVER, ()),
    (Action.FIND_REFERENCE, User.SERVER, ("normal", "centre_15")),
    (Action.RETRIEVE, User.SERVER, ()),
    (Action.RETRIEVE, User.PROFESSIONAL, ("normal", "centre_15", "bris_de_glace")),
    (Action.DELETE, User.SERVER, ("normal", "centre_15")),
    (Action.EXISTENCE, User.ATTENDING, ("normal", "bris_de_glace")),
    (Action.ADD_AUTHORIZATION, User.EMPLOYEE, ("normal",)),
    (Action.ADD_AUTHORIZATION, User.OCCUPATIONAL, ()),
    (Action.REMOVE_AUTHORIZATION, User.EMPLOYEE, ()),
    (Action.STOP_ATTENDING, User.ATTENDING, ("normal",)),
    (Action.STOP_ATTENDING, User.STRONG_ATTENDING, ()),
    (Action.LIST_RECORDS, User.SERVER, ("normal",)),
    (Action.FIND_PATIENT, User.DOCTOR, ("centre_15",)),
    (Action.FIND_PATIENT, User.SERVER, ("centre_15",)),
    (Action.LIST_AUTHORIZATIONS, User.OCCUPATIONAL, ("normal",)),
    (Action.FEED, User.EMPLOYEE, ()),
    (Action.FEED_BY_EMPLOYEE, User.EMPLOYEE, ("normal",)),
    (Action.RETRIEVE, User.OCCUPATIONAL, ()),
    (Action.RETRIEVE_MASKED, User.ATTENDING, ("normal", "bris_de_glace")),
    (Action.MASK, User.PROFESSIONAL, ("normal",)),
    (Action.ARCHIVE, User.DOCTOR, ("normal", "centre_15", "bris_de_glace")),
    (Action.ARCHIVE, User.PROFESSIONAL, ("normal",)),
    (Action.ARCHIVE, User.STRONG_PROFESSIONAL, ("normal",)),
    (Action.DELETE, User.EMPLOYEE, ("normal",)),
]

NOTE_ROWS = [
    (Action.RETRIEVE_MASKED, User.DOCTOR, "normal", Note.OWN_MASKED),
    (Action.RETRIEVE_MASKED, User.DOCTOR, "centre_15", Note.PATIENT_ALLOWED),
    (Action.RETRIEVE_MASKED, User.ATTENDING, "normal", None),
    (Action.ARCHIVE, User.DOCTOR, "normal", Note.WRITTEN_BY_THE_USER),
    (Action.ARCHIVE, User.DOCTOR, "bris_de_glace", None),
    (Action.LIST_RECORDS, User.EMPLOYEE, "normal", Note.SAME_STRUCTURE),
    (Action.LIST_RECORDS, User.SERVER, "normal", Note.NEW_AUTHORIZATIONS),
    (Action.FEED, User.SERVER, "normal", Note.IMPUTED_TO_THE_STRUCTURE),
    (Action.FIND_REFERENCE, User.SERVER, "normal", Note.ONE_REFERENCE),
    (Action.ADD_AUTHORIZATION, User.EMPLOYEE, "normal", Note.TO_THE_STRUCTURE),
    (Action.DELETE, User.SERVER, "centre_15", Note.WRITTEN_BY_THE_STRUCTURE),
]


@pytest.mark.parametrize(("action", "user", "mode", "note"), NOTE_ROWS)
def test_a_note_limits_a_right(action: Action, user: User, mode: str, note: Note | None) -> None:
    assert note_of(action, user, mode) is note


def test_every_note_is_explained_and_used() -> None:
    used = {
        note_of(action, user, mode)
        for action in Action
        for user in User
        for mode in ("normal", "centre_15", "bris_de_glace")
    }
    assert used - {None} == set(Note) == set(NOTES)


@pytest.mark.parametrize(("action", "user", "modes"), RIGHTS_ROWS)
def test_the_matrix_says(action: Action, user: User, modes: tuple[str, ...]) -> None:
    every = ("normal", "centre_15", "bris_de_glace", "urgence")
    assert tuple(mode for mode in every if allowed(action, user, mode)) == modes


def test_the_matrix_is_complete() -> None:
    assert set(RIGHTS) == {(action, user) for action in Action for user in User}


def test_the_column_follows_from_the_vihf(pki: TestPki) -> None:
    hospital = a_vihf(a_hospital(pki).sign)
    assert user_of(hospital, "1x").user is User.SERVER
    card = a_vihf(a_card(pki), authentication="DIRECTE")
    assert user_of(card, "1x").user is User.DOCTOR
    nurse = replace(card, roles=(replace(card.roles[0], code="60"),))
    assert user_of(nurse, "1x").user is User.PROFESSIONAL
    at_work = replace(card, roles=(card.roles[0], replace(card.roles[1], code="SM25")))
    assert user_of(at_work, "1x").user is User.OCCUPATIONAL
    strong = replace(card, authentication="INDIRECTE_RENFORCEE")
    assert user_of(strong, "1x").user is User.STRONG_DOCTOR
    secretary = replace(strong.roles[0], code="SECRETARIAT_MEDICAL", system="1.2.250.1.213.1.1.4.6")
    assert user_of(replace(strong, roles=(secretary,)), "1x").user is User.STRONG_EMPLOYEE
    assert user_of(replace(card, roles=(secretary,)), "1x").user is User.EMPLOYEE
