"""Outside judges of our XDM: published archives, official documents, other libraries."""

from __future__ import annotations

import hashlib
import zipfile
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from xml.etree import ElementTree

import pytest

from kit import cda, mail, xds
from kit.mail import XdmSender
from tests.kit.test_xds import a_lot

SAMPLES = [  # archive, its lot, uniqueId of its document, file
    (
        "generic_xdm_xml_document",  # ebRIM 2.1, no README
        "1.3.6.1.4.1.21367.2005.3.998.997",
        "1.3.6.1.4.1.21367.2005.3.998.1",
        "IHE_XDM/SUBSET01/DOC0001.XML",
    ),
    (
        "generic_xdm_minimal_lowercase_names",  # SUBSET without number, __MACOSX
        "1.2.3.5.6.7",
        "1.2.3.4.5",
        "IHE_XDM/SUBSET/doc.txt",
    ),
]


@pytest.mark.parametrize(("name", "lot", "unique_id", "file"), SAMPLES)
def test_published_archives_are_read(
    conformance: Path, name: str, lot: str, unique_id: str, file: str
) -> None:
    data = (conformance / "mssante" / "xdm" / f"{name}.zip").read_bytes()
    archive = mail.unpack_xdm(data)
    (document,) = archive.documents
    assert archive.submission.lot.unique_id == lot
    assert document.entry.unique_id == unique_id
    assert document.file is not None
    assert document.file.name == file
    assert document.has_stated_size
    assert document.has_stated_hash
    assert [link.target for link in archive.submission.associations] == ["Document01"]


def test_official_documents_packed_by_us_satisfy_other_libraries(conformance: Path) -> None:
    files = sorted((conformance / "cda" / "ExemplesCDA").glob("*.xml"))
    contents = [file.read_bytes() for file in files]
    documents = [
        (cda.entry_from_cda(content, entry_uuid=f"Document{number:02}"), content)
        for number, content in enumerate(contents, 1)
    ]
    at = datetime(2026, 1, 5, tzinfo=UTC)
    data = mail.pack_xdm(documents, a_lot(), sender=XdmSender("Essai"), at=at)
    with zipfile.ZipFile(BytesIO(data)) as opened:
        assert opened.testzip() is None
        names = opened.namelist()
        metadata = ElementTree.fromstring(opened.read("IHE_XDM/SUBSET01/METADATA.XML"))
        stated = {
            _slot(entry, "URI"): _slot(entry, "hash")
            for entry in metadata.iter(_rim("ExtrinsicObject"))
        }
        for uri, digest in stated.items():
            content = opened.read(f"IHE_XDM/SUBSET01/{uri}")
            assert hashlib.sha1(content).hexdigest() == digest
    assert len(stated) == len(files)
    parts = [part for name in names for part in name.split("/")]
    assert all(_is_iso_9660_level_1(part) for part in parts)
    assert [d.content for d in mail.unpack_xdm(data).documents] == contents


def _rim(name: str) -> str:
    return f"{{urn:oasis:names:tc:ebxml-regrep:xsd:rim:3.0}}{name}"


def _slot(entry: ElementTree.Element, name: str) -> str:
    slot = next(s for s in entry.iter(_rim("Slot")) if s.get("name") == name)
    return slot.findtext(f"{_rim('ValueList')}/{_rim('Value')}") or ""


def _is_iso_9660_level_1(part: str) -> bool:
    stem, _, extension = part.partition(".")
    letters = set("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_")
    return len(stem) <= 8 and len(extension) <= 3 and set(stem + extension) <= letters


def test_the_metadata_of_an_official_document_survive_the_wire(conformance: Path) -> None:
    for file in (conformance / "cda" / "ExemplesCDA").glob("*.xml"):
        entry = cda.entry_from_cda(file.read_bytes())
        assert xds.read_extrinsic_object(xds.write_extrinsic_object(entry)) == entry, file.name
