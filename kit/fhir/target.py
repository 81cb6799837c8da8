"""Kit, FHIR: what a request is for, from its method and path.

Not here: who answers (``port``).
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Target:
    """What a request is for: the interaction in the words of FHIR, the resource type and id.

    name: what the journal calls it, where a profile has a name of its own (ITI-65).
    """

    interaction: str
    resource_type: str = ""
    resource_id: str = ""
    name: str = ""

    @property
    def transaction(self) -> str:
        """The name in the journal: ``SEARCH Organization``."""
        return self.name or f"{self.interaction} {self.resource_type}".strip()


def route(method: str, path: str) -> Target:
    """The interaction of a FHIR request. Source: FHIR R4, RESTful API 3.1.0.1.2 (summary)."""
    parts = [part for part in path.split("/") if part]
    if not parts:
        return Target("BATCH" if method == "POST" else "SEARCH-SYSTEM")
    if parts == ["metadata"] and method == "GET":
        return Target("CAPABILITIES")
    if any(part.startswith("$") for part in parts):
        return Target("OPERATION")
    if len(parts) > 1 and parts[1] == "_search":
        return Target("SEARCH-BY-POST", parts[0])
    if len(parts) > 2:
        return Target("HISTORY", parts[0], parts[1])
    return Target(_NAMES[method, len(parts)], *parts)


_NAMES = {
    ("GET", 1): "SEARCH",
    ("POST", 1): "CREATE",
    ("PUT", 1): "UPDATE",
    ("PATCH", 1): "PATCH",
    ("DELETE", 1): "DELETE",
    ("GET", 2): "READ",
    ("POST", 2): "CREATE",
    ("PUT", 2): "UPDATE",
    ("PATCH", 2): "PATCH",
    ("DELETE", 2): "DELETE",
}
