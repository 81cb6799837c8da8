"""Simulator, documents, archival: a canvas whose PDF may be kept for ever (PDF/A-1b, ISO 19005-1).

Embedded fonts, metadata that say the same as the information dictionary, one output intent. The
same words give the same bytes: nothing is compressed, nothing tells when it was made.
Not here: what is drawn (pdf, delivery.pdf_copy).
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from io import BytesIO
from typing import Any

from reportlab.lib.pagesizes import A4
from reportlab.pdfbase import pdfdoc, pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas

from simulator.documents.markup import leaf, tag, text

FONT, BOLD = "Vera", "VeraBd"  # Bitstream Vera, which comes with reportlab
SOFTWARE = "Banc"
MADE_AT = "2000-01-01T00:00:00+00:00"  # of every document, as reportlab writes without a clock
NO_NAMES = struct.pack(">HHH", 0, 0, 6)  # a table of names without any: a subset needs none
DC, PDF = "http://purl.org/dc/elements/1.1/", "http://ns.adobe.com/pdf/1.3/"
XMP, PDFA = "http://ns.adobe.com/xap/1.0/", "http://www.aiim.org/pdfa/ns/id/"
RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
D50 = (0x0000F6D6, 0x00010000, 0x0000D32D)  # white of the profile connection space, ICC.1
GAMMA = 0x0233  # 2.2 as u8Fixed8
ENDSTREAM = b"endstream\n"
INTENT = "Gray gamma 2.2"


@dataclass(frozen=True, slots=True)
class About:
    """What the file says of itself."""

    title: str
    author: str
    subject: str


def archival_canvas(output: BytesIO, about: About) -> Canvas:
    """A canvas of A4 pages; draw with FONT and BOLD, in black, nothing transparent."""
    _register_fonts()
    canvas = Canvas(output, pagesize=A4, pageCompression=0, invariant=1, initialFontName=FONT)
    canvas.setTitle(about.title)
    canvas.setAuthor(about.author)
    canvas.setSubject(about.subject)
    canvas.setCreator(SOFTWARE)
    canvas.setProducer(SOFTWARE)
    canvas._doc.Reference = _lined(canvas._doc.Reference)
    catalog = canvas._doc.Catalog
    catalog.__NoDefault__ = (*pdfdoc.PDFCatalog.__NoDefault__, "OutputIntents")
    catalog.Metadata = _stream(_metadata(about), {"Type": "/Metadata", "Subtype": "/XML"})
    catalog.OutputIntents = pdfdoc.PDFArray([_intent(canvas)])
    return canvas


class _LinedStream(pdfdoc.PDFStream):  # type: ignore[misc]  # reportlab has no types
    """A stream with an end of line before ``endstream``, which ISO 19005-1 6.1.7 wants."""

    def format(self, document: Any) -> bytes:
        written: bytes = super().format(document)
        return written.removesuffix(ENDSTREAM) + b"\n" + ENDSTREAM


def _lined(reference: Callable[..., Any]) -> Callable[..., Any]:
    """Every indirect object of a document passes here: its streams get their end of line."""

    def lined(item: Any, name: str | None = None) -> Any:
        if type(item) is pdfdoc.PDFStream:
            item.__class__ = _LinedStream
        return reference(item, name)

    return lined


@cache
def _register_fonts() -> None:
    for name in (FONT, BOLD):
        path = files("reportlab") / "fonts" / f"{name}.ttf"
        font = TTFont(name, str(path), asciiReadable=False)
        tables = font.face.get_table
        font.face.get_table = lambda tag, own=tables: NO_NAMES if tag == "name" else own(tag)
        pdfmetrics.registerFont(font)


def _stream(content: bytes, entries: dict[str, str | int]) -> Any:
    stream = pdfdoc.PDFStream(content=content)
    for key, value in entries.items():
        stream.dictionary[key] = value
    return stream


def _intent(canvas: Canvas) -> Any:
    profile = canvas._doc.Reference(_stream(gray_profile(), {"N": 1}))
    return pdfdoc.PDFDictionary(
        {
            "Type": "/OutputIntent",
            "S": "/GTS_PDFA1",
            "OutputConditionIdentifier": pdfdoc.PDFString(INTENT),
            "Info": pdfdoc.PDFString(INTENT),
            "DestOutputProfile": profile,
        }
    )


def _metadata(about: About) -> bytes:
    """The XMP packet: the information dictionary again, and the part of the standard."""
    title = tag("rdf:Alt", leaf("rdf:li", about.title, **{"xml:lang": "x-default"}))
    subject = tag("rdf:Alt", leaf("rdf:li", about.subject, **{"xml:lang": "x-default"}))
    description = tag(
        "rdf:Description",
        leaf("pdfaid:part", "1"),
        leaf("pdfaid:conformance", "B"),
        tag("dc:title", title),
        tag("dc:creator", tag("rdf:Seq", leaf("rdf:li", about.author))),
        tag("dc:description", subject),
        leaf("xmp:CreatorTool", SOFTWARE),
        leaf("xmp:CreateDate", MADE_AT),
        leaf("xmp:ModifyDate", MADE_AT),
        leaf("pdf:Producer", SOFTWARE),
        tag("pdf:Keywords", text("")),
        **{"rdf:about": "", "xmlns:dc": DC, "xmlns:pdf": PDF, "xmlns:xmp": XMP},
        **{"xmlns:pdfaid": PDFA},
    )
    packet = tag("x:xmpmeta", tag("rdf:RDF", description, **{"xmlns:rdf": RDF}),
                 **{"xmlns:x": "adobe:ns:meta/"})  # fmt: skip
    begin = '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>\n'
    return f'{begin}{packet}\n<?xpacket end="w"?>'.encode()


@cache
def gray_profile() -> bytes:
    """An ICC profile of grays with one exponent. Source: ICC.1:1998-09, monochrome display."""
    named = INTENT.encode() + b"\0"
    parts = {
        b"desc": b"desc" + struct.pack(">II", 0, len(named)) + named + bytes(4 + 4 + 2 + 1 + 67),
        b"cprt": b"text" + bytes(4) + b"No copyright, use freely\0",
        b"wtpt": b"XYZ " + bytes(4) + struct.pack(">3I", *D50),
        b"kTRC": b"curv" + struct.pack(">IIH", 0, 1, GAMMA),
    }
    table, body = struct.pack(">I", len(parts)), b""
    start = 128 + 4 + 12 * len(parts)
    for signature, part in parts.items():
        table += signature + struct.pack(">II", start + len(body), len(part))
        body += part + bytes(-len(part) % 4)
    return _icc_header(start + len(body)) + table + body


def _icc_header(size: int) -> bytes:
    made = struct.pack(">6H", 2000, 1, 1, 0, 0, 0)
    kinds = b"mntrGRAYXYZ "
    head = struct.pack(">III", size, 0, 0x02100000) + kinds + made + b"acsp" + bytes(28)
    return (head + struct.pack(">3I", *D50)).ljust(128, b"\0")
