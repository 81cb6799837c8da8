"""DMP mock, rules: minors, their legal representatives, and the secret connection.

A minor's representatives see the record unless a document or an access is kept from them. What
the real service refuses here is not published: ``BANC_DMP_MINORS`` strict refuses, lenient notes
in the journal. Pure. Not here: what a representative sees (``messages.pages``).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date

from kit.rules import Finding
from kit.xds.metadata import DocumentEntry
from mocks.dmp.messages.update import NOT_REPRESENTATIVES
from mocks.dmp.rules.caller import DmpUser

MAJORITY = 18  # years; Code civil, article 388
GUIDE = "DMP integrator guide, EX_0.1-1100; strictness is a choice of the bench"
CONFIDENTIALITY = "CI-SIS, partage: JDV_J08; strictness is a choice of the bench"
SECRET = "confidentiality-code"  # last part of the attribute's name  # noqa: S105


def is_minor(birth_date: str, on: date) -> bool:
    """Whether somebody born on a day (``YYYY-MM-DD``, may be lunar) is under age.

    What is unknown of the day counts as late as it may be. Nobody knows: of age.
    """
    if not birth_date[:4].isdigit():
        return False
    year, month, day = birth_date[:4], birth_date[5:7], birth_date[8:10]
    last = "12" if month in ("", "00") else month, "31" if day in ("", "00") else day
    return on.isoformat() < f"{int(year) + MAJORITY}-{last[0]}-{last[1]}"


def secrecy(user: DmpUser) -> Iterator[Finding]:
    """What is odd in a secret connection: for whom, and how it is asked."""
    if not user.secret:
        return
    if user.secret != NOT_REPRESENTATIVES:
        yield Finding(user.person_id, SECRET, user.secret, NOT_REPRESENTATIVES)
    if not user.standing.is_minor:
        yield Finding(user.person_id, SECRET, "a patient of age", "the record of a minor")


def kept_from_representatives(
    entries: Iterable[DocumentEntry], *, is_minor: bool
) -> Iterator[Finding]:
    """Documents kept from the representatives of somebody who has none: a patient of age."""
    for entry in () if is_minor else entries:
        if any(code.code == NOT_REPRESENTATIVES for code in entry.confidentiality_codes):
            field = f"confidentialityCode {NOT_REPRESENTATIVES}"
            yield Finding(entry.unique_id, field, "a patient of age", "the record of a minor")


def unkept_secrets(entries: Iterable[DocumentEntry], user: DmpUser) -> Iterator[Finding]:
    """Documents fed by a secret connection that the representatives will see nevertheless."""
    for entry in entries if user.secret and user.standing.is_minor else ():
        if all(code.code != NOT_REPRESENTATIVES for code in entry.confidentiality_codes):
            yield Finding(entry.unique_id, "confidentialityCode", "", NOT_REPRESENTATIVES)


def told(findings: Iterable[Finding]) -> list[str]:
    """What a lenient bench notes in the journal."""
    return [
        f"{item.subject}: {item.field}, {item.seen or 'absent'}; usual: {item.expected}"
        for item in findings
    ]
