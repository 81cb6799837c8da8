"""DMP mock, rules: what a question about a record is refused for (TD0.2, TD1.3a)."""

from __future__ import annotations

from collections.abc import Iterator

from kit.rules import Finding, RuleBook
from mocks.dmp import errors
from mocks.dmp.messages.existence import READ_RECORD, TEST_OF_EXISTENCE, ExistenceQuery
from mocks.dmp.rules import minors
from mocks.dmp.rules.access import (
    a_secret_connection_is_for_a_minor,
    the_professional_is_not_blocked,
)
from mocks.dmp.rules.caller import DmpUser, forbidden, same_ins
from mocks.dmp.rules.rights import Action

existence = RuleBook("TD0.2")


@existence.rule(errors.FORBIDDEN, source="PDT-INF-526 v1.8, row TD0.2, TD1.3a; PDT-INF-606 v1.3")
def the_user_may_ask(asked: ExistenceQuery, user: DmpUser) -> Iterator[Finding]:
    yield from forbidden(Action.READ_RECORD if asked.reads_data else Action.EXISTENCE, user)


@existence.rule(errors.REQUEST_REFUSED, source="DMP examples: reasonCode")
def the_reason_is_a_question(asked: ExistenceQuery, _: DmpUser) -> Iterator[Finding]:
    if asked.reason_code not in (TEST_OF_EXISTENCE, READ_RECORD):
        expected = f"{TEST_OF_EXISTENCE} or {READ_RECORD}"
        yield Finding(asked.message_id, "reasonCode", asked.reason_code, expected)


@existence.rule(errors.PATIENT_ID_DOES_NOT_MATCH, source="DMP errors: patientId of the VIHF")
def the_patient_is_that_of_the_vihf(asked: ExistenceQuery, user: DmpUser) -> Iterator[Finding]:
    if not same_ins(asked.patient_id, user.patient_id):
        yield Finding(
            asked.message_id, "patientIdentifier", asked.patient_id.cx, user.patient_id.cx
        )


@existence.rule(errors.BLOCKED, source="M526: a blocked professional reads nothing of a record")
def a_blocked_professional_reads_no_data(asked: ExistenceQuery, user: DmpUser) -> Iterator[Finding]:
    if asked.reads_data:
        yield from the_professional_is_not_blocked(asked, user)


existence.rule(errors.MINOR, source=minors.GUIDE)(a_secret_connection_is_for_a_minor)
