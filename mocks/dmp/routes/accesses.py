"""DMP mock, entry points: the access journal of a record, which its patient reads.

Who did what, for which structure, in which access mode, when (traces d'accès). Not here: how it is
shown (``messages.pages``), the journal of the bench (``kit.journal``).
"""

from __future__ import annotations

from collections.abc import Iterable

from kit.journal import Line
from kit.xds.metadata import DocumentEntry
from mocks.dmp.messages import Access
from mocks.dmp.routes import noting
from mocks.dmp.routes.desk import Dmp
from mocks.dmp.rules import DmpUser, minors
from mocks.dmp.store import Documents


def note(
    dmp: Dmp,
    line: Line,
    user: DmpUser,
    documents: Documents,
    entries: Iterable[DocumentEntry | None] = (),
) -> None:
    """One access for each document, or one to the record as a whole.

    A secret connection that is odd is told in the line; a strict bench refused it before.
    """
    patient = dmp.patient(user.patient_id)
    if patient is None:
        return
    noting.remark(line, minors.told(minors.secrecy(user)))
    touched = [(item.unique_id, item.title) for item in entries if item] or [("", "")]
    at = dmp.service.clock.now()
    documents.records.note(
        patient.ins.matricule,
        (
            Access(
                unique_id=unique_id,
                title=title,
                who=user.person_id,
                name=user.name,
                structure=user.structure,
                access_mode=user.access_mode,
                at=at,
                action=line.transaction,
                is_secret=bool(user.secret),
            )
            for unique_id, title in touched
        ),
    )
