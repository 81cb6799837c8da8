"""ROR mock, rules: what a bed capacity update is refused for, and why.

The national list of tuples is given to suppliers with their access and is not public: TUPLES is
a reconstruction from published examples, kept as data. Not here: applying an update (store).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product

from kit.fhir import Resource
from kit.rules import Finding, Malformed, RuleBook
from mocks.ror import errors
from mocks.ror.messages import terminology as nos
from mocks.ror.messages.bed_patch import ADD, CAPACITY_PATH, DELETE, REPLACE, BedOperation, BedPatch
from mocks.ror.messages.capacity import (
    CODED,
    KEY,
    PARTS,
    REQUIRED,
    SUPPORTED_CAPACITY,
    Capacity,
    Key,
    Parts,
    key_of,
    key_text,
    read_capacities,
    read_instant,
)
from mocks.ror.messages.token import Client

update = RuleBook("ROR bed update")

_BEDS = "ROR guide, mise à jour des lits"
_IG = "IG ROR, ror-location-supported-capacity"
_TUPLES = "Banc, reconstructed list of tuples"
_BLOCK = f"Location.extension('{SUPPORTED_CAPACITY}')"
BED, PLACE = "01", "02"


@dataclass(frozen=True, slots=True)
class Places:
    """What the directory knows: the asked identifier, the Locations that have it, their owners."""

    identifier: str
    locations: tuple[Resource, ...]
    finess_ej: tuple[str, ...] = ()

    @property
    def blocks(self) -> tuple[Capacity, ...] | None:
        """The capacity blocks of the one Location; None when there is not one."""
        return read_capacities(self.locations[0]) if len(self.locations) == 1 else None


# status, temporality, gender, closing, additional, crisis, assignment -> natures (R329).
# A cell may hold several codes, parted by spaces; "-" means absent.
TUPLE_ROWS = (
    ("01", "01", "-", "-", "-", "-", "01", (BED, PLACE)),
    ("02", "01 02 03 04 05", "01 02 03", "-", "-", "-", "01", (BED, PLACE)),
    ("05", "01", "-", "01", "-", "-", "01", (BED, PLACE)),
    ("06", "01", "-", "-", "01 02 03", "02", "01", (BED,)),
)


def _expanded() -> Iterator[tuple[Key, tuple[str, ...]]]:
    for *cells, natures in TUPLE_ROWS:
        choices = [str(cell).replace("-", "").split() or [""] for cell in cells]
        for status, temporality, gender, closing, additional, crisis, assigned in product(*choices):
            key = (status, temporality, gender, closing, additional, crisis, assigned)
            yield key, tuple(natures)


TUPLES: dict[Key, tuple[str, ...]] = dict(_expanded())


@update.rule(errors.FORBIDDEN, source="Banc, ROR README: rights of a supplier")
def a_supplier_updates_its_own_establishment(
    _: BedPatch, places: Places, client: Client
) -> Iterator[Finding]:
    for finess in places.finess_ej:
        if client.finess and client.finess != finess:
            yield Finding(client.id, "Location", f"of legal entity {finess}", client.finess)


@update.rule(errors.UNKNOWN_LOCATION, source=_BEDS)
def the_location_exists(_: BedPatch, places: Places, __: Client) -> Iterator[Finding]:
    if not places.locations:
        wanted = "an external synchronisation id or a unique entry id"
        yield Finding(places.identifier, "Location", places.identifier, wanted)


@update.rule(errors.SEVERAL_LOCATIONS, source=_BEDS)
def the_location_is_one(_: BedPatch, places: Places, __: Client) -> Iterator[Finding]:
    if len(places.locations) > 1:
        found = ", ".join(item["id"] for item in places.locations)
        yield Finding(places.identifier, "Location", found, "one Location")


@update.rule(errors.CAPACITY_RULE, source=_BEDS)
def an_operation_adds_replaces_or_deletes(
    patch: BedPatch, _: Places, __: Client
) -> Iterator[Finding]:
    for name, operation in _named(patch):
        if operation.kind not in (ADD, REPLACE, DELETE):
            yield Finding(name, _BLOCK, operation.kind, "add, replace or delete")


@update.rule(errors.CAPACITY_RULE, source=_BEDS)
def a_path_has_the_documented_shape(patch: BedPatch, _: Places, __: Client) -> Iterator[Finding]:
    for name, operation in _named(patch):
        if operation.criteria is None:
            yield Finding(name, _BLOCK, operation.path[:200], f"{CAPACITY_PATH}[.where(...)]")


@update.rule(errors.CAPACITY_RULE, source=_BEDS)
def a_criterion_is_a_known_code_of_a_key_part(
    patch: BedPatch, _: Places, __: Client
) -> Iterator[Finding]:
    for name, operation in _named(patch):
        for part, code in operation.criteria or ():
            if part not in KEY:
                yield Finding(name, _part(part), part, ", ".join(KEY))
            elif code not in nos.COMPLETE[CODED[part]]:
                yield Finding(name, _part(part), code, _codes(part))


@update.rule(errors.CAPACITY_RULE, source=_BEDS)
def an_addition_has_no_criteria_and_a_change_has_some(
    patch: BedPatch, _: Places, __: Client
) -> Iterator[Finding]:
    for name, operation in _named(patch):
        if operation.kind == ADD and operation.criteria:
            yield Finding(name, _BLOCK, f"{len(operation.criteria)} criteria", CAPACITY_PATH)
        if operation.kind in (REPLACE, DELETE) and operation.criteria == ():
            yield Finding(name, _BLOCK, "no criteria", "the key of one block")


@update.rule(errors.CAPACITY_RULE, source=_BEDS)
def an_operation_carries_one_block_and_a_deletion_none(
    patch: BedPatch, _: Places, __: Client
) -> Iterator[Finding]:
    for name, operation in _named(patch):
        wanted = 0 if operation.kind == DELETE else 1
        if len(operation.values) != wanted:
            yield Finding(name, _BLOCK, f"{len(operation.values)} blocks", str(wanted))


@update.rule(errors.CAPACITY_RULE, source=_IG)
def a_block_has_each_part_it_needs(patch: BedPatch, _: Places, __: Client) -> Iterator[Finding]:
    for name, parts in _blocks(patch):
        given = {part.name for part in parts}
        for required in REQUIRED:
            if required not in given:
                yield Finding(name, _part(required), "absent", "1..1")


@update.rule(errors.CAPACITY_RULE, source=_IG)
def a_block_has_no_other_part_and_none_twice(
    patch: BedPatch, _: Places, __: Client
) -> Iterator[Finding]:
    for name, parts in _blocks(patch):
        seen: set[str] = set()
        for part in parts:
            if part.name not in PARTS:
                yield Finding(name, _part(part.name[:50]), part.name[:50], ", ".join(PARTS))
            elif part.name in seen:
                yield Finding(name, _part(part.name), "given twice", "0..1")
            seen.add(part.name)


@update.rule(errors.CAPACITY_RULE, source=_IG)
def a_coded_part_holds_a_code_of_its_list(
    patch: BedPatch, _: Places, __: Client
) -> Iterator[Finding]:
    for name, parts in _blocks(patch):
        for part in parts:
            if part.name in CODED and not _is_coded(part.name, part.kind, part.value):
                seen = f"{part.kind} {part.value}"[:60]
                yield Finding(name, _part(part.name), seen, f"CodeableConcept {_codes(part.name)}")


@update.rule(errors.CAPACITY_RULE, source=_IG)
def a_number_of_beds_is_an_integer_from_0(
    patch: BedPatch, _: Places, __: Client
) -> Iterator[Finding]:
    for name, parts in _blocks(patch):
        for part in parts:
            if part.name == "nbCapacity" and not _is_count(part.kind, part.value):
                seen = f"{part.kind} {part.value}"[:60]
                yield Finding(name, _part(part.name), seen, "valueInteger, 0 or more")


@update.rule(errors.CAPACITY_RULE, source=_IG)
def an_update_date_is_an_instant(patch: BedPatch, _: Places, __: Client) -> Iterator[Finding]:
    for name, parts in _blocks(patch):
        for part in parts:
            if part.name == "capacityUpdateDate" and not _is_instant(part.kind, part.value):
                seen = f"{part.kind} {part.value}"[:60]
                yield Finding(name, _part(part.name), seen, "valueDateTime with a time zone")


@update.rule(errors.CAPACITY_RULE, source=_TUPLES)
def the_tuple_is_in_the_list(patch: BedPatch, _: Places, __: Client) -> Iterator[Finding]:
    for name, parts in _blocks(patch):
        if _is_whole(parts) and key_of(parts) not in TUPLES:
            yield Finding(name, _BLOCK, key_text(key_of(parts)), "a tuple of the list")


@update.rule(errors.CAPACITY_RULE, source=_TUPLES)
def the_nature_suits_the_tuple(patch: BedPatch, _: Places, __: Client) -> Iterator[Finding]:
    for name, parts in _blocks(patch):
        natures = TUPLES.get(key_of(parts)) if _is_whole(parts) else None
        nature = next((part.value for part in parts if part.name == "capacityType"), "")
        if natures and nature not in natures:
            wanted = " or ".join(natures)
            yield Finding(name, _part("capacityType"), str(nature), wanted)


@update.rule(errors.CAPACITY_RULE, source=_BEDS)
def a_replacement_keeps_the_key(patch: BedPatch, places: Places, _: Client) -> Iterator[Finding]:
    for name, operation, blocks in _running(patch, places):
        found = operation.matches(blocks)
        if operation.kind != REPLACE or len(operation.values) != 1 or len(found) != 1:
            continue
        kept = zip(KEY, blocks[found[0]].key, key_of(operation.values[0]), strict=True)
        for part, code, given in kept:
            if given != code:
                yield Finding(name, _part(part), given or "absent", code or "absent")


@update.rule(errors.CAPACITY_RULE, source=_BEDS)
def an_added_block_is_new(patch: BedPatch, places: Places, _: Client) -> Iterator[Finding]:
    for name, operation, blocks in _running(patch, places):
        if operation.kind == ADD and len(operation.values) == 1:
            key = key_of(operation.values[0])
            if key in {block.key for block in blocks}:
                yield Finding(name, _BLOCK, f"{key_text(key)} exists", "replace")


@update.rule(errors.CAPACITY_RULE, source=_BEDS)
def criteria_designate_one_block(patch: BedPatch, places: Places, _: Client) -> Iterator[Finding]:
    for name, operation, blocks in _running(patch, places):
        found = operation.matches(blocks) if _changes(operation) else []
        if len(found) > 1:
            keys = ", ".join(key_text(blocks[index].key) for index in found)
            yield Finding(name, _BLOCK, keys, "the whole key of one block")


@update.rule(errors.UNKNOWN_CAPACITY, source=_BEDS)
def the_block_exists(patch: BedPatch, places: Places, _: Client) -> Iterator[Finding]:
    for name, operation, blocks in _running(patch, places):
        if _changes(operation) and not operation.matches(blocks):
            wanted = ", ".join(f"{part}={code}" for part, code in operation.criteria or ())
            yield Finding(name, CAPACITY_PATH, "no such block", f"{wanted}; else add it")


def _named(patch: BedPatch) -> Iterator[tuple[str, BedOperation]]:
    for at, operation in enumerate(patch.operations):
        yield f"operation[{at}]", operation


def _blocks(patch: BedPatch) -> Iterator[tuple[str, Parts]]:
    for name, operation in _named(patch):
        for parts in operation.values:
            yield name, parts


def _running(
    patch: BedPatch, places: Places
) -> Iterator[tuple[str, BedOperation, Sequence[Capacity]]]:
    """Each operation with the blocks it meets: an operation sees those before it."""
    blocks = places.blocks
    if blocks is None:
        return
    for name, operation in _named(patch):
        yield name, operation, blocks
        if _is_applicable(operation, blocks):
            blocks = operation.applied(blocks)


def _is_applicable(operation: BedOperation, blocks: Sequence[Capacity]) -> bool:
    if operation.kind not in (ADD, REPLACE, DELETE) or operation.criteria is None:
        return False
    if operation.kind != DELETE and not (operation.values and _is_whole(operation.values[0])):
        return False
    return operation.kind == ADD or len(operation.matches(blocks)) == 1


def _changes(operation: BedOperation) -> bool:
    return operation.kind in (REPLACE, DELETE) and bool(operation.criteria)


def _is_whole(parts: Parts) -> bool:
    """Whether a block has all its parts, each of its type."""
    if not {part.name for part in parts}.issuperset(REQUIRED):
        return False
    return all(
        _is_coded(part.name, part.kind, part.value)
        if part.name in CODED
        else _is_count(part.kind, part.value) or _is_instant(part.kind, part.value)
        for part in parts
    )


def _is_coded(name: str, kind: str, value: object) -> bool:
    coded = kind in ("CodeableConcept", "Code")  # an edition of 2024 typed the parts as code
    return coded and isinstance(value, str) and value in nos.COMPLETE[CODED[name]]


def _is_count(kind: str, value: object) -> bool:
    number = isinstance(value, int) and not isinstance(value, bool)
    return kind == "Integer" and number and 0 <= int(str(value)) < 2**31


def _is_instant(kind: str, value: object) -> bool:
    try:
        read_instant(value)
    except Malformed:
        return False
    return kind == "DateTime"


def _part(name: str) -> str:
    return f"{_BLOCK}.extension('{name}')"


def _codes(name: str) -> str:
    return " ".join(nos.COMPLETE[CODED[name]])
