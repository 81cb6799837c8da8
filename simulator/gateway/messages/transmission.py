"""Simulator, gateway, messages, transmission: a message that hands over documents, as an object.

ORU^R01 (2.5) and MDM^T02, T04, T10 (2.6) of profile 2.1^CISIS_CDA_HL7_V2. A value that is absent
is ""; what cannot be decoded says why in ``problem``: rules judge. Not here: the wire (reading,
writing). Source: CI-SIS, HL7v2; CI-SIS, HL7v2.
"""

from __future__ import annotations

from dataclasses import dataclass

from kit.cda import CdaHeader
from kit.identity import Ins
from kit.xds.metadata import Coded
from mocks.mssante.messages.addresses import is_citizen
from simulator.gateway.messages.header import Header

METADATA = (  # table MetaDMPMSS, in the order of the volet
    "MASQUE_PS",
    "INVISIBLE_PATIENT",
    "INVISIBLE_REP_LEGAUX",
    "CONNEXION_SECRETE",
    "MODIF_CONF_CODE",
    "DESTDMP",
    "DESTMSSANTEPS",
    "DESTMSSANTEPAT",
    "ACK_RECEPTION",
    "ACK_LECTURE_MSS",
)
BODIES = ("CORPSMAIL_PS", "CORPSMAIL_PATIENT")
METADATA_TABLE = "MetaDMPMSS"
SENDER, RECIPIENT, REPLY = "SB", "RCT", "REPLY"
NEW, REPLACE, CANCEL = "NW", "RO", "CA"
# ORC-1 -> OBX-11 of the document, trigger of the MDM. Source: CI-SIS, HL7v2.
AGREEMENT = {NEW: ("F", "T02"), REPLACE: ("C", "T10"), CANCEL: ("D", "T04")}
# MetaDMPMSS -> code of visibility in XDS metadata.
VISIBILITY = {
    "MASQUE_PS": "MASQUE_PS",
    "INVISIBLE_PATIENT": "INVISIBLE_PATIENT",
    "INVISIBLE_REP_LEGAUX": "INVISIBLE_REPRESENTANTS_LEGAUX",
}


@dataclass(frozen=True, slots=True)
class PatientIds:
    """PID: the INS (PID-3 of type INS), the IPP, their reliability (PID-32), the account."""

    ins: Ins | None = None
    ins_since: str = ""
    ipp: str = ""
    ipp_authority: str = ""
    reliability: tuple[str, ...] = ()
    birth_name: str = ""
    first_name: str = ""
    birth_date: str = ""
    sex: str = ""
    account: str = ""

    @property
    def is_qualified(self) -> bool:
        """VALI together with an INS. Source: RNIV."""
        return self.ins is not None and bool({"VALI", "QUAL"} & set(self.reliability))


@dataclass(frozen=True, slots=True)
class DocumentEnvelope:
    """TXA: type, identifier, identifier of the document replaced, availability."""

    type_code: str
    document_id: str
    parent_id: str = ""
    availability: str = "AU"


@dataclass(frozen=True, slots=True)
class SentDocument:
    """An ED OBX with a CDA. place: ``OBX[1]``; problem: why it cannot be read."""

    place: str
    type: Coded
    status: str
    content: bytes
    data_type: str = "ED"
    header: CdaHeader | None = None
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Participant:
    """PRT. kind: SB (sender), RCT (recipient), REPLY. finess: PRT-8.10 as written."""

    kind: str
    person: str = ""
    family: str = ""
    given: str = ""
    organization: str = ""
    finess: str = ""
    finess_type: str = ""
    address: str = ""


@dataclass(frozen=True, slots=True)
class Choice:
    """A coded OBX of table MetaDMPMSS. note: NTE-4 under it."""

    code: str
    value: str
    label: str = ""
    data_type: str = "CWE"
    note: str = ""


@dataclass(frozen=True, slots=True)
class MailBody:
    """CORPSMAIL_PS or CORPSMAIL_PATIENT: the text of a mail."""

    code: str
    text: str
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Transmission:
    """A hand-over. segments: their names in order of appearance."""

    header: Header
    patient: PatientIds
    patient_class: str
    visit: str
    order_control: str
    type: Coded
    envelope: DocumentEnvelope | None
    documents: tuple[SentDocument, ...]
    participants: tuple[Participant, ...]
    choices: tuple[Choice, ...]
    bodies: tuple[MailBody, ...] = ()
    recorded_at: str = ""
    segments: tuple[str, ...] = ()

    def says(self, code: str) -> bool:
        """Whether a choice is Y."""
        return any(item.code == code and item.value == "Y" for item in self.choices)

    @property
    def is_deletion(self) -> bool:
        return self.order_control == CANCEL

    @property
    def is_replacement(self) -> bool:
        return self.order_control == REPLACE

    @property
    def sender(self) -> Participant | None:
        """Who asks for the transmission."""
        return next((item for item in self.participants if item.kind == SENDER), None)

    @property
    def reply_to(self) -> str:
        """The address answers go to, "" when none is named."""
        found = (item.address for item in self.participants if item.kind == REPLY)
        return next(found, "")

    @property
    def professionals(self) -> tuple[Participant, ...]:
        """Recipients other than the patient."""
        return tuple(item for item in self._recipients if not is_citizen(item.address))

    @property
    def citizens(self) -> tuple[Participant, ...]:
        """The patient as a recipient."""
        return tuple(item for item in self._recipients if is_citizen(item.address))

    @property
    def _recipients(self) -> tuple[Participant, ...]:
        return tuple(item for item in self.participants if item.kind == RECIPIENT)

    @property
    def visibility(self) -> tuple[str, ...]:
        """Codes that XDS metadata get beside the document's own confidentiality."""
        return tuple(code for choice, code in VISIBILITY.items() if self.says(choice))

    @property
    def forbids_answer(self) -> bool:
        """FIN in NTE-4 under DESTMSSANTEPAT."""
        notes = (item.note for item in self.choices if item.code == "DESTMSSANTEPAT")
        return next(notes, "") == "FIN"

    def body(self, code: str) -> str:
        """The text of a mail, "" when the creator gave none."""
        return next((item.text for item in self.bodies if item.code == code), "")

    def document_id(self, document: SentDocument) -> str:
        """The uniqueId of a document: the CDA's own."""
        return document.header.unique_id if document.header else ""

    def replaced_id(self, document: SentDocument) -> str:
        """The uniqueId of the document replaced: TXA-13, or what the CDA says."""
        if self.envelope is not None and self.envelope.parent_id:
            return self.envelope.parent_id
        header = document.header
        return header.replaces.text if header and header.replaces else ""
