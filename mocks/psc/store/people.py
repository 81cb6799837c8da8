"""Pro Santé Connect mock, store: the professionals, who are those of the invented country.

A function of the seed, and those a user added: nothing is stored here.
"""

from __future__ import annotations

from functools import cached_property

from kit.identity import normalized
from kit.world import Establishment, Professional, World
from kit.world.places import REGIONS
from mocks.psc.messages.people import full_name, national_id

MAX_FOUND = 50


class People:
    """The professionals and their places."""

    def __init__(self, world: World) -> None:
        self._world = world

    def get(self, known_as: str) -> Professional | None:
        """The professional of a national identifier."""
        return self._world.professional(known_as[1:]) if known_as.startswith("8") else None

    def establishment(self, professional: Professional) -> Establishment | None:
        """Where a professional is employed; nothing for those in town."""
        return self._world.establishment(professional.finess_eg)

    def legal_entity(self, known_as: str) -> str:
        """FINESS of the legal entity of a professional, for the journal."""
        found = self.get(known_as)
        place = self.establishment(found) if found else None
        return place.finess_ej if place else ""

    def place(self, professional: Professional) -> str:
        """As a page names the place of a professional."""
        found = self.establishment(professional)
        return found.name if found else f"{professional.address.city}, en ville"

    def find(self, text: str) -> list[tuple[Professional, str]]:
        """Those whose name, number or place holds every word; the first ones only."""
        words = normalized(text).split()
        added = [(person, self._told(person)) for person in self._world.additions.professionals]
        everybody = (*added, *self._everybody)
        found = (row for row, told in everybody if all(word in told for word in words))
        return [(row, self.place(row)) for row, _ in zip(found, range(MAX_FOUND), strict=False)]

    @cached_property
    def _everybody(self) -> list[tuple[Professional, str]]:
        employed = [
            person
            for place in self._world.establishments
            for person in self._world.professionals(place.finess_eg)
        ]
        in_town = [person for code in REGIONS for person in self._world.correspondents(code)]
        return [(person, self._told(person)) for person in (*employed, *in_town)]

    def _told(self, person: Professional) -> str:
        place = self.establishment(person)
        finess = f"{place.finess_ej} {place.finess_eg}" if place else ""
        text = f"{full_name(person)} {self.place(person)}"
        return f"{normalized(text)} {national_id(person)} {finess} {person.specialty}"
