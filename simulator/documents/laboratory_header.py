"""Simulator, documents, laboratory header: what the header of a laboratory report adds.

Who asked, who took the sample, the laboratory that worked, the biologist who answers for it.
Source: CI-SIS, volet BIO-CR-BIO 2024.01. Not here: the rest of the header, the body.
"""

from __future__ import annotations

from datetime import datetime

from kit.world import Professional
from simulator.documents import people
from simulator.documents.draft import Draft, coded, time
from simulator.documents.kinds import LOINC
from simulator.documents.laboratory_work import work_of
from simulator.documents.markup import NOTHING, TYPE, Xml, join, tag

PRESCRIBER = "1.3.6.1.4.1.19376.1.3.3.1.6"
PERFORMER = "1.3.6.1.4.1.19376.1.3.3.1.7"
FUNCTION = "1.2.250.1.213.1.1.4.2.280"  # JDV_J47
REQUEST_ARC, ACCESSION_ARC = "3", "4"  # below the OID of the establishment


def laboratory_participants(draft: Draft) -> Xml:
    """The prescriber and the one who took the sample, when they are known."""
    facts, work = draft.facts, work_of(draft)
    asked = sampled = NOTHING
    if facts.prescriber:
        template = tag("templateId", root=PRESCRIBER)
        asked = _participant(facts.prescriber, "REF", template, facts.admitted_at)
    if facts.sampler:
        function = coded("PRELV", "Préleveur", FUNCTION, name="functionCode")
        sampled = _participant(facts.sampler, "PRF", function, work.collected_at)
    return join((asked, sampled))


def _participant(who: Professional, kind: str, first: Xml, at: datetime) -> Xml:
    period = tag("time", time("high", at), **{TYPE: "IVL_TS"})
    return tag("participant", first, period, people.associate(who), typeCode=kind)


def laboratory_order(draft: Draft) -> Xml:
    """The request that the report answers (demande)."""
    root = f"{draft.facts.establishment.oid}.{REQUEST_ARC}"
    order = tag("order", tag("id", root=root, extension=work_of(draft).order))
    return tag("inFulfillmentOf", order)


def laboratory_events(draft: Draft) -> Xml:
    """The work under its accession number with the first chapter, then the other chapters."""
    work = work_of(draft)
    first, *others = work.chapters
    root = f"{draft.facts.establishment.oid}.{ACCESSION_ARC}"
    is_final = work.urine is None or work.urine.is_final
    event = tag(
        "serviceEvent",
        tag("id", root=root, extension=work.accession),
        coded(first.code, first.label, LOINC),
        tag("lab:statusCode", code="completed" if is_final else "active"),
        tag("effectiveTime", time("low", work.received_at), time("high", work.released_at)),
        _laboratory(draft),
    )
    return join(
        (
            tag("documentationOf", event),
            *(
                tag("documentationOf", tag("serviceEvent", coded(code.code, code.label, LOINC)))
                for code in others
            ),
        )
    )


def _laboratory(draft: Draft) -> Xml:
    """The laboratory that worked (laboratoire exécutant), by its biologist."""
    return tag(
        "performer",
        tag("templateId", root=PERFORMER),
        tag("time", time("high", work_of(draft).released_at)),
        _biologist(draft),
        typeCode="PRF",
    )


def responsible_biologist(draft: Draft) -> Xml:
    return tag("responsibleParty", _biologist(draft))


def _biologist(draft: Draft) -> Xml:
    facts = draft.facts
    place = people.organization(facts.establishment, "representedOrganization", setting=True)
    return people.entity(facts.legal_authenticator, "assignedEntity", place)
