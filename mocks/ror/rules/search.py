"""ROR mock, rules: what a search is refused for. Every mistake of a request is told at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from kit.fhir import Criterion, Kind, Query
from kit.fhir.search import read_number, read_period, split_prefix
from kit.rules import Finding, RuleBook
from mocks.ror import errors
from mocks.ror.messages.search import (
    ABOVE,
    CHAINS,
    INCLUDES,
    MODIFIERS,
    OF_TYPE,
    PARAMETERS,
    SORTS,
    CapacityParameter,
    Parameter,
    parameter_of,
)

query = RuleBook("ROR search")

_SOURCE = "ROR guide, paramètres de recherche; FHIR R4, Search"


@query.rule(errors.UNKNOWN_PARAMETER, source=_SOURCE)
def a_parameter_is_one_of_the_resource(asked: Query) -> Iterator[Finding]:
    for criterion in asked.criteria:
        if _parameter(asked, criterion) is None:
            known = ", ".join(sorted(PARAMETERS[asked.resource_type]))
            yield Finding(asked.resource_type, criterion.text, criterion.text, f"such as {known}")


@query.rule(errors.UNKNOWN_PARAMETER, source=_SOURCE)
def a_modifier_suits_the_parameter(asked: Query) -> Iterator[Finding]:
    for criterion in asked.criteria:
        parameter = _parameter(asked, criterion)
        if (
            parameter
            and criterion.modifier
            and criterion.modifier not in _modifiers(criterion, parameter)
        ):
            known = ", ".join(_modifiers(criterion, parameter)) or "none"
            yield Finding(asked.resource_type, criterion.text, criterion.modifier, known)


@query.rule(errors.UNKNOWN_PARAMETER, source="ROR guide, _include et _revinclude")
def an_include_is_offered(asked: Query) -> Iterator[Finding]:
    for include in asked.includes:
        if include.path not in INCLUDES:
            name = "_revinclude" if include.is_reverse else "_include"
            yield Finding(asked.resource_type, name, include.path, ", ".join(INCLUDES))


@query.rule(errors.WRONG_VALUE, source=_SOURCE)
def a_value_can_be_read(asked: Query) -> Iterator[Finding]:
    for criterion in asked.criteria:
        parameter = _parameter(asked, criterion)
        for value in criterion.values if parameter else ():
            wanted = _wanted(parameter.kind, value) if parameter else ""
            if wanted:
                yield Finding(asked.resource_type, criterion.text, value, wanted)


@query.rule(errors.WRONG_VALUE, source="FHIR R4, Search 3.1.1.5")
def a_control_can_be_read(asked: Query) -> Iterator[Finding]:
    for name, value in asked.controls:
        wanted, is_right = _CONTROLS.get(name, ("", lambda _: True))
        if not is_right(value):
            yield Finding(asked.resource_type, name, value, wanted)


def _parameter(asked: Query, criterion: Criterion) -> Parameter | CapacityParameter | None:
    if not criterion.chain:
        return parameter_of(asked.resource_type, criterion.name)
    target = CHAINS[asked.resource_type].get(criterion.chain)
    return parameter_of(target, criterion.name) if target else None


def _modifiers(criterion: Criterion, parameter: Parameter | CapacityParameter) -> tuple[str, ...]:
    above = (ABOVE,) if criterion.chain == "organization" else ()
    of_type = (OF_TYPE,) if parameter.name == "identifier" else ()
    return (*MODIFIERS[parameter.kind], *of_type, *above)


def _wanted(kind: Kind, value: str) -> str:
    """What is expected of a value that cannot be read; empty when it can."""
    if not value:
        return "a value"
    try:
        if kind is Kind.DATE:
            read_period(split_prefix(value)[1])
        elif kind is Kind.NUMBER:
            read_number(split_prefix(value)[1])
    except ValueError as error:
        return str(error)
    return ""


def _is_count(value: str) -> bool:
    return value.isascii() and value.isdigit() and len(value) < 10


def _is_sort(value: str) -> bool:
    return all(part.removeprefix("-") in SORTS for part in value.split(","))


_CONTROLS: dict[str, tuple[str, Callable[[str], bool]]] = {
    "_count": ("a number, 0 or more", _is_count),
    "_offset": ("a number, 0 or more", _is_count),
    "_total": ("none, estimate or accurate", lambda v: v in ("none", "estimate", "accurate")),
    "_sort": ("one of " + ", ".join(SORTS), _is_sort),
    "_format": ("json", lambda value: value in ("json", "application/fhir+json")),
    "_elements": ("names of elements", lambda value: bool(value)),
}
