"""Kit, CDA, render: a document as a safe HTML fragment for people.

Every text is escaped, every element comes from a short list, no attribute of the document reaches
the page but spans of table cells; stylesheets and links of the document are never followed. An
image or a PDF is shown as data: after its first bytes were checked. Not here: page and styles.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Iterator, Mapping
from html import escape

from kit.cda.document import decode_base64, read
from kit.cda.header import CdaHeader, CdaPerson
from kit.rules import Malformed
from kit.xml import Element, find, find_all, qname

_ELEMENTS = {  # narrative block of CDA -> HTML
    "paragraph": "p", "content": "span", "caption": "div", "list": "ul", "item": "li",
    "table": "table", "thead": "thead", "tbody": "tbody", "tfoot": "tfoot", "tr": "tr",
    "th": "th", "td": "td", "sub": "sub", "sup": "sup", "linkHtml": "span",
}  # fmt: skip
_STYLES = {"bold": "strong", "italics": "em", "underline": "u", "emphasis": "em"}
_MAGIC = {  # media type shown -> its first bytes
    "application/pdf": b"%PDF-",
    "image/png": b"\x89PNG",
    "image/jpeg": b"\xff\xd8\xff",
    "image/gif": b"GIF8",
}


def render_html(cda: bytes) -> str:
    """The document as ``<article class="cda">…</article>``. Raises Malformed."""
    found = read(cda)
    parts = (
        '<article class="cda">',
        f"<h1>{escape(found.header.title)}</h1>",
        _header_table(found.header),
        *_body(found.document),
        "</article>",
    )
    return "".join(parts)


def _header_table(header: CdaHeader) -> str:
    patient = header.patient
    given = patient.first_given_name or patient.birth_given_names
    encounter = header.encounter
    rows = (
        ("Patient", f"{patient.birth_name} {given}"),
        ("Né(e) le", f"{_day(patient.birth_time)} ({patient.sex})"),
        ("INS", patient.ins.matricule if patient.ins else ""),
        ("Type", f"{header.code.code} {header.code.label}" if header.code else ""),
        ("Date", _instant(header.effective_time)),
        ("Auteur", "; ".join(_person(author.person) for author in header.authors)),
        ("Responsable", _person(header.legal_authenticator)),
        ("Conservateur", header.custodian.name if header.custodian else ""),
        ("Prise en charge", _period(encounter.low, encounter.high) if encounter else ""),
        ("Confidentialité", header.confidentiality.code if header.confidentiality else ""),
        ("Identifiant", header.unique_id),
        ("Remplace", header.replaces.text if header.replaces else ""),
        ("Niveau", header.body_kind),
    )
    cells = "".join(f"<tr><th>{k}</th><td>{escape(v)}</td></tr>" for k, v in rows if v.strip())
    return f'<table class="cda-header">{cells}</table>'


def _day(timestamp: str) -> str:
    return "/".join(filter(None, (timestamp[6:8], timestamp[4:6], timestamp[:4])))


def _instant(timestamp: str) -> str:
    """Day and minute as the author's clock read; what is no HL7 time stays as it is."""
    digits = timestamp[:12]
    if not (digits.isascii() and digits.isdigit() and len(digits) in (8, 12)):
        return timestamp
    return f"{_day(digits)} {digits[8:10]}:{digits[10:]}" if digits[8:] else _day(digits)


def _period(low: str, high: str) -> str:
    if not high:
        return f"depuis le {_instant(low)}" if low else ""
    return f"{_instant(low)} – {_instant(high)}"


def _person(person: CdaPerson | None) -> str:
    if person is None:
        return ""
    names = (person.prefix, person.suffix, person.given, person.family)
    place = person.organization.name if person.organization else ""
    return " ".join(filter(None, names)) + (f", {place}" if place else "")


def _body(document: Element) -> Iterator[str]:
    text = find(document, "hl7:component/hl7:nonXMLBody/hl7:text")
    if text is not None:
        yield _media(text.get("mediaType", ""), text)
    media = {
        item.get("ID", ""): value
        for item in document.iter(qname("hl7:observationMedia"))
        if (value := find(item, "hl7:value")) is not None
    }
    sections = "hl7:component/hl7:structuredBody/hl7:component/hl7:section"
    for section in find_all(document, sections):
        yield from _section(section, media, 2)


def _section(section: Element, media: Mapping[str, Element], level: int) -> Iterator[str]:
    yield "<section>"
    title = find(section, "hl7:title")
    if title is not None:
        heading = f"h{min(level, 6)}"
        yield f"<{heading}>{escape(' '.join(title.itertext()))}</{heading}>"
    text = find(section, "hl7:text")
    if text is not None:
        yield from _children(text, media)
    for child in find_all(section, "hl7:component/hl7:section"):
        yield from _section(child, media, level + 1)
    yield "</section>"


def _children(element: Element, media: Mapping[str, Element]) -> Iterator[str]:
    yield escape(element.text or "")
    for child in element:
        if isinstance(child.tag, str):  # comments and instructions are left out, not their tail
            yield from _narrative(child, media)
        yield escape(child.tail or "")


def _narrative(element: Element, media: Mapping[str, Element]) -> Iterator[str]:
    """An element of the list as HTML; of any other, its content only."""
    name = str(element.tag).rpartition("}")[2]
    if name == "br":
        yield "<br>"
        return
    if name == "renderMultiMedia":
        yield from _referenced(element.get("referencedObject", "").split(), media)
        return
    tag = _tag(element, name)
    yield f"<{tag}{_spans(element)}>" if tag else ""
    yield from _children(element, media)
    yield f"</{tag}>" if tag else ""


def _tag(element: Element, name: str) -> str:
    if name == "list" and element.get("listType") == "ordered":
        return "ol"
    if name == "content":
        return _STYLES.get(element.get("styleCode", "").lower(), "span")
    return _ELEMENTS.get(name, "")


def _spans(element: Element) -> str:
    spans = ((name, element.get(name, "")) for name in ("colspan", "rowspan"))
    return "".join(
        f' {name}="{value}"'
        for name, value in spans
        if value.isascii() and value.isdigit() and len(value) < 4
    )


def _referenced(names: Iterable[str], media: Mapping[str, Element]) -> Iterator[str]:
    for name in names:
        if name in media:
            yield _media(media[name].get("mediaType", ""), media[name])


def _media(media_type: str, element: Element) -> str:
    """An image shown, a PDF offered; anything else is only named."""
    try:
        content = decode_base64(element)
    except Malformed as problem:
        return f"<p>{escape(media_type)} illisible ({escape(problem.why)})</p>"
    if not content.startswith(_MAGIC.get(media_type, b"\0none")):
        return f"<p>{escape(media_type or 'Contenu')} ({len(content)} octets), non affiché</p>"
    data = f"data:{media_type};base64,{base64.b64encode(content).decode('ascii')}"
    if media_type.startswith("image/"):
        return f'<img alt="" src="{data}">'
    label = f"Document PDF ({len(content)} octets)"
    return f'<p><a class="cda-pdf" download="document.pdf" href="{data}">{label}</a></p>'
