"""Simulator, identities: what the admission office typed and was shown, and how documents name it.

Pure. A person may come again: each admission types its own traits, right or with a slip. Not here:
the repository that keeps them and their status (``identity_office``, ``rniv``).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

import numpy as np

from kit.identity import IdentityStatus, IdentityTraits, Ins
from kit.world import Patient
from simulator.encounters import Encounter
from simulator.rniv.evidence import Evidence
from simulator.rniv.record import Identity

# Documents shown by adults and their shares, unconfirmed; by minors, with that of a parent.
SHOWN = (
    (0.76, Evidence("CN")),
    (0.92, Evidence("PA")),
    (0.97, Evidence("CS")),
    (1.00, Evidence("LECV")),
)
SHOWN_BY_MINORS = Evidence("LEP", other_proof="CN")
ADULT_YEARS = 18


@dataclass(frozen=True, slots=True)
class LocalIdentity:
    """An admission: the person, the traits as typed, the identity document that was checked (pièce
    d'identité à haut niveau de confiance), if one was."""

    key: str  # finess_ej/index, and which admission of the person when not the first
    patient: Patient
    typed: IdentityTraits
    admitted_at: datetime
    shown: Evidence | None = None

    @property
    def ipp(self) -> str:
        """The local number (identifiant permanent du patient) of an identity created for it."""
        _, _, number = self.key.partition("/")
        index, _, again = number.partition("/")
        return f"{int(index):09}" + (f"-{again}" if again else "")


@dataclass(frozen=True, slots=True)
class HeldIdentity:
    """An identity as the repository holds it, and the person who came under it."""

    person: Patient
    record: Identity

    @property
    def ipp(self) -> str:
        return self.record.ipp

    @property
    def status(self) -> IdentityStatus:
        return self.record.status

    @property
    def outward_ins(self) -> Ins | None:
        """The INS that may travel: of a qualified identity only."""
        return self.record.outward_ins

    def as_patient(self) -> Patient:
        """The person as documents name them: with the traits and the INS that are known here."""
        patient = replace(self.person, traits=self.record.traits)
        return replace(patient, ins=self.record.ins) if self.record.ins else patient


Slip = Callable[[IdentityTraits, np.random.Generator], IdentityTraits]


def draw_local_identity(
    admission: Encounter, stream: np.random.Generator, *, errors: float, checked: float
) -> LocalIdentity:
    """The identity as typed at admission: right, in any case and with accents, or with one slip.

    errors, checked: shares of identities with a slip, and of those checked.
    """
    patient, at = admission.patient, admission.admitted_at
    typed = draw_typed(patient.traits, stream, errors=errors)
    shown = draw_shown(patient, at, stream, checked=checked)
    return LocalIdentity(admission.admission_key, patient, typed, at, shown)


def draw_typed(
    traits: IdentityTraits, stream: np.random.Generator, *, errors: float
) -> IdentityTraits:
    """Traits as somebody types them."""
    if stream.random() < errors:
        traits = SLIPS[int(stream.integers(len(SLIPS)))](traits, stream)
    if stream.random() < 0.5:  # half of the offices type in small letters
        traits = replace(
            traits,
            birth_name=traits.birth_name.title(),
            first_names=tuple(name.title() for name in traits.first_names),
        )
    return traits


def draw_shown(
    patient: Patient, at: datetime, stream: np.random.Generator, *, checked: float
) -> Evidence | None:
    """The identity document somebody showed then, None when nobody checked."""
    is_checked, rank = stream.random() < checked, stream.random()
    if not is_checked:
        return None
    if at.year - int(patient.traits.birth_date[:4]) < ADULT_YEARS:
        return SHOWN_BY_MINORS
    return next(evidence for share, evidence in SHOWN if rank < share)


def swapped_letters(traits: IdentityTraits, stream: np.random.Generator) -> IdentityTraits:
    name = traits.birth_name
    if len(name) < 3:
        return replace(traits, birth_name=name + name[-1])
    at = int(stream.integers(1, len(name) - 1))
    return replace(traits, birth_name=name[:at] + name[at + 1] + name[at] + name[at + 2 :])


def _second_first_name_first(traits: IdentityTraits, _: np.random.Generator) -> IdentityTraits:
    names = traits.first_names
    return replace(traits, first_names=(*names[1:], names[0]))


def _usual_first_name(traits: IdentityTraits, _: np.random.Generator) -> IdentityTraits:
    first = traits.first_names[0]
    return replace(traits, first_names=(first.partition("-")[0][:5], *traits.first_names[1:]))


def day_and_month_swapped(traits: IdentityTraits, _: np.random.Generator) -> IdentityTraits:
    year, month, day = traits.birth_date.split("-")
    if int(day) > 12 or day == month:
        return replace(traits, birth_date=f"{year}-{month}-{max(1, int(day) - 1):02}")
    return replace(traits, birth_date=f"{year}-{day}-{month}")


def _other_sex(traits: IdentityTraits, _: np.random.Generator) -> IdentityTraits:
    return replace(traits, sex="F" if traits.sex == "M" else "M")


def _other_birth_place(traits: IdentityTraits, _: np.random.Generator) -> IdentityTraits:
    """The town where the person lives: seen only when INSi asks for the place."""
    return replace(traits, birth_place="35238" if traits.birth_place != "35238" else "33063")


def _remark_in_the_name(traits: IdentityTraits, _: np.random.Generator) -> IdentityTraits:
    """A remark no name may hold: the client refuses to send it."""
    return replace(traits, birth_name=f"{traits.birth_name}/DOUBLON 2")


SLIPS: tuple[Slip, ...] = (
    swapped_letters,
    _second_first_name_first,
    _usual_first_name,
    day_and_month_swapped,
    _other_sex,
    _other_birth_place,
    _remark_in_the_name,
)
