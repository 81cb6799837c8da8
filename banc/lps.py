"""Banc, lps: the software of an invented establishment as a client of the DMP, on the stdlib.

It holds the certificates, says who it is (VIHF) and carries SOAP and MTOM over mutual TLS. Not
here: what is sent (feed).
"""

from __future__ import annotations

import http.client
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from kit import mtom, xds
from kit.clock import Clock
from kit.identity import Ins, ps_idnat, struct_idnat
from kit.pki import CertificateKind, Credential, EstablishmentCredentials, TestPki
from kit.pki.people import card
from kit.rules import Malformed
from kit.settings import Settings
from kit.soap import SOAP_TYPE, read_envelope, write_envelope
from kit.vihf import (
    AccessMode,
    Authentication,
    AuthnContext,
    Vihf,
    access,
    profession,
    specialty,
    write_vihf,
)
from kit.vihf.model import CLASSES, SECTORS, Declaration
from kit.world import Establishment, Professional, world_of
from kit.xml import Element, find_text, parse, qname
from mocks.dmp import messages

SOFTWARE, VERSION = "Banc", "0.1"
HOMOLOGATION = "BANC-TEST"  # the bench accepts any number
TIMEOUT_SECONDS = 60
CONTEXTS = {
    Authentication.DIRECT: AuthnContext.SMARTCARD,
    Authentication.INDIRECT: AuthnContext.UNSPECIFIED,
    Authentication.REINFORCED: AuthnContext.MOBILE,
}
NO_PARTS: Mapping[str, bytes] = {}


class Unreachable(Exception):
    """The DMP did not answer, or what came is no answer."""


@dataclass(frozen=True, slots=True)
class Answered:
    """An answer: the element of its body with attachments; what a fault says, one by one."""

    body: Element
    attachments: Mapping[str, bytes] = field(default_factory=dict)
    fault: tuple[messages.RegistryError, ...] = ()


