"""Simulator, documents, header: the French header of every document, in the order of the schema.

Source: CI-SIS, structuration minimale des documents de santé (HL7 CDA R2).
Not here: bodies; how people and structures are written (see people).
"""

from __future__ import annotations

from datetime import datetime

from simulator.documents import people
from simulator.documents import terminology as terms
from simulator.documents.draft import Draft, coded, local_time, time
from simulator.documents.facts import EncounterMode
from simulator.documents.laboratory_header import laboratory_participants, responsible_biologist
from simulator.documents.markup import NOTHING, Xml, join, leaf, tag
from simulator.documents.services import (
    VISIT_TIME,
    fulfilled_orders,
    service_events,
    type_translations,
)

TEMPLATES = ("2.16.840.1.113883.2.8.2.1", "1.2.250.1.213.1.1.1.1")  # HL7 France, CI-SIS


def write_header(draft: Draft) -> Xml:
    """All that comes before ``component``."""
    return join(
        (
            _identification(draft),
            tag("recordTarget", people.patient_role(draft)),
            _author(draft),
            _custodian(draft),
            _recipients(draft),
            _legal_authenticator(draft),
            _participants(draft),
            _attending_doctor(draft),
            fulfilled_orders(draft),
            service_events(draft),
            _replaced(draft),
            _encounter(draft),
        )
    )


def _identification(draft: Draft) -> Xml:
    kind = draft.kind
    extension = {"extension": kind.template.label} if kind.template.label else {}
    return join(
        (
            tag("realmCode", code="FR"),
            tag("typeId", root="2.16.840.1.113883.1.3", extension="POCD_HD000040"),
            *(tag("templateId", root=root) for root in (*TEMPLATES, *kind.parents)),
            tag("templateId", root=kind.template.code, **extension),
            tag("id", root=draft.unique_id),
            coded(kind.type.code, kind.type.label, kind.type_system, *type_translations(draft)),
            leaf("title", kind.title),
            time("effectiveTime", draft.created_at),
            coded("N", "Normal", terms.CONFIDENTIALITY, name="confidentialityCode"),
            tag("languageCode", code="fr-FR"),
            tag("setId", root=draft.set_id),
            tag("versionNumber", value=str(draft.version)),
        )
    )


def _author(draft: Draft) -> Xml:
    return tag(
        "author",
        _own_doctor_code() if draft.kind.is_from_town else NOTHING,
        time("time", draft.created_at),
        people.entity(
            draft.author,
            "assignedAuthor",
            people.organization(draft.place, "representedOrganization"),
        ),
    )


def _custodian(draft: Draft) -> Xml:
    keeper = people.organization(draft.place, "representedCustodianOrganization")
    return tag("custodian", tag("assignedCustodian", keeper))


def _recipients(draft: Draft) -> Xml:
    """Copies (destinataires en copie)."""
    return join(
        tag(
            "informationRecipient",
            tag(
                "intendedRecipient",
                people.professional_id(who),
                people.contact(who),
                people.person(who, "informationRecipient"),
            ),
        )
        for who in draft.facts.correspondents
    )


def _legal_authenticator(draft: Draft) -> Xml:
    return tag(
        "legalAuthenticator",
        time("time", draft.created_at),
        tag("signatureCode", code="S"),
        people.entity(
            draft.authenticator,
            "assignedEntity",
            people.organization(draft.place, "representedOrganization", setting=True),
        ),
    )


def _participants(draft: Draft) -> Xml:
    """Those whom a kind of document adds."""
    return laboratory_participants(draft) if draft.kind.name == "CR_BIO" else NOTHING


def _responsible(draft: Draft) -> Xml:
    """Who answers for the encounter, where a kind of document wants it."""
    return responsible_biologist(draft) if draft.kind.name == "CR_BIO" else NOTHING


def _attending_doctor(draft: Draft) -> Xml:
    """Médecin traitant, when one is known."""
    who = draft.facts.attending_doctor
    if who is None:
        return NOTHING
    return tag(
        "participant",
        _own_doctor_code(),
        tag("time", nullFlavor="NA"),
        people.associate(who),
        typeCode="INF",
    )


def _own_doctor_code() -> Xml:
    return coded("PCP", "Médecin traitant", terms.PARTICIPATION, name="functionCode")


def _replaced(draft: Draft) -> Xml:
    """The document that this version replaces."""
    if draft.replaces is None:
        return NOTHING
    parent = tag(
        "parentDocument",
        tag("id", root=draft.replaces),
        tag("versionNumber", value=str(draft.version - 1)),
    )
    return tag("relatedDocument", parent, typeCode="RPLC")


def _encounter(draft: Draft) -> Xml:
    """The stay or visit (prise en charge), under the administrative number of the hospital."""
    facts = draft.facts
    if draft.kind.is_from_town:
        began = draft.created_at - VISIT_TIME
        period, name = _period(began, draft.created_at), draft.place.name
        return _taken_care_of(draft, EncounterMode.IN_TOWN, NOTHING, period, name)
    number = tag("id", root=f"{facts.establishment.oid}.2", extension=facts.stay_id)
    period = _period(facts.admitted_at, facts.left_at)
    return _taken_care_of(draft, facts.mode, number, period, facts.unit.name)


def _taken_care_of(draft: Draft, mode: EncounterMode, number: Xml, period: Xml, name: str) -> Xml:
    place = draft.place
    system, label = terms.ENCOUNTERS[mode]
    return tag(
        "componentOf",
        tag(
            "encompassingEncounter",
            number,
            coded(mode.value, label, system),
            period,
            _responsible(draft),
            tag(
                "location",
                tag(
                    "healthCareFacility",
                    coded(place.sector, terms.FACILITIES[place.sector], terms.FACILITY),
                    tag("location", leaf("name", name)),
                ),
            ),
        ),
    )


def _period(start: datetime, end: datetime | None) -> Xml:
    high = tag("high", value=local_time(end)) if end else NOTHING
    return tag("effectiveTime", tag("low", value=local_time(start)), high)
