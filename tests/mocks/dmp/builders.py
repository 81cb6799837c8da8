"""What the tests of the DMP mock are made of: valid by default, spoil one thing."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from kit import xds
from kit.cda import entry_from_cda
from kit.clock import DEFAULT_START
from kit.identity import Ins
from kit.pki import CertificateKind, Credential, EstablishmentCredentials, Person, TestPki
from kit.vihf import AccessMode, Authentication, Vihf, access, profession, specialty, write_vihf
from kit.world import DmpRecord, Patient, World
from kit.world.patients import OPEN_RECORD
from kit.xds.metadata import Author, DocumentEntry, Submission
from kit.xml import Element
from mocks.dmp import messages
from mocks.dmp.messages import LotIdentity, ProvidedDocument, ProvidedLot, read_document
from mocks.dmp.rules import DmpUser, Feeding, Policy
from mocks.dmp.rules.rights import User
from tests.kit.documents import a_cda

NOW = DEFAULT_START
GATE = datetime(2023, 10, 1, tzinfo=UTC)
WORLD = World(2026)
HOSPITAL = WORLD.establishments[0]
OTHER_HOSPITAL = WORLD.establishments[1]
STRUCTURE = f"1{HOSPITAL.finess_eg}"
ENTITY = f"1{HOSPITAL.finess_ej}"
DOCTOR_ID = "810000000017"  # an author of the documents of tests.kit.documents
ARC = "1.2.250.1.999.77"
INS = Ins("279035121518989", "1.2.250.1.213.1.4.10")  # published test identity, open record


def a_patient(**record: Any) -> Patient:
    """The first invented person whose record is so."""
    return next(
        person
        for person in (WORLD.patient(index) for index in range(5000))
        if all(getattr(person.record, name) == value for name, value in record.items())
    )


def a_minor(born_on: str = "2012-03-14") -> Patient:
    """An invented person born that day, with an open record."""
    born = (*WORLD.find_patients(born_on, "F"), *WORLD.find_patients(born_on, "M"))
    return next(person for person in born if person.record == OPEN_RECORD)


def a_document(number: int = 1, ins: Ins = INS, **changes: Any) -> bytes:
    """A discharge letter with a uniqueId of its own."""
    given = {
        "unique_id": f'root="{ARC}.{number}"',
        "ins": f'<id root="{ins.oid}" extension="{ins.matricule}"/>',
    }
    return a_cda(**given | changes)


def an_entry(cda: bytes, name: str = "Document01", **changes: Any) -> DocumentEntry:
    return replace(entry_from_cda(cda, entry_uuid=name), **changes)


def an_author(structure: str = STRUCTURE) -> Author:
    return Author(
        person=xds.national_person(DOCTOR_ID, "TESTEUR", "Camille"),
        institutions=(xds.national_structure(structure, HOSPITAL.name),),
    )


def an_identity(number: int = 1, **changes: Any) -> LotIdentity:
    """What names lot ``number``."""
    identity = LotIdentity(
        unique_id=f"{ARC}.9.{number}",
        signature_unique_id=f"{ARC}.8.{number}",
        source_id=ARC,
        author=an_author(),
        submitted_at=NOW,
    )
    return replace(identity, **changes)


def a_lot(
    signer: Credential,
    *cdas: bytes,
    number: int = 1,
    entries: Sequence[DocumentEntry] = (),
    replaced: Mapping[str, str] | None = None,
    **identity: Any,
) -> tuple[Submission, dict[str, bytes]]:
    """A signed lot of documents; ``entries`` in place of those derived from the documents."""
    contents = cdas or (a_document(number),)
    described = entries or [
        an_entry(cda, f"Document{rank:02}") for rank, cda in enumerate(contents, 1)
    ]
    return messages.assemble(
        an_identity(number, **identity),
        list(zip(described, contents, strict=True)),
        signer=signer,
        replaced=replaced,
    )


def provided(submission: Submission, contents: Mapping[str, bytes]) -> ProvidedLot:
    """The lot as the mock reads it."""
    known = {entry.entry_uuid for entry in submission.documents}
    signature = submission.signature
    return ProvidedLot(
        submission,
        tuple(
            read_document(entry, contents.get(entry.entry_uuid))
            for entry in submission.health_documents
        ),
        ProvidedDocument(signature, contents.get(signature.entry_uuid)) if signature else None,
        tuple(name for name in contents if name not in known),
    )


@dataclass(frozen=True)
class Known:
    """What the store knows, as plain tables."""

    hashes: Mapping[str, str] = field(default_factory=dict)
    lots: tuple[str, ...] = ()
    entries: Mapping[str, DocumentEntry] = field(default_factory=dict)

    def hashes_of(self, unique_ids: Iterable[str]) -> Mapping[str, str]:
        return {uid: self.hashes[uid] for uid in unique_ids if uid in self.hashes}

    def has_lot(self, unique_id: str) -> bool:
        return unique_id in self.lots

    def entry(self, entry_uuid: str) -> DocumentEntry | None:
        return self.entries.get(entry_uuid)


def a_feeding(pki: TestPki, **changes: Any) -> Feeding:
    """What stands around a lot: an open record, nothing known, a strict bench."""
    usual = Feeding(
        user=a_user(),
        record=DmpRecord("open"),
        matricules=frozenset({INS.matricule}),
        known=Known(),
        now=NOW,
        trust=pki.trust,
        policy=Policy(GATE),
    )
    return replace(usual, **changes)


def with_entry(**changes: Any) -> Callable[[ProvidedLot], ProvidedLot]:
    """Spoil the first document's entry, in the submission too."""

    def spoil(lot: ProvidedLot) -> ProvidedLot:
        first = lot.documents[0]
        entry = replace(first.entry, **changes)
        kept = tuple(
            entry if item.entry_uuid == first.entry.entry_uuid else item
            for item in lot.submission.documents
        )
        return replace(
            lot,
            submission=replace(lot.submission, documents=kept),
            documents=(replace(first, entry=entry), *lot.documents[1:]),
        )

    return spoil


