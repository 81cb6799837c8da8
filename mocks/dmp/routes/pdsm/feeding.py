"""DMP mock, entry points of the FHIR face: documents in, by Bundle (ITI-65) or alone (ITI-105).

Not here: what is refused (``rules.pdsm``, then the rules of TD2.1).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from kit.fhir import Call, Port, Reply
from kit.rules import Refused
from kit.xds import vocabulary
from kit.xds.metadata import Submission
from mocks.dmp import messages, rules
from mocks.dmp.messages import ProvidedLot, pdsm
from mocks.dmp.messages.pdsm.datatypes import OID
from mocks.dmp.routes import accesses, noting, repository
from mocks.dmp.routes.desk import Dmp
from mocks.dmp.routes.pdsm.caller import about, speaking_for
from mocks.dmp.routes.pdsm.finding import document_shown, version_headers
from mocks.dmp.routes.pdsm.refusing import told
from mocks.dmp.rules import DmpUser
from mocks.dmp.rules.pdsm import provide as provide_rules
from mocks.dmp.store import Documents


def add(port: Port, dmp: Dmp) -> None:
    """The two deposits."""

    @port.interaction("BATCH")
    def provide_document_bundle(call: Call) -> Reply:
        """ITI-65: file a lot of documents (ajout d'un lot de documents)."""
        lot = pdsm.read_provide_bundle(call.body)
        return Reply(pdsm.write_provided(lot, _deposited(dmp, call, lot)))

    @port.interaction("CREATE", "DocumentReference")
    def simplified_publish(call: Call) -> Reply:
        """ITI-105: file one document, its bytes inside (ajout simplifié)."""
        lot = pdsm.read_simplified(call.body, submitted_at=dmp.now)
        (created,) = (
            uuid for name, uuid in _deposited(dmp, call, lot).items()
            if name == lot.documents[0].entry.entry_uuid
        )  # fmt: skip
        with dmp.store.open(call.line.sandbox) as documents:
            entry = documents.entry(created)
            assert entry is not None
            links = documents.links(messages.get_associations(created), _matricules(dmp, lot))
            shown = document_shown(entry, pdsm.Face(call.base_url), documents, links)
        location = f"{call.base_url}/DocumentReference/{shown['id']}"
        return Reply(shown, 201, {"Location": location} | version_headers(shown))


def _deposited(dmp: Dmp, call: Call, lot: pdsm.FhirLot) -> Mapping[str, str]:
    """Judge and keep a lot. Returns symbolic id -> entryUUID, of the lot and its documents."""
    noting.lot_of(call.line, lot.provided)
    noting.remark(call.line, rules.leniencies(lot.provided, dmp.policy))
    user = _sender(dmp, call, lot)
    lot_path = lot.described_lot.path if lot.described_lot else ""
    with dmp.store.open(call.line.sandbox) as documents:
        provided, places = _resolved(lot, documents)
        noting.replaced_by(call.line, provided, documents)
        around = replace(repository.feeding(dmp, user, provided, documents), signature=())
        with told(places, lot_path):
            broken = provide_rules.findings(lot, around.user)
            broken += rules.submission.findings(provided, around)
            if broken:
                raise Refused(broken)
            documents.register(provided, structure=user.structure, at=dmp.service.clock.now())
        entries = provided.submission.health_documents
        accesses.note(dmp, call.line, around.user, documents, entries)
        noting.remark(call.line, rules.minor_remarks(provided, around))
        return _created(provided, documents, around.matricules)


def _sender(dmp: Dmp, call: Call, lot: pdsm.FhirLot) -> DmpUser:
    custodian = lot.documents[0].custodian if lot.documents else None
    user = about(call, lot.provided.submission.lot.patient_id)
    return speaking_for(dmp, user, custodian.id if custodian else "")


def _matricules(dmp: Dmp, lot: pdsm.FhirLot) -> frozenset[str]:
    ins = lot.provided.submission.lot.patient_id
    return dmp.matricules(ins) if ins else frozenset()


def _resolved(lot: pdsm.FhirLot, documents: Documents) -> tuple[ProvidedLot, Mapping[str, str]]:
    """The lot, documents it names by uniqueId now named by entryUUID; and all their places."""
    sent, places = lot.provided.submission, dict(lot.places)
    links = []
    for link in sent.associations:
        named = link.target.removeprefix(OID)
        known = documents.entry_of(named) if link.target.startswith(OID) else None
        if known is not None:
            places[known.entry_uuid] = places.get(link.target, "")
            link = replace(link, target=known.entry_uuid)
        links.append(link)
    submission = Submission(sent.lot, sent.documents, tuple(links))
    return replace(lot.provided, submission=submission), places


def _created(lot: ProvidedLot, documents: Documents, matricules: frozenset[str]) -> dict[str, str]:
    found = {}
    for item in lot.documents:
        entry = documents.entry_of(item.entry.unique_id)
        assert entry is not None
        found[item.entry.entry_uuid] = entry.entry_uuid
        for link in documents.links(messages.get_associations(entry.entry_uuid), matricules):
            if link.kind == vocabulary.HAS_MEMBER:
                found[lot.submission.lot.entry_uuid] = link.source
    return found
