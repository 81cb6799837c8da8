"""Builders of raw exchanges, and a reader of pages that sees what a browser would run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser

from console.downloads import DATA
from kit.mtom import include, write_multipart
from kit.soap import write_envelope
from kit.vihf.wire import write_unsigned
from kit.xml import Element, build
from tests.kit.documents import a_cda
from tests.mocks.dmp.builders import a_vihf

EVIL = """<script>alert(1)</script>"'><img src=x onerror=alert(1)>{{7919*7919}}"""


class _Holder:
    subject = "CN=Hôpital d'essai"


class _Signer:
    holder = _Holder()


def http(body: bytes, content_type: str, first: str = "POST /x HTTP/1.1", **headers: str) -> bytes:
    """A message as the journal keeps it."""
    lines = [first, f"Content-Type: {content_type}", *(f"{k}: {v}" for k, v in headers.items())]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def an_assertion(**changes: object) -> Element:
    return write_unsigned(a_vihf(_Signer(), **changes))  # type: ignore[arg-type]


def a_submission(documents: Mapping[str, bytes], assertion: Element | None = None) -> bytes:
    """A deposit over MTOM, as far as the console reads it: documents, assertion."""
    body = build("xds:ProvideAndRegisterDocumentSetRequest")
    for place, name in enumerate(documents):
        body.append(build("xds:Document", include(f"part{place}@x.test"), id=name))
    security = build("wsse:Security", an_assertion() if assertion is None else assertion)
    root = write_envelope(body, action="urn:x", message_id="urn:uuid:1", header_blocks=[security])
    parts = {f"part{place}@x.test": content for place, content in enumerate(documents.values())}
    content_type, written = write_multipart(root, parts, boundary="b")
    return http(written, content_type)


def a_letter() -> bytes:
    return a_submission({"Document01": a_cda()})


@dataclass
class Page(HTMLParser):
    """What a page holds that could act: scripts, handlers, addresses, frames, files to save."""

    html: str
    scripts: list[str] = field(default_factory=list)
    handlers: list[str] = field(default_factory=list)
    addresses: list[str] = field(default_factory=list)
    downloads: list[tuple[str, str]] = field(default_factory=list)
    frames: list[dict[str, str]] = field(default_factory=list)
    tags: list[str] = field(default_factory=list)
    inline: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._in_script = False
        self.feed(self.html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self.tags.append(tag)
        self._in_script = tag == "script"
        if tag == "script":
            self.scripts.append(given.get("src", ""))
        if tag == "iframe":
            self.frames.append(given)
        self.handlers += [name for name in given if name.startswith("on") or name == "style"]
        if tag == "a" and given.get("download") and given.get("href", "").startswith(DATA):
            self.downloads.append((given["download"], given.pop("href")))
        self.addresses += [given[name] for name in ("href", "src", "action") if name in given]

    def handle_data(self, data: str) -> None:
        if self._in_script and data.strip():
            self.inline.append(data)

    def handle_endtag(self, tag: str) -> None:
        self._in_script = False


def assert_harmless(html: str) -> Page:
    """Only our script, no handler, no address outside; frames without script."""
    page = Page(html)
    assert page.scripts in (["/static/console.js"], [])
    assert page.inline == []
    assert page.handlers == []
    assert all(address.startswith("/") for address in page.addresses), page.addresses
    assert "62710561" not in html, "a template ran what it was given"
    assert not {"object", "embed", "base"} & set(page.tags)
    for frame in page.frames:
        assert frame["sandbox"] == ""
        inner = Page(frame["srcdoc"])
        assert inner.scripts == inner.handlers == []
        assert "default-src 'none'" in frame["srcdoc"]
    return page
