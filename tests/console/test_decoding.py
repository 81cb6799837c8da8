"""Decoding: what each side of an exchange says, and that nothing from outside breaks it."""

from __future__ import annotations

import base64
import json

import pytest

from console.decoding import Decoded, decode_side
from console.decoding.http import split_http
from console.decoding.pieces import MAX_FRAME, MAX_ROWS, MAX_TEXT
from kit.soap import write_envelope
from kit.xml import build
from tests.console.builders import EVIL, a_letter, a_submission, an_assertion, assert_harmless, http
from tests.kit.documents import PDF, a_cda, a_pdf_cda
from tests.kit.test_mail import a_message


def decode(raw: bytes, transaction: str = "TD2.1", *, is_request: bool = True) -> Decoded:
    return decode_side(raw, transaction, is_request=is_request)


def titles(decoded: Decoded) -> list[str]:
    return [block.title for block in decoded.blocks]


def test_head_and_body_of_http_are_told_apart() -> None:
    found = split_http(b"POST /x HTTP/1.1\r\nContent-Type: Text/XML; q=1\r\n\r\n<a/>\r\n\r\nmore")
    assert found is not None
    assert found.media_type == "text/xml"
    assert found.body == b"<a/>\r\n\r\nmore"
    assert found.header("X-None") == ""


@pytest.mark.parametrize("raw", [b"", b"250 OK", b"From: a@b.test\r\n\r\nx", b"FETCH 1 (BODY)"])
def test_smtp_and_imap_are_no_http(raw: bytes) -> None:
    assert split_http(raw) is None
    assert decode(raw).blocks == []


def test_a_deposit_shows_vihf_parts_document_and_envelope() -> None:
    decoded = decode(a_letter())
    assert titles(decoded) == ["VIHF", "Parties MTOM", "Document : Lettre de liaison",
                               "Enveloppe SOAP"]  # fmt: skip
    vihf = dict(decoded.blocks[0].rows)
    assert vihf["patient"].endswith("&ISO^NH")
    assert vihf["homologation"] == "(17 caractères)", "a secret is not shown"
    assert "Sortie à domicile." in decoded.blocks[2].frame
    assert [(item.name, item.content) for item in decoded.attachments] == [
        ("Document01.xml", a_cda())
    ]


def test_a_pdf_document_can_be_downloaded_from_its_cda() -> None:
    decoded = decode(
        a_submission({"d": a_pdf_cda(), "s": b"<Signature xmlns='x'><a/></Signature>"})
    )
    assert [item.name for item in decoded.attachments] == ["d.xml", "d, corps.pdf", "s.xml"]
    assert decoded.attachments[1].content == PDF
    assert "s (Signature)" in titles(decoded)


def test_a_document_inline_in_base64_is_read() -> None:
    body = build("xds:RetrieveDocumentSetResponse")
    answer = build("xds:DocumentResponse", build("xds:DocumentUniqueId", "1.2.3"))
    answer.append(build("xds:Document", base64.b64encode(a_cda()).decode()))
    body.append(answer)
    raw = http(write_envelope(body), "application/soap+xml", "HTTP/1.1 200 OK")
    decoded = decode(raw, "TD3.2", is_request=False)
    assert decoded.attachments[0].name == "1.2.3.xml"
    assert "caractères)" in decoded.blocks[-1].text, "base64 is cut in the envelope"


def test_an_assertion_that_is_no_vihf_shows_its_attributes() -> None:
    value = build("saml2:AttributeValue", "42")
    attributes = build("saml2:AttributeStatement", build("saml2:Attribute", value, Name="n"))
    assertion = build("saml2:Assertion", attributes, ID="x")
    decoded = decode(a_submission({}, assertion))
    assert titles(decoded)[:2] == ["Assertion", "VIHF"]
    assert decoded.blocks[1].rows == (("n", "42"),)


