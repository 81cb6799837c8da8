"""DMP mock, entry points of ``/patients``, ``/patientsPDQ`` and ``/patientsSpecific``.

TD0.2, TD0.4, TD0.5, TD1.1, TD1.2, TD1.3a, TD1.3b, TD1.4. What they change: ``administering``.
"""

from __future__ import annotations

from kit import soap
from kit.soap import Call
from kit.xds import read_dtm, write_dtm
from kit.xml import Element
from mocks.dmp import messages, rules
from mocks.dmp.messages import ListedRecord, ListQuery
from mocks.dmp.messages.record import NONE
from mocks.dmp.routes import accesses, administering
from mocks.dmp.routes.desk import Dmp
from mocks.dmp.rules import DmpUser
from mocks.dmp.rules.rights import Action, Note, User, note_of
from mocks.dmp.store import Documents


def add(port: soap.Port, dmp: Dmp) -> None:
    """The operations on one patient's record."""

    @port.operation(
        messages.EXISTENCE,
        transaction="TD0.2",
        action=messages.TD0_2,
        reply_action=messages.TD0_2_ANSWER,
    )
    def existence(call: Call) -> Element:
        """TD0.2, TD1.3a: does the patient have a DMP; its administrative data."""
        asked = messages.read_existence(call.body)
        call.line.transaction = "TD1.3a" if asked.reads_data else "TD0.2"
        with dmp.store.open(call.line.sandbox) as documents:
            user = dmp.known(call.sender, documents)
            rules.existence.check(asked, user)
            patient = dmp.patient(asked.patient_id)
            kept = dmp.record(patient, documents)
            if asked.reads_data:
                accesses.note(dmp, call.line, user, documents)
        told = None
        if patient and kept and kept.state != NONE:
            told = administering.told(patient, kept, user, in_full=asked.reads_data)
        call.line.facts["found"] = told is not None
        return messages.write_existence_response(asked, told, at=dmp.now)

    def revise(call: Call) -> Element:
        """TD1.2, TD1.3b, TD1.4: reactivate, change or close a record (gestion du DMP)."""
        asked = messages.read_revision(call.body)
        call.line.transaction = asked.transaction or call.line.transaction
        with dmp.store.open(call.line.sandbox) as documents:
            patient = dmp.patient(call.sender.patient_id)
            user, kept = dmp.known(call.sender, documents), dmp.record(patient, documents)
            offers = dmp.service.settings.dmp_obsolete_creation
            rules.revision.check(asked, rules.Administering(user, kept, offers))
            assert patient is not None
            assert kept is not None
            changed = administering.changed(asked, kept, dmp.service.clock.now())
            documents.records.keep(patient.ins.matricule, changed)
            accesses.note(dmp, call.line, user, documents)
        told = administering.told(patient, changed, user, in_full=True)
        return messages.write_revised(asked, told, at=dmp.now)

    port.operation(
        messages.REVISION,
        transaction="TD1.3b",
        action=messages.REVISE,
        reply_action=messages.REVISE_ANSWER,
    )(revise)

    @port.operation(
        messages.CREATION,
        transaction="TD1.1",
        action=messages.TD1_1,
        reply_action=messages.TD1_1_ANSWER,
    )
    def create(call: Call) -> Element:
        """TD1.1: create a record; obsolete, behind BANC_DMP_OBSOLETE_CREATION."""
        return revise(call)


def add_search(port: soap.Port, dmp: Dmp) -> None:
    """TD0.5."""

    @port.operation(
        messages.FIND_PATIENT,
        transaction="TD0.5",
        action=messages.TD0_5,
        reply_action=messages.TD0_5_ANSWER,
    )
    def find_patient(call: Call) -> Element:
        """TD0.5: find a patient without INS, emergency regulation only (ITI-47)."""
        asked = messages.read_patient_query(call.body)
        rules.find_patient.check(asked, call.sender)
        people = administering.candidates(dmp.world, asked)
        with dmp.store.open(call.line.sandbox) as documents:
            matches = administering.matches(dmp, asked, people, call.sender, documents)
        call.line.facts["found"] = len(matches)
        return messages.write_patients_found(asked, matches, at=dmp.now)


def add_list(port: soap.Port, dmp: Dmp) -> None:
    """TD0.4."""

    @port.operation(
        messages.PATIENT_LIST,
        transaction="TD0.4",
        action=messages.TD0_4,
        reply_action=f"{messages.TD0_4}Response",
    )
    def patient_list(call: Call) -> Element:
        """TD0.4: the records I may open (liste des DMP autorisés)."""
        asked = messages.read_patient_list(call.body)
        rules.patient_list.check(asked, call.sender)
        with dmp.store.open(call.line.sandbox) as documents:
            found = _listed(dmp, asked, call.sender, documents)
        call.line.facts["found"] = len(found)
        return messages.write_patient_list_response(found)


def _listed(dmp: Dmp, asked: ListQuery, user: DmpUser, documents: Documents) -> list[ListedRecord]:
    by_document = asked.date_type == messages.LAST_DOCUMENT
    since = _EVER if by_document else read_dtm(asked.start)
    note = note_of(Action.LIST_RECORDS, user.user, user.access_mode)
    if note is Note.SAME_STRUCTURE or user.user is User.SERVER:
        granted = documents.records.of_structure(user.structure, since)
    else:
        granted = documents.records.patients_of((user.person_id, user.structure), since)
    listed: dict[str, ListedRecord] = {}
    for matricule, given in granted:
        patient = dmp.world.by_matricule(matricule) if given.is_active else None
        if patient is None or (found := dmp.record(patient, documents)) is None:
            continue
        last = documents.records.last_document_at(dmp.matricules(patient.ins))
        if found.state == NONE or (by_document and last < asked.start):
            continue
        listed[matricule] = ListedRecord(
            patient_id=patient.ins,
            family=patient.traits.birth_name,
            given=" ".join(patient.traits.first_names),
            birth_date=patient.traits.birth_date,
            attending=bool(given.role) and given.holder == user.person_id,
            last_access=write_dtm(given.acted_at) if given.acted_at else "",
            last_addition=last,
        )
    return list(listed.values())


_EVER = read_dtm("20000101000000")
