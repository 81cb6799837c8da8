"""DMP mock, entry points: what the administration of records tells and changes.

From people of the invented country and kept records to the objects of ``messages``, and back.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime

from kit.identity import completed_date, normalized
from kit.world import Patient, World
from kit.xds import write_dtm
from mocks.dmp import messages
from mocks.dmp.messages import PatientMatch, PatientQuery, PatientRecord, Record, Revision
from mocks.dmp.messages.record import CLOSED, NONE, OPEN
from mocks.dmp.messages.revision import CLOSE, CREATE, REACTIVATE
from mocks.dmp.routes.desk import Dmp
from mocks.dmp.rules import DmpUser
from mocks.dmp.rules.rights import User
from mocks.dmp.store import Documents

MOST_MATCHES = 20
_ATTENDING = (User.ATTENDING, User.STRONG_ATTENDING)


def told(patient: Patient, kept: PatientRecord, user: DmpUser, *, in_full: bool) -> Record:
    """The record as an answer shows it; ``in_full``: with the administrative data of TD1.3a."""
    shown = Record(
        patient_id=patient.ins,
        is_open=kept.state == OPEN,
        birth_name=patient.traits.birth_name,
        used_name=patient.used_name,
        given_names=" ".join(patient.traits.first_names),
        sex=patient.traits.sex,
        birth_date=patient.traits.birth_date,
        attached_to_mes=kept.attached_to_mes,
        has_account=kept.attached_to_mes,
        calculated_id=messages.calculated(
            patient.ins, patient.traits.first_name, patient.traits.birth_date
        ),
        authorization="" if user.is_server else user.standing.authorization,
        is_attending_doctor=user.user in _ATTENDING,
        closed_on=write_dtm(kept.closed_at) if kept.closed_at else "",
        closing_motive=kept.closing_motive if kept.state == CLOSED else "",
        closing_reason=kept.closing_reason,
    )
    if not in_full:
        return shown
    return replace(
        shown,
        opposed_to_break_glass=kept.opposed_to_break_glass,
        opposed_to_regulation=kept.opposed_to_regulation,
        telecoms=kept.telecoms,
        street=kept.street,
        postal_code=kept.postal_code,
        city=kept.city,
        birth_place=patient.traits.birth_place,
        is_deceased=False,
        representatives=kept.representatives,
    )


def changed(asked: Revision, kept: PatientRecord, at: datetime) -> PatientRecord:
    """The record once a change is done; what the message does not tell stays."""
    wanted, reason = asked.record, asked.header.reason_code
    if reason == CLOSE:
        return replace(
            kept,
            state=CLOSED,
            closed_at=at,
            closing_motive=wanted.closing_motive,
            closing_reason=wanted.closing_reason,
        )
    if reason in (CREATE, REACTIVATE):
        kept = replace(kept, state=OPEN, closed_at=None, closing_motive="", closing_reason="")
    return replace(
        kept,
        opposed_to_break_glass=_or(wanted.opposed_to_break_glass, kept.opposed_to_break_glass),
        opposed_to_regulation=_or(wanted.opposed_to_regulation, kept.opposed_to_regulation),
        telecoms=wanted.telecoms or kept.telecoms,
        street=wanted.street or kept.street,
        postal_code=wanted.postal_code or kept.postal_code,
        city=wanted.city or kept.city,
        representatives=wanted.representatives or kept.representatives,
    )


def _or(value: bool | None, before: bool) -> bool:
    return before if value is None else value


def candidates(world: World, asked: PatientQuery) -> Iterator[Patient]:
    """Everybody of that birth name born that day, of the sex asked or of both.

    A lunar date is found as it is told and as it is completed.
    """
    day = completed_date(asked.birth_date)
    for sex in (asked.sex,) if asked.sex in ("M", "F") else ("M", "F"):
        found = world.find_patients(asked.birth_date, sex, asked.family)
        yield from (item for item in found if completed_date(item.traits.birth_date) == day)


def matches(
    dmp: Dmp,
    asked: PatientQuery,
    people: Iterable[Patient],
    user: DmpUser,
    documents: Documents,
) -> list[PatientMatch]:
    """Those who have a record, best first: 100 per cent when the first name agrees too."""
    found = []
    for patient in itertools.islice(people, MOST_MATCHES):
        kept = dmp.record(patient, documents)
        if kept is None or kept.state == NONE:
            continue
        given = normalized(asked.given).split()
        agrees = bool(given) and given[0] == normalized(patient.traits.first_names[0])
        shown = told(patient, kept, user, in_full=False)
        found.append(messages.PatientMatch(shown, 100 if agrees else 70))
    return sorted(found, key=lambda match: -match.percent)