def test_a_mail_shows_headers_text_parts_archive_and_documents() -> None:
    decoded = decode(a_message(), "SMTP.DATA")
    found = titles(decoded)
    assert found[:3] == ["En-têtes", "Texte", "Parties"]
    assert {"Arborescence IHE_XDM", "Documents de l'archive"} <= set(found)
    assert sum(bool(block.frame) for block in decoded.blocks) == 2
    names = [item.name for item in decoded.attachments]
    assert names[0] == "IHE_XDM.zip"
    assert "20260105_CR_ESSAI_ALIX.pdf" in names
    assert decode(a_message(), "SMTP.DATA", is_request=False).blocks == []


def test_a_broken_archive_is_told() -> None:
    decoded = decode(a_message(archive=b"PK\x03\x04nothing"), "SMTP.DATA")
    assert "IHE_XDM.zip" in titles(decoded)
    assert any("Archive illisible" in block.note for block in decoded.blocks)


def test_fhir_is_indented() -> None:
    body = json.dumps({"resourceType": "Bundle", "é": [1]}).encode()
    decoded = decode(http(body, "application/fhir+json"), "SEARCH Organization")
    assert decoded.blocks[0].text == '{\n  "resourceType": "Bundle",\n  "é": [\n    1\n  ]\n}'


BROKEN = [  # what cannot be read
    http(b"<a>", "application/soap+xml"),
    http(b"<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>", "text/xml"),
    http(b"<a/>", "multipart/related"),
    http(b"--b\r\n\r\nx", 'multipart/related; boundary="b"'),
    http(b"{", "application/json"),
    http(b"[" * 100_000, "application/json"),
    http(b"\xff\xfe\x00", "application/fhir+json"),
]


@pytest.mark.parametrize("raw", BROKEN)
def test_what_cannot_be_read_is_said(raw: bytes) -> None:
    decoded = decode(raw)
    assert len(decoded.blocks) == 1
    assert "Illisible" in decoded.blocks[0].note


@pytest.mark.parametrize("cut", range(0, 6000, 500))
def test_a_truncated_message_is_told_and_what_is_left_is_shown(cut: int) -> None:
    told = decode(a_letter()[:cut]).blocks
    assert [block.note[:9] for block in told] == (["Illisible"] if cut else [])
    titles = [block.title for block in decode(a_message()[:cut], "SMTP.DATA").blocks]
    assert titles[:2] == (["En-têtes", "Défauts"] if cut else ["Parties"])


def test_a_document_that_lies_is_told_and_the_rest_is_shown() -> None:
    lying = b"<ClinicalDocument xmlns='urn:hl7-org:v3'/>"
    decoded = decode(a_submission({"bad": lying, "good": a_cda()}))
    assert any(block.title == "bad" and "Illisible" in block.note for block in decoded.blocks)
    assert any(block.frame for block in decoded.blocks)


def test_texts_tables_and_frames_are_bounded() -> None:
    decoded = Decoded()
    decoded.text("t", "x" * (MAX_TEXT + 1))
    decoded.table("r", [("a",)] * (MAX_ROWS + 3))
    decoded.table("nothing", [])
    decoded.frame("f", "x" * (MAX_FRAME + 1))
    text, table, frame = decoded.blocks
    assert len(text.text) == MAX_TEXT
    assert "Coupé" in text.note
    assert len(table.rows) == MAX_ROWS
    assert table.note.startswith("3 lignes")
    assert not frame.frame


def test_a_huge_body_is_cut() -> None:
    big = http(b"<a>" + b"<b>text</b>" * 100_000 + b"</a>", "text/xml")
    assert all(len(block.text) <= MAX_TEXT for block in decode(big).blocks)


def test_a_hostile_document_is_shown_as_text_only() -> None:
    from html import escape

    hostile = a_cda(
        given=f"<given>{escape(EVIL)}</given>",
        body="<structuredBody><component><section><title>t</title><text>"
        '<paragraph onclick="alert(1)">p</paragraph>'
        '<linkHtml href="javascript:alert(1)">l</linkHtml>'
        "</text></section></component></structuredBody>",
    )
    decoded = decode(a_submission({EVIL: hostile}, an_assertion(subject_name=EVIL)))
    frame = next(block.frame for block in decoded.blocks if block.frame)
    assert "javascript:" not in frame
    assert "onclick" not in frame
    assert_harmless(frame)
