"""DMP mock, rules: what the patient decided about a user, and the rules every service shares.

A professional may be authorised or blocked; the patient may be opposed to an access mode.
Source: PDT-INF-526 v1.8 and its notes; PDSm4DMP. Not here: the rights matrix (``rights``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from kit.rules import Finding, RuleBook
from mocks.dmp import errors
from mocks.dmp.messages.habilitation import ATTENDING_ROLE, Authorization
from mocks.dmp.messages.record import PatientRecord
from mocks.dmp.rules import minors
from mocks.dmp.rules.caller import DmpUser, Standing
from mocks.dmp.rules.rights import User

NORMAL, REGULATION, BREAK_GLASS = "normal", "centre_15", "bris_de_glace"
EXPIRED, VALID, NOT_GIVEN, BLOCKED = "EXPIREE", "VALIDE", "ABSENTE", "INTERDITE"
ATTENDING_COLUMN = {
    User.DOCTOR: User.ATTENDING,
    User.STRONG_DOCTOR: User.STRONG_ATTENDING,
}


def authorization_of(
    user: DmpUser, known: Iterable[Authorization], *, now: datetime, days: int = 0
) -> str:
    """What AUTORISATION of TD0.2 says of a user; ``days``: how long one lasts, 0 for ever.

    VALIDE and INTERDITE are confirmed, EXPIREE and ABSENTE are the bench's words.
    """
    own = [item for item in known if item.holder in (user.person_id, user.structure)]
    if any(not item.is_active for item in own):
        return BLOCKED
    if not own:
        return NOT_GIVEN
    started = [item.started_at for item in own if item.started_at]
    is_late = days and started and max(started) + timedelta(days=days) <= now
    return EXPIRED if is_late else VALID


def standing_of(
    user: DmpUser,
    record: PatientRecord | None,
    known: Iterable[Authorization],
    *,
    now: datetime,
    days: int = 0,
    is_lenient: bool = False,
    are_minors_judged: bool = False,
) -> DmpUser:
    """The user with what the patient decided about them, in the column that makes them."""
    every = tuple(known)
    said = authorization_of(user, every, now=now, days=days)
    attends = any(
        item.holder == user.person_id and item.role == ATTENDING_ROLE and item.is_active
        for item in every
    )
    opposed = record is not None and (
        (user.access_mode == BREAK_GLASS and record.opposed_to_break_glass)
        or (user.access_mode == REGULATION and record.opposed_to_regulation)
    )
    standing = Standing(
        authorization=VALID if is_lenient and said != BLOCKED else said,
        is_mode_opposed=opposed,
        may_read_masked=record is not None and record.shows_masked_in_emergency,
        is_minor=record is not None and minors.is_minor(record.birth_date, now.date()),
        are_minors_judged=are_minors_judged,
    )
    column = ATTENDING_COLUMN.get(user.user, user.user) if attends else user.user
    return replace(user, user=column, standing=standing)


def user_in(around: Any) -> DmpUser:
    """The user among what stands around a request, or the user alone."""
    return around if isinstance(around, DmpUser) else around.user


def the_professional_is_not_blocked(_: Any, around: Any) -> Iterator[Finding]:
    user = user_in(around)
    if user.standing.authorization == BLOCKED:
        yield Finding(user.person_id, "authorisation", BLOCKED, "a professional not blocked")


def the_patient_accepts_the_access_mode(_: Any, around: Any) -> Iterator[Finding]:
    user = user_in(around)
    if user.standing.is_mode_opposed:
        yield Finding(user.person_id, "purposeofuse", user.access_mode, NORMAL)


def the_user_is_authorised(_: Any, around: Any) -> Iterator[Finding]:
    user = user_in(around)
    said = user.standing.authorization
    if not user.is_server and user.access_mode == NORMAL and said in (NOT_GIVEN, EXPIRED):
        wanted = f"{VALID}: TD0.3 AJOUT first"
        yield Finding(user.person_id, "authorisation", said, wanted)


def a_secret_connection_is_for_a_minor(_: Any, around: Any) -> Iterator[Finding]:
    user = user_in(around)
    if user.standing.are_minors_judged:
        yield from minors.secrecy(user)


def guard(book: RuleBook, *, consults: Callable[[Any], bool] = lambda _: True) -> None:
    """Add the shared rules to a book; ``consults``: whether a request looks into the record."""
    book.rule(errors.BLOCKED, source="M526: a blocked professional is always refused")(
        the_professional_is_not_blocked
    )
    book.rule(errors.MINOR, source=minors.GUIDE)(a_secret_connection_is_for_a_minor)
    for code, source, check in (
        (errors.MODE_OPPOSED, "DMP examples, OPPOSITION_*", the_patient_accepts_the_access_mode),
        (errors.NOT_AUTHORISED, "PDSm4DMP: consultation needs one", the_user_is_authorised),
    ):
        book.rule(code, source=source)(_when(consults, check))


def _when(wanted: Callable[[Any], bool], check: Callable[..., Iterator[Finding]]) -> Any:
    def judged(asked: Any, around: Any) -> Iterator[Finding]:
        if wanted(asked):
            yield from check(asked, around)

    judged.__name__ = check.__name__
    judged.__doc__ = check.__doc__
    return judged
