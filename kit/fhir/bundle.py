"""Kit, FHIR: the searchset Bundle and its paging links, both ways.

Not here: how matches are found.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from kit.fhir.reading import Resource
from kit.rules import Malformed

OFFSET = "_offset"


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a search: its matches, what came along, and where it stands."""

    matches: tuple[Resource, ...]
    included: tuple[Resource, ...]
    total: int
    offset: int
    count: int


@dataclass(frozen=True, slots=True)
class Bundle:
    """A Bundle as a client reads it."""

    total: int | None
    matches: tuple[Resource, ...]
    included: tuple[Resource, ...]
    next_url: str

    @property
    def resources(self) -> tuple[Resource, ...]:
        """Matches, then what came along."""
        return self.matches + self.included


def write_searchset(
    page: Page, *, base_url: str, links: Sequence[tuple[str, str]], with_total: bool = True
) -> Resource:
    """A searchset Bundle of one page."""
    bundle: Resource = {"resourceType": "Bundle", "type": "searchset"}
    if with_total:
        bundle["total"] = page.total
    bundle["link"] = [{"relation": relation, "url": url} for relation, url in links]
    entries = _entries(page.matches, base_url, "match") + _entries(
        page.included, base_url, "include"
    )
    if entries:  # FHIR JSON has no empty arrays
        bundle["entry"] = entries
    return bundle


def _entries(resources: Iterable[Resource], base_url: str, mode: str) -> list[Resource]:
    return [
        {
            "fullUrl": f"{base_url}/{resource['resourceType']}/{resource['id']}",
            "resource": resource,
            "search": {"mode": mode},
        }
        for resource in resources
    ]


def write_history(
    page: Page, *, base_url: str, links: Sequence[tuple[str, str]], change: str = "PUT"
) -> Resource:
    """A history Bundle of versions, the newest first; change: the method that makes another."""
    bundle: Resource = {"resourceType": "Bundle", "type": "history", "total": page.total}
    bundle["link"] = [{"relation": relation, "url": url} for relation, url in links]
    entries = [_version(resource, base_url, change) for resource in page.matches]
    return bundle | ({"entry": entries} if entries else {})


def _version(resource: Resource, base_url: str, change: str) -> Resource:
    kind, meta = resource["resourceType"], resource["meta"]
    is_first = meta["versionId"] == "1"
    name = f"{kind}/{resource['id']}"
    return {
        "fullUrl": f"{base_url}/{name}",
        "resource": resource,
        "request": {"method": "POST", "url": kind} if is_first else {"method": change, "url": name},
        "response": {
            "status": "201" if is_first else "200",
            "etag": f'W/"{meta["versionId"]}"',
            "lastModified": meta["lastUpdated"],
        },
    }


def page_links(
    page: Page, *, url: str, parameters: Iterable[tuple[str, str]]
) -> list[tuple[str, str]]:
    """The self link, and previous and next where there are such pages.

    The links hold the whole state of the search: any process of the service answers them.
    """
    kept = [(name, value) for name, value in parameters if name not in (OFFSET, "_count")]
    links = [("self", _link(url, kept, page.offset, page.count))]
    if page.count and page.offset:
        links.append(("previous", _link(url, kept, max(0, page.offset - page.count), page.count)))
    if page.count and page.offset + page.count < page.total:
        links.append(("next", _link(url, kept, page.offset + page.count, page.count)))
    return links


def _link(url: str, kept: list[tuple[str, str]], offset: int, count: int) -> str:
    place = [("_count", str(count))] + ([(OFFSET, str(offset))] if offset else [])
    return f"{url}?{urlencode(kept + place)}"


def read_bundle(resource: Resource) -> Bundle:
    """Read a Bundle. Raises Malformed when the resource is something else."""
    if resource.get("resourceType") != "Bundle":
        raise Malformed("Bundle", f"found {resource.get('resourceType')!r}")
    entries = [entry for entry in resource.get("entry", []) if isinstance(entry, dict)]
    links = {link.get("relation"): link.get("url", "") for link in resource.get("link", [])}
    return Bundle(
        total=resource.get("total"),
        matches=tuple(_resources(entries, included=False)),
        included=tuple(_resources(entries, included=True)),
        next_url=str(links.get("next", "")),
    )


def _resources(entries: Iterable[dict[str, Any]], *, included: bool) -> Iterable[Resource]:
    for entry in entries:
        mode = entry.get("search", {}).get("mode", "match")
        if "resource" in entry and (mode == "include") == included:
            yield entry["resource"]
