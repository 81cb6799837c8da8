"""Kit, mail, XDM: the archive IHE_XDM.ZIP, packed for the same bytes each time, unpacked safely.

Packing: INDEX.HTM, README.TXT, IHE_XDM/SUBSET01 with METADATA.XML and the documents under 8+3
upper-case names. Unpacking tolerates lower-case names, a subset without number, several subsets,
no INDEX or README, stray files; it never writes to disk. Not here: the mail around the archive,
the ebXML of METADATA.XML (kit.xds).
Sources: IHE ITI TF-2 3.32.4.1; ISO 9660 level 1 (names).
"""

from __future__ import annotations

import hashlib
import stat
import zipfile
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from html import escape
from io import BytesIO

from kit import xds
from kit.rules import Malformed
from kit.xml import parse, serialize

SUBSET = "IHE_XDM/SUBSET01"
METADATA = "METADATA.XML"
_WHERE = "IHE_XDM.ZIP"
_EXTENSIONS = {
    "text/xml": "XML",
    "application/xslt+xml": "XML",
    "application/pdf": "PDF",
    "application/dicom": "DCM",
    "text/plain": "TXT",
}


class UnsafeArchive(Malformed):
    """An archive that must not be opened: it climbs, explodes, links or hides what it holds."""


@dataclass(frozen=True, slots=True)
class XdmSender:
    """Who sends and with what, as INDEX.HTM and README.TXT say it."""

    name: str
    phone: str = ""
    mailbox: str = ""
    software: str = ""
    software_version: str = ""
    editor: str = ""


@dataclass(frozen=True, slots=True)
class XdmLimits:
    """Bounds on an archive that came from outside."""

    members: int = 1_000
    total_bytes: int = 100 * 1024 * 1024
    ratio: int = 200  # uncompressed / compressed, for members over one megabyte


@dataclass(frozen=True, slots=True)
class XdmFile:
    """A file of the archive, its name as stored, with / as separator."""

    name: str
    content: bytes


@dataclass(frozen=True, slots=True)
class XdmDocument:
    """A document entry of METADATA.XML and the file its URI names; None when there is none."""

    entry: xds.DocumentEntry
    file: XdmFile | None

    @property
    def content(self) -> bytes:
        """The bytes of the document, empty when its file is absent."""
        return self.file.content if self.file else b""

    @property
    def has_stated_hash(self) -> bool:
        """True when the SHA-1 of the file is the one METADATA.XML states."""
        return self.entry.hash.lower() == hashlib.sha1(self.content).hexdigest()  # noqa: S324

    @property
    def has_stated_size(self) -> bool:
        """True when the file is as long as METADATA.XML states."""
        return self.file is not None and self.entry.size_bytes == len(self.content)


@dataclass(frozen=True, slots=True)
class XdmSubset:
    """One folder of IHE_XDM: a lot with its documents."""

    name: str
    submission: xds.Submission
    documents: tuple[XdmDocument, ...]


@dataclass(frozen=True, slots=True)
class XdmArchive:
    """What an archive holds: subsets in order of name, and every file kept."""

    subsets: tuple[XdmSubset, ...]
    files: tuple[XdmFile, ...]

    @property
    def submission(self) -> xds.Submission:
        """The lot of the first subset."""
        return self.subsets[0].submission

    @property
    def documents(self) -> tuple[XdmDocument, ...]:
        """The documents of every subset."""
        return tuple(document for subset in self.subsets for document in subset.documents)


def pack_xdm(
    documents: Sequence[tuple[xds.DocumentEntry, bytes]],
    lot: xds.SubmissionSet,
    *,
    sender: XdmSender,
    at: datetime,
    associations: Sequence[xds.Association] = (),
) -> bytes:
    """Pack documents with their metadata; the same arguments give the same bytes.

    at: the time stamped on every member, written in UTC. associations: replacements; the
    membership of each document is added. URI, hash and size are computed here.
    """
    named = tuple(_filed(number, *pair) for number, pair in enumerate(documents, 1))
    members = tuple(xds.member_of(lot, entry) for entry, _ in named)
    entries = tuple(entry for entry, _ in named)
    submission = xds.Submission(lot, entries, (*members, *associations))
    metadata = serialize(xds.write_submit_objects(submission), declaration=True)
    names = [entry.uri for entry in entries]
    files = [
        XdmFile("INDEX.HTM", _index(sender, lot).encode()),
        XdmFile("README.TXT", _readme(sender, names).encode()),
        XdmFile(f"{SUBSET}/{METADATA}", metadata),
        *(XdmFile(f"{SUBSET}/{entry.uri}", content) for entry, content in named),
    ]
    return _zip(files, at)


def unpack_xdm(data: bytes, limits: XdmLimits | None = None) -> XdmArchive:
    """Read an archive from outside.

    Raises UnsafeArchive, naming member and rule, for a traversal, an absolute or repeated name, an
    encrypted member, a link, an unusual compression, or a bound passed; Malformed when no
    readable METADATA.XML is found.
    """
    try:
        with zipfile.ZipFile(BytesIO(data)) as archive:
            files = _read_members(archive, limits or XdmLimits())
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, ValueError) as error:
        raise Malformed(_WHERE, f"not a readable zip archive, {error}") from None
    subsets = tuple(_subset(file, files) for file in sorted(files, key=_name) if _is_metadata(file))
    if not subsets:
        raise Malformed(_WHERE, "no IHE_XDM/<subset>/METADATA.XML")
    return XdmArchive(subsets, files)


