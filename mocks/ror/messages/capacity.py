"""ROR messages: a capacity block (indicateur de capacité) of a Location, both ways.

Not here: which blocks a supplier may write (rules).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from kit.rules import Malformed
from mocks.ror.messages import terminology as nos

SUPPORTED_CAPACITY = nos.profile("ror-location-supported-capacity")

# Coded parts: name on the wire -> nomenclature. Source: IG ROR, ror-location-supported-capacity.
CODED = {
    "capacityType": "TRE_R329-NatureCapacite",
    "capacityStatus": "TRE_R330-TypeStatutCapacite",
    "temporalityCapacity": "TRE_R331-TemporaliteCapacite",
    "genderCapacityAvailable": "TRE_R332-GenreCapacite",
    "capacityClosingType": "TRE_R333-TypeFermetureCapacite",
    "additionalBedType": "TRE_R334-TypeLitSupplementaire",
    "capacitySourceType": "TRE_R335-TypeSourceCapacite",
    "crisisType": "TRE_R336-TypeCrise",
    "temporaryAssignement": "TRE_R337-AffectationTemporaire",
}
REQUIRED = (
    "capacityType",
    "capacityStatus",
    "temporalityCapacity",
    "nbCapacity",
    "capacitySourceType",
    "capacityUpdateDate",
    "temporaryAssignement",
)
# The tuple that identifies a block in its Location. Source: ROR guide, "mise à jour des lits".
KEY = (
    "capacityStatus",
    "temporalityCapacity",
    "genderCapacityAvailable",
    "capacityClosingType",
    "additionalBedType",
    "crisisType",
    "temporaryAssignement",
)
PARTS = (*CODED, "nbCapacity", "capacityUpdateDate")


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a block as it came: name, the kind of its value, the value or code."""

    name: str
    kind: str
    value: Any


Parts = tuple[Part, ...]
Key = tuple[str, str, str, str, str, str, str]


@dataclass(frozen=True, slots=True)
class Capacity:
    """One capacity block: how many beds or places in one status. Attributes as in the IG."""

    capacity_status: str
    nb_capacity: int
    capacity_update_date: datetime
    capacity_type: str = "01"
    temporality_capacity: str = "01"
    temporary_assignement: str = "01"
    capacity_source_type: str = "02"
    gender_capacity_available: str = ""
    capacity_closing_type: str = ""
    additional_bed_type: str = ""
    crisis_type: str = ""

    @property
    def key(self) -> Key:
        """The tuple that identifies the block in its Location; "" where a part is absent."""
        return (
            self.capacity_status,
            self.temporality_capacity,
            self.gender_capacity_available,
            self.capacity_closing_type,
            self.additional_bed_type,
            self.crisis_type,
            self.temporary_assignement,
        )


def key_text(key: Iterable[str]) -> str:
    """A key on one line: ``02/01/03/-/-/-/01``."""
    return "/".join(code or "-" for code in key)


def write_capacity(capacity: Capacity) -> dict[str, Any]:
    """The extension of one block."""
    return {
        "url": SUPPORTED_CAPACITY,
        "extension": [_write_part(part) for part in parts_of(capacity)],
    }


def parts_of(capacity: Capacity) -> Parts:
    """The parts of a block, in the order of the profile; absent parts are left out."""
    codes = {
        "capacityType": capacity.capacity_type,
        **dict(zip(KEY, capacity.key, strict=True)),
        "capacitySourceType": capacity.capacity_source_type,
    }
    parts = [Part(name, "CodeableConcept", code) for name, code in codes.items() if code]
    parts.append(Part("nbCapacity", "Integer", capacity.nb_capacity))
    parts.append(
        Part("capacityUpdateDate", "DateTime", write_instant(capacity.capacity_update_date))
    )
    return tuple(parts)


def _write_part(part: Part) -> dict[str, Any]:
    coded = part.kind == "CodeableConcept"
    value = nos.concept(CODED[part.name], part.value) if coded else part.value
    return {"url": part.name, f"value{part.kind}": value}


def read_parts(extension: Mapping[str, Any]) -> Parts:
    """The parts of a block as they came; nothing is judged. Raises Malformed on a wrong shape."""
    found = extension.get("extension")
    if not isinstance(found, list) or not all(isinstance(item, dict) for item in found):
        raise Malformed(SUPPORTED_CAPACITY, "a block is an array of extensions")
    return tuple(_read_part(item) for item in found)


def _read_part(item: dict[str, Any]) -> Part:
    values = [(key[5:], value) for key, value in item.items() if key.startswith("value")]
    if len(values) != 1:
        return Part(str(item.get("url", "")), "", None)
    kind, value = values[0]
    if kind == "CodeableConcept":
        value = next((code for _, code in nos.codings(value)), "")
    return Part(str(item.get("url", "")), kind, value)


def capacity_of(parts: Parts) -> Capacity:
    """The block that ``parts`` make. Raises Malformed when a part it needs is absent."""
    found = {part.name: part.value for part in parts}
    absent = [name for name in REQUIRED if found.get(name) is None]
    if absent:
        raise Malformed(SUPPORTED_CAPACITY, f"{absent[0]} is missing")
    return Capacity(
        capacity_status=found["capacityStatus"],
        nb_capacity=found["nbCapacity"],
        capacity_update_date=read_instant(found["capacityUpdateDate"]),
        capacity_type=found["capacityType"],
        temporality_capacity=found["temporalityCapacity"],
        temporary_assignement=found["temporaryAssignement"],
        capacity_source_type=found["capacitySourceType"],
        gender_capacity_available=found.get("genderCapacityAvailable", ""),
        capacity_closing_type=found.get("capacityClosingType", ""),
        additional_bed_type=found.get("additionalBedType", ""),
        crisis_type=found.get("crisisType", ""),
    )


def key_of(parts: Parts) -> Key:
    """The key of a block as it came; "" where a part is absent."""
    found = {part.name: str(part.value or "") for part in parts}
    status, temporality, gender, closing, additional, crisis, assignment = (
        found.get(name, "") for name in KEY
    )
    return status, temporality, gender, closing, additional, crisis, assignment


def read_capacities(location: Mapping[str, Any]) -> tuple[Capacity, ...]:
    """The capacity blocks of a Location, in their order."""
    found = nos.extensions(location, "ror-location-supported-capacity")
    return tuple(capacity_of(read_parts(item)) for item in found)


def with_capacities(location: Mapping[str, Any], blocks: Iterable[Capacity]) -> dict[str, Any]:
    """A copy of a Location that has ``blocks`` and no other."""
    kept = [item for item in location.get("extension", []) if item["url"] != SUPPORTED_CAPACITY]
    return {**location, "extension": kept + [write_capacity(block) for block in blocks]}


def write_instant(at: datetime) -> str:
    """An instant as FHIR writes it, in UTC, to the second (or as fine as it is)."""
    return at.isoformat(timespec="milliseconds" if at.microsecond else "seconds").replace(
        "+00:00", "Z"
    )


def read_instant(text: Any) -> datetime:
    """A dateTime with its zone. Raises Malformed when it is none."""
    try:
        at = datetime.fromisoformat(text)
    except (TypeError, ValueError) as error:
        raise Malformed("dateTime", f"{text!r} is no dateTime") from error
    if at.tzinfo is None:
        raise Malformed("dateTime", f"{text!r} has no time zone")
    return at
