"""MSSanté mock, messages: the documents that travel in a mail, read from its IHE_XDM.zip.

Not here: packing (``kit.mail``), the content of a document beyond what the rules ask.
"""

from __future__ import annotations

from dataclasses import dataclass

from kit.cda import has_qualified_ins, read_header
from kit.mail import XDM_FILE_NAME, UnsafeArchive, XdmDocument, unpack_xdm
from kit.rules import Malformed
from mocks.mssante.messages.mime import Part, content

MAX_ARCHIVES = 4  # opened in one mail

_MEDIA_TYPES = frozenset({"application/zip", "application/x-zip-compressed"})


@dataclass(frozen=True, slots=True)
class Document:
    """A document of an archive: what METADATA.XML says, and the CDA where it is one."""

    unique_id: str
    type_code: str
    matricule: str
    ins_oid: str = ""
    is_cda: bool = False
    cda_code: str = ""
    ins_qualified: bool = False


@dataclass(frozen=True, slots=True)
class Archive:
    """A zip of a mail. ``danger``: why it must not be opened; ``problem``: why it is no XDM."""

    filename: str
    documents: tuple[Document, ...] = ()
    problem: str = ""
    danger: str = ""


def is_archive(part: Part) -> bool:
    """Whether a part is a zip, by its name or its type."""
    return part.media_type in _MEDIA_TYPES or part.filename.lower().endswith(".zip")


def read_archives(raw: bytes, parts: list[Part]) -> tuple[Archive, ...]:
    """Every zip of a mail, the first MAX_ARCHIVES opened."""
    opened = [read_archive(raw, part) for part in parts[:MAX_ARCHIVES]]
    why = f"not opened, only {MAX_ARCHIVES} are"
    return (*opened, *(Archive(part.filename, problem=why) for part in parts[MAX_ARCHIVES:]))


def read_archive(raw: bytes, part: Part) -> Archive:
    """One zip. A zip of another name that holds no documents is an ordinary attachment."""
    name = part.filename
    try:
        archive = unpack_xdm(content(raw, part))
    except UnsafeArchive as error:
        return Archive(name, danger=str(error))
    except Malformed as error:
        is_meant = name.lower() == XDM_FILE_NAME.lower()
        return Archive(name, problem=str(error) if is_meant else "")
    return Archive(name, tuple(_document(item) for item in archive.documents))


def _document(item: XdmDocument) -> Document:
    entry = item.entry
    ins = entry.patient_id
    found = Document(
        unique_id=entry.unique_id,
        type_code=entry.type_code.code if entry.type_code else "",
        matricule=ins.matricule if ins else entry.other_patient_id,
        ins_oid=ins.oid if ins else "",
    )
    try:
        header = read_header(item.content)
    except Malformed:
        return found  # a PDF, an image, or a CDA that cannot be read
    return Document(
        unique_id=found.unique_id,
        type_code=found.type_code,
        matricule=found.matricule,
        ins_oid=found.ins_oid,
        is_cda=True,
        cda_code=header.code.code if header.code else "",
        ins_qualified=has_qualified_ins(header),
    )