@dataclass(frozen=True, slots=True)
class Lps:
    """Who sends: an establishment with its certificates, and one of its doctors with a card."""

    settings: Settings
    clock: Clock
    new_uuid: Callable[[], uuid.UUID]
    establishment: Establishment
    doctor: Professional
    pki: TestPki
    credentials: EstablishmentCredentials
    is_secure: bool = True

    @classmethod
    def of(
        cls,
        settings: Settings,
        clock: Clock,
        new_uuid: Callable[[], uuid.UUID],
        *,
        is_secure: bool = True,
    ) -> Lps:
        """The software of the first invented establishment, used by its first doctor."""
        world = world_of(settings)
        establishment = world.establishments[0]
        staff = world.professionals(establishment.finess_eg)
        doctor = next(person for person in staff if person.profession == "10")
        pki = TestPki.open(settings.data_dir / "pki", settings)
        credentials = pki.establishment(establishment)
        return cls(settings, clock, new_uuid, establishment, doctor, pki, credentials, is_secure)

    @property
    def structure(self) -> str:
        """Struct_IdNat of the legal entity, as in its certificates."""
        return struct_idnat(self.establishment.finess_ej)

    @property
    def author(self) -> xds.Author:
        """The author of our lots."""
        doctor, place = self.doctor, self.establishment
        return xds.Author(
            person=xds.national_person(ps_idnat(doctor.rpps), doctor.family, doctor.given),
            institutions=(xds.national_structure(self.structure, place.name),),
        )

    def new_oid(self) -> str:
        """An OID nobody else makes (ITU-T X.667)."""
        return f"2.25.{self.new_uuid().int}"

    def feed(self, body: Element, attachments: Mapping[str, bytes], patient: Ins) -> Answered:
        """ITI-41, as the establishment (indirect authentication)."""
        vihf = self.vihf(patient, Authentication.INDIRECT)
        auth = self.credentials.auth
        return self._call(
            messages.REPOSITORY, messages.ITI_41, body, attachments, vihf=vihf, tls=auth
        )

    def search(self, body: Element, patient: Ins) -> Answered:
        """ITI-18, as the establishment."""
        vihf = self.vihf(patient, Authentication.INDIRECT)
        return self._call(
            messages.REGISTRY, messages.ITI_18, body, NO_PARTS, vihf=vihf, tls=self.credentials.auth
        )

    def retrieve(self, body: Element, patient: Ins) -> Answered:
        """ITI-43, as the doctor with a card (direct authentication): a server may not read.

        The patient allows it before: the doctor adds their authorisation (TD0.3).
        """
        self.authorize(patient)
        tls = self._card(CertificateKind.PS_AUTH)
        call = messages.REPOSITORY, messages.ITI_43, body, NO_PARTS
        return self._call(*call, vihf=self.vihf(patient, Authentication.DIRECT), tls=tls)

    def authorize(self, patient: Ins) -> Answered:
        """TD0.3, as the doctor with a card: adds their authorisation; twice is no error."""
        asked = messages.write_set_authorization(messages.AuthorizationChange("AJOUT"))
        return self._call(
            messages.HABILITATIONS, messages.TD0_3, asked, NO_PARTS,
            vihf=self.vihf(patient, Authentication.DIRECT),
            tls=self._card(CertificateKind.PS_AUTH),
        )  # fmt: skip

    def _card(self, kind: CertificateKind) -> Credential:
        return card(self.pki, self.doctor, kind)

    def vihf(
        self, patient: Ins, mode: Authentication, purpose: AccessMode = AccessMode.NORMAL
    ) -> Element:
        """The assertion, signed: with the card when direct, else with the establishment's seal."""
        is_direct = mode is Authentication.DIRECT
        sign = self._card(CertificateKind.PS_SIGN) if is_direct else self.credentials.sign
        return write_vihf(self._vihf(patient, sign, mode, purpose), sign)

    def _vihf(
        self, patient: Ins, signer: Credential, mode: Authentication, purpose: AccessMode
    ) -> Vihf:
        doctor = self.doctor
        is_reinforced = mode is Authentication.REINFORCED
        roles = [profession(doctor.profession)]
        roles += [specialty(doctor.specialty)] if doctor.specialty else []
        return Vihf(
            id=f"_{self.new_uuid()}",
            issued_at=self.clock.now(),
            issuer=signer.holder.subject,
            name_id=ps_idnat(doctor.rpps),
            structure=self.structure,
            sector=f"{self.establishment.sector}^{SECTORS}",
            roles=tuple(roles),
            authentication=mode,
            patient=patient.cx,
            purpose=access(purpose),
            lps_name=SOFTWARE,
            lps_version=VERSION,
            homologation=HOMOLOGATION,
            subject_name="" if mode is Authentication.DIRECT else f"{doctor.given} {doctor.family}",
            authn_context=CLASSES + CONTEXTS[mode],
            authn_declaration=Declaration.BROWSER if is_reinforced else "",
        )

    def _call(
        self,
        path: str,
        action: str,
        body: Element,
        attachments: Mapping[str, bytes],
        *,
        vihf: Element,
        tls: Credential,
    ) -> Answered:
        """One SOAP exchange. Raises Unreachable."""
        message_id = f"urn:uuid:{self.new_uuid()}"
        security = messages.write_security(vihf)
        envelope = write_envelope(
            body, action=action, message_id=message_id, header_blocks=[security]
        )
        content_type = f'{SOAP_TYPE}; charset=UTF-8; action="{action}"'
        if attachments:
            boundary = f"banc-{self.new_uuid().hex}"
            content_type, envelope = mtom.write_multipart(
                envelope, attachments, boundary=boundary, action=action
            )
        try:
            return _read(*self._post(path, content_type, envelope, tls))
        except (OSError, http.client.HTTPException) as error:
            raise Unreachable(f"not sent, the DMP does not answer: {error}") from error
        except Malformed as error:
            raise Unreachable(f"the answer cannot be read: {error}") from error

    def _post(
        self, path: str, content_type: str, content: bytes, tls: Credential
    ) -> tuple[str, bytes]:
        connection = self._connection(tls)
        try:
            headers = {"Content-Type": content_type, "Accept": "*/*"}
            connection.request("POST", path, content, headers)
            answer = connection.getresponse()
            return answer.headers.get("Content-Type", ""), answer.read()
        finally:
            connection.close()

    def _connection(self, tls: Credential) -> http.client.HTTPConnection:
        host = self.settings.reach("dmp")
        if not self.is_secure:
            port = self.settings.dmp_port
            return http.client.HTTPConnection(host, port, timeout=TIMEOUT_SECONDS)
        return http.client.HTTPSConnection(
            host,
            self.settings.dmp_tls_port,
            timeout=TIMEOUT_SECONDS,
            context=self.pki.client_context(tls),
        )


def _read(content_type: str, content: bytes) -> Answered:
    """The answer of a SOAP service, with MTOM or without. Raises Malformed."""
    attachments: Mapping[str, bytes] = {}
    if mtom.is_multipart(content_type):
        content, attachments = mtom.read_multipart(content_type, content)
    body = read_envelope(parse(content, where="answer")).body
    if body.tag != qname("soap:Fault"):
        return Answered(body, attachments)
    return Answered(body, fault=tuple(_told(body)))


def _told(fault: Element) -> Iterator[messages.RegistryError]:
    """The reasons of a fault; only the first bears the code."""
    subcode = find_text(fault, "soap:Code/soap:Subcode/soap:Value")
    code = (subcode or find_text(fault, "soap:Code/soap:Value")).rpartition(":")[2]
    for reason in find_text(fault, "soap:Reason/soap:Text").split(" | "):
        yield messages.RegistryError(code, reason)
        code = ""
