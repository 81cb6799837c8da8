"""MSSanté mock, messages: the trust list (liste blanche) of domains, written and read.

One row is (domain, certificate of an operator); a domain may have several. Not here: where the
domains come from (``mailboxes``).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from lxml import etree

from kit.rules import Malformed
from kit.xml import Element, local_name, parse

NAMESPACE = "https://listeblanche.mssante.fr/schema"
_NS = f"{{{NAMESPACE}}}"


@dataclass(frozen=True, slots=True)
class TrustedDomain:
    """One row: a domain and the certificate its operator shows."""

    name: str
    description: str
    operator_dn: str
    responsible: str
    support: str
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class TrustList:
    """The list as published."""

    generated_at: datetime
    domains: tuple[TrustedDomain, ...]


def write_trust_list(trusted: TrustList) -> bytes:
    """The XML document."""
    root = etree.Element(f"{_NS}ListeBlancheMSSante", nsmap={None: NAMESPACE})
    _add(root, "DateDeGeneration", _instant(trusted.generated_at))
    rows = etree.SubElement(root, f"{_NS}ListeDomaines")
    for domain in trusted.domains:
        row = etree.SubElement(rows, f"{_NS}Domaine")
        _add(row, "Nom", domain.name)
        _add(row, "Description", domain.description)
        _add(row, "DNCertificatOperateur", domain.operator_dn)
        _add(row, "ResponsableContact", domain.responsible)
        _add(row, "SupportContact", domain.support)
        _add(row, "DateMAJ", _instant(domain.updated_at))
    return etree.tostring(root, encoding="UTF-8", xml_declaration=True, pretty_print=True)


def read_trust_list(data: bytes) -> TrustList:
    """Read the XML document. Raises Malformed."""
    root = parse(data, where="liste blanche")
    if root.tag != f"{_NS}ListeBlancheMSSante":
        raise Malformed("liste blanche", f"the root is {local_name(root)}, not ListeBlancheMSSante")
    rows = root.findall(f"{_NS}ListeDomaines/{_NS}Domaine")
    return TrustList(_read_instant(root, "DateDeGeneration"), tuple(_read(row) for row in rows))


def _read(row: Element) -> TrustedDomain:
    return TrustedDomain(
        name=_text(row, "Nom").lower(),
        description=_text(row, "Description"),
        operator_dn=_text(row, "DNCertificatOperateur"),
        responsible=_text(row, "ResponsableContact"),
        support=_text(row, "SupportContact"),
        updated_at=_read_instant(row, "DateMAJ"),
    )


def domains_of(trusted: Iterable[TrustedDomain]) -> frozenset[str]:
    """The names, each once."""
    return frozenset(domain.name for domain in trusted)


def _add(parent: Element, name: str, text: str) -> None:
    etree.SubElement(parent, f"{_NS}{name}").text = text


def _text(parent: Element, name: str) -> str:
    return (parent.findtext(f"{_NS}{name}") or "").strip()


def _instant(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _read_instant(parent: Element, name: str) -> datetime:
    try:
        return datetime.fromisoformat(_text(parent, name)).astimezone(UTC)
    except ValueError:
        raise Malformed(name, f"{_text(parent, name)!r} is not an instant") from None
