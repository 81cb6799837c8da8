"""DMP mock, rules: authorisations, lists and the administration of a record.

TD0.3, TD0.4, TD0.5, TD1.1, TD1.2, TD1.3b, TD1.4, TD1.6. Not here: documents.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from kit.rules import Finding, RuleBook
from mocks.dmp import errors
from mocks.dmp.messages import habilitation as said
from mocks.dmp.messages.demographics import (
    LAST_AUTHORIZATION,
    LAST_DOCUMENT,
    ListQuery,
    PatientQuery,
)
from mocks.dmp.messages.habilitation import AuthorizationChange
from mocks.dmp.messages.record import AT_THE_PATIENTS_DEMAND, CLOSED, NONE, OPEN, PatientRecord
from mocks.dmp.messages.revision import CHANGE, CLOSE, CREATE, REACTIVATE, Revision
from mocks.dmp.rules import minors
from mocks.dmp.rules.access import (
    a_secret_connection_is_for_a_minor,
    guard,
    the_professional_is_not_blocked,
)
from mocks.dmp.rules.caller import DmpUser, forbidden, same_ins
from mocks.dmp.rules.feeding import is_dtm
from mocks.dmp.rules.rights import Action, Note, User, note_of

_M526 = "PDT-INF-526 v1.8; PDT-INF-606 v1.3"
authorization, authorized = RuleBook("TD0.3"), RuleBook("TD1.6")
patient_list, find_patient = RuleBook("TD0.4"), RuleBook("TD0.5")
revision = RuleBook("TD1.1, TD1.2, TD1.3b, TD1.4")
ACTION_OF_REASON = {
    CREATE: Action.CREATE,
    REACTIVATE: Action.REACTIVATE,
    CHANGE: Action.CHANGE_RECORD,
    CLOSE: Action.CLOSE,
}


@dataclass(frozen=True, slots=True)
class Administering:
    """Around a small service: who asks, the record (None: unknown INS)."""

    user: DmpUser
    record: PatientRecord | None
    offers_obsolete: bool = False


# TD0.3


def _action_of(change: AuthorizationChange) -> Action:
    if change.action == said.ADD:
        return Action.ADD_AUTHORIZATION
    return Action.STOP_ATTENDING if change.role else Action.REMOVE_AUTHORIZATION


@authorization.rule(errors.FORBIDDEN, source=f"{_M526}, rows TD0.3")
def the_user_may_change_it(change: AuthorizationChange, around: Administering) -> Iterator[Finding]:
    yield from forbidden(_action_of(change), around.user)


@authorization.rule(errors.REQUEST_REFUSED, source="DMP examples: action and role")
def the_action_and_the_role_are_known(
    change: AuthorizationChange, _: Administering
) -> Iterator[Finding]:
    if change.action not in (said.ADD, said.REMOVE):
        yield Finding("setAuthorization", "action", change.action, f"{said.ADD} or {said.REMOVE}")
    if change.role not in ("", said.ATTENDING_ROLE):
        yield Finding("setAuthorization", "role", change.role, said.ATTENDING_ROLE)


@authorization.rule(errors.FORBIDDEN, source="DMP examples: MT, a doctor")
def only_a_doctor_attends(change: AuthorizationChange, around: Administering) -> Iterator[Finding]:
    doctors = (User.DOCTOR, User.ATTENDING, User.STRONG_DOCTOR, User.STRONG_ATTENDING)
    if change.action == said.ADD and change.role and around.user.user not in doctors:
        yield Finding(around.user.person_id, "role", around.user.user.value, "a doctor")


def _unknown(around: Administering) -> Iterator[Finding]:
    if around.record is None or around.record.state == NONE:
        yield Finding("VIHF", "resource-id", around.user.patient_id.cx, "an INS with a DMP")


def _closed(around: Administering) -> Iterator[Finding]:
    if around.record is not None and around.record.state == CLOSED:
        yield Finding("VIHF", "resource-id", around.user.patient_id.cx, "an open DMP")


@authorization.rule(errors.DMP_NOT_FOUND, source="DMP errors")
@authorized.rule(errors.DMP_NOT_FOUND, source="DMP errors")
def the_record_exists(_: object, around: Administering) -> Iterator[Finding]:
    yield from _unknown(around)


@authorization.rule(errors.DMP_CLOSED, source="DMP errors")
@authorized.rule(errors.DMP_CLOSED, source="DMP errors")
def the_record_is_not_closed(_: object, around: Administering) -> Iterator[Finding]:
    yield from _closed(around)


authorization.rule(errors.BLOCKED, source="M526: a blocked professional is always refused")(
    the_professional_is_not_blocked
)
authorization.rule(errors.MINOR, source=minors.GUIDE)(a_secret_connection_is_for_a_minor)


# TD1.6


@authorized.rule(errors.FORBIDDEN, source=f"{_M526}, row TD1.6")
def the_user_may_see_who_is_authorised(_: str, around: Administering) -> Iterator[Finding]:
    yield from forbidden(Action.LIST_AUTHORIZATIONS, around.user)


@authorized.rule(errors.REQUEST_REFUSED, source="DMP examples: mode")
def the_mode_is_known(mode: str, _: Administering) -> Iterator[Finding]:
    known = (said.ACTIVE, said.FORBIDDEN, said.ALL)
    if mode not in known:
        yield Finding("listAuthorizationByPatient", "mode", mode, " or ".join(known))


guard(authorized)


# TD0.4


@patient_list.rule(errors.FORBIDDEN, source=f"{_M526}, row TD0.4")
def the_user_may_list_records(_: ListQuery, user: DmpUser) -> Iterator[Finding]:
    yield from forbidden(Action.LIST_RECORDS, user)


@patient_list.rule(errors.REQUEST_REFUSED, source="DMP examples: startDate, dateType")
def the_date_and_its_kind_are_known(asked: ListQuery, _: DmpUser) -> Iterator[Finding]:
    known = (LAST_AUTHORIZATION, LAST_DOCUMENT)
    if asked.date_type not in known:
        yield Finding("patientList", "dateType", asked.date_type, " or ".join(known))
    if not is_dtm(asked.start):
        yield Finding("patientList", "startDate", asked.start, "YYYYMMDDhhmmss")


@patient_list.rule(errors.FORBIDDEN, source=f"{_M526}, note 3")
def a_server_lists_new_authorisations_only(asked: ListQuery, user: DmpUser) -> Iterator[Finding]:
    limited = note_of(Action.LIST_RECORDS, user.user, user.access_mode) == Note.NEW_AUTHORIZATIONS
    if limited and asked.date_type == LAST_DOCUMENT:
        yield Finding("patientList", "dateType", asked.date_type, LAST_AUTHORIZATION)


# TD0.5


@find_patient.rule(errors.FORBIDDEN, source=f"{_M526}, row TD0.5: regulation only")
def the_user_regulates(_: PatientQuery, user: DmpUser) -> Iterator[Finding]:
    yield from forbidden(Action.FIND_PATIENT, user)


@find_patient.rule(errors.REQUEST_REFUSED, source="bench: whom the invented country can find")
def a_birth_date_is_asked(asked: PatientQuery, _: DmpUser) -> Iterator[Finding]:
    if not asked.birth_date:
        yield Finding("parameterList", "livingSubjectBirthTime", "", "a birth date")


# TD1.1, TD1.2, TD1.3b, TD1.4


@revision.rule(errors.REQUEST_REFUSED, source="DMP examples: reasonCode of the message")
def the_reason_is_known(asked: Revision, _: Administering) -> Iterator[Finding]:
    if asked.header.reason_code not in ACTION_OF_REASON:
        known = " or ".join(ACTION_OF_REASON)
        yield Finding(asked.header.message_id, "reasonCode", asked.header.reason_code, known)


@revision.rule(errors.FORBIDDEN, source=f"{_M526}; these rows are deduced")
def the_user_may_change_the_record(asked: Revision, around: Administering) -> Iterator[Finding]:
    action = ACTION_OF_REASON.get(asked.header.reason_code)
    if action is not None:
        yield from forbidden(action, around.user)


@revision.rule(errors.OBSOLETE, source="M526: absent from the current rights matrix")
def creation_is_switched_on(asked: Revision, around: Administering) -> Iterator[Finding]:
    reason = asked.header.reason_code
    if reason in (CREATE, REACTIVATE) and not around.offers_obsolete:
        yield Finding(asked.header.message_id, "reasonCode", reason, f"{CHANGE} or {CLOSE}")


@revision.rule(errors.PATIENT_ID_DOES_NOT_MATCH, source="DMP errors: patientId of the VIHF")
def the_patient_is_that_of_the_vihf(asked: Revision, around: Administering) -> Iterator[Finding]:
    if not same_ins(asked.record.patient_id, around.user.patient_id):
        seen, expected = asked.record.patient_id.cx, around.user.patient_id.cx
        yield Finding(asked.header.message_id, "patient/id", seen, expected)


@revision.rule(errors.DMP_FOUND, source="DMP errors: TD1.1, TD1.2")
def a_record_is_created_once(asked: Revision, around: Administering) -> Iterator[Finding]:
    state = around.record.state if around.record else NONE
    wanted = {CREATE: (NONE,), REACTIVATE: (CLOSED, NONE)}.get(asked.header.reason_code)
    if wanted is not None and state not in wanted:
        yield Finding(asked.header.message_id, "patient/id", state, " or ".join(wanted))


@revision.rule(errors.DMP_NOT_FOUND, source="DMP errors")
def the_record_to_change_exists(asked: Revision, around: Administering) -> Iterator[Finding]:
    if asked.header.reason_code != CREATE or around.record is None:
        yield from _unknown(around)


@revision.rule(errors.DMP_CLOSED, source="DMP errors")
def the_record_to_change_is_open(asked: Revision, around: Administering) -> Iterator[Finding]:
    if asked.header.reason_code in (CHANGE, CLOSE):
        yield from _closed(around)


@revision.rule(errors.ATTACHED_TO_MES, source="M526: TD1.3b, TD1.4 for a DMP not attached to MES")
def the_patient_does_not_administer_it(asked: Revision, around: Administering) -> Iterator[Finding]:
    record = around.record
    if record and record.state == OPEN and record.attached_to_mes:
        seen, expected = "RATTACHEMENT_ENS true", "a record not attached"
        yield Finding(asked.header.message_id, "RATTACHEMENT_ENS", seen, expected)


@revision.rule(errors.REQUEST_REFUSED, source="DMP examples: TD1.4, terminated, with a motive")
def a_closing_says_why(asked: Revision, _: Administering) -> Iterator[Finding]:
    if asked.header.reason_code != CLOSE:
        return
    if asked.record.is_open:
        yield Finding(asked.header.message_id, "patient/statusCode", "active", "terminated")
    if asked.record.closing_motive != AT_THE_PATIENTS_DEMAND:
        seen = asked.record.closing_motive
        yield Finding(asked.header.message_id, "reasonOf", seen, AT_THE_PATIENTS_DEMAND)


@revision.rule(errors.REQUEST_REFUSED, source="DMP examples: TD1.1, CONSENTEMENT_OUVERTURE_DMP")
def a_creation_has_a_consent(asked: Revision, _: Administering) -> Iterator[Finding]:
    if asked.header.reason_code == CREATE and asked.record.consents_to_opening is not True:
        yield Finding(asked.header.message_id, "CONSENTEMENT_OUVERTURE_DMP", "", "true")


@revision.rule(
    errors.MINOR, source="DMP examples: personalRelationship; strictness is a choice of the bench"
)
def a_representative_consents_for_a_minor(
    asked: Revision, around: Administering
) -> Iterator[Finding]:
    standing, reason = around.user.standing, asked.header.reason_code
    named = any(item.name and item.code for item in asked.record.representatives)
    is_judged = standing.are_minors_judged and reason in (CREATE, CHANGE)
    if is_judged and standing.is_minor and not named:
        wanted = "a legal representative: name and code"
        yield Finding(asked.header.message_id, "personalRelationship", "", wanted)


guard(revision, consults=lambda asked: asked.header.reason_code == CHANGE)
