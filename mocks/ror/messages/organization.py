"""ROR messages: Organization, as legal entity (EJ), site (EG) and unit (OI).

Not here: where names and dates come from (store.derived).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime

from kit.fhir import Resource
from kit.identity import struct_idnat
from kit.world import Address, Establishment, Unit
from mocks.ror.messages import terminology as nos
from mocks.ror.messages.capacity import write_instant

# FINESS legal status by kind of establishment; labels of site categories.
# Source: NOS TRE_R72, TRE_R66.
LEGAL_STATUS = {"CHR": ("13", "Etb.Pub.Commun.Hosp."), "CH": ("13", "Etb.Pub.Commun.Hosp.")}
PRIVATE_STATUS = ("73", "Société Anonyme")
SITE_CATEGORY = {
    "101": "Centre Hospitalier Régional (C.H.R.)",
    "355": "Centre Hospitalier (C.H.)",
    "365": "Etablissement de Soins Pluridisciplinaire",
}


@dataclass(frozen=True, slots=True)
class Stamp:
    """The metadata (métadonnées) of a resource: its id, its region and its dates."""

    id: str
    region: str
    created_at: datetime
    updated_at: datetime
    version: int = 1


def write_legal_entity(establishment: Establishment, stamp: Stamp) -> Resource:
    """The legal entity (entité juridique)."""
    code, label = LEGAL_STATUS.get(establishment.kind, PRIVATE_STATUS)
    return _organization(stamp) | {
        "identifier": _structure_identifiers(establishment.finess_ej),
        "type": [_labelled(nos.LEGAL_STATUS, code, label)],
        "name": establishment.name,
        "address": [write_address(establishment.address)],
    }


def write_site(establishment: Establishment, stamp: Stamp, *, part_of: str) -> Resource:
    """The geographical entity (entité géographique), part of its legal entity."""
    code = establishment.category
    return _organization(stamp) | {
        "identifier": _structure_identifiers(establishment.finess_eg),
        "type": [_labelled(nos.SITE_CATEGORY, code, SITE_CATEGORY[code])],
        "name": establishment.name,
        "alias": [establishment.name],
        "address": [write_address(establishment.address)],
        "partOf": {"reference": f"Organization/{part_of}"},
    }


def write_unit(unit: Unit, stamp: Stamp, *, part_of: str) -> Resource:
    """The elementary unit (organisation interne), part of its site."""
    identifier = {
        "type": nos.concept(nos.OTHER_ID_TYPE, "42"),
        "system": nos.INTERNAL_ORGANIZATION,
        "value": f"{stamp.region}/OI-{stamp.id}",
    }
    return _organization(stamp) | {
        "identifier": [identifier],
        "type": [nos.concept(nos.UNIT_TYPE, "4")],
        "name": unit.name,
        "partOf": {"reference": f"Organization/{part_of}"},
    }


def _organization(stamp: Stamp) -> Resource:
    return write_head("Organization", "ror-organization", stamp) | {
        "extension": [write_creation_date(stamp)]
    }


def write_head(resource_type: str, profile: str, stamp: Stamp) -> Resource:
    """Type, id and meta of a resource."""
    tag = {"system": nos.system_of(nos.REGION), "code": stamp.region}
    return {
        "resourceType": resource_type,
        "id": stamp.id,
        "meta": {
            "versionId": str(stamp.version),
            "lastUpdated": write_instant(stamp.updated_at),
            "profile": [nos.profile(profile)],
            "tag": [tag],
        },
    }


def write_creation_date(stamp: Stamp) -> Resource:
    """The extension every profile requires."""
    return {
        "url": nos.profile("ror-meta-creation-date"),
        "valueDateTime": write_instant(stamp.created_at),
    }


def _structure_identifiers(finess: str) -> list[Resource]:
    return [
        {
            "type": nos.concept(nos.STRUCTURE_ID_TYPE, "40"),
            "system": nos.ID_NAT_STRUCT,
            "value": struct_idnat(finess),
        },
        {
            "type": nos.concept(nos.STRUCTURE_ID_TYPE, "1"),
            "system": nos.FINESS,
            "value": finess,
        },
    ]


def _labelled(name: str, code: str, label: str) -> Resource:
    return {"coding": [{"system": nos.system_of(name), "code": code, "display": label}]}


def write_address(address: Address, *, with_street: bool = True) -> Resource:
    """An address; the street is written as a line and as its parts."""
    written: Resource = {"city": address.city, "postalCode": address.postal_code}
    if with_street:
        written["line"] = [address.line]
        written["_line"] = [{"extension": _street_parts(address.line)}]
    return written


def _street_parts(line: str) -> list[Resource]:
    found = re.fullmatch(r"(?:(\d+)\s+)?(\S+)\s+(.+)", line)
    number, kind, base = found.groups() if found else (None, None, line)
    parts = {"houseNumber": number, "streetNameType": kind, "streetNameBase": base}
    return [
        {"url": nos.ADDRESS_PART + name, "valueString": value}
        for name, value in parts.items()
        if value
    ]
