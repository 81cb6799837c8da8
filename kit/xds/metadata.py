"""Kit, XDS metadata: what a lot of documents says, as plain objects.

Attributes keep the name of the standard in snake_case. A value absent from the message is "" or
None and judged by a rule, never invented. Not here: the ebXML wire (reading.py, writing.py).
Source: ITI TF-3 4.2.3; CI-SIS, Partage de documents de santé.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from kit.identity import Ins
from kit.xds import vocabulary
from kit.xds.hl7 import Xcn, Xon, escape, unescape

SIGNATURE_TYPE_CODE = "E1762"  # ASTM: full document, the type of a lot's signature


@dataclass(frozen=True, slots=True)
class Coded:
    """A code, the OID (or name) of its system, its label."""

    code: str
    system: str = ""
    label: str = ""

    @classmethod
    def read(cls, text: str) -> Coded:
        """Read ``code^label^system``, the form of specialties and of query parameters."""
        code, label, system = [*text.split("^"), "", ""][:3]
        return cls(unescape(code), unescape(system), unescape(label))

    def write(self) -> str:
        return "^".join(map(escape, (self.code, self.label, self.system))).rstrip("^")


@dataclass(frozen=True, slots=True)
class Slot:
    """A named list of values."""

    name: str
    values: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Author:
    """Who wrote a document or sent a lot: a person or software, where, as what."""

    person: Xcn | None = None
    institutions: tuple[Xon, ...] = ()
    roles: tuple[str, ...] = ()
    specialties: tuple[Coded, ...] = ()
    telecoms: tuple[str, ...] = ()
    other_slots: tuple[Slot, ...] = ()


def patient_cx(patient_id: Ins | None, other: str) -> str:
    """The patientId of the wire: an INS with type NH, or the foreign value as it came."""
    return patient_id.cx if patient_id else other


@dataclass(frozen=True, slots=True)
class DocumentEntry:
    """The metadata of one document (fiche).

    entry_uuid: ExtrinsicObject/@id; symbolic ("Document01") until the registry gives a urn:uuid.
    other_patient_id: patientId as it came, when it is no INS. Times: YYYYMMDDhhmmss, UTC.
    """

    entry_uuid: str
    unique_id: str = ""
    patient_id: Ins | None = None
    mime_type: str = ""
    class_code: Coded | None = None
    type_code: Coded | None = None
    format_code: Coded | None = None
    confidentiality_codes: tuple[Coded, ...] = ()
    healthcare_facility_type_code: Coded | None = None
    practice_setting_code: Coded | None = None
    event_codes: tuple[Coded, ...] = ()
    title: str = ""
    description: str = ""
    creation_time: str = ""
    service_start_time: str = ""
    service_stop_time: str = ""
    language_code: str = ""
    source_patient_id: str = ""
    source_patient_info: tuple[str, ...] = ()
    legal_authenticator: Xcn | None = None
    authors: tuple[Author, ...] = ()
    reference_ids: tuple[str, ...] = ()
    hash: str = ""
    size_bytes: int | None = None
    uri: str = ""
    repository_unique_id: str = ""
    availability_status: str = ""
    logical_id: str = ""
    version: int | None = None
    is_opaque: bool | None = None
    object_type: str = vocabulary.STABLE_DOCUMENT
    other_patient_id: str = ""
    other_slots: tuple[Slot, ...] = ()

    @property
    def patient_cx(self) -> str:
        """The patientId as it is on the wire."""
        return patient_cx(self.patient_id, self.other_patient_id)

    @property
    def is_signature(self) -> bool:
        """True for the entry that carries the signature of the lot."""
        return self.type_code is not None and self.type_code.code == SIGNATURE_TYPE_CODE


@dataclass(frozen=True, slots=True)
class SubmissionSet:
    """The lot: what is sent together, by whom, about whom (lot de soumission)."""

    entry_uuid: str
    unique_id: str = ""
    source_id: str = ""
    patient_id: Ins | None = None
    content_type_code: Coded | None = None
    submission_time: str = ""
    authors: tuple[Author, ...] = ()
    title: str = ""
    description: str = ""
    intended_recipients: tuple[str, ...] = ()
    availability_status: str = ""
    other_patient_id: str = ""
    other_slots: tuple[Slot, ...] = ()

    @property
    def patient_cx(self) -> str:
        """The patientId as it is on the wire."""
        return patient_cx(self.patient_id, self.other_patient_id)


@dataclass(frozen=True, slots=True)
class Association:
    """A link between two registry objects; ``kind`` is one of the URNs of vocabulary.py."""

    kind: str
    source: str
    target: str
    slots: tuple[Slot, ...] = ()
    entry_uuid: str = ""

    def values_of(self, slot_name: str) -> tuple[str, ...]:
        """The values of one slot, () when it is absent."""
        return next((slot.values for slot in self.slots if slot.name == slot_name), ())


@dataclass(frozen=True, slots=True)
class Submission:
    """A lot with its documents in message order (signature included) and its associations."""

    lot: SubmissionSet
    documents: tuple[DocumentEntry, ...] = ()
    associations: tuple[Association, ...] = field(default=())

    @property
    def signature(self) -> DocumentEntry | None:
        """The entry of the lot's signature, if there is one."""
        return next((entry for entry in self.documents if entry.is_signature), None)

    @property
    def health_documents(self) -> tuple[DocumentEntry, ...]:
        """The documents without the signature of the lot."""
        return tuple(entry for entry in self.documents if not entry.is_signature)

    def of_kind(self, kind: str) -> Iterator[Association]:
        """The associations of one kind, in message order."""
        return (link for link in self.associations if link.kind == kind)


def member_of(lot: SubmissionSet, entry: DocumentEntry) -> Association:
    """HasMember from a lot to a document it makes."""
    original = (Slot(vocabulary.SUBMISSION_SET_STATUS, (vocabulary.ORIGINAL,)),)
    return Association(vocabulary.HAS_MEMBER, lot.entry_uuid, entry.entry_uuid, original)


def replacement_of(entry: DocumentEntry, old_entry_uuid: str) -> Association:
    """RPLC from a new document to the entryUUID of the one it replaces."""
    original = (Slot(vocabulary.SUBMISSION_SET_STATUS, (vocabulary.ORIGINAL,)),)
    return Association(vocabulary.RPLC, entry.entry_uuid, old_entry_uuid, original)


def signature_of(signature: DocumentEntry, lot: SubmissionSet) -> Association:
    """The link ``signs`` from the signature entry to its lot."""
    original = (Slot(vocabulary.SUBMISSION_SET_STATUS, (vocabulary.ORIGINAL,)),)
    return Association(vocabulary.SIGNS, signature.entry_uuid, lot.entry_uuid, original)
