"""Banc, validation, archive: what is wrong in an IHE_XDM.ZIP: its layout, metadata, documents.

An archive that must not be opened (traversal, link, bomb) is refused as a whole by kit.mail. Not
here: the rules of metadata (metadata) and documents (document).
Source: IHE ITI TF-2 3.32.4.1.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from banc.validation import metadata
from banc.validation.metadata import JudgeDocument
from banc.validation.report import Found, of_refusals, own, told
from kit.mail.xdm import METADATA, XdmArchive, XdmFile, XdmSubset, unpack_xdm
from kit.rules import Code, Finding, Malformed, RuleBook
from kit.settings import Settings
from kit.xml import parse
from mocks.dmp.messages.submission import ProvidedDocument

MEDIA = "ITI TF-2 3.32.4.1"
NOT_CONFORMANT = Code("XdmNotConformant", "the archive breaks a rule of the XDM profile", MEDIA)
layout = RuleBook("IHE_XDM.ZIP")
WHERE = "IHE_XDM.ZIP"
_ISO_NAME = re.compile(r"[A-Z0-9_]{1,8}(\.[A-Z0-9_]{1,3})?")
_AT_THE_TOP = ("INDEX.HTM", "README.TXT")


@layout.rule(NOT_CONFORMANT, source=f"{MEDIA}: INDEX.HTM and README.TXT")
def the_archive_presents_itself(archive: XdmArchive) -> Iterator[Finding]:
    names = {file.name for file in archive.files}
    for wanted in _AT_THE_TOP:
        if wanted not in names:
            seen = next((name for name in names if name.upper() == wanted), "")
            yield Finding(WHERE, wanted, seen, f"a file {wanted} at the top of the archive")


@layout.rule(NOT_CONFORMANT, source=f"{MEDIA}: names of ISO 9660 level 1")
def names_are_short_and_in_capitals(archive: XdmArchive) -> Iterator[Finding]:
    for file in archive.files:
        wrong = [part for part in file.name.split("/") if not _ISO_NAME.fullmatch(part)]
        if wrong:
            yield Finding(file.name, "name", ", ".join(wrong), "8 capitals, digits or _, then 3")


@layout.rule(NOT_CONFORMANT, source=f"{MEDIA}: URI of the entry")
def an_entry_names_its_file(archive: XdmArchive) -> Iterator[Finding]:
    for subset in archive.subsets:
        for document in subset.documents:
            entry = document.entry
            if document.file is None:
                subject = entry.unique_id or entry.entry_uuid
                wanted = f"a file of IHE_XDM/{subset.name}"
                yield Finding(subject, "URI", entry.uri, wanted)


@layout.rule(NOT_CONFORMANT, source="ITI TF-3 table 4.2.3.2-1: hash and size, required in XDM")
def an_entry_states_hash_and_size(archive: XdmArchive) -> Iterator[Finding]:
    for document in archive.documents:
        entry = document.entry
        subject = entry.unique_id or entry.entry_uuid
        if not entry.hash:
            yield Finding(subject, "hash", "", "the SHA-1 of the file")
        if entry.size_bytes is None:
            yield Finding(subject, "size", "", "the bytes of the file")


@layout.rule(NOT_CONFORMANT, source=f"{MEDIA}: each document has its entry")
def a_file_of_a_subset_is_described(archive: XdmArchive) -> Iterator[Finding]:
    described = {item.file.name for item in archive.documents if item.file is not None}
    for file in archive.files:
        parts = file.name.split("/")
        is_inside = parts[0].upper() == "IHE_XDM" and parts[-1].upper() != METADATA
        if is_inside and file.name not in described:
            yield Finding(file.name, "URI", "none", "an entry of METADATA.XML with its name")


def judge(content: bytes, settings: Settings, judge_document: JudgeDocument) -> Found:
    """All of an archive. Raises Malformed when it cannot, or must not, be opened."""
    try:
        archive = unpack_xdm(content)
    except Malformed as error:
        if error.where.startswith(WHERE):
            raise
        return own([replace(metadata.unreadable(error), member=told(error.where))])
    found = of_refusals(layout.findings(archive))
    for subset in archive.subsets:
        found += _judged(archive, subset, settings, judge_document)
    return found


def _judged(
    archive: XdmArchive, subset: XdmSubset, settings: Settings, judge_document: JudgeDocument
) -> Found:
    file = _metadata_of(archive, subset)
    names = {item.entry.entry_uuid: item.file.name for item in subset.documents if item.file}
    contents = {item.entry.entry_uuid: item.content for item in subset.documents if item.file}

    def inside(item: ProvidedDocument) -> Found:
        return judge_document(item).inside(names[item.entry.entry_uuid])

    lot = metadata.provided(subset.submission, contents)
    root = parse(file.content, where=file.name)
    alone = metadata.judge_lot(
        root, lot, settings, lambda _: Found(), without=metadata.NEEDS_DOCUMENTS
    ).inside(file.name)
    return sum((inside(item) for item in lot.documents if item.content is not None), alone)


def _metadata_of(archive: XdmArchive, subset: XdmSubset) -> XdmFile:
    wanted = f"IHE_XDM/{subset.name}/{METADATA}".upper()
    return next(file for file in archive.files if file.name.upper() == wanted)
