"""DMP mock, entry points of ``/repository``: documents in (TD2.1, TD2.2) and out (TD3.2)."""

from __future__ import annotations

from dataclasses import replace

from kit import soap
from kit.journal import Line
from kit.rules import Finding, Refused
from kit.soap import Call, Reply
from kit.xml import Element
from mocks.dmp import messages, rules
from mocks.dmp.messages import DocumentRequest, ProvidedLot, RetrievedDocument
from mocks.dmp.routes import accesses, noting
from mocks.dmp.routes.desk import Dmp
from mocks.dmp.rules import DmpUser
from mocks.dmp.rules.rights import User
from mocks.dmp.store import Documents


def add(port: soap.Port, dmp: Dmp) -> None:
    """The operations of the repository."""

    @port.operation(
        messages.PROVIDE_AND_REGISTER,
        transaction="TD2.1",
        action=messages.ITI_41,
        reply_action=messages.ITI_41_ANSWER,
    )
    def provide_and_register(call: Call) -> Element:
        """ITI-41, TD2.1, TD2.2: file a lot of documents (alimentation)."""
        lot = messages.read_submission(call.body, call.attachments)
        if call.sender.user is User.EMPLOYEE:
            call.line.transaction = "TD2.2"
        noting.lot_of(call.line, lot)
        noting.remark(call.line, rules.leniencies(lot, dmp.policy))
        signature, broken = _signature(dmp, lot), rules.broken_by(lot)
        dmp.patient(call.sender.patient_id)  # remembered: not looked for while others wait to write
        with dmp.store.open(call.line.sandbox) as documents:
            noting.replaced_by(call.line, lot, documents)
            stands = feeding(dmp, call.sender, lot, documents)
            rules.submission.check(lot, replace(stands, signature=signature, broken=broken))
            documents.register(lot, structure=call.sender.structure, at=dmp.service.clock.now())
            accesses.note(dmp, call.line, stands.user, documents, lot.submission.health_documents)
            noting.remark(call.line, rules.minor_remarks(lot, stands))
        return messages.write_success()

    @port.operation(
        messages.RETRIEVE,
        transaction="TD3.2",
        action=messages.ITI_43,
        reply_action=messages.ITI_43_ANSWER,
    )
    def retrieve(call: Call) -> Reply:
        """ITI-43, TD3.2: the bytes of documents (consultation)."""
        asked = messages.read_retrieve(call.body)
        found, refusals = [], []
        with dmp.store.open(call.line.sandbox) as documents:
            user = dmp.known(call.sender, documents)
            for request in asked:
                broken = rules.retrieval.findings(request, around(dmp, user, request, documents))
                refusals += broken
                if not broken:
                    found.append(retrieved(documents, request.unique_id))
            note_readings(dmp, call.line, user, found, documents)
        if not found:
            raise Refused(refusals)
        call.line.facts["retrieved"] = [item.unique_id for item in found]
        return Reply(*messages.write_retrieved(found, refusals))


def _signature(dmp: Dmp, lot: ProvidedLot) -> tuple[Finding, ...]:
    """The signature of the lot, as the documents, is judged while nobody waits for the store."""
    if dmp.policy.lot_signature != "strict":
        return ()
    return tuple(rules.signature_findings(lot, dmp.trust(), dmp.service.clock.now()))


def feeding(dmp: Dmp, user: DmpUser, lot: ProvidedLot, documents: Documents) -> rules.Feeding:
    """What stands around a lot that a user sends."""
    ins = lot.submission.lot.patient_id
    patient = dmp.patient(ins) if ins else None
    return rules.Feeding(
        user=dmp.known(user, documents),
        record=dmp.record(patient, documents),
        matricules=dmp.matricules(ins) if ins else frozenset(),
        known=documents,
        now=dmp.service.clock.now(),
        trust=dmp.trust(),
        policy=dmp.policy,
    )


def around(
    dmp: Dmp, user: DmpUser, request: DocumentRequest, documents: Documents
) -> rules.Retrieving:
    """What stands around one document that a user asks for."""
    return rules.Retrieving(
        user,
        documents.entry_of(request.unique_id),
        dmp.matricules(user.patient_id),
        dmp.record(dmp.patient(user.patient_id), documents),
    )


def retrieved(documents: Documents, unique_id: str) -> RetrievedDocument:
    """A document the rules let pass, so it is known."""
    entry, content = documents.entry_of(unique_id), documents.content(unique_id)
    assert entry is not None
    assert content is not None
    return RetrievedDocument(unique_id, content, entry.mime_type)


def note_readings(
    dmp: Dmp, line: Line, user: DmpUser, found: list[RetrievedDocument], documents: Documents
) -> None:
    """The patient will see who read what."""
    patient, at = dmp.patient(user.patient_id), dmp.service.clock.now()
    if patient is None or not found:
        return
    entries = [documents.entry_of(item.unique_id) for item in found]
    accesses.note(dmp, line, user, documents, entries)
    documents.records.act(patient.ins.matricule, (user.person_id, user.structure), at)
