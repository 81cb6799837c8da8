"""ROR mock, store: a search over the resources an access profile sees.

All criteria on capacity hold on the same block: the business reading of the guide, stricter than
plain FHIR. Not here: which query is refused (rules), where resources come from (directory).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from itertools import groupby
from typing import Any

from kit.fhir import Criterion, Include, Kind, Page, Query, Resource
from kit.fhir.search import matches_date, matches_number, matches_string, matches_token
from mocks.ror.messages.capacity import Capacity, read_capacities
from mocks.ror.messages.search import (
    ABOVE,
    CAPACITY_PARAMETERS,
    CHAINS,
    INCLUDES,
    MAX_COUNT,
    OF_TYPE,
    PARAMETERS,
)

Resources = Mapping[str, Mapping[str, Resource]]
Test = Callable[[Resource], bool]


def search(resources: Resources, query: Query) -> Page:
    """One page of matches with what it includes. ``query`` has passed the rules."""
    tests = list(_tests(query.resource_type, query.criteria, resources))
    found = [
        resource
        for resource in resources[query.resource_type].values()
        if all(test(resource) for test in tests)
    ]
    _sort(query.resource_type, found, query.control("_sort"))
    count = min(int(query.control("_count", str(MAX_COUNT))), MAX_COUNT)
    offset = int(query.control("_offset", "0"))
    matches = found[offset : offset + count]
    included = _included(matches, query.includes, resources)
    return Page(tuple(matches), tuple(included), len(found), offset, count)


def _sort(kind: str, found: list[Resource], keys: str) -> None:
    found.sort(key=lambda resource: str(resource["id"]))
    for key in reversed(keys.split(",") if keys else []):
        read = PARAMETERS[kind][key.removeprefix("-")].values
        found.sort(key=partial(_sort_value, read), reverse=key.startswith("-"))


def _sort_value(read: Callable[[Resource], Iterable[Any]], resource: Resource) -> str:
    return _first(read(resource))


def _first(values: Iterable[Any]) -> str:
    value = next(iter(values), "")
    return str(value[1] if isinstance(value, tuple) else value)


def _tests(kind: str, criteria: Iterable[Criterion], resources: Resources) -> Iterator[Test]:
    """One test for each group of criteria that must hold on the same thing."""
    keyed = sorted(criteria, key=_group)
    for (chain, modifier, on_capacity), group in groupby(keyed, key=_group):
        members = tuple(group)
        if chain:
            target = CHAINS[kind][chain]
            inner = list(_tests(target, [_unchained(item) for item in members], resources))
            yield _chained(kind, chain, inner, resources, walks_up=modifier == ABOVE)
        elif on_capacity:
            yield _on_one_block(members)
        else:
            yield from (_plain(kind, item) for item in members)


def _group(criterion: Criterion) -> tuple[str, str, bool]:
    if criterion.chain:
        return criterion.chain, ABOVE if criterion.modifier == ABOVE else "", False
    return "", "", criterion.name in CAPACITY_PARAMETERS


def _unchained(criterion: Criterion) -> Criterion:
    modifier = "" if criterion.modifier == ABOVE else criterion.modifier
    return Criterion(criterion.name, criterion.values, modifier)


def _chained(
    kind: str, chain: str, inner: Sequence[Test], resources: Resources, *, walks_up: bool
) -> Test:
    read = PARAMETERS[kind][chain].values

    def test(resource: Resource) -> bool:
        targets = _targets(read(resource), resources)
        if walks_up:  # the guide's reading of :above: from the unit up to the legal entity
            targets = [above for target in targets for above in _upwards(target, resources)]
        return any(all(check(target) for check in inner) for target in targets)

    return test


def _targets(references: Iterable[str], resources: Resources) -> list[Resource]:
    found = (_resolve(reference, resources) for reference in references)
    return [item for item in found if item is not None]


def _resolve(reference: str, resources: Resources) -> Resource | None:
    kind, _, identifier = reference.rpartition("/")
    return resources.get(kind.rpartition("/")[2], {}).get(identifier)


def _upwards(resource: Resource, resources: Resources) -> Iterator[Resource]:
    seen: set[str] = set()
    current: Resource | None = resource
    while current is not None and current["id"] not in seen:
        yield current
        seen.add(current["id"])
        current = _resolve(current.get("partOf", {}).get("reference", ""), resources)


def _on_one_block(criteria: Sequence[Criterion]) -> Test:
    def holds(block: Capacity) -> bool:
        return all(
            _meets(criterion, row.kind, row.values(block))
            for criterion in criteria
            for row in (CAPACITY_PARAMETERS[criterion.name],)
        )

    return lambda resource: any(holds(block) for block in read_capacities(resource))


def _plain(kind: str, criterion: Criterion) -> Test:
    row = PARAMETERS[kind][criterion.name]
    if criterion.modifier == OF_TYPE:
        return lambda resource: any(_is_of_type(resource, value) for value in criterion.values)
    return lambda resource: _meets(criterion, row.kind, row.values(resource))


def _meets(criterion: Criterion, kind: Kind, values: Iterable[Any]) -> bool:
    found = list(values)
    hit = any(
        _matches(kind, wanted, value, criterion.modifier)
        for value in found
        for wanted in criterion.values
    )
    return not hit if criterion.modifier == "not" else hit


def _matches(kind: Kind, wanted: str, value: Any, modifier: str) -> bool:
    if kind is Kind.TOKEN:
        return matches_token(wanted, *value)
    if kind is Kind.STRING:
        return matches_string(wanted, value, modifier)
    if kind is Kind.DATE:
        return matches_date(wanted, value)
    if kind is Kind.NUMBER:
        return matches_number(wanted, value)
    return str(value) == wanted or str(value).endswith(f"/{wanted}")


def _is_of_type(resource: Resource, wanted: str) -> bool:
    """``identifier:of-type=system|code|value``."""
    system, _, rest = wanted.partition("|")
    code, _, value = rest.partition("|")
    for item in resource.get("identifier", []):
        codings = item.get("type", {}).get("coding", [])
        typed = any(c.get("system", "") == system and c.get("code") == code for c in codings)
        if typed and item.get("value") == value:
            return True
    return False


def _included(
    matches: Sequence[Resource], includes: Sequence[Include], resources: Resources
) -> Iterator[Resource]:
    known = {_reference(resource) for resource in matches}
    fresh: Sequence[Resource] = matches
    pending: Sequence[Include] = includes
    while fresh:
        came = []
        for include in pending:
            for resource in _brought(include, fresh, resources):
                if _reference(resource) not in known:
                    known.add(_reference(resource))
                    came.append(resource)
        yield from came
        fresh, pending = came, [include for include in includes if include.is_iterated]


def _brought(
    include: Include, fresh: Sequence[Resource], resources: Resources
) -> Iterator[Resource]:
    """What one include brings along with ``fresh`` resources."""
    read = INCLUDES[include.path]
    if read is None:
        return
    if not include.is_reverse:
        for resource in fresh:
            if resource["resourceType"] == include.source:
                yield from _targets(read(resource), resources)
        return
    wanted = {_reference(resource) for resource in fresh}
    for resource in resources[include.source].values():
        if any(reference in wanted for reference in read(resource)):
            yield resource


def _reference(resource: Resource) -> str:
    return f"{resource['resourceType']}/{resource['id']}"
