"""Load tests, payloads: requests written before the start, so that sending costs little.

All come from the invented country and the documents of the simulator, by named streams of one
seed and prefix: the same arguments give the same identifiers.
Not here: mails (mails), sending (locustfile).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from urllib.parse import urlencode

import numpy as np

from kit import cda, mtom, xds
from kit.identity import IdentityStatus, Ins, ps_idnat, struct_idnat
from kit.pki import EstablishmentCredentials, TestPki
from kit.settings import Settings
from kit.soap import SOAP_TYPE, write_envelope
from kit.vihf import AccessMode, Authentication, Vihf, access, profession, specialty, write_vihf
from kit.vihf.model import SECTORS
from kit.world import Establishment, Patient, Professional, Unit, World, world_of
from mocks.dmp import messages as dmp
from mocks.ins import messages as ins
from mocks.ror import messages as ror
from simulator.documents import ClinicalDocument, StayFacts, draw_case, write_document
from simulator.documents.facts import age_on
from simulator.streams import Streams, oid, uuid

SOFTWARE, VERSION = "Banc-load", "0.1"
IDAM = "BANC-TEST"
HOMOLOGATION = "BANC-TEST"  # the bench accepts any number
SOAP_CONTENT = f"{SOAP_TYPE}; charset=UTF-8"
FHIR_CONTENT = "application/fhir+json"
KINDS = ("LDL", "CRH", "LDL", "CR_BIO")  # documents, in turn
PATIENTS = 70_000_000
DOCTOR = "10"
CORRESPONDENTS = 4  # few, so that their mailboxes fill


@dataclass(frozen=True, slots=True)
class Payload:
    """One HTTP request. expects: bytes that a good answer holds; subject: what it is about."""

    name: str
    method: str
    path: str
    body: bytes
    headers: Mapping[str, str]
    expects: bytes = b""
    subject: str = ""


@dataclass(frozen=True)
class Hospital:
    """Who sends: the first invented establishment, its certificates and its people."""

    settings: Settings
    world: World
    place: Establishment
    pki: TestPki
    credentials: EstablishmentCredentials
    wards: tuple[Unit, ...] = field(default=())

    @classmethod
    def of(cls, settings: Settings) -> Hospital:
        """The hospital of the bench's own invented country."""
        world = world_of(settings)
        place = world.establishments[0]
        pki = TestPki.open(settings.data_dir / "pki", settings)
        wards = tuple(unit for unit in place.units if unit.beds)
        return cls(settings, world, place, pki, pki.establishment(place), wards)

    def doctor_of(self, unit: Unit) -> Professional:
        """The first doctor of a unit."""
        staff = self.world.professionals(self.place.finess_eg)
        return next(one for one in staff if one.unit == unit.code and one.profession == DOCTOR)

    def correspondents(self) -> tuple[Professional, ...]:
        """The doctors of town who receive letters."""
        return self.world.correspondents(self.place.region)[:CORRESPONDENTS]


