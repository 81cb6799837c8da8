"""ROR messages: HealthcareService, one operational offer (offre opérationnelle) of a unit.

Not here: where names and dates come from (store.derived).
"""

from __future__ import annotations

from collections.abc import Sequence

from kit.fhir import Resource
from kit.world import Unit
from mocks.ror.messages import terminology as nos
from mocks.ror.messages.organization import Stamp, write_creation_date, write_head

PUBLIC, PROFESSIONALS = "1", "2"


def write_offer(
    unit: Unit,
    stamp: Stamp,
    *,
    provided_by: str,
    locations: Sequence[str],
    phone: str,
    is_sensitive: bool,
) -> Resource:
    """The offer of a unit; without ``phone`` it has no contact and is incomplete."""
    extension = [
        {"url": nos.profile("ror-healthcareservice-sensitive-unit"), "valueBoolean": is_sensitive},
        write_creation_date(stamp),
        _patients(unit),
    ]
    if phone:
        extension.append(_contact(phone))
    return write_head("HealthcareService", "ror-healthcareservice", stamp) | {
        "extension": extension,
        "identifier": [_identifier(stamp)],
        "providedBy": {"reference": f"Organization/{provided_by}"},
        "type": [nos.concept(nos.ACTIVITY_FIELD, unit.field)],
        "specialty": [nos.concept(nos.ACTIVITY, unit.activity)],
        "characteristic": [nos.concept(nos.CARE_MODE, unit.care_mode)],
        "location": [{"reference": f"Location/{item}"} for item in locations],
        "name": unit.name,
    }


def _identifier(stamp: Stamp) -> Resource:
    return {
        "type": nos.concept(nos.OFFER_ID_TYPE, nos.OFFER_ID),
        "value": f"{stamp.region}/{stamp.id}",
    }


def _patients(unit: Unit) -> Resource:
    """The population (patientèle): the youngest and the oldest age in years."""
    children = any(word in unit.name.casefold() for word in ("pédiatr", "pédopsy", "néonat"))
    low, high = (0, 17) if children else (18, 120)
    age_range = {"low": _age(low), "high": _age(high)}
    return {
        "url": nos.profile("ror-healthcareservice-patient-type"),
        "extension": [{"url": "ageRange", "valueRange": age_range}],
    }


def _age(years: int) -> Resource:
    return {"value": years, "system": nos.system_of(nos.UNITS), "code": "a"}


def _contact(phone: str) -> Resource:
    confidentiality = nos.concept(nos.CONFIDENTIALITY, PUBLIC)
    channel = nos.concept(nos.CHANNEL, "2")
    telecom = [
        {"url": nos.profile("ror-telecom-communication-channel"), "valueCodeableConcept": channel},
        {
            "url": nos.profile("ror-telecom-confidentiality-level"),
            "valueCodeableConcept": confidentiality,
        },
        {"url": "telecomAddress", "valueString": phone},
    ]
    return {
        "url": nos.profile("ror-healthcareservice-contact"),
        "extension": [
            {
                "url": "purposeContact",
                "valueCodeableConcept": nos.concept(nos.CONTACT_NATURE, "06"),
            },
            {
                "url": nos.profile("ror-confidentiality-level"),
                "valueCodeableConcept": confidentiality,
            },
            {"url": nos.profile("ror-healthcareservice-contact-telecom"), "extension": telecom},
        ],
    }
