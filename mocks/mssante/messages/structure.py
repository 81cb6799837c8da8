"""MSSanté mock, messages: ENVELOPE, BODY and BODYSTRUCTURE of IMAP (RFC 3501 §7.4.2).

They are written once, when a mail is delivered, and kept beside it. Not here: FETCH itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from mocks.mssante.messages.addresses import read_addresses
from mocks.mssante.messages.mime import Part

NIL = b"NIL"


def write_string(text: str | bytes) -> bytes:
    """A string: quoted when it may be, a literal otherwise."""
    data = text if isinstance(text, bytes) else text.encode("utf-8", "surrogateescape")
    if len(data) > 1000 or any(octet < 32 or octet > 126 for octet in data):
        return b"{%d}\r\n%s" % (len(data), data)
    return b'"' + data.replace(b"\\", b"\\\\").replace(b'"', b'\\"') + b'"'


def write_nstring(text: str | bytes) -> bytes:
    """A string, or NIL when there is none."""
    return write_string(text) if text else NIL


def write_list(items: Iterable[bytes]) -> bytes:
    """A parenthesized list."""
    return b"(" + b" ".join(items) + b")"


def write_envelope(part: Part) -> bytes:
    """The ENVELOPE of a mail; Sender and Reply-To fall back on From, as the RFC has it."""
    sender = part.first("From")
    return write_list(
        (
            write_nstring(part.first("Date")),
            write_nstring(part.first("Subject")),
            _addresses(sender),
            _addresses(part.first("Sender") or sender),
            _addresses(part.first("Reply-To") or sender),
            _addresses(", ".join(part.all("To"))),
            _addresses(", ".join(part.all("Cc"))),
            _addresses(", ".join(part.all("Bcc"))),
            write_nstring(part.first("In-Reply-To")),
            write_nstring(part.first("Message-ID")),
        )
    )


def _addresses(value: str) -> bytes:
    found = [_address(name, address) for name, address in read_addresses(value)]
    return b"(" + b"".join(found) + b")" if found else NIL


def _address(name: str, address: str) -> bytes:
    local, _, domain = address.rpartition("@")
    if not local:
        local, domain = domain, ""
    return write_list((write_nstring(name), NIL, write_nstring(local), write_nstring(domain)))


def write_structure(part: Part, *, extended: bool = True) -> bytes:
    """BODYSTRUCTURE, or BODY when not ``extended``."""
    kind, _, subtype = part.media_type.partition("/")
    if part.is_multipart and part.children:
        return _multipart(part, subtype, extended)
    fields = [
        write_string(kind.upper()),
        write_string(subtype.upper()),
        _parameters(part.parameters),
        write_nstring(part.first("Content-ID")),
        write_nstring(part.first("Content-Description")),
        write_string(part.encoding.upper()),
        b"%d" % (part.end - part.body),
    ]
    if part.media_type == "message/rfc822" and part.children:
        fields += [write_envelope(part.children[0])]
        fields += [write_structure(part.children[0], extended=extended)]
        fields += [b"%d" % part.lines]
    elif kind == "text":
        fields += [b"%d" % part.lines]
    if extended:
        fields += [write_nstring(part.first("Content-MD5")), *_extension(part)]
    return write_list(fields)


def _multipart(part: Part, subtype: str, extended: bool) -> bytes:
    children = b"".join(write_structure(child, extended=extended) for child in part.children)
    tail = [write_string(subtype.upper())]
    if extended:
        tail += [_parameters(part.parameters), *_extension(part)]
    return b"(" + children + b" " + b" ".join(tail) + b")"


def _extension(part: Part) -> list[bytes]:
    """Disposition, language, location."""
    disposition = NIL
    if part.disposition:
        disposition = write_list(
            (write_string(part.disposition.upper()), _parameters(part.disposition_parameters))
        )
    return [
        disposition,
        write_nstring(part.first("Content-Language")),
        write_nstring(part.first("Content-Location")),
    ]


def _parameters(parameters: Mapping[str, str]) -> bytes:
    if not parameters:
        return NIL
    return write_list(
        write_string(item) for name, value in parameters.items() for item in (name.upper(), value)
    )
