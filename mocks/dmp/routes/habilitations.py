"""DMP mock, entry points of ``/habilitations``: authorisations (TD0.3, TD1.6)."""

from __future__ import annotations

from datetime import datetime

from kit import soap
from kit.soap import Call
from kit.xml import Element
from mocks.dmp import messages, rules
from mocks.dmp.messages import Authorization, AuthorizationChange
from mocks.dmp.messages import habilitation as said
from mocks.dmp.routes import accesses
from mocks.dmp.routes.desk import Dmp
from mocks.dmp.rules import DmpUser
from mocks.dmp.rules.rights import Action, Note, note_of
from mocks.dmp.store import Documents


def add(port: soap.Port, dmp: Dmp) -> None:
    """The operations of authorisations."""

    @port.operation(
        messages.SET_AUTHORIZATION,
        transaction="TD0.3",
        action=messages.TD0_3,
        reply_action=f"{messages.TD0_3}Response",
    )
    def set_authorization(call: Call) -> Element:
        """TD0.3: add or remove my authorisation, become or stop being MT (habilitation)."""
        change = messages.read_set_authorization(call.body)
        with dmp.store.open(call.line.sandbox) as documents:
            around = _around(dmp, call, documents)
            rules.authorization.check(change, around)
            told = _apply(dmp, change, around.user, documents)
            accesses.note(dmp, call.line, around.user, documents)
        call.line.facts |= {"action": change.action, "role": change.role, "told": told}
        return messages.write_set_authorization_response(said.OK, told)

    @port.operation(
        messages.LIST_AUTHORIZATIONS,
        transaction="TD1.6",
        action=messages.TD1_6,
        reply_action=f"{messages.TD1_6}Response",
    )
    def list_authorizations(call: Call) -> Element:
        """TD1.6: the professionals authorised or blocked (liste des habilitations)."""
        mode = messages.read_list_authorizations(call.body)
        with dmp.store.open(call.line.sandbox) as documents:
            around = _around(dmp, call, documents)
            rules.authorized.check(mode, around)
            accesses.note(dmp, call.line, around.user, documents)
            patient = dmp.patient(call.sender.patient_id)
            every = dmp.authorizations(patient, documents)
        found = [item for item in every if mode in (said.ALL, item.mode)]
        call.line.facts["found"] = len(found)
        return messages.write_list_authorizations_response(found)


def _around(dmp: Dmp, call: Call, documents: Documents) -> rules.Administering:
    patient = dmp.patient(call.sender.patient_id)
    return rules.Administering(dmp.known(call.sender, documents), dmp.record(patient, documents))


def _apply(dmp: Dmp, change: AuthorizationChange, user: DmpUser, documents: Documents) -> str:
    """Do what TD0.3 asks; returns the text of the answer."""
    patient = dmp.patient(user.patient_id)
    assert patient is not None
    matricule, now = patient.ins.matricule, dmp.service.clock.now()
    note = note_of(Action.ADD_AUTHORIZATION, user.user, user.access_mode)
    holder = user.structure if note is Note.TO_THE_STRUCTURE else user.person_id
    known = {item.holder: item for item in documents.records.authorizations(matricule)}
    before = known.get(holder)
    if change.action == said.REMOVE:
        if before is None or (change.role and before.role != change.role):
            return "Aucune autorisation : rien n'a été fait"
        if change.role:
            documents.records.authorize(matricule, _granted(user, holder, before, "", now=now))
            return "Le professionnel n'est plus médecin traitant DMP"
        documents.records.withdraw(matricule, holder)
        return "Autorisation supprimée"
    is_expired = user.standing.authorization not in ("VALIDE", "INTERDITE")
    if before is not None and not is_expired and change.role in ("", before.role):
        return "Autorisation déjà présente : rien n'a été fait"
    role = change.role or (before.role if before else "")
    kept = None if is_expired else before
    documents.records.authorize(matricule, _granted(user, holder, kept, role, now=now))
    return "Autorisation ajoutée"


def _granted(
    user: DmpUser, holder: str, before: Authorization | None, role: str, *, now: datetime
) -> Authorization:
    family, _, given = user.name.partition(" ")
    return Authorization(
        holder=holder,
        holder_type=said.STRUCTURE if holder == user.structure else said.PERSON,
        role=role,
        family=family,
        given=given,
        specialty=user.specialty,
        structure=user.structure,
        started_at=before.started_at if before else now,
        acted_at=now,
    )
