"""Simulator, identity figures: the quality of the identities of a run, and its two tables.

The figures are those of ``rniv.quality``; here is what they are counted over. Not here: formulas.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

from simulator.encounters import Encounter
from simulator.identity_office import IdentityFile
from simulator.movements import Kind
from simulator.plan import Plan
from simulator.rniv import quality
from simulator.rniv.record import Attribute, Identity
from simulator.waiting import Late

HOMONYMS = frozenset({Attribute.HOMONYM, Attribute.HOMONYM_DETECTED})
INSTANT, TEXT, YES_NO = "TIMESTAMP", "VARCHAR", "BOOLEAN"
Row = Mapping[str, Any]

TABLES: Mapping[str, Mapping[str, str]] = {
    "identity": {
        "finess_ej": TEXT, "identity_id": TEXT, "patient_id": TEXT, "status": TEXT,
        "retrieved": YES_NO, "checked": YES_NO, "homonym": YES_NO, "doubtful": YES_NO,
        "created_at": INSTANT, "retrieved_at": INSTANT, "qualified_at": INSTANT,
        "evidence": TEXT, "channel": TEXT,
    },
    "insi_call": {"finess_ej": TEXT, "channel": TEXT, "result": TEXT, "at": INSTANT},
}  # fmt: skip


def identity_figures(
    plan: Plan, files: Mapping[str, IdentityFile], late: Mapping[str, Late]
) -> Iterator[dict[str, Any]]:
    """The figures of each legal entity, as run.json holds them. late: what it withheld."""
    names = {item.establishment.finess_ej: item.establishment.name for item in plan.hospitals}
    for finess, file in files.items():
        figures = quality.measure(
            file.identities,
            in_a_duplicate=file.in_a_duplicate,
            in_a_collision=file.in_a_collision,
            calls=[call for _, call in file.calls],
            stays=_stays(_admitted(plan, finess), file),
        )
        told = {"finess_ej": finess, "name": names[finess], **figures.as_dict()}
        told |= {"known": quality.told(_known(file)), "recognised": quality.told(_recognised(file))}
        yield told | {"work_list": dict(file.work), "withheld": late[finess].as_dict()}


def _known(file: IdentityFile) -> quality.Ratio:
    """The people the repository knew before the play, among those who came."""
    known = {person.index for person in file.past.values()}
    return quality.Ratio(len(known), len({held.person.index for held in file.held.values()}))


def _recognised(file: IdentityFile) -> quality.Ratio:
    """The admissions that found an identity by searching before creating."""
    return quality.Ratio(len(file.recognised), len(file.held))


def identity_rows(files: Mapping[str, IdentityFile]) -> Iterator[Row]:
    """Every identity; patient_id is the matricule of who came, known to the simulator only."""
    for finess, file in files.items():
        persons = {ipp: person.ins.matricule for ipp, person in file.past.items()}
        persons |= {held.ipp: held.person.ins.matricule for held in reversed([*file.held.values()])}
        into = {identity.ipp: identity.merged_into for identity in file.identities}
        for identity in file.identities:
            yield {
                "finess_ej": finess,
                "identity_id": identity.ipp,
                "patient_id": persons[_standing(identity.ipp, into)],
                **_identity(identity),
            }


def _standing(ipp: str, into: Mapping[str, str]) -> str:
    """The IPP of the identity that stands for this one, after merges."""
    while into[ipp]:
        ipp = into[ipp]
    return ipp


def insi_call_rows(files: Mapping[str, IdentityFile]) -> Iterator[Row]:
    """Every call of INSi, as the repository logged it."""
    for finess, file in files.items():
        for at, call in file.calls:
            yield {"finess_ej": finess, "channel": call.channel, "result": call.answer, "at": at}


def _identity(identity: Identity) -> dict[str, Any]:
    return {
        "status": identity.status.name.lower(),
        "retrieved": identity.is_retrieved,
        "checked": identity.is_checked,
        "homonym": bool(HOMONYMS & identity.attributes),
        "doubtful": Attribute.DOUBTFUL in identity.attributes,
        "created_at": identity.created_at,
        "retrieved_at": identity.retrieved_at,
        "qualified_at": identity.qualified_at,
        "evidence": identity.evidence.code if identity.evidence else None,
        "channel": identity.channel.value,
    }


def _admitted(plan: Plan, finess: str) -> Iterator[Encounter]:
    """The stays that began within the run."""
    for found in plan.encounters:
        is_here = found.establishment.finess_ej == finess and found.kind is Kind.STAY
        if is_here and found.admitted_at >= plan.scenario.starts_at:
            yield found


def _stays(admitted: Iterable[Encounter], file: IdentityFile) -> list[quality.Stay]:
    return [
        quality.Stay(found.admitted_at, _qualified_at(found.admission_key, file))
        for found in admitted
    ]


def _qualified_at(admission: str, file: IdentityFile) -> datetime | None:
    """Since when an admission has a qualified identity: one it was merged into counts from then."""
    held = file.held.get(admission)
    qualified_at = held.record.qualified_at if held else None
    if qualified_at is None:
        return None
    return max(qualified_at, file.joined.get(admission, qualified_at))
