"""Console, decoding, mail: headers, body, parts, the XDM archive and its documents.

Not here: documents themselves (documents), whether the mail was right (the journal line).
"""

from __future__ import annotations

from console.decoding.documents import decode_document, indented
from console.decoding.pieces import MAX_DOCUMENTS, Decoded
from console.formats import size
from kit.mail import MailMessage, XdmArchive, XdmFile, read_message
from kit.xml import parse


def decode_mail(decoded: Decoded, raw: bytes) -> None:
    """Everything a mail carries."""
    message = read_message(raw)
    decoded.table("En-têtes", message.headers, ("Nom", "Valeur"))
    if message.defects:
        decoded.table("Défauts", [(item,) for item in message.defects])
    if message.body:
        decoded.text("Texte", message.body)
    rows = [
        (part.content_type, part.file_name, part.disposition, size(len(part.content)))
        for part in message.parts
    ]
    decoded.table("Parties", rows, ("Type", "Fichier", "Disposition", "Taille"))
    _attach(decoded, message)
    if message.xdm_problem is not None:
        decoded.note("IHE_XDM.zip", f"Archive illisible : {message.xdm_problem}")
    if message.xdm is not None:
        _archive(decoded, message.xdm)


def _attach(decoded: Decoded, message: MailMessage) -> None:
    for place, part in enumerate(message.parts, 1):
        if part.file_name:
            decoded.attach(part.file_name or f"partie {place}", part.content_type, part.content)


def _archive(decoded: Decoded, archive: XdmArchive) -> None:
    rows = [(file.name, size(len(file.content))) for file in archive.files]
    decoded.table("Arborescence IHE_XDM", rows, ("Fichier", "Taille"))
    entries = [
        (
            item.entry.unique_id,
            item.entry.title or "",
            item.entry.type_code.code if item.entry.type_code else "",
            item.file.name if item.file else "fichier absent",
            "oui" if item.has_stated_hash else "non",
        )
        for item in archive.documents
    ]
    head = ("Identifiant", "Titre", "Type", "Fichier", "Empreinte exacte")
    decoded.table("Documents de l'archive", entries, head)
    for item in archive.documents[:MAX_DOCUMENTS]:
        if item.file is not None:
            decode_document(decoded, item.file.name.rpartition("/")[2], item.content)
    for file in archive.files:
        if file.name.upper().endswith("METADATA.XML"):
            decoded.attempt(file.name, _metadata, file)


def _metadata(decoded: Decoded, file: XdmFile) -> None:
    decoded.text(file.name, indented(parse(file.content)))
