"""PDF bodies: they may be kept for ever (PDF/A-1b), and a foreign reader reads the words back."""

from __future__ import annotations

import struct
from io import BytesIO

import pytest
from pypdf import PdfReader
from pypdf.generic import DictionaryObject

from kit.cda import read_header
from kit.xml import parse
from simulator.delivery.pdf_copy import pdf_copy
from simulator.documents import KINDS
from simulator.documents.archival import gray_profile
from tests.simulator.stays import a_document
from tests.simulator.test_documents import pdf_of, words_of

UNSTRUCTURED = [kind.name for kind in KINDS.values() if kind.level == "N1"]
RDF = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}"
FORBIDDEN = ("/JavaScript", "/Launch", "/EmbeddedFile", "/SMask", "/Encrypt", "/AcroForm")


def read(pdf: bytes) -> PdfReader:
    return PdfReader(BytesIO(pdf), strict=True)


def bodies() -> list[tuple[str, bytes]]:
    """A body of each kind, and the copy of a structured document that a mail carries."""
    letter = a_document("LDL", 3)
    copy = pdf_copy(letter.cda, read_header(letter.cda))
    return [*((kind, pdf_of(a_document(kind, 3))) for kind in UNSTRUCTURED), ("copy", copy)]


@pytest.mark.parametrize(("name", "pdf"), bodies())
def test_every_font_is_embedded_and_says_which_characters_it_draws(name: str, pdf: bytes) -> None:
    reader = read(pdf)
    fonts = {
        key: font.get_object()
        for page in reader.pages
        for key, font in page["/Resources"]["/Font"].items()
    }
    assert fonts
    for font in fonts.values():
        assert "/ToUnicode" in font
        program = font["/FontDescriptor"]["/FontFile2"].get_data()
        assert program[:4] == b"\0\1\0\0"
        assert b"glyf" in program[:256]


@pytest.mark.parametrize(("name", "pdf"), bodies())
def test_the_output_intent_holds_a_whole_colour_profile(name: str, pdf: bytes) -> None:
    (intent,) = read(pdf).root_object["/OutputIntents"]
    intent = intent.get_object()
    assert intent["/S"] == "/GTS_PDFA1"
    profile = intent["/DestOutputProfile"].get_object()
    assert profile["/N"] == 1
    assert profile.get_data() == gray_profile()
    assert struct.unpack(">I", gray_profile()[:4])[0] == len(gray_profile())
    assert gray_profile()[36:40] == b"acsp"


@pytest.mark.parametrize(("name", "pdf"), bodies())
def test_the_metadata_say_the_standard_and_what_the_dictionary_says(name: str, pdf: bytes) -> None:
    reader = read(pdf)
    packet = reader.root_object["/Metadata"].get_object().get_data()
    root = parse(packet[packet.index(b"<x:xmpmeta") : packet.rindex(b"<?xpacket")])
    texts = {child.tag.rpartition("}")[2]: "".join(child.itertext()) for child in root[0][0]}
    assert (texts["part"], texts["conformance"]) == ("1", "B")
    said = reader.metadata
    assert said
    pairs = (("title", said.title), ("creator", said.author), ("description", said.subject))
    assert [texts[key] for key, _ in pairs] == [value or "" for _, value in pairs]
    assert texts["Producer"] == said.producer
    assert texts["CreatorTool"] == said.creator
    assert texts["CreateDate"] == texts["ModifyDate"] == "2000-01-01T00:00:00+00:00"


@pytest.mark.parametrize(("name", "pdf"), bodies())
def test_nothing_is_in_it_that_an_archive_may_not_hold(name: str, pdf: bytes) -> None:
    reader = read(pdf)
    assert not reader.is_encrypted
    assert reader.trailer["/ID"]
    objects = [reader.get_object(number) for number in range(1, reader.trailer["/Size"])]
    keys = {key for item in objects if isinstance(item, DictionaryObject) for key in item}
    assert not keys & set(FORBIDDEN)
    assert pdf.count(b"endstream\n") == pdf.count(b"\nendstream\n")


@pytest.mark.parametrize("kind", UNSTRUCTURED)
def test_the_words_are_read_back(kind: str) -> None:
    for seed in range(3):
        document = a_document(kind, seed)
        told = words_of(document)
        traits = document.patient.traits
        assert document.title.upper() in told
        assert traits.birth_name in told
        assert "/".join(reversed(traits.birth_date.split("-"))) in told
        assert document.patient.ins.matricule in told
        assert document.stay_id in told
        assert "Document de banc d'essai" in told
