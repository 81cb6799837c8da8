"""DMP mock, entry points of the patient's side: what a patient, or their representative, changes.

Each function is one wish; what it may not do is told in French, with its HTTP status. Not here:
how a wish comes and is answered (``citizen``).
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from datetime import datetime

from werkzeug.exceptions import BadRequest, Conflict, NotFound

from kit.world import Patient
from kit.xds import vocabulary
from kit.xds.metadata import DocumentEntry
from mocks.dmp.messages import Access, Authorization, pages, with_visibility
from mocks.dmp.messages import habilitation as said
from mocks.dmp.messages.record import AT_THE_PATIENTS_DEMAND, CLOSED, OPEN, PatientRecord
from mocks.dmp.messages.update import MASKED
from mocks.dmp.rules.update import is_the_patients
from mocks.dmp.store import Documents

PATIENT, REPRESENTATIVE = "le patient", "un représentant légal"


@dataclass(frozen=True, slots=True)
class Wish:
    """Who wants something, of which record, when."""

    patient: Patient
    record: PatientRecord
    documents: Documents
    matricules: frozenset[str]
    at: datetime
    transaction: str
    as_representative: bool = False

    @property
    def matricule(self) -> str:
        """The current one of the patient."""
        return self.patient.ins.matricule

    def note(self, entry: DocumentEntry | None = None) -> None:
        """A line of the access journal."""
        access = Access(
            unique_id=entry.unique_id if entry else "",
            title=entry.title if entry else "",
            who="",
            name=REPRESENTATIVE if self.as_representative else PATIENT,
            structure="",
            access_mode="",
            at=self.at,
            action=self.transaction,
        )
        self.documents.records.note(self.matricule, [access])

    def document(self, unique_id: str) -> DocumentEntry:
        """A document they see. Raises NotFound."""
        entry = self.documents.entry_of(unique_id)
        owner = entry.patient_id if entry else None
        is_theirs = owner is not None and owner.matricule in self.matricules
        hidden = pages.hidden_from(as_representative=self.as_representative)
        if entry is None or not is_theirs or not pages.is_seen(entry, hidden):
            raise NotFound("Aucun document visible ne porte cet identifiant.")
        return entry

    def own_document(self, unique_id: str) -> DocumentEntry:
        """A document the patient wrote. Raises Conflict: of the others only the mask is theirs."""
        entry = self.document(unique_id)
        if not is_the_patients(entry):
            raise Conflict(
                "Seul un document ajouté par le patient peut être archivé ou supprimé ici ;"
                " celui d'un professionnel peut être masqué."
            )
        return entry


def mask(wish: Wish, unique_id: str, *, hidden: bool) -> None:
    """Mask a document to professionals, or show it again (masquer, démasquer)."""
    entry = wish.document(unique_id)
    if any(code.code == MASKED for code in entry.confidentiality_codes) != hidden:
        changed = with_visibility(entry, MASKED, hidden=hidden)
        wish.documents.show_or_hide(changed, "patient", wish.at)
    wish.note(entry)


def archive(wish: Wish, unique_id: str, *, away: bool) -> None:
    """Put a document of one's own aside, or take it back (archiver, désarchiver)."""
    entry = wish.own_document(unique_id)
    if entry.availability_status == vocabulary.DEPRECATED:
        raise Conflict("Ce document a été remplacé : il ne s'archive plus.")
    wanted = vocabulary.ARCHIVED if away else vocabulary.APPROVED
    wish.documents.set_status(entry.entry_uuid, wanted)
    wish.note(entry)


def delete(wish: Wish, unique_id: str) -> None:
    """Delete a document of one's own, logically (supprimer)."""
    entry = wish.own_document(unique_id)
    wish.documents.set_status(entry.entry_uuid, vocabulary.DELETED)
    wish.note(entry)


def block(wish: Wish, holder: str) -> None:
    """Block a professional or a structure, whatever they were granted (bloquer)."""
    held = _held(wish, holder) or Authorization(_named(holder), started_at=wish.at)
    blocked = replace(held, mode=said.FORBIDDEN, role="", acted_at=wish.at)
    wish.documents.records.authorize(wish.matricule, blocked)
    wish.note()


def unblock(wish: Wish, holder: str) -> None:
    """Forget a blocking (débloquer)."""
    held = _held(wish, _named(holder))
    if held is not None and not held.is_active:
        wish.documents.records.withdraw(wish.matricule, holder)
    wish.note()


def attend(wish: Wish, holder: str) -> None:
    """Make a professional the attending doctor (médecin traitant)."""
    authorise(wish, holder, attends=True)


def authorise(wish: Wish, holder: str, *, attends: bool = False) -> None:
    """Grant a professional or a structure access (autoriser)."""
    held = _held(wish, _named(holder))
    if held is not None and not held.is_active:
        raise Conflict("Ce professionnel est bloqué : il faut d'abord le débloquer.")
    given = held or Authorization(holder, started_at=wish.at, acted_at=wish.at)
    role = said.ATTENDING_ROLE if attends else given.role
    wish.documents.records.authorize(wish.matricule, replace(given, role=role))
    wish.note()


def withdraw(wish: Wish, holder: str) -> None:
    """Take an authorisation back (retirer)."""
    held = _held(wish, _named(holder))
    if held is not None and held.is_active:
        wish.documents.records.withdraw(wish.matricule, holder)
    wish.note()


def choose(wish: Wish, chosen: frozenset[str]) -> None:
    """Oppositions and consents: those that are not chosen are withdrawn."""
    wanted = {name: name in chosen for name, _ in pages.CHOICES}
    kept = {item.name: getattr(wish.record, item.name) for item in fields(PatientRecord)}
    wish.documents.records.keep(wish.matricule, PatientRecord(**(kept | wanted)))
    wish.note()


def close(wish: Wish, reason: str) -> None:
    """Close the record at the patient's demand (fermer)."""
    closed = replace(
        wish.record,
        state=CLOSED,
        closed_at=wish.at,
        closing_motive=AT_THE_PATIENTS_DEMAND,
        closing_reason=reason,
    )
    wish.documents.records.keep(wish.matricule, closed)
    wish.note()


def reopen(wish: Wish) -> None:
    """Open a closed record again (rouvrir); its documents are still there."""
    opened = replace(wish.record, state=OPEN, closed_at=None, closing_motive="", closing_reason="")
    wish.documents.records.keep(wish.matricule, opened)
    wish.note()


def _named(holder: str) -> str:
    if not holder:
        raise BadRequest("Il faut l'identifiant national : 8 + RPPS, ou 1 + FINESS.")
    return holder


def _held(wish: Wish, holder: str) -> Authorization | None:
    known = wish.documents.records.authorizations(wish.matricule)
    return next((item for item in known if item.holder == holder), None)
