"""Kit, CDA, rules of the body: a file of its media type, or the sections of the declared model.

A document that declares no model is hardly judged by schematrons, so the model that its type wants
is judged here. Not here: entries of sections.
"""

from __future__ import annotations

from collections.abc import Iterator

from kit.cda.document import Cda, unstructured_body
from kit.cda.models import (
    MODEL_OF_TYPE,
    REQUIRED_SECTIONS,
    REQUIRED_SINCE,
    SECTION_CODES,
    TYPES_OF_MODEL,
    VOLETS,
)
from kit.cda.rules.book import HEADER, NOT_CONFORMANT, VOLET, at, book, elements, one_value
from kit.cda.rules.identification import HEADER_TEMPLATES
from kit.rules import Finding, Malformed
from kit.xds.tables import MEDIA_FORMATS, UNSTRUCTURED_TEMPLATE
from kit.xml import Element, local_name, qname

_TEXT = "component/nonXMLBody/text"
_SECTION = "component/structuredBody//section"
# What a file of each media type has near its start.
_STARTS = {
    "application/pdf": b"%PDF-",
    "image/jpeg": b"\xff\xd8",
    "text/rtf": b"{\\rtf",
    "application/rtf": b"{\\rtf",
}
_SECTION_TAG, _TEMPLATE_TAG, _CODE_TAG = map(qname, ("hl7:section", "hl7:templateId", "hl7:code"))
_NEAR_START = 1024  # bytes; PDF allows a preamble


@book.rule(NOT_CONFORMANT, source="HL7 CDA R2: component")
def the_document_has_one_body(document: Cda) -> Iterator[Finding]:
    found = [local_name(item) for item in elements(document.document, "component/*")]
    if len(found) != 1 or found[0] not in ("nonXMLBody", "structuredBody"):
        yield at(document, "component", found, "nonXMLBody or structuredBody")


@book.rule(NOT_CONFORMANT, source=f"{HEADER}: templates of a body that is no XML")
def an_unstructured_document_declares_that_it_is(document: Cda) -> Iterator[Finding]:
    declared = document.header.templates
    expected = {*HEADER_TEMPLATES, UNSTRUCTURED_TEMPLATE}
    if document.header.body_kind == "N1" and (len(declared) != 3 or set(declared) != expected):
        yield at(document, "templateId/@root", declared, f"exactly {', '.join(sorted(expected))}")


@book.rule(NOT_CONFORMANT, source=f"{HEADER}: nonXMLBody/text")
def an_unstructured_body_states_its_media_type(document: Cda) -> Iterator[Finding]:
    if document.header.body_kind != "N1":
        return
    known = ", ".join(MEDIA_FORMATS)
    yield from one_value(document, f"{_TEXT}/@mediaType", MEDIA_FORMATS.__contains__, known)
    yield from one_value(document, f"{_TEXT}/@representation", lambda seen: seen == "B64", "B64")


@book.rule(NOT_CONFORMANT, source=f"{HEADER}: nonXMLBody/text")
def a_body_is_what_it_says(document: Cda) -> Iterator[Finding]:
    start = _STARTS.get(document.header.media_type)
    if start is None:
        return
    try:
        media_type, body = unstructured_body(document.document)
    except Malformed as error:
        yield at(document, _TEXT, str(error), "base64 of a file of its mediaType")
        return
    if start not in body[:_NEAR_START]:
        yield at(document, _TEXT, f"{media_type}: {body[:8]!r}", "a file of its mediaType")


@book.rule(NOT_CONFORMANT, source=VOLET)
def a_structured_document_declares_the_model_of_its_type(document: Cda) -> Iterator[Finding]:
    header = document.header
    if header.body_kind != "N3" or header.code is None:
        return
    model = MODEL_OF_TYPE.get(header.code.code)
    if model and not any(map(_is_model, header.templates)):
        wanted = f"{model}, the model of type {header.code.code}"
        yield at(document, "templateId/@root", header.templates, wanted)
    for template in header.templates:
        types = TYPES_OF_MODEL.get(template, ())
        if types and header.code.code not in types:
            wanted = f"{' or '.join(types)}, by the model {template}"
            yield at(document, "code/@code", header.code.code, wanted)


def _is_model(template: str) -> bool:
    """Several models share a type: any national one says what the document is."""
    return template.startswith(VOLETS) and template not in HEADER_TEMPLATES


def _editions(document: Cda) -> list[tuple[str, str]]:
    """The templates of the document with their extensions, empty when they have none."""
    found = document.document.findall(_TEMPLATE_TAG)
    return [(item.get("root", ""), item.get("extension", "")) for item in found]


@book.rule(NOT_CONFORMANT, source=VOLET)
def a_model_has_its_sections(document: Cda) -> Iterator[Finding]:
    models = [item for item in _editions(document) if item[0] in REQUIRED_SECTIONS]
    if not models or document.header.body_kind != "N3":
        return
    declared = {template for _, templates in _sections(document) for template in templates}
    for model, edition in models:
        for group in REQUIRED_SECTIONS[model]:
            is_wanted = edition >= REQUIRED_SINCE.get((model, group[0]), "")
            if is_wanted and declared.isdisjoint(group):
                code = SECTION_CODES.get(group[0], "")
                wanted = f"a section {code} of template {' or '.join(group)}, by the model {model}"
                yield at(document, f"{_SECTION}/templateId/@root", "none", wanted)


@book.rule(NOT_CONFORMANT, source=VOLET)
def a_section_has_the_code_of_its_template(document: Cda) -> Iterator[Finding]:
    for seen, templates in _sections(document):
        for template in templates:
            expected = SECTION_CODES.get(template, seen)
            if seen != expected:
                wanted = f"{expected}, by the template {template}"
                yield at(document, f"{_SECTION}/code/@code", seen, wanted)


def _sections(document: Cda) -> list[tuple[str, list[str]]]:
    """Code and templates of each section, of whatever depth."""
    return document.once(_read_sections)


def _read_sections(document: Element) -> list[tuple[str, list[str]]]:
    return [_read_section(section) for section in document.iter(_SECTION_TAG)]


def _read_section(section: Element) -> tuple[str, list[str]]:
    code, templates = "", []
    for child in section[:]:
        if child.tag == _CODE_TAG:
            code = child.get("code", "")
        elif child.tag == _TEMPLATE_TAG:
            templates.append(child.get("root", ""))
    return code, templates
