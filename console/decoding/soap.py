"""Console, decoding, SOAP: envelope, assertion (VIHF), metadata of the lot, parts and documents.

Not here: documents themselves (documents), rules: the journal line tells what was refused.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields

from console.decoding.documents import decode_document, indented
from console.decoding.http import Http
from console.decoding.pieces import MAX_DOCUMENTS, Decoded
from console.formats import size
from kit import mtom, xds
from kit.cda.document import decode_base64
from kit.rules import Malformed
from kit.vihf import Vihf, read_vihf
from kit.xml import Element, find_all, find_text, parse, qname

SECRET = "homologation"  # noqa: S105 the name of a field


def decode_soap(decoded: Decoded, http: Http) -> None:
    """Everything an envelope carries."""
    content_type = http.header("Content-Type")
    root = http.body
    parts: dict[str, bytes] = {}
    if mtom.is_multipart(content_type):
        root, parts = mtom.read_multipart(content_type, http.body)
    envelope = parse(root)
    for assertion in envelope.iter(qname("saml2:Assertion")):
        decoded.attempt("VIHF", _assertion, assertion)
    for request in envelope.iter(qname("lcm:SubmitObjectsRequest")):
        decoded.attempt("Lot", _lot, request)
    rows = [(name, size(len(content))) for name, content in parts.items()]
    decoded.table("Parties MTOM", rows, ("Content-ID", "Taille"))
    _documents(decoded, envelope, parts)
    decoded.text("Enveloppe SOAP", indented(envelope))


def _assertion(decoded: Decoded, assertion: Element) -> None:
    try:
        rows = _vihf(read_vihf(assertion))
    except Malformed as problem:
        decoded.note("Assertion", f"Ce n'est pas un VIHF complet : {problem}")
        rows = []
    attributes = [
        (item.get("Name", ""), " | ".join("".join(value.itertext()) for value in item))
        for item in find_all(assertion, "saml2:AttributeStatement/saml2:Attribute")
    ]
    decoded.table("VIHF", rows or attributes, ("Champ" if rows else "Attribut", "Valeur"))


def _vihf(vihf: Vihf) -> list[tuple[str, str]]:
    rows = []
    for item in fields(vihf):
        value = getattr(vihf, item.name)
        if item.name == SECRET:
            value = f"({len(value)} caractères)" if value else ""
        elif item.name == "roles":
            value = ", ".join(f"{role.code} {role.label} ({role.system})" for role in value)
        elif item.name == "purpose" and value:
            value = f"{value.code} {value.label}".strip()
        if value:
            rows.append((item.name, str(value)))
    return rows


def _lot(decoded: Decoded, request: Element) -> None:
    submission = xds.read_submit_objects(request)
    lot = submission.lot
    rows = [("lot", lot.unique_id, lot.title or "", "", lot.submission_time or "")]
    for entry in submission.documents:
        code = entry.type_code.code if entry.type_code else ""
        rows.append(
            ("document", entry.unique_id, entry.title or "", code, entry.creation_time or "")
        )
    for link in submission.associations:
        rows.append((link.kind.rpartition(":")[2], f"{link.source} → {link.target}", "", "", ""))
    decoded.table("Lot de soumission", rows, ("Objet", "Identifiant", "Titre", "Type", "Date"))


def _documents(decoded: Decoded, envelope: Element, parts: Mapping[str, bytes]) -> None:
    shown: set[int] = set()
    found = list(envelope.iter(qname("xds:Document")))
    for place, element in enumerate(found[:MAX_DOCUMENTS], 1):
        parent = element.getparent()
        unique_id = "" if parent is None else find_text(parent, "xds:DocumentUniqueId")
        name = element.get("id") or unique_id or f"document {place}"
        decoded.attempt(name, _document, name, element, parts, shown)
    for name, content in parts.items():
        if id(content) not in shown:
            decode_document(decoded, name, content)


def _document(
    decoded: Decoded, name: str, element: Element, parts: Mapping[str, bytes], shown: set[int]
) -> None:
    content = mtom.included(element, parts)
    if content is None:
        content = decode_base64(element)
    shown.add(id(content))
    decode_document(decoded, name, content)
