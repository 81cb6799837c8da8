"""Simulator, courier: delivers the jobs of one establishment with the clients of ``delivery``.

It knows what only the services told: identities, records, what was sent. Documents are written
when they are first needed. Not here: when a job is due, and when it is tried again (rounds).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from kit.cda import entry_from_cda
from kit.identity import Ins
from kit.xds.metadata import Coded, DocumentEntry
from mocks.dmp.messages import Record
from mocks.mssante.messages.addresses import citizen_address
from mocks.ror.messages import Capacity
from simulator.delivery import Attempt, Outcome, Stamp
from simulator.delivery.dmp import ENTRY, FOUND_LATER, NO_ANSWER, TD2_1, Deposit, DmpClient
from simulator.delivery.ins import InsClient
from simulator.delivery.mssante import Letter, MailClient
from simulator.delivery.ror import RorClient
from simulator.documents import ClinicalDocument, write_document
from simulator.identities import HeldIdentity
from simulator.identity_office import IdentityOffice
from simulator.movements import Mode
from simulator.papers import Paper
from simulator.posting import Job, Task
from simulator.streams import Streams

RECORD_IS_KNOWN_FOR = timedelta(hours=12)  # after a test of existence, TD0.2
NOT_QUALIFIED = "INS_NOT_QUALIFIED"  # why a document is withheld, until its identity is
BED, PLACE = "01", "02"  # TRE_R329
FREE, IN_A_DAY, ANY_GENDER = "02", "03", "03"  # TRE_R330, R331, R332


@dataclass(frozen=True, slots=True)
class Handled:
    """What came of one try of a job. withheld: why nothing was sent, when nothing was."""

    attempts: tuple[Attempt, ...] = ()
    withheld: str = ""

    @property
    def is_over(self) -> bool:
        return not self.attempts or self.attempts[-1].is_final or bool(self.withheld)


@dataclass(slots=True)
class Clients:
    """The four services as one establishment uses them."""

    dmp: DmpClient
    ins: InsClient
    ror: RorClient
    mail: MailClient
    close: Callable[[], Awaitable[None]]


class Courier:
    """The deliveries of one establishment."""

    def __init__(self, clients: Clients, office: IdentityOffice, streams: Streams) -> None:
        self.clients = clients
        self.office = office
        self._streams = streams
        self._documents: dict[tuple[str, Ins | None], ClinicalDocument] = {}
        self._records: dict[str, tuple[datetime, Record | None]] = {}
        self._deposits: dict[str, Deposit] = {}
        self._letters: dict[str, Letter] = {}
        self._lost: set[str] = set()  # jobs whose last lot got no answer
        self._deliver = {
            Task.LOOKUP: self._lookup,
            Task.FEED: self._feed,
            Task.DELETE: self._delete,
            Task.MAIL: self._mail,
            Task.CITIZEN: self._mail,
            Task.BEDS: self._beds,
        }

    def is_ready(self, job: Job) -> bool:
        """Whether what a job stands on is known: documents wait for the identity."""
        if job.task in (Task.LOOKUP, Task.BEDS):
            return True
        return self.office.is_settled(job.identity)

    def may_catch_up(self, job: Job) -> bool:
        """Whether a job that was withheld for its identity may go now."""
        sends = job.hospital.given.habits.sends_withheld
        return sends and self.office.held(job.identity).outward_ins is not None

    def admit(self, jobs: Iterable[Job]) -> None:
        """Before the look-ups of a slot: those who came are searched, or created."""
        self.office.admit(job.identity for job in jobs if job.task is Task.LOOKUP)

    def settle(self, at: datetime) -> list[str]:
        """After the look-ups of a slot: what INSi answered is kept; the identity unit works.

        Gives the admissions INSi is asked about again.
        """
        self.office.settle(at)
        return self.office.work(at)

    async def deliver(self, job: Job, at: datetime, tries: int) -> Handled:
        """One try."""
        stamp = Stamp(at, self._streams.fresh(f"{job.id}/try/{tries}"))
        return await self._deliver[job.task](job, stamp)

    def give_up(self, job: Job) -> None:
        """A job is abandoned: an identity without an answer stays as it was typed."""
        if job.task is Task.LOOKUP:
            self.office.give_up(job.identity)
        self.forget(job)

    def forget(self, job: Job) -> None:
        """A job is over: what was kept for its next try is let go."""
        self._deposits.pop(job.id, None)
        self._letters.pop(job.id, None)
        self._lost.discard(job.id)

    # INSi.

    async def _lookup(self, job: Job, stamp: Stamp) -> Handled:
        if not self.office.is_searched_for(job.identity):
            return Handled(withheld="IDENTITY_KNOWN")
        plan = self.office.search_plan(job.identity)
        if plan.request is None:
            self.office.note(job.identity, plan)
            return Handled(withheld="TRAITS_NOT_SENDABLE")
        found = await self.clients.ins.search(plan, stamp)
        self.office.note(job.identity, found.plan, found.individual)
        return Handled(found.attempts)

    # DMP.

    async def _feed(self, job: Job, stamp: Stamp) -> Handled:
        ins = self.office.held(job.identity).outward_ins
        if ins is None:
            return Handled(withheld=NOT_QUALIFIED)
        attempts: list[Attempt] = []
        why = await self._why_not_feed(job, ins, stamp, attempts)
        if why or (attempts and not attempts[-1].is_final):
            return Handled(tuple(attempts), why)
        if job.id in self._lost and not await self._still_to_send(job, ins, stamp, attempts):
            return Handled(tuple(attempts))
        deposit = await self._deposit(job, ins, stamp, attempts)
        if deposit is None:
            return Handled(tuple(attempts))
        attempts.append(await self.clients.dmp.feed(deposit, stamp))
        if attempts[-1].code == NO_ANSWER:
            self._lost.add(job.id)
        return Handled(tuple(attempts))

    async def _why_not_feed(self, job: Job, ins: Ins, stamp: Stamp, attempts: list[Attempt]) -> str:
        """Why the record cannot be fed, "" when it can; TD0.2 unless it was asked lately."""
        asked_at, record = self._records.get(job.identity, (None, None))
        if asked_at is None or stamp.at - asked_at > RECORD_IS_KNOWN_FOR:
            assert job.paper is not None
            doctor = job.paper.encounter.author
            attempt, record = await self.clients.dmp.exists(ins, doctor, stamp)
            attempts.append(attempt)
            if attempt.outcome is Outcome.FAILED:
                return ""
            if attempt.outcome is Outcome.REFUSED:
                return "TD0.2_REFUSED"
            self._records[job.identity] = (stamp.at, record)
        if record is None:
            return "NO_DMP"
        return "" if record.is_open else "DMP_CLOSED"

    async def _still_to_send(
        self, job: Job, ins: Ins, stamp: Stamp, attempts: list[Attempt]
    ) -> bool:
        """After a lost answer: whether the document did not arrive. TD3.1b tells."""
        assert job.paper is not None
        attempt, entry_uuid = await self.clients.dmp.reference(
            job.paper.unique_id, ins, job.paper.encounter.author, stamp
        )
        attempts.append(attempt)
        if entry_uuid:
            lot = self._deposits[job.id].unique_id
            attempts.append(Attempt(TD2_1, Outcome.DELIVERED, FOUND_LATER, reference=lot))
            return False
        return attempt.outcome is Outcome.DELIVERED

    async def _deposit(
        self, job: Job, ins: Ins, stamp: Stamp, attempts: list[Attempt]
    ) -> Deposit | None:
        """The lot of a job, the same at each try; None when what it replaces is not known yet."""
        if job.id in self._deposits:
            return self._deposits[job.id]
        paper = job.paper
        assert paper is not None
        doctor, replaces = paper.encounter.author, ""
        if paper.replaces is not None:
            attempt, replaces = await self.clients.dmp.reference(paper.replaces, ins, doctor, stamp)
            attempts.append(attempt)
            if attempt.outcome is not Outcome.DELIVERED:
                return None
        cda = self._document(paper).cda
        own = Stamp(stamp.at, self._streams.fresh(f"{job.id}/lot"))
        made = self.clients.dmp.deposit(
            cda,
            doctor,
            own,
            patient_id=ins,
            entry=_flawed(entry_from_cda(cda, entry_uuid=ENTRY)) if job.is_flawed else None,
            replaces=replaces,
            is_full_stay=paper.encounter.mode is Mode.FULL,
        )
        self._deposits[job.id] = made
        return made

    async def _delete(self, job: Job, stamp: Stamp) -> Handled:
        paper, ins = job.paper, self.office.held(job.identity).outward_ins
        assert paper is not None
        if ins is None:
            return Handled(withheld=NOT_QUALIFIED)
        doctor = paper.encounter.author
        attempt, entry_uuid = await self.clients.dmp.reference(paper.unique_id, ins, doctor, stamp)
        if attempt.outcome is not Outcome.DELIVERED:
            return Handled((attempt,))
        if not entry_uuid:
            return Handled((attempt,), "NOT_IN_DMP")
        deleted = await self.clients.dmp.delete(entry_uuid, ins, doctor, stamp)
        return Handled((attempt, deleted))

    # MSSanté.

    async def _mail(self, job: Job, stamp: Stamp) -> Handled:
        paper, address = job.paper, self._address(job)
        assert paper is not None
        if not address:
            return Handled(withheld=NOT_QUALIFIED)
        if job.id not in self._letters:
            own = Stamp(stamp.at, self._streams.fresh(f"{job.id}/letter"))
            self._letters[job.id] = self.clients.mail.letter(
                self._document(paper).cda, paper.encounter.author, address, own
            )
        return Handled((await self.clients.mail.send(self._letters[job.id]),))

    def _address(self, job: Job) -> str:
        """The doctor's mailbox, or the patient's, named after their INS; "" when none may be."""
        if job.recipient:
            return job.recipient.mailbox
        ins = self.office.held(job.identity).outward_ins
        return citizen_address(ins.matricule) if ins else ""

    # ROR.

    async def _beds(self, job: Job, _: Stamp) -> Handled:
        census = job.census
        assert census is not None
        nature = PLACE if census.ward.is_day else BED
        now = Capacity(FREE, census.free, census.at, nature, gender_capacity_available=ANY_GENDER)
        later = replace(now, nb_capacity=census.free_tomorrow, temporality_capacity=IN_A_DAY)
        code = census.ward.unit.code
        return Handled(await self.clients.ror.update_beds(code, (now, later)))

    def _document(self, paper: Paper) -> ClinicalDocument:
        """The document, written once with the identity as it is known then.

        One that left for a doctor without the INS is written again for the DMP, with it: the same
        document, dates and identifiers, under another header (choice of the bench).
        """
        identity = self.office.held(paper.encounter.admission_key)
        key = paper.unique_id, identity.outward_ins
        if key not in self._documents:
            self._documents[key] = write_paper(paper, identity, self._streams)
        return self._documents[key]


def write_paper(paper: Paper, identity: HeldIdentity, streams: Streams) -> ClinicalDocument:
    """Write a document: the same paper and identity give the same bytes."""
    return write_document(
        paper.kind,
        paper.facts(identity),
        unique_id=paper.unique_id,
        set_id=paper.set_id,
        version=paper.version,
        created_at=paper.created_at,
        replaces=paper.replaces,
        stream=streams.fresh(f"{paper.unique_id}/content"),
    )


def _flawed(entry: DocumentEntry) -> DocumentEntry:
    """Metadata with the mistake teams make most: the class of another type of document."""
    wrong = Coded("95", entry.class_code.system if entry.class_code else "", "Gestion")
    return replace(entry, class_code=wrong)