def _filed(
    number: int, entry: xds.DocumentEntry, content: bytes
) -> tuple[xds.DocumentEntry, bytes]:
    """The entry as METADATA.XML states it: file name, SHA-1, size, and no repository."""
    extension = _EXTENSIONS.get(entry.mime_type, "BIN")
    filed = replace(
        entry,
        uri=f"DOC{number:04}.{extension}",
        hash=hashlib.sha1(content).hexdigest(),  # noqa: S324 - the hash of XDS metadata
        size_bytes=len(content),
        repository_unique_id="",
    )
    return filed, content


def _zip(files: Sequence[XdmFile], at: datetime) -> bytes:
    stamp = at.astimezone(UTC).timetuple()[:6]
    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for file in files:
            info = zipfile.ZipInfo(file.name, stamp)
            info.create_system = 3  # Unix, whatever packs
            info.external_attr = (stat.S_IFREG | 0o644) << 16
            info.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(info, file.content, compresslevel=6)
    return buffer.getvalue()


def _index(sender: XdmSender, lot: xds.SubmissionSet) -> str:
    title = escape(lot.title or "Documents de santé")
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        '<html xmlns="http://www.w3.org/1999/xhtml" xml:lang="fr" lang="fr">',
        f"<head><title>{title}</title></head>",
        f"<body><h1>{title}</h1>",
        f"<p>Expéditeur : {escape(sender.name)}</p>",
        f"<p>Téléphone : {escape(sender.phone or 'non communiqué')}</p>",
        '<p><a href="README.TXT">README.TXT</a></p>',
        f'<p><a href="{SUBSET}/{METADATA}">{METADATA}</a></p>',
        "</body></html>",
    ]
    return "\r\n".join(lines) + "\r\n"


def _readme(sender: XdmSender, names: Sequence[str]) -> str:
    lines = [
        f"Expéditeur : {sender.name} {sender.mailbox}".rstrip(),
        f"Logiciel : {sender.software} {sender.software_version}".rstrip(),
        f"Éditeur : {sender.editor}".rstrip(),
        "",
        "Cette archive suit le profil IHE XDM. Les documents sont décrits par METADATA.XML.",
        "",
        "INDEX.HTM",
        "README.TXT",
        f"{SUBSET}/{METADATA}",
        *(f"{SUBSET}/{name}" for name in names),
    ]
    return "\r\n".join(lines) + "\r\n"


def _name(file: XdmFile) -> str:
    return file.name


def _read_members(archive: zipfile.ZipFile, limits: XdmLimits) -> tuple[XdmFile, ...]:
    infos = archive.infolist()
    if len(infos) > limits.members:
        raise UnsafeArchive(_WHERE, f"{len(infos)} members, at most {limits.members} are read")
    total = sum(info.file_size for info in infos)
    if total > limits.total_bytes:
        raise UnsafeArchive(
            _WHERE, f"{total} bytes unpacked, at most {limits.total_bytes} are read"
        )
    seen: set[str] = set()
    for info in infos:
        _check_member(info, limits, seen)
    return tuple(
        XdmFile(_member_name(info), archive.read(info))
        for info in infos
        if not info.is_dir() and not _is_stray(_member_name(info))
    )


def _check_member(info: zipfile.ZipInfo, limits: XdmLimits, seen: set[str]) -> None:
    name = _member_name(info)
    where = f"{_WHERE}/{name[:80]}"
    kind = stat.S_IFMT(info.external_attr >> 16)
    refusals = (
        (name.startswith("/") or name[1:2] == ":", "a member's name is relative"),
        (".." in name.split("/") or "\0" in info.orig_filename, "a member stays in the archive"),
        (name.rstrip("/").lower() in seen, "a name is used once"),
        (bool(info.flag_bits & 0x1), "a member is not encrypted"),
        (kind not in (0, stat.S_IFREG, stat.S_IFDIR), "a member is a file, not a link"),
        (info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED), "deflate or stored"),
        (
            info.file_size > 2**20 and info.file_size > limits.ratio * max(1, info.compress_size),
            f"a member unpacks to at most {limits.ratio} times its size",
        ),
    )
    for is_broken, rule in refusals:
        if is_broken:
            raise UnsafeArchive(where, rule)
    seen.add(name.rstrip("/").lower())


def _member_name(info: zipfile.ZipInfo) -> str:
    """Some packers write the separator of their own system."""
    return info.filename.replace("\\", "/")


def _is_stray(name: str) -> bool:
    """What desktop systems add to an archive."""
    return name.startswith("__MACOSX/") or name.rsplit("/", 1)[-1] in (".DS_Store", "Thumbs.db")


def _is_metadata(file: XdmFile) -> bool:
    parts = file.name.upper().split("/")
    return len(parts) == 3 and parts[0] == "IHE_XDM" and parts[2] == METADATA


def _subset(metadata: XdmFile, files: tuple[XdmFile, ...]) -> XdmSubset:
    """Read one METADATA.XML and join each entry to the file its URI names, whatever the case."""
    root = xds.upgrade_ebrim2(parse(metadata.content, where=metadata.name))
    submission = xds.read_submit_objects(root)
    folder = metadata.name.rsplit("/", 1)[0]
    by_name = {file.name.upper(): file for file in files}
    documents = tuple(
        XdmDocument(entry, by_name.get(f"{folder}/{entry.uri}".upper()) if entry.uri else None)
        for entry in submission.documents
    )
    return XdmSubset(folder.rsplit("/", 1)[-1], submission, documents)
