"""Simulator, identities: what the admission office typed, and the status that follows from INSi.

An identity is known once per legal entity and person. Transitions: PROVISIONAL, RETRIEVED when
INSi gave the INS, QUALIFIED when the identity document was checked too; VALIDATED when it was
checked but INSi found nobody. Source: RNIV; ins.md 5.2 to 5.4. Not here: the calls (delivery.ins).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from kit.identity import (
    IdentityStatus,
    IdentityTraits,
    Ins,
    is_insi_birth_name,
    is_insi_first_name,
    is_insi_sex,
    unaccented,
)
from kit.world import Patient


@dataclass(frozen=True, slots=True)
class LocalIdentity:
    """An identity in an establishment: the person, the traits as typed, whether a document was
    checked (pièce d'identité à haut niveau de confiance)."""

    key: str  # finess_ej/index
    patient: Patient
    typed: IdentityTraits
    is_checked: bool

    @property
    def ipp(self) -> str:
        """The local number of the patient (identifiant permanent du patient)."""
        return f"{self.patient.index:09}"


@dataclass(slots=True)
class IdentityState:
    """What an establishment knows of an identity while the run goes on."""

    local: LocalIdentity
    status: IdentityStatus = IdentityStatus.PROVISIONAL
    ins: Ins | None = None
    traits: IdentityTraits | None = None  # those of the national base
    is_settled: bool = False  # INSi answered, or was given up

    def retrieved(self, ins: Ins, traits: IdentityTraits) -> None:
        """INSi designated one person (00): its traits replace those typed."""
        checked = self.local.is_checked
        self.status = IdentityStatus.QUALIFIED if checked else IdentityStatus.RETRIEVED
        self.ins, self.traits, self.is_settled = ins, traits, True

    def unknown(self) -> None:
        """INSi designated nobody, was not asked, or was given up."""
        checked = self.local.is_checked
        self.status = IdentityStatus.VALIDATED if checked else IdentityStatus.PROVISIONAL
        self.is_settled = True

    def as_patient(self) -> Patient:
        """The person as documents name them: with the traits and the INS that are known here."""
        patient = replace(self.local.patient, traits=self.traits or self.local.typed)
        return replace(patient, ins=self.ins) if self.ins else patient


Slip = Callable[[IdentityTraits, np.random.Generator], IdentityTraits]


def draw_local_identity(
    key: str, patient: Patient, stream: np.random.Generator, *, errors: float, checked: float
) -> LocalIdentity:
    """The identity as typed at admission: right, in any case and with accents, or with one slip.

    errors, checked: shares of identities with a slip, and of those checked.
    """
    traits = patient.traits
    if stream.random() < errors:
        traits = SLIPS[int(stream.integers(len(SLIPS)))](traits, stream)
    if stream.random() < 0.5:  # half of the offices type in small letters
        traits = replace(
            traits,
            birth_name=traits.birth_name.title(),
            first_names=tuple(name.title() for name in traits.first_names),
        )
    return LocalIdentity(key, patient, traits, bool(stream.random() < checked))


def _swapped_letters(traits: IdentityTraits, stream: np.random.Generator) -> IdentityTraits:
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


def _day_and_month_swapped(traits: IdentityTraits, _: np.random.Generator) -> IdentityTraits:
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
    _swapped_letters,
    _second_first_name_first,
    _usual_first_name,
    _day_and_month_swapped,
    _other_sex,
    _other_birth_place,
    _remark_in_the_name,
)


def sendable(typed: IdentityTraits) -> IdentityTraits | None:
    """The traits as INSi wants them; None when a character has no equivalent.

    Nothing is removed: what cannot be translated must not be sent. Source: ins.md 2.4.
    """
    name = unaccented(typed.birth_name).strip()
    first_names = tuple(unaccented(item).strip() for item in typed.first_names)
    is_right = (
        is_insi_birth_name(name)
        and all(map(is_insi_first_name, first_names))
        and is_insi_sex(typed.sex)
    )
    return replace(typed, birth_name=name, first_names=first_names) if is_right else None
