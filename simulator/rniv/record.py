"""Simulator, RNIV, record: an identity as a hospital keeps it.

Its status is no field: it follows from two independent axes, INS retrieved and document checked.
Not here: what may change it (``rules``), how it is kept (``store``).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from kit.identity import IdentityStatus, IdentityTraits, Ins, completed_date, is_lunar_date
from simulator.rniv.evidence import Channel, Evidence

COG_UNKNOWN = "99999"


class Attribute(StrEnum):
    """What is said of an identity beside its status (attributs; HL7 table 0445)."""

    DOUBTFUL = "DOUT"
    FICTITIOUS = "FICT"
    HOMONYM = "HOMA"
    HOMONYM_DETECTED = "HOMD"


HELD_BACK = frozenset({Attribute.DOUBTFUL, Attribute.FICTITIOUS})


class DateMarker(StrEnum):
    """What of a birth date is uncertain. Source: guide INS, EXI ID 11 and 12, second-hand."""

    CERTAIN = ""
    DAY = "day"
    MONTH = "month"
    DAY_AND_MONTH = "day and month"


# (INS retrieved, document checked) -> status. Source: EXI SI 07, second-hand; RNIV.
STATUS_OF_AXES: dict[tuple[bool, bool], IdentityStatus] = {
    (False, False): IdentityStatus.PROVISIONAL,
    (True, False): IdentityStatus.RETRIEVED,
    (False, True): IdentityStatus.VALIDATED,
    (True, True): IdentityStatus.QUALIFIED,
}
AXES_OF_STATUS = {status: axes for axes, status in STATUS_OF_AXES.items()}


@dataclass(frozen=True, slots=True)
class Found:
    """What a national source gave: INSi, the Application carte Vitale, a datamatrix."""

    ins: Ins
    traits: IdentityTraits
    history: tuple[Ins, ...] = ()


@dataclass(frozen=True, slots=True)
class Complement:
    """Complementary traits (traits complémentaires); a name is here only when a clerk typed it."""

    used_name: str = ""
    used_first_name: str = ""
    address: str = ""
    postal_code: str = ""
    city: str = ""
    phone: str = ""
    mother_name: str = ""
    father_name: str = ""


@dataclass(frozen=True, slots=True)
class Change:
    """A line of an identity's history.

    traits: those that were replaced. ins: the one that was invalidated or replaced.
    """

    at: datetime
    event: str
    by: str
    before: IdentityStatus
    after: IdentityStatus
    traits: IdentityTraits | None = None
    ins: Ins | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Identity:
    """An identity and its history.

    ins: the matricule and OID in force, only while the INS is retrieved.
    ins_history: past numbers as INSi gave them, unchanged. Source: EXI REC 07 and 08, second-hand.
    claimed_ins: read from a datamatrix, worth nothing before INSi checked it.
    merged_into: the IPP of the identity that stays, when this one is a duplicate.
    """

    ipp: str
    traits: IdentityTraits
    created_at: datetime
    is_retrieved: bool = False
    is_checked: bool = False
    ins: Ins | None = None
    ins_history: tuple[Ins, ...] = ()
    claimed_ins: Ins | None = None
    attributes: frozenset[Attribute] = frozenset()
    evidence: Evidence | None = None
    channel: Channel = Channel.TYPED
    date_marker: DateMarker = DateMarker.CERTAIN
    complement: Complement = Complement()
    insi_called_at: datetime | None = None
    merged_into: str = ""
    history: tuple[Change, ...] = ()

    @property
    def status(self) -> IdentityStatus:
        """The status, from the two axes."""
        return STATUS_OF_AXES[self.is_retrieved, self.is_checked]

    @property
    def is_held_back(self) -> bool:
        """Whether it is doubtful or fictitious."""
        return bool(self.attributes & HELD_BACK)

    @property
    def outward_ins(self) -> Ins | None:
        """The INS that documents and messages may carry: of a qualified identity only."""
        return self.ins if self.status is IdentityStatus.QUALIFIED else None

    @property
    def former_traits(self) -> tuple[IdentityTraits, ...]:
        """The traits that were replaced, oldest first."""
        return tuple(change.traits for change in self.history if change.traits is not None)

    @property
    def qualified_at(self) -> datetime | None:
        """Since when it is qualified, None when it is not."""
        return self._since(frozenset({IdentityStatus.QUALIFIED}))

    @property
    def retrieved_at(self) -> datetime | None:
        """Since when it has its INS, None when it has none."""
        return self._since(frozenset({IdentityStatus.RETRIEVED, IdentityStatus.QUALIFIED}))

    def _since(self, statuses: frozenset[IdentityStatus]) -> datetime | None:
        if self.status not in statuses:
            return None
        entered = [
            change.at
            for change in self.history
            if change.after in statuses and change.before not in statuses
        ]
        return entered[-1] if entered else self.created_at


def date_marker(birth_date: str) -> DateMarker:
    """What of a date as it was told is unknown: ``1957-06-00`` -> DAY."""
    if not is_lunar_date(birth_date):
        return DateMarker.CERTAIN
    _, month, day = birth_date.split("-")
    if month == "00":
        return DateMarker.DAY_AND_MONTH if day == "00" else DateMarker.MONTH
    return DateMarker.DAY if day == "00" else DateMarker.CERTAIN


def typed_date(birth_date: str) -> tuple[str, DateMarker]:
    """A birth date as it is kept and its marker: ``1957-06-00`` -> ``1957-06-01``, DAY."""
    return completed_date(birth_date), date_marker(birth_date)
