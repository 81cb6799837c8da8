"""World, the country: one object that answers for the people and structures of a seed.

Pure: two processes with the same seed get the same country without talking. Not here: anything
that came over the wire.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from functools import cached_property, lru_cache
from pathlib import Path

from kit.identity import (
    completed_date,
    ins_key,
    is_ins_number,
    is_lunar_date,
    is_matricule,
    normalized,
)
from kit.settings import Settings
from kit.world import births, places
from kit.world.created import Additions, Created
from kit.world.patients import Patient, Population
from kit.world.professionals import Professional, Staff
from kit.world.published import published_identities
from kit.world.structures import Establishment, establishments


class World:
    """The invented country of a seed."""

    population = births.POPULATION

    def __init__(self, seed: int = 2026, created: Created | None = None) -> None:
        """created: what a user added; structures and professionals are found there too."""
        self.seed = seed
        self.created = created
        self._people = _population(seed)

    def patient(self, index: int) -> Patient:
        """The person of an index from 0 to 69,999,999, in the order of birth date then sex.

        The births from 2026 to 2030 follow, then the published identities. Raises IndexError for
        any other index.
        """
        if index >= births.TOTAL:
            return self.published_identities[index - births.TOTAL]
        return self._people.patient(index)

    def born_between(self, first: date, last: date) -> range:
        """The indices of everybody born from ``first`` to ``last``, both included."""
        return births.born_between(first, last)

    def find_patients(
        self, birth_date: str, sex: str, birth_name: str | None = None
    ) -> Iterator[Patient]:
        """Everybody of that sex born that day (YYYY-MM-DD), published identities first.

        Two thousand at most; with ``birth_name`` only its bearers (compared by ``normalized``), a
        hundred times quicker. An incomplete date is that of ``completed_date``, and so are those
        of the people found: compare ``traits.birth_date``. One that does not exist finds nobody.
        """
        yield from self._published_finds(birth_date, sex, birth_name)
        born_on = _day(completed_date(birth_date))
        if born_on is not None:
            yield from self._people.find(born_on, sex, birth_name)

    def by_matricule(self, matricule: str) -> Patient | None:
        """Who holds, or held, a matricule of 15 characters; a wrong key finds nobody."""
        published = self._published_holders.get(matricule)
        if published is not None:
            return published
        if not is_matricule(matricule):
            return None
        person = self._people.holder(matricule[:13])
        if person is None:
            return None
        known = {person.ins.matricule, *(past.matricule for past in person.history)}
        return person if matricule in known else None

    def by_number(self, number: str) -> Patient | None:
        """Who holds, or held, a number of 13 characters, whatever its key."""
        for matricule, person in self._published_holders.items():
            if matricule[:13] == number:
                return person
        return self.by_matricule(number + ins_key(number)) if is_ins_number(number) else None

    @cached_property
    def published_identities(self) -> tuple[Patient, ...]:
        """The people every INSi test base holds."""
        return published_identities()

    @cached_property
    def establishments(self) -> tuple[Establishment, ...]:
        """All establishments, the regional hospitals first."""
        return establishments()

    def establishment(self, finess: str) -> Establishment | None:
        """The establishment of a FINESS number, of its legal entity or of its site."""
        return self._by_finess.get(finess) or self.additions.establishment(finess)

    @property
    def additions(self) -> Additions:
        """What a user added to the country, as it is now."""
        return self.created.all() if self.created else Additions()

    def professionals(self, finess: str) -> tuple[Professional, ...]:
        """Who works in an establishment, unit by unit; nobody where it is unknown.

        Those a user added are with the structures a user added: plays draw from the others.
        """
        establishment = self.establishment(finess)
        if establishment is None:
            return ()
        known = self._staff.in_establishment.get(establishment.finess_eg)
        if known is not None:
            return known
        site = establishment.finess_eg
        return tuple(item for item in self.additions.professionals if item.finess_eg == site)

    def professional(self, rpps: str) -> Professional | None:
        """The professional of an RPPS number, in an establishment or in town."""
        return self._staff.by_rpps.get(rpps) or self.additions.professional(rpps)

    def correspondents(self, area: str) -> tuple[Professional, ...]:
        """The doctors of town of an area, each with a mailbox.

        area: the code of a region ("53"), else a department by label ("Ille-et-Vilaine (35)"),
        name or code; "53" and the like are regions first.
        """
        if area in places.REGIONS:
            codes = [row.code for row in places.DEPARTMENTS.values() if row.region == area]
        else:
            department = places.department_of(area)
            codes = [department.code] if department else []
        return tuple(person for code in codes for person in self._staff.in_department[code])

    @cached_property
    def _staff(self) -> Staff:
        return _staff(self.seed)

    @cached_property
    def _by_finess(self) -> dict[str, Establishment]:
        entities = {row.finess_ej: row for row in self.establishments}
        return entities | {row.finess_eg: row for row in self.establishments}

    @cached_property
    def _published_holders(self) -> dict[str, Patient]:
        past = {old.matricule: row for row in self.published_identities for old in row.history}
        return past | {row.ins.matricule: row for row in self.published_identities}

    @cached_property
    def _published_births(self) -> dict[tuple[str, str], tuple[Patient, ...]]:
        births_of: dict[tuple[str, str], tuple[Patient, ...]] = {}
        for row in self.published_identities:
            key = (row.traits.birth_date, row.traits.sex)
            births_of[key] = (*births_of.get(key, ()), row)
        return births_of

    def _published_finds(
        self, birth_date: str, sex: str, birth_name: str | None
    ) -> Iterator[Patient]:
        for row in self._published_births.get((birth_date, sex), ()):
            if birth_name is None or normalized(row.traits.birth_name) == normalized(birth_name):
                yield row


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if is_lunar_date(text) else None
    except ValueError:
        return None


@lru_cache(maxsize=8)
def _population(seed: int) -> Population:
    return Population(seed)


@lru_cache(maxsize=8)
def _staff(seed: int) -> Staff:
    return Staff(seed, establishments())


@lru_cache(maxsize=8)
def _world(seed: int, folder: Path) -> World:
    return World(seed, Created(folder))


def world_of(settings: Settings) -> World:
    """The world of the settings' seed and data folder, one for the process."""
    return _world(settings.seed, settings.data_dir)