def a_hospital(pki: TestPki) -> EstablishmentCredentials:
    return pki.establishment(HOSPITAL)


def a_card(pki: TestPki, kind: CertificateKind = CertificateKind.PS_SIGN) -> Credential:
    """The card of the doctor who wrote the documents."""
    person = Person("Médecin", "Camille", "Testeur")
    return pki.issue(kind, common_name=DOCTOR_ID, person=person)


def a_vihf(signer: Credential, **changes: Any) -> Vihf:
    """The hospital's software, indirect authentication."""
    vihf = Vihf(
        id="_5f0c5d0e-0000-4000-8000-000000000001",
        issued_at=NOW,
        issuer=signer.holder.subject,
        name_id=f"{STRUCTURE}/1453",
        structure=STRUCTURE,
        sector="SA01^1.2.250.1.71.4.2.4",
        roles=(profession("10", "Médecin"), specialty("SM26", "Médecine générale")),
        authentication=Authentication.INDIRECT,
        patient=INS.cx,
        purpose=access(AccessMode.NORMAL, "Accès normal"),
        lps_name="Banc",
        lps_version="0.1",
        homologation="HOMOLOGATION-TEST",
        subject_name="LOGICIEL D'ESSAI",
    )
    return replace(vihf, **changes)


def a_hospital_vihf(pki: TestPki, **changes: Any) -> Element:
    signer = a_hospital(pki).sign
    return write_vihf(a_vihf(signer, **changes), signer)


def a_card_vihf(pki: TestPki, **changes: Any) -> Element:
    """The doctor, direct authentication."""
    card = a_card(pki)
    direct = {"name_id": DOCTOR_ID, "authentication": Authentication.DIRECT}
    return write_vihf(a_vihf(card, **direct | changes), card)


def a_user(user: User = User.SERVER, **changes: Any) -> DmpUser:
    known = DmpUser(
        user=user,
        access_mode="normal",
        person_id=DOCTOR_ID,
        structure=STRUCTURE,
        legal_entity=ENTITY,
        patient_id=INS,
    )
    return replace(known, **changes)
