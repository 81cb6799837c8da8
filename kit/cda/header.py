"""Kit, CDA, header: what the header of a document says, as plain objects.

A value absent from the document is "" or None; rules judge. Times stay as they are written.
Not here: the wire (reading.py), the XDS metadata that follow from the header (entry.py).
Source: CI-SIS, Structuration minimale de documents de santé; HL7 CDA R2.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from kit.identity import INS_OIDS, IdentityTraits, Ins
from kit.xds.metadata import Coded

BodyKind = Literal["N1", "N3", ""]


@dataclass(frozen=True, slots=True)
class Identifier:
    """An instance identifier: a root, and an extension when the root is an authority."""

    root: str
    extension: str = ""

    @property
    def text(self) -> str:
        """``root`` or ``root^extension``, as XDS writes a uniqueId."""
        return f"{self.root}^{self.extension}" if self.extension else self.root


@dataclass(frozen=True, slots=True)
class CdaOrganization:
    """A structure: name, identifiers, and its setting (standardIndustryClassCode)."""

    name: str
    ids: tuple[Identifier, ...] = ()
    setting: Coded | None = None


@dataclass(frozen=True, slots=True)
class CdaPerson:
    """A professional, or software: identifiers, name, code, the structure they stand for.

    is_device: then family is the model and given the name of the software.
    """

    ids: tuple[Identifier, ...] = ()
    family: str = ""
    given: str = ""
    prefix: str = ""
    suffix: str = ""
    code: Coded | None = None
    organization: CdaOrganization | None = None
    is_device: bool = False


@dataclass(frozen=True, slots=True)
class CdaAuthor:
    """An author: when, who, in which role (functionCode)."""

    time: str
    person: CdaPerson
    function: Coded | None = None


@dataclass(frozen=True, slots=True)
class CdaPatient:
    """The patient: identifiers, names by qualifier, traits as written.

    birth_given_names: the list of birth given names, without qualifier in the document.
    """

    ids: tuple[Identifier, ...]
    birth_name: str = ""
    used_name: str = ""
    birth_given_names: str = ""
    first_given_name: str = ""
    used_given_name: str = ""
    sex: str = ""
    birth_time: str = ""
    birth_place: str = ""

    @property
    def ins(self) -> Ins | None:
        """The INS: the first identifier under one of its OIDs."""
        found = (item for item in self.ids if item.root in INS_OIDS)
        return next((Ins(item.extension, item.root) for item in found), None)

    @property
    def local_id(self) -> Identifier | None:
        """The identifier given by the establishment (IPP)."""
        return next((item for item in self.ids if item.root not in INS_OIDS), None)

    @property
    def traits(self) -> IdentityTraits:
        """The strict traits, as far as the document states them."""
        day = self.birth_time
        names = tuple(self.birth_given_names.split()) or tuple(
            filter(None, [self.first_given_name])
        )
        return IdentityTraits(
            birth_name=self.birth_name,
            first_names=tuple(names),
            sex=self.sex,
            birth_date=f"{day[:4]}-{day[4:6]}-{day[6:8]}" if len(day) >= 8 else day,
            birth_place=self.birth_place,
        )


@dataclass(frozen=True, slots=True)
class ServiceEvent:
    """An act the document is about; the first that has a time is the principal one."""

    ids: tuple[Identifier, ...]
    codes: tuple[Coded, ...]
    low: str = ""
    high: str = ""
    performer: CdaPerson | None = None


@dataclass(frozen=True, slots=True)
class Encounter:
    """The stay or visit (prise en charge) with its place."""

    ids: tuple[Identifier, ...] = ()
    code: Coded | None = None
    low: str = ""
    high: str = ""
    facility: Coded | None = None
    facility_ids: tuple[Identifier, ...] = ()


@dataclass(frozen=True, slots=True)
class RelatedDocument:
    """A link to a parent document: RPLC, APND, XFRM."""

    type_code: str
    id: Identifier


@dataclass(frozen=True, slots=True)
class CdaHeader:
    """The header of a document, with the kind of its body."""

    id: Identifier
    set_id: str
    version: int | None
    templates: tuple[str, ...]
    code: Coded | None
    title: str
    effective_time: str
    confidentiality: Coded | None
    language: str
    patient: CdaPatient
    authors: tuple[CdaAuthor, ...]
    legal_authenticator: CdaPerson | None
    custodian: CdaOrganization | None
    service_events: tuple[ServiceEvent, ...]
    encounter: Encounter | None
    related_documents: tuple[RelatedDocument, ...]
    orders: tuple[Identifier, ...]
    accessions: tuple[Identifier, ...]
    body_kind: BodyKind
    media_type: str
    is_self_presenting: bool

    @property
    def unique_id(self) -> str:
        """The identifier of the document as XDS writes it."""
        return self.id.text

    @property
    def principal_event(self) -> ServiceEvent | None:
        """The act that dates the document and gives its setting."""
        timed = (event for event in self.service_events if event.low or event.high)
        return next(timed, next(iter(self.service_events), None))

    @property
    def replaces(self) -> Identifier | None:
        """The document this one replaces."""
        found = (link.id for link in self.related_documents if link.type_code == "RPLC")
        return next(found, None)


def has_qualified_ins(header: CdaHeader) -> bool:
    """True when the document carries a qualified INS, as X-MSS-INS means it.

    Matricule with its OID, birth name, first given name, birth date and sex (MSSanté ECO.2.4.2).
    """
    patient = header.patient
    traits = (patient.birth_name, patient.first_given_name, patient.birth_time, patient.sex)
    return patient.ins is not None and bool(patient.ins.matricule) and all(traits)
