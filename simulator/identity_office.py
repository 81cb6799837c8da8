"""Simulator, identity office: how a hospital uses its identity repository while a run goes on.

Admissions are searched before they are created, at the start of a slot; what INSi answered is
kept at its end: two transactions a slot, in an order that does not depend on the network. Not
here: what the repository refuses (``rniv``), the calls (delivery.ins), tables (export).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

from kit.settings import Settings
from kit.world import Patient
from mocks.ins.messages import Individual
from simulator.identities import HeldIdentity, LocalIdentity
from simulator.identity_history import History, Past, plant
from simulator.identity_unit import Case, IdentityUnit
from simulator.rniv import vigilance
from simulator.rniv.agreement import discrepancies
from simulator.rniv.lookup import settle_search
from simulator.rniv.quality import Call
from simulator.rniv.record import Found, Identity
from simulator.rniv.rules import LETTERS_AT_MOST, Search
from simulator.rniv.search_plan import SearchPlan, plan_for
from simulator.rniv.store import Identities, Repository, database_name

FOLDER = "identities"  # of a run: one database file a legal entity
CLERK = "admission office"


@dataclass(frozen=True, slots=True, repr=False)
class IdentityFile:
    """The identities of a legal entity at the end of a run, as its repository holds them.

    held: by admission. calls: each with its instant. work: open lines of the work-list, by kind.
    recognised: the admissions that found an identity. past: who the identities made before the play
    are of, by IPP. joined: when the identity of an admission was merged into another.
    """

    identities: tuple[Identity, ...]
    held: Mapping[str, HeldIdentity]
    calls: tuple[tuple[datetime, Call], ...]
    in_a_duplicate: frozenset[str]
    in_a_collision: frozenset[str]
    work: Mapping[str, int]
    recognised: frozenset[str] = frozenset()
    past: Mapping[str, Patient] = field(default_factory=dict)
    joined: Mapping[str, datetime] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Answered:
    """A search that is over, kept at the end of the slot."""

    plan: SearchPlan
    found: Found | None


class IdentityOffice:
    """The admission office and the identity unit of one legal entity (identitovigilance)."""

    def __init__(
        self,
        repository: Repository,
        admissions: Mapping[str, LocalIdentity],
        unit: IdentityUnit | None = None,
        history: History | None = None,
    ) -> None:
        self._repository = repository
        self._admissions = admissions
        self._unit = unit
        self._history = history
        self._met: set[int] = set()  # who came, by the index of the person
        self._past: dict[str, Past] = {}  # by IPP
        self._recognised: set[str] = set()
        self._joined: dict[str, datetime] = {}  # by admission
        self._searching: dict[str, str] = {}  # by IPP, the admission that asks INSi
        self._found: dict[str, Found] = {}  # what differs from the identity, by IPP
        self._ipps: dict[str, str] = {}  # by admission
        self._current: dict[str, Identity] = {}  # by IPP, as the repository gave it last
        self._answers: dict[str, _Answered] = {}  # by IPP
        self._settled: set[str] = set()  # IPPs whose search was answered, or given up

    def admit(self, keys: Iterable[str]) -> None:
        """Find the identity of each admission, or create it; those known already are skipped."""
        new = sorted(
            (self._admissions[key] for key in keys if key not in self._ipps),
            key=lambda admission: (admission.admitted_at, admission.key),
        )
        if not new:
            return
        with self._repository.open() as identities:
            for admission in new:
                self._recall(identities, admission.patient)
                identity = self._found_or_created(identities, admission)
                self._ipps[admission.key] = identity.ipp
                self._current[identity.ipp] = identity
                self._ask(identity, admission.key)

    def _recall(self, identities: Identities, person: Patient) -> None:
        """What the repository held of somebody before the play, when they come first."""
        if self._history is None or person.index in self._met:
            return
        self._met.add(person.index)
        for past in self._history.of(person):
            self._past[past.ipp] = past
            self._current[past.ipp] = plant(identities, past, by=CLERK)

    def _found_or_created(self, identities: Identities, admission: LocalIdentity) -> Identity:
        """Search by birth date and the start of the name; only the same traits are recognised."""
        typed = admission.typed
        search = Search(typed.birth_date, typed.birth_name[:LETTERS_AT_MOST], CLERK)
        for identity in identities.search(search):
            if not discrepancies(typed, identity.traits):
                self._recognised.add(admission.key)
                return _shown_again(identities, identity, admission)
        return identities.create(
            admission.ipp,
            typed,
            search,
            at=admission.admitted_at,
            by=CLERK,
            evidence=admission.shown,
        )

    def _ask(self, identity: Identity, key: str) -> None:
        """An identity without its INS is searched, once at a time; documents wait for that."""
        if identity.is_retrieved:
            self._settled.add(identity.ipp)
        elif identity.ipp not in self._searching:
            self._searching[identity.ipp] = key
            self._settled.discard(identity.ipp)

    def is_searched_for(self, key: str) -> bool:
        """Whether INSi is asked for this admission: not when the INS is known already."""
        return self._searching.get(self._ipps[key]) == key

    def is_settled(self, key: str) -> bool:
        """Whether documents may be written: INSi answered, was not asked, or was given up."""
        return self._ipps.get(key) in self._settled

    def held(self, key: str) -> HeldIdentity:
        """The identity of an admission."""
        return HeldIdentity(self._admissions[key].patient, self._current[self._ipps[key]])

    def search_plan(self, key: str) -> SearchPlan:
        """What to ask INSi about the identity of an admission; nothing when it may not be."""
        return plan_for(self._current[self._ipps[key]], by=CLERK)

    def note(self, key: str, plan: SearchPlan, person: Individual | None = None) -> None:
        """A search is over: what it gave is kept when the slot ends."""
        found = Found(person.ins, person.traits, person.history) if person else None
        self._answers[self._ipps[key]] = _Answered(plan, found)

    def give_up(self, key: str) -> None:
        """INSi is not asked any more: the identity stays as it is."""
        self._end_search(self._ipps[key])

    def _end_search(self, ipp: str) -> None:
        self._searching.pop(ipp, None)
        self._settled.add(ipp)

    def settle(self, at: datetime) -> None:
        """Keep what INSi answered in this slot."""
        if not self._answers:
            return
        with self._repository.open() as identities:
            for ipp, answered in sorted(self._answers.items()):
                self._current[ipp] = self._settle(identities, ipp, answered, at)
                if not answered.plan.is_to_be_queued:
                    self._end_search(ipp)
        self._answers.clear()

    def _settle(
        self, identities: Identities, ipp: str, answered: _Answered, at: datetime
    ) -> Identity:
        """A clerk accepts what agrees; what differs is for the identity unit."""
        local, found = self._current[ipp].traits, answered.found
        agrees = found is not None and not discrepancies(local, found.traits)
        if found is not None and not agrees:
            self._found[ipp] = found
        by = CLERK if agrees else ""
        return settle_search(identities, ipp, answered.plan, found, at=at, by=by)

    def work(self, at: datetime) -> list[str]:
        """The identity unit works off its list, in the slot where its morning begins.

        Gives the admissions whose identity it corrected: INSi is to be asked again.
        """
        if self._unit is None or not self._unit.is_due(at):
            return []
        with self._repository.open() as identities:
            done = self._unit.work(identities, self._cases(), at)
        self._current |= done.changed
        for key, ipp in self._ipps.items():
            if ipp in done.merged:
                self._ipps[key] = done.merged[ipp]
                self._joined[key] = at
        for gone, stays in done.merged.items():
            self._searching.pop(gone, None)
            if stays not in self._searching:
                self._settled.add(stays)
        return list(self._asked_again(done.asked))

    def _asked_again(self, corrected: Iterable[str]) -> Iterator[str]:
        for ipp in sorted(corrected):
            key = next((key for key, own in self._ipps.items() if own == ipp), None)
            if key is not None and ipp not in self._searching:
                self._ask(self._current[ipp], key)
                yield key

    def _cases(self) -> dict[str, Case]:
        """What the unit has before it, of every identity; the first copy that was made counts."""
        cases: dict[str, Case] = {}
        copies = [(past.ipp, past.person, past.shown) for past in self._past.values()]
        for key, ipp in self._ipps.items():
            admission = self._admissions[key]
            copies.append((ipp, admission.patient, admission.shown))
        for ipp, person, shown in copies:
            if ipp not in cases or cases[ipp].shown is None:
                cases[ipp] = Case(person, self._found.get(ipp), shown)
        return cases

    def file(self) -> IdentityFile:
        """Everything, read again from the repository."""
        with self._repository.open() as identities:
            every = {identity.ipp: identity for identity in identities.every()}
            return IdentityFile(
                tuple(every.values()),
                {
                    key: HeldIdentity(self._admissions[key].patient, every[ipp])
                    for key, ipp in self._ipps.items()
                },
                tuple(identities.work.dated_calls()),
                frozenset(identities.in_a_duplicate()),
                frozenset(identities.in_a_collision()),
                dict(sorted(Counter(i.kind.value for i in identities.work.open_items()).items())),
                frozenset(self._recognised),
                {ipp: past.person for ipp, past in self._past.items()},
                dict(self._joined),
            )

    def close(self) -> None:
        """Close the repository."""
        self._repository.close()


def open_office(
    folder: Path,
    settings: Settings,
    finess: str,
    admissions: Mapping[str, LocalIdentity],
    unit: IdentityUnit | None = None,
    history: History | None = None,
) -> IdentityOffice:
    """The office of a legal entity over its repository, in a file below a run's folder."""
    repository = Repository.of(repository_settings(folder, settings), finess)
    return IdentityOffice(repository, admissions, unit, history)


def forget_repositories(folder: Path) -> None:
    """Take away the repositories an earlier run left in a folder."""
    for path in (folder / FOLDER).glob(f"{database_name('*')}.sqlite*"):
        path.unlink()


def repository_settings(folder: Path, settings: Settings) -> Settings:
    """Where the repositories of a run are: files of its own, whatever the bench's database."""
    return replace(settings, data_dir=folder / FOLDER, database_url="")


def _shown_again(identities: Identities, identity: Identity, admission: LocalIdentity) -> Identity:
    """Who comes again shows a document: an identity nobody had checked becomes so."""
    if identity.is_checked or identity.is_held_back or admission.shown is None:
        return identity
    at = admission.admitted_at
    checked = vigilance.check_document(identity, admission.shown, at=at, by=CLERK)
    return identities.save(checked, at=at)
