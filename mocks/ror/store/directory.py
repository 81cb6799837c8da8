"""ROR mock, store: the directory: the derived base with what came over the wire laid over it.

Not here: rows (overlay), matching (search), who may see what (a view is given).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from functools import lru_cache

from kit.database import DEFAULT_SANDBOX, Database
from kit.fhir import Page, Query, Resource
from kit.world import Establishment, World
from mocks.ror.messages import terminology as nos
from mocks.ror.messages.capacity import Capacity, with_capacities, write_instant
from mocks.ror.messages.offer import chain_of, finess_of
from mocks.ror.messages.search import TYPES
from mocks.ror.store.derived import derive
from mocks.ror.store.overlay import Overlay, metadata
from mocks.ror.store.search import search

View = Callable[[Resource, bool], Resource]
SENSITIVE = "ror-healthcareservice-sensitive-unit"
ByType = dict[str, dict[str, Resource]]


def unfiltered(resource: Resource, _: bool) -> Resource:
    """The view of the service itself."""
    return resource


class Store:
    """The directory of one service."""

    tables = metadata

    def __init__(self, database: Database, world: World, seed: int) -> None:
        self._database = database
        self._world = world
        self._seed = seed

    @contextmanager
    def open(self, view: View = unfiltered, sandbox: str = DEFAULT_SANDBOX) -> Iterator[Directory]:
        """The directory as ``view`` shows it, in the transaction of the running exchange."""
        with self._database.transaction() as connection:
            yield Directory(Overlay(connection, sandbox), self._laid_over, view)

    def _laid_over(self, overlay: Overlay, view: View) -> ByType:
        base = _base(self._world, self._seed, self._world.additions.structures)
        written = overlay.all()
        if not written:
            return base.seen(view)
        raw = {kind: dict(found) for kind, found in base.resources.items()}
        for resource in written:
            raw[resource["resourceType"]][resource["id"]] = resource
        hidden = base.hidden
        if any(resource["resourceType"] == "HealthcareService" for resource in written):
            hidden = frozenset(_sensitive(raw))
        if hidden != base.hidden:
            return _shown(raw, view, hidden)
        seen = {kind: dict(found) for kind, found in base.seen(view).items()}
        for resource in written:
            is_sensitive = _name(resource) in hidden
            seen[resource["resourceType"]][resource["id"]] = view(resource, is_sensitive)
        return seen


class _Base:
    """The derived resources, which nobody changes, and how each view shows them."""

    def __init__(self, resources: ByType) -> None:
        self.resources = resources
        self.hidden = frozenset(_sensitive(resources))
        self.seen = lru_cache(maxsize=16)(self._seen_through)

    def _seen_through(self, view: View) -> ByType:
        return _shown(self.resources, view, self.hidden)


@lru_cache(maxsize=4)
def _base(world: World, seed: int, added: tuple[Establishment, ...]) -> _Base:
    """The base, once for the process and for what a user added."""
    resources: ByType = {kind: {} for kind in TYPES}
    for resource in derive(world, seed, added):
        resources[resource["resourceType"]][resource["id"]] = resource
    return _Base(resources)


def _shown(raw: ByType, view: View, hidden: frozenset[str]) -> ByType:
    return {
        kind: {item["id"]: view(item, _name(item) in hidden) for item in found.values()}
        for kind, found in raw.items()
    }


def _sensitive(resources: Mapping[str, Mapping[str, Resource]]) -> Iterator[str]:
    """The sensitive offers, and their places."""
    for service in resources["HealthcareService"].values():
        if nos.extension_value(service, SENSITIVE):
            yield _name(service)
            yield from (item["reference"] for item in service.get("location", []))


def _name(resource: Resource) -> str:
    return f"{resource['resourceType']}/{resource['id']}"


def _owner(resource: Resource) -> str:
    """The organization that a resource is, or belongs to."""
    for element in ("managingOrganization", "providedBy"):
        if element in resource:
            return str(resource[element].get("reference", ""))
    return _name(resource)


class Directory:
    """The directory during one exchange."""

    def __init__(
        self, overlay: Overlay, laid_over: Callable[[Overlay, View], ByType], view: View
    ) -> None:
        self._overlay = overlay
        self._resources = laid_over(overlay, view)

    def find(self, query: Query) -> Page:
        """One page of a search."""
        return search(self._resources, query)

    def get(self, resource_type: str, resource_id: str) -> Resource | None:
        """One resource, or None."""
        return self._resources[resource_type].get(resource_id)

    def locations(self, identifier: str, at: datetime) -> tuple[Resource, ...]:
        """The Locations with this external synchronisation id or unique entry id, held."""
        found = (
            item
            for item in self._resources["Location"].values()
            if any(given.get("value") == identifier for given in item["identifier"])
        )
        return tuple(self._overlay.claim(item, at) for item in found)

    def hold(self, resource: Resource, at: datetime) -> Resource:
        """The newest form of a resource, held until the exchange ends."""
        return self._overlay.claim(resource, at)

    def owners(self, resource: Resource) -> tuple[str, str]:
        """FINESS of the legal entity and of the site of a resource; "" where unknown."""
        known = {f"Organization/{k}": v for k, v in self._resources["Organization"].items()}
        chain = chain_of(_owner(resource), known)
        finess = [finess_of(item) for item in chain if finess_of(item)]
        return (finess[-1], finess[0]) if finess else ("", "")

    def write(self, resource: Resource, before: Resource, at: datetime) -> Resource:
        """Keep ``resource`` as the next version of ``before``; returns it with its new meta."""
        version = str(int(before["meta"]["versionId"]) + 1)
        meta = {
            **before["meta"],
            **resource.get("meta", {}),
            "versionId": version,
            "lastUpdated": write_instant(at),
        }
        kept = {**resource, "meta": meta}
        self._overlay.write(kept, at)
        return kept

    def update_beds(
        self, location: Resource, blocks: tuple[Capacity, ...], at: datetime
    ) -> Resource:
        """Give a held Location these capacity blocks."""
        return self.write(with_capacities(location, blocks), location, at)
