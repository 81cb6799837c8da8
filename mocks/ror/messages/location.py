"""ROR messages: Location, the place of an offer (lieu de réalisation) with its capacity.

Not here: changes of capacity (bed_patch).
"""

from __future__ import annotations

from collections.abc import Sequence

from kit.fhir import Resource
from kit.identity import struct_idnat
from kit.world import Address
from mocks.ror.messages import terminology as nos
from mocks.ror.messages.capacity import Capacity, write_capacity
from mocks.ror.messages.organization import Stamp, write_address, write_creation_date, write_head

HOUSING, CONSULTATION = "001", "002"


def sync_id(finess_eg: str, unit_code: str) -> str:
    """The external synchronisation id: ``1350000018/CARDIO1``. Source: ROR guide, bed update."""
    return f"{struct_idnat(finess_eg)}/{unit_code}"


def write_place(
    name: str,
    stamp: Stamp,
    address: Address,
    *,
    sync: str,
    managed_by: str,
    capacities: Sequence[Capacity] = (),
    with_street: bool = True,
) -> Resource:
    """A place; with capacity blocks it houses patients, without it is for consultations."""
    function = HOUSING if capacities else CONSULTATION
    return write_head("Location", "ror-location", stamp) | {
        "extension": [
            {
                "url": nos.profile("ror-commune-cog"),
                "valueCodeableConcept": nos.concept(nos.COMMUNE, address.cog),
            },
            write_creation_date(stamp),
            *(write_capacity(capacity) for capacity in capacities),
        ],
        "identifier": [
            _identifier(nos.PLACE_ID, f"{stamp.region}/{stamp.id}"),
            _identifier(nos.PLACE_SYNC_ID, sync),
        ],
        "status": "active",
        "name": name,
        "type": [nos.concept(nos.PLACE_FUNCTION, function)],
        "address": write_address(address, with_street=with_street),
        "managingOrganization": {"reference": f"Organization/{managed_by}"},
    }


def _identifier(kind: str, value: str) -> Resource:
    return {"type": nos.concept(nos.PLACE_ID_TYPE, kind), "value": value}


def identifiers(location: Resource) -> dict[str, str]:
    """The identifiers of a Location by the code of their type (25 place, 26 synchronisation)."""
    return {
        nos.code_in(item.get("type"), nos.PLACE_ID_TYPE): str(item.get("value", ""))
        for item in location.get("identifier", [])
    }
