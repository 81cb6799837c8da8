"""Console, downloads: the files of a certificate as links that hold them.

A link holds the bytes themselves (``data:``): no key is kept by the console, and none is in an
address that a server or a history would see. Not here: the page (views.certificates).
"""

from __future__ import annotations

import base64
import binascii
import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

DATA = "data:application/octet-stream;base64,"  # a type that no browser shows or runs
MAX_FILE_CHARS = 256 * 1024
_FILES = (  # field of the answer, what it is, how its file is called
    ("certificate_pem", "certificat", "certificat.pem"),
    ("key_pem", "clé privée", "cle.pem"),
    ("chain_pem", "chaîne", "chaine.pem"),
    ("pkcs12_base64", "PKCS#12", "paquet.p12"),
)


@dataclass(frozen=True, slots=True)
class Download:
    """One file to save."""

    label: str
    name: str
    href: str


@dataclass(frozen=True, slots=True)
class Bundle:
    """One certificate: what it says, and its files. facts: as the authority tells them."""

    name: str
    facts: Mapping[str, Any]
    files: tuple[Download, ...]
    password: str


def bundle_of(name: str, told: Any) -> Bundle:
    """The files of one certificate, named after its CN and what it is."""
    facts = told if isinstance(told, Mapping) else {}
    stem = f"{_slug(_common_name(facts))}-{_slug(name)}"
    made = (_download(facts, field, label, f"{stem}-{end}") for field, label, end in _FILES)
    files = tuple(item for item in made if item is not None)
    return Bundle(name, facts, files, str(facts.get("pkcs12_password", "")))


def authorities(certificates: Iterable[Any]) -> Download | None:
    """The authorities to trust: the same for every certificate."""
    for told in certificates:
        if isinstance(told, Mapping):
            return _download(told, "ca_pem", "autorités à reconnaître", "autorites-du-banc.pem")
    return None


def _download(facts: Mapping[str, Any], field: str, label: str, name: str) -> Download | None:
    text = facts.get(field)
    if not isinstance(text, str) or not 0 < len(text) <= MAX_FILE_CHARS:
        return None
    try:
        data = base64.b64decode(text, validate=True) if field.endswith("_base64") else text.encode()
    except binascii.Error:
        return None
    return Download(label, name, DATA + base64.b64encode(data).decode())


def _common_name(facts: Mapping[str, Any]) -> str:
    found = re.search(r"CN=([^,+]*)", str(facts.get("subject", "")))
    return found[1] if found else ""


def _slug(text: str) -> str:
    """Letters, digits and dashes: a name that every file system takes."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    return re.sub(r"[^A-Za-z0-9]+", "-", plain)[:40].strip("-").lower() or "certificat"
