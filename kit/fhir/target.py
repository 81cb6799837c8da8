"""Kit, FHIR: what a request is for, from its method and path.

Not here: who answers (``port``).
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Target:
    """What a request is for: the interaction in the words of FHIR, the resource type and id.

    version: of the resource, as meta.versionId says it. name: what the journal calls it, where a
    profile has a name of its own (ITI-65).
    """

    interaction: str
    resource_type: str = ""
    resource_id: str = ""
    name: str = ""
    version: str = ""

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
    if HISTORY in parts[:3]:
        return _history(method, parts)
    if len(parts) > 2:
        return Target("SEARCH-COMPARTMENT", parts[0], parts[1])
    return Target(_NAMES[method, len(parts)], *parts)


def _history(method: str, parts: list[str]) -> Target:
    """Versions of one resource, or of all; they are read only."""
    at = parts.index(HISTORY)
    kind, name = (*parts[:at], "", "")[:2]
    if method != "GET" or at != 2 or len(parts) > 4:
        scope = ("-SYSTEM", "-TYPE", "")[at]
        return Target(f"{'' if method == 'GET' else method + '-'}HISTORY{scope}", kind, name)
    if len(parts) == 4:
        return Target("VREAD", kind, name, version=parts[3])
    return Target("HISTORY", kind, name)


HISTORY = "_history"
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
