"""DMP mock, entry points: one function per transaction.

Each one reads, checks, stores, answers. No XML, no rule and no SQL is written here. Also: who
calls (the VIHF of each request), and what a journal line says.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime, time
from functools import lru_cache
from typing import Any

from flask import Blueprint

from kit import soap
from kit.identity import Ins
from kit.journal import Line
from kit.pki import Trust
from kit.rules import Code, Malformed, Refusal, Refused
from kit.service import MUTUAL_TLS, PLAIN, Service
from kit.soap import Call, Reply, SoapFault
from kit.vihf import Vihf, policy_of, read_vihf, verify_vihf
from kit.world import Patient, World
from kit.xds import read_dtm, vocabulary, write_dtm
from kit.xds.metadata import DocumentEntry
from kit.xml import Element
from mocks.dmp import errors, messages, rules
from mocks.dmp.messages import ProvidedDocument, ProvidedLot
from mocks.dmp.rules import DmpUser
from mocks.dmp.store import Documents, Store


class DmpFaults(soap.FaultStyle):
    """Faults as the DMP words them: SOAP 1.2, Sender, its own code as Subcode."""

    def malformed(self, error: Malformed) -> SoapFault:
        return SoapFault(
            "Sender",
            subcode=errors.MALFORMED.code,
            reason=f"{errors.MALFORMED.meaning}; {error.where}: {error.why}",
            outcome="malformed",
        )

    def unknown_operation(self, name: str) -> SoapFault:
        return self.malformed(Malformed("soap:Body", f"no transaction has the element {name}"))


class Dmp:
    """What the entry points share: the store, the people, the trust, the settings."""

    def __init__(
        self, service: Service, store: Store, world: World, trust: Callable[[], Trust]
    ) -> None:
        self.service = service
        self.store = store
        self.world = world
        self._by_matricule = lru_cache(maxsize=4096)(world.by_matricule)
        self.trust = trust
        settings = service.settings
        self.is_lenient = settings.dmp_require_vihf != "strict"
        self.vihf_policy = policy_of(settings, self._sites_of)
        gate = datetime.combine(date.fromisoformat(settings.dmp_ins_gate_on), time(), UTC)
        self.policy = rules.Policy(gate, settings.dmp_lot_signature, settings.dmp_visibility_cumul)

    def patient(self, ins: Ins) -> Patient | None:
        """Who has, or had, this INS under this authority."""
        found = self._by_matricule(ins.matricule)
        known = (
            {(item.matricule, item.oid) for item in (found.ins, *found.history)} if found else ()
        )
        return found if (ins.matricule, ins.oid) in known else None

    def matricules(self, ins: Ins) -> frozenset[str]:
        """Every matricule of the person: documents stay where they were filed (EX_3.1-1055)."""
        found = self.patient(ins)
        past = found.history if found else ()
        current = (found.ins.matricule,) if found else ()
        return frozenset({ins.matricule, *current, *(item.matricule for item in past)})

    def legal_entity(self, structure: str) -> str:
        """Struct_IdNat of the legal entity (EJ) of a structure, or the structure itself."""
        found = self.world.establishment(structure[1:]) if structure.startswith("1") else None
        return f"1{found.finess_ej}" if found else structure

    def identify(self, call: Call) -> DmpUser:
        """Who calls. Raises SoapFault with every refusal of the VIHF."""
        assertion = messages.read_security(call.header)
        if assertion is None:
            raise _unauthorized([Refusal(errors.VIHF_MISSING, "the_call_carries_a_vihf", "TD0.1")])
        vihf = read_vihf(assertion)
        entity = self.legal_entity(vihf.structure)
        _note_caller(call.line, vihf, entity)
        if not (self.is_lenient and call.listener == PLAIN):
            self._verify(call, assertion)
        user = rules.user_of(vihf, entity)
        call.line.subject = user.patient_id.matricule
        return user

    def _verify(self, call: Call, assertion: Element) -> None:
        is_mutual = call.listener == MUTUAL_TLS and call.peer is not None
        try:
            verify_vihf(
                assertion,
                self.trust(),
                self.service.clock.now(),
                tls=call.peer.der if is_mutual and call.peer else None,
                policy=self.vihf_policy,
                transaction=call.line.transaction,
            )
        except Refused as error:
            raise _unauthorized(error.refusals) from error

    def _sites_of(self, structure: str) -> frozenset[str]:
        found = self.world.establishment(structure[1:]) if structure.startswith("1") else None
        is_entity = found is not None and structure == f"1{found.finess_ej}"
        return frozenset({f"1{found.finess_eg}"}) if found and is_entity else frozenset()


def blueprint(dmp: Dmp) -> Blueprint:
    """The endpoints of the mock."""
    bp = Blueprint("dmp", __name__)
    common: dict[str, Any] = {
        "identify": dmp.identify,
        "on_refused": lambda call, error: _write_refusals(dmp, call, error.refusals),
        "on_injected": lambda call, code: _write_refusals(dmp, call, [_injected(code)]),
        "fault_style": DmpFaults(),
    }
    _patients(soap.Port(bp, messages.PATIENTS, dmp.service, **common), dmp)
    _repository(soap.Port(bp, messages.REPOSITORY, dmp.service, **common), dmp)
    _registry(soap.Port(bp, messages.REGISTRY, dmp.service, **common), dmp)
    return bp


def _patients(port: soap.Port, dmp: Dmp) -> None:
    @port.operation(
        messages.EXISTENCE,
        transaction="TD0.2",
        action=messages.TD0_2,
        reply_action=messages.TD0_2_ANSWER,
    )
    def existence(call: Call) -> Element:
        """TD0.2: does the patient have a DMP (test d'existence)."""
        asked = messages.read_existence(call.body)
        rules.existence.check(asked, call.sender)
        found = dmp.patient(asked.patient_id)
        record = _record(found, call.sender) if found and found.record.state != "none" else None
        call.line.facts["found"] = record is not None
        return messages.write_existence_response(asked, record, at=_now(dmp))


def _repository(port: soap.Port, dmp: Dmp) -> None:
    @port.operation(
        messages.PROVIDE_AND_REGISTER,
        transaction="TD2.1",
        action=messages.ITI_41,
        reply_action=messages.ITI_41_ANSWER,
    )
    def provide_and_register(call: Call) -> Element:
        """ITI-41, TD2.1: file a lot of documents (alimentation)."""
        lot = messages.read_submission(call.body, call.attachments)
        _note_lot(call.line, lot)
        with dmp.store.open(call.line.sandbox) as documents:
            _note_replaced(call.line, lot, documents)
            rules.submission.check(lot, _feeding(dmp, call, lot, documents))
            documents.register(lot, structure=call.sender.structure, at=dmp.service.clock.now())
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
            for request in asked:
                around = _retrieving(dmp, call, documents.entry_of(request.unique_id))
                broken = rules.retrieval.findings(request, around)
                refusals += broken
                if not broken:
                    found.append(_retrieved(documents, request.unique_id))
        if not found:
            raise Refused(refusals)
        call.line.facts["retrieved"] = [item.unique_id for item in found]
        return Reply(*messages.write_retrieved(found, refusals))


def _registry(port: soap.Port, dmp: Dmp) -> None:
    @port.operation(
        messages.STORED_QUERY,
        transaction="TD3.1",
        action=messages.ITI_18,
        reply_action=messages.ITI_18_ANSWER,
    )
    def stored_query(call: Call) -> Element:
        """ITI-18, TD3.1 and TD3.1b: find documents (recherche)."""
        query = messages.read_query(call.body)
        call.line.transaction = "TD3.1b" if query.is_reference_search else "TD3.1"
        patient = dmp.patient(call.sender.patient_id)
        rules.query.check(query, rules.Asking(call.sender, patient.record if patient else None))
        matricules = dmp.matricules(call.sender.patient_id)
        with dmp.store.open(call.line.sandbox) as documents:
            found = [
                entry
                for entry in documents.find(query, matricules)
                if entry.patient_id is not None
                and entry.patient_id.matricule in matricules
                and rules.may_show(entry, call.sender)
            ]
        call.line.facts["found"] = len(found)
        return messages.write_found(found, query.return_type)

    @port.operation(
        messages.UPDATE,
        transaction="TD3.3c",
        action=messages.ITI_57,
        reply_action=messages.ITI_57_ANSWER,
    )
    def update_document_set(call: Call) -> Element:
        """ITI-57, TD3.3c: delete documents, logically (suppression)."""
        update = messages.read_update(call.body)
        _state(call.line, update.lot.submission_time)
        matricules = dmp.matricules(call.sender.patient_id)
        with dmp.store.open(call.line.sandbox) as documents:
            rules.update.check(update, rules.Updating(call.sender, documents, matricules))
            targets = [documents.entry(change.entry_uuid) for change in update.changes]
            now = dmp.service.clock.now()
            documents.change(update, structure=call.sender.structure, at=now)
        call.line.facts["deleted"] = [entry.unique_id for entry in targets if entry]
        return messages.write_success()


# Around a call.


def _unauthorized(refusals: Iterable[Refusal]) -> SoapFault:
    told = tuple(refusals)
    reason = " | ".join(f"{item.code.meaning}; {item.text}" for item in told)
    return SoapFault("Sender", subcode=told[0].code.code, reason=reason, refusals=told)


def _injected(code: str) -> Refusal:
    made = Code(code, "défaut injecté", "bench")
    return Refusal(made, rule="an_armed_fault_fired", source="bench")


def _write_refusals(dmp: Dmp, call: Call, refusals: Iterable[Refusal]) -> Element | Reply:
    """A refused request in the form of its own transaction."""
    if call.body.tag == messages.STORED_QUERY:
        return messages.write_query_failure(refusals)
    if call.body.tag == messages.RETRIEVE:
        return Reply(*messages.write_retrieved((), refusals))
    if call.body.tag == messages.EXISTENCE:
        asked = messages.read_existence(call.body)
        return messages.write_existence_failure(asked, refusals, at=_now(dmp))
    return messages.write_failure(refusals)


def _now(dmp: Dmp) -> str:
    return write_dtm(dmp.service.clock.now())


def _feeding(dmp: Dmp, call: Call, lot: ProvidedLot, documents: Documents) -> rules.Feeding:
    ins = lot.submission.lot.patient_id
    patient = dmp.patient(ins) if ins else None
    return rules.Feeding(
        user=call.sender,
        record=patient.record if patient else None,
        matricules=dmp.matricules(ins) if ins else frozenset(),
        known=documents,
        now=dmp.service.clock.now(),
        trust=dmp.trust(),
        policy=dmp.policy,
    )


def _retrieving(dmp: Dmp, call: Call, entry: DocumentEntry | None) -> rules.Retrieving:
    return rules.Retrieving(call.sender, entry, dmp.matricules(call.sender.patient_id))


def _record(patient: Patient, user: DmpUser) -> messages.Record:
    return messages.Record(
        patient_id=patient.ins,
        is_open=patient.record.state == "open",
        birth_name=patient.traits.birth_name,
        used_name=patient.used_name,
        given_names=" ".join(patient.traits.first_names),
        sex=patient.traits.sex,
        birth_date=patient.traits.birth_date,
        attached_to_mes=patient.record.attached_to_mes,
        authorization="" if user.is_server else messages.VALID,
    )


def _retrieved(documents: Documents, unique_id: str) -> messages.RetrievedDocument:
    """A document the rules let pass, so it is known."""
    entry, content = documents.entry_of(unique_id), documents.content(unique_id)
    assert entry is not None
    assert content is not None
    return messages.RetrievedDocument(unique_id, content, entry.mime_type)


# What the journal line says.


def _note_caller(line: Line, vihf: Vihf, entity: str) -> None:
    line.stated_at = vihf.issued_at
    line.software = vihf.software
    line.finess = entity[1:] if entity.startswith("1") else ""


def _state(line: Line, at: str) -> None:
    """The time the lot states, when it is one."""
    with contextlib.suppress(ValueError):
        line.stated_at = read_dtm(at)


def _note_lot(line: Line, lot: ProvidedLot) -> None:
    _state(line, lot.submission.lot.submission_time)
    codes = [item.entry.type_code.code for item in lot.documents if item.entry.type_code]
    line.type_code = codes[0] if codes else ""
    line.facts["lot"] = lot.submission.lot.unique_id
    line.facts["documents"] = [_facts(item) for item in lot.documents]
    if remarks := rules.remarks(lot):
        line.facts["lint"] = [*line.facts.get("lint", ()), *remarks]


def _facts(item: ProvidedDocument) -> dict[str, Any]:
    """What indicators count of a document (facts of TD2.1)."""
    entry = item.entry
    return {
        "unique_id": entry.unique_id,
        "type_code": entry.type_code.code if entry.type_code else "",
        "class_code": entry.class_code.code if entry.class_code else "",
        "patient_id": entry.patient_id.matricule if entry.patient_id else "",
        "ins_oid": entry.patient_id.oid if entry.patient_id else "",
        "ins_qualified": rules.is_qualified(item),
        "level": item.header.body_kind if item.header else "",
        "hash": item.hash,
        "replaces": None,
    }


def _note_replaced(line: Line, lot: ProvidedLot, documents: Documents) -> None:
    """The uniqueId each document replaces, when the registry knows it."""
    for item, facts in zip(lot.documents, line.facts["documents"], strict=True):
        for link in lot.submission.of_kind(vocabulary.RPLC):
            target = documents.entry(link.target)
            if link.source == item.entry.entry_uuid and target is not None:
                facts["replaces"] = target.unique_id
