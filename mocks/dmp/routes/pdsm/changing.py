"""DMP mock, entry points of the FHIR face: status, visibility and archiving, by conditional PATCH.

A patch becomes the very update that ITI-57 carries. Not here: what is refused (``rules.pdsm``,
then the rules of TD3.3).
"""

from __future__ import annotations

import uuid
from dataclasses import replace

from kit import xds
from kit.fhir import Call, Port, Reply
from kit.identity import STRUCTURE_OID
from kit.rules import Malformed
from kit.xds.metadata import Author, DocumentEntry
from mocks.dmp import messages, rules
from mocks.dmp.messages import LotIdentity, StatusChange, Update, pdsm
from mocks.dmp.messages.pdsm.datatypes import OID, UUID
from mocks.dmp.messages.pdsm.simplified import SOURCE_ID
from mocks.dmp.routes import accesses
from mocks.dmp.routes.desk import Dmp
from mocks.dmp.routes.pdsm.caller import about, speaking_for
from mocks.dmp.routes.pdsm.finding import document_shown, version_headers
from mocks.dmp.routes.pdsm.refusing import told
from mocks.dmp.routes.registry import FACTS
from mocks.dmp.rules import DmpUser
from mocks.dmp.rules.pdsm import Patching
from mocks.dmp.rules.pdsm import patch as patch_rules
from mocks.dmp.store import Documents


def add(port: Port, dmp: Dmp) -> None:
    """The change of a document."""

    @port.interaction("PATCH", "DocumentReference")
    def change(call: Call) -> Reply:
        """Change status, securityLabel or isArchived (mise à jour des métadonnées de la fiche)."""
        operations = pdsm.read_patch(call.body)
        identifier = _identifier(call)
        with dmp.store.open(call.line.sandbox) as documents, told():
            entry = _entry(identifier, documents)
            patch_rules.check(operations, Patching(identifier, entry is not None))
            assert entry is not None
            wanted = pdsm.applied(pdsm.visible(entry), operations)
            user = _user(dmp, call, entry, documents)
            update = _update(dmp, call, entry, wanted, user)
            if update.changes or update.entries:
                _apply(dmp, call, update, user, documents)
            after = documents.entry_of(entry.unique_id)
            assert after is not None
            query = messages.get_associations(after.entry_uuid)
            links = documents.links(query, dmp.matricules(user.patient_id))
            shown = document_shown(after, pdsm.Face(call.base_url), documents, links)
        return Reply(shown, headers=version_headers(shown))


def _identifier(call: Call) -> str:
    """The one identifier of the URL: ``urn:ietf:rfc:3986|urn:oid:…``, or the value alone."""
    found = call.parameter("identifier")
    if call.target.resource_id or len(found) != 1 or len(call.parameters) != 1 or not found[0]:
        raise Malformed("identifier", "PATCH DocumentReference?identifier=…|…, once and alone")
    return found[0].rpartition("|")[2]


def _entry(identifier: str, documents: Documents) -> DocumentEntry | None:
    if identifier.startswith(UUID):
        return documents.entry(identifier)
    return documents.entry_of(identifier.removeprefix(OID))


def _user(dmp: Dmp, call: Call, entry: DocumentEntry, documents: Documents) -> DmpUser:
    user = about(call, entry.patient_id)
    user = speaking_for(dmp, user, documents.imputed_to(entry.entry_uuid))
    return dmp.known(user, documents)


def _update(
    dmp: Dmp, call: Call, entry: DocumentEntry, wanted: pdsm.Visible, user: DmpUser
) -> Update:
    """The update of XDS that the three elements, as they shall be, ask for."""
    family, _, given = user.name.partition(" ")
    author = Author(
        person=None if user.is_server else xds.national_person(user.person_id, family, given),
        institutions=(xds.Xon("", user.structure, STRUCTURE_OID, "IDNST"),),
    )
    number = uuid.uuid5(uuid.NAMESPACE_OID, call.line.id).int
    identity = LotIdentity(f"2.25.{number}", "", SOURCE_ID, author, dmp.service.clock.now())
    lot = messages.lot_of_update(identity, user.patient_id)
    status = (entry.availability_status, wanted.availability)
    changes = (StatusChange(entry.entry_uuid, *status),) if len(set(status)) == 2 else ()
    changed = replace(entry, confidentiality_codes=wanted.labels)
    return Update(lot, changes, (), (changed,) if changed != entry else ())


def _apply(dmp: Dmp, call: Call, update: Update, user: DmpUser, documents: Documents) -> None:
    transaction = rules.transaction_of(update, documents)
    matricules = dmp.matricules(user.patient_id)
    around = rules.Updating(user, documents, matricules, dmp.policy.visibility_cumul)
    targets = _targets(update, documents)
    places = dict.fromkeys(_names(update), "DocumentReference")
    with told(places):
        rules.update.check(update, around)
    call.line.facts |= {
        "dmp": transaction,
        FACTS[transaction]: [item.unique_id for item in targets],
    }
    accesses.note(dmp, call.line, user, documents, targets)
    documents.change(
        update,
        structure=user.structure,
        at=dmp.service.clock.now(),
        renews=dmp.service.settings.dmp_status_versions,
    )


def _names(update: Update) -> list[str]:
    changed = [change.entry_uuid for change in update.changes]
    return changed + [entry.entry_uuid for entry in update.entries]


def _targets(update: Update, documents: Documents) -> list[DocumentEntry]:
    """What is changed, once."""
    found = (documents.entry(name) for name in dict.fromkeys(_names(update)))
    return [entry for entry in found if entry]