class Writer:
    """Writes payloads of each kind; ``prefix`` keeps two runs on one bench apart."""

    def __init__(
        self, hospital: Hospital, now: datetime, prefix: str, kinds: tuple[str, ...] = KINDS
    ) -> None:
        self.hospital = hospital
        self.now = now
        self._prefix = prefix
        self._kinds = kinds
        self._streams = Streams(hospital.settings.seed)

    def deposits(self, count: int) -> Iterator[Payload]:
        """TD2.1: a signed lot with one document each."""
        for number in range(count):
            yield self._deposit(number)

    def deposit_with(self, number: int) -> tuple[Payload, ClinicalDocument]:
        """A deposit and the document it carries, to read it back."""
        document, facts = self.document("dmp", number)
        return self._lot(number, document, facts), document

    def searches(self, count: int) -> Iterator[Payload]:
        """WS_INS2: the typed traits of somebody who exists."""
        for number in range(count):
            yield self._search(number)

    def organizations(self, count: int) -> Iterator[Payload]:
        """ROR: the organization of an establishment, asked by the start of its name."""
        places = self.hospital.world.establishments
        for number in range(count):
            yield self._organization(places[number % len(places)])

    def bed_patches(self, count: int) -> Iterator[Payload]:
        """ROR: the available beds of each ward in turn."""
        for number in range(count):
            yield self.bed_patch(number)

    def stream(self, kind: str, number: int) -> np.random.Generator:
        """The random stream of one payload."""
        return self._streams.fresh(f"load/{self._prefix}/{kind}/{number}")

    def _patient(self, stream: np.random.Generator) -> Patient:
        """Somebody whose record is open and who does not object to its feeding."""
        while True:
            found = self.hospital.world.patient(int(stream.integers(PATIENTS)))
            if found.record.state == "open" and not found.record.opposed_to_feeding:
                return found

    def document(self, channel: str, number: int) -> tuple[ClinicalDocument, StayFacts]:
        """A document of its own, and the stay it is about."""
        stream = self.stream(channel, number)
        unit = self.hospital.wards[number % len(self.hospital.wards)]
        facts = self._facts(stream, unit, number)
        arc = self.hospital.place.oid
        document = write_document(
            self._kinds[number % len(self._kinds)],
            facts,
            unique_id=oid(stream, arc),
            set_id=oid(stream, arc),
            version=1,
            created_at=self.now - timedelta(minutes=5),
            stream=stream,
        )
        return document, facts

    def _facts(self, stream: np.random.Generator, unit: Unit, number: int) -> StayFacts:
        patient, doctor = self._patient(stream), self.hospital.doctor_of(unit)
        admitted_at = self.now - timedelta(days=3)
        case = draw_case(
            stream,
            sex=patient.traits.sex,
            age=age_on(patient.traits.birth_date, admitted_at.date()),
            nights=3,
            field=unit.field,
            specialty=unit.specialty,
        )
        town = self.hospital.correspondents()
        return StayFacts(
            stay_id=f"90{number:07d}",
            ipp=f"{number:08d}",
            patient=patient,
            identity_status=IdentityStatus.QUALIFIED,
            establishment=self.hospital.place,
            unit=unit,
            author=doctor,
            legal_authenticator=doctor,
            case=case,
            admitted_at=admitted_at,
            left_at=self.now - timedelta(minutes=30),
            attending_doctor=town[number % len(town)],
        )

    def _deposit(self, number: int) -> Payload:
        return self._lot(number, *self.document("dmp", number))

    def _lot(self, number: int, document: ClinicalDocument, facts: StayFacts) -> Payload:
        stream = self.stream("lot", number)
        hospital, signer = self.hospital, self.hospital.credentials.sign
        identity = dmp.LotIdentity(
            unique_id=oid(stream, hospital.place.oid),
            signature_unique_id=oid(stream, hospital.place.oid),
            source_id=hospital.place.oid,
            author=self.author(facts.author),
            submitted_at=self.now,
        )
        entry = cda.entry_from_cda(document.cda)
        lot, contents = dmp.assemble(identity, [(entry, document.cda)], signer=signer)
        body, attachments = dmp.write_submission(lot, contents)
        vihf = self._vihf(stream, facts.patient.ins, facts.author)
        root = write_envelope(
            body,
            action=dmp.ITI_41,
            message_id=f"urn:uuid:{uuid(stream)}",
            header_blocks=[dmp.write_security(write_vihf(vihf, signer))],
        )
        content_type, content = mtom.write_multipart(
            root, attachments, boundary=f"banc-{uuid(stream)}", action=dmp.ITI_41
        )
        return Payload(
            "dmp TD2.1", "POST", dmp.REPOSITORY, content, {"Content-Type": content_type},
            expects=b"ResponseStatusType:Success", subject=document.unique_id,
        )  # fmt: skip

    def author(self, doctor: Professional) -> xds.Author:
        """The author of a lot."""
        place = self.hospital.place
        structure = struct_idnat(place.finess_ej)
        return xds.Author(
            person=xds.national_person(ps_idnat(doctor.rpps), doctor.family, doctor.given),
            institutions=(xds.national_structure(structure, place.name),),
        )

    def _vihf(self, stream: np.random.Generator, patient: Ins, doctor: Professional) -> Vihf:
        place, signer = self.hospital.place, self.hospital.credentials.sign
        return Vihf(
            id=f"_{uuid(stream)}",
            issued_at=self.now,
            issuer=signer.holder.subject,
            name_id=ps_idnat(doctor.rpps),
            structure=struct_idnat(place.finess_ej),
            sector=f"{place.sector}^{SECTORS}",
            roles=(profession(doctor.profession), specialty(doctor.specialty)),
            authentication=Authentication.INDIRECT,
            patient=patient.cx,
            purpose=access(AccessMode.NORMAL),
            lps_name=SOFTWARE,
            lps_version=VERSION,
            homologation=HOMOLOGATION,
            subject_name=f"{doctor.given} {doctor.family}",
        )

    def _search(self, number: int) -> Payload:
        stream = self.stream("ins", number)
        traits = self._patient(stream).traits
        asked = ins.SearchRequest(
            traits.birth_name, traits.first_names[:1], traits.sex, traits.birth_date,
            traits.birth_place,
        )  # fmt: skip
        contexts = ins.Contexts(
            ins.BamContext(uuid(stream), self.now),
            ins.LpsContext(
                uuid(stream),
                self.now,
                sender=struct_idnat(self.hospital.place.finess_ej),
                idam=IDAM,
                software_version=VERSION,
                instance=uuid(stream),
                software_name=f"urn:lps:{SOFTWARE}:{VERSION}",
            ),
        )
        root = write_envelope(
            ins.write_search_request(asked),
            action=ins.ACTION,
            message_id=f"uuid:{uuid(stream)}",
            header_blocks=ins.write_contexts(contexts),
        )
        headers = {"Content-Type": SOAP_CONTENT}
        return Payload("ins WS_INS2", "POST", "/lps", root, headers, expects=b"CodeCR>0")

    def _organization(self, place: Establishment) -> Payload:
        query = urlencode({"name": place.name, "_count": 20})
        return Payload(
            "ror SEARCH Organization",
            "GET",
            f"{ror.DIFFUSION_PATH}/Organization?{query}",
            b"",
            {"Accept": FHIR_CONTENT, **ror.CONTEXT_HEADERS},
            expects=b'"searchset"',
        )

    def bed_patch(self, number: int) -> Payload:
        """The available beds of a ward, a number that follows from ``number``."""
        unit = self.hospital.wards[number % len(self.hospital.wards)]
        beds = number // len(self.hospital.wards) % (unit.beds + 1)
        at = self.now.replace(microsecond=0)
        capacity = ror.Capacity("02", beds, at, gender_capacity_available="03")
        patch = ror.write_bed_patch(ror.BedPatch((ror.replace(capacity),)))
        where = urlencode({"identifier": ror.sync_id(self.hospital.place.finess_eg, unit.code)})
        return Payload(
            "ror PATCH Location",
            "PATCH",
            f"{ror.BED_PATH}/Location?{where}",
            json.dumps(patch).encode(),
            {"Content-Type": FHIR_CONTENT, "Accept": FHIR_CONTENT},
            expects=b'"Location"',
            subject=f"{unit.code}={beds}",
        )
