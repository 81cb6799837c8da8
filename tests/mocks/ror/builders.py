"""Builders of the ROR tests: valid by default, spoil one thing."""

from __future__ import annotations

import copy
from datetime import UTC, datetime
from typing import Any

from mocks.ror import messages
from mocks.ror.messages import BedPatch, Capacity
from mocks.ror.messages.capacity import SUPPORTED_CAPACITY
from mocks.ror.messages.token import Client
from mocks.ror.rules.beds import Places

AT = datetime(2026, 1, 5, 7, 55, tzinfo=UTC)
SUPPLIER = Client("fournisseur-1-0B9001005", "fournisseur", "1", "0B9001005")


def a_capacity(**changes: Any) -> Capacity:
    """Beds available now, whoever the patient is."""
    values: dict[str, Any] = {
        "capacity_status": "02",
        "nb_capacity": 7,
        "capacity_update_date": AT,
        "gender_capacity_available": "03",
    }
    return Capacity(**values | changes)


def installed(number: int = 28) -> Capacity:
    return a_capacity(capacity_status="01", nb_capacity=number, gender_capacity_available="")


def a_patch(*operations: messages.BedOperation) -> dict[str, Any]:
    """The body of a bed update; by default it replaces the available beds."""
    return messages.write_bed_patch(BedPatch(operations or (messages.replace(a_capacity()),)))


def spoilt(body: dict[str, Any], **parts: Any) -> dict[str, Any]:
    """A copy of a bed update whose block has other parts: name -> extension, or None to drop."""
    changed = copy.deepcopy(body)
    block = changed["parameter"][0]["part"][2]["part"][0]["extension"][0]
    for name, item in parts.items():
        block["extension"] = [part for part in block["extension"] if part["url"] != name]
        if item is not None:
            block["extension"].append({"url": name, **item})
    return changed


def a_location(*capacities: Capacity, identifier: str = "70012") -> dict[str, Any]:
    blocks = capacities or (installed(), a_capacity(nb_capacity=3))
    return {
        "resourceType": "Location",
        "id": identifier,
        "meta": {"versionId": "1", "lastUpdated": "2026-01-01T08:00:00Z"},
        "extension": [messages.write_capacity(item) for item in blocks],
    }


def places(*locations: dict[str, Any]) -> Places:
    return Places(
        "11B9001012/CARDIO1", locations or (a_location(),), ("0B9001005",) * len(locations or (1,))
    )


PATH = f"Location.extension.where(url='{SUPPORTED_CAPACITY}')"
