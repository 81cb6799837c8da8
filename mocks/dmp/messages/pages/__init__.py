"""DMP mock, messages: a record as its patient sees it, as a page in French and as JSON.

Every value goes through the template engine's escaping; no script. Not here: what the buttons do
(``routes.citizen``).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from kit.identity import Ins
from kit.xds import vocabulary
from kit.xds.metadata import DocumentEntry
from mocks.dmp.messages.habilitation import Authorization
from mocks.dmp.messages.record import OPEN, PatientRecord, Reading
from mocks.dmp.messages.update import MASKED, NOT_PATIENT, NOT_REPRESENTATIVES

CITIZEN = "/mon-espace-sante"
STYLE = f"{CITIZEN}/style.css"
HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; "
        "frame-ancestors 'none'"
    ),
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
_HERE = Path(__file__).parent
_PAGES = Environment(
    loader=FileSystemLoader(_HERE), autoescape=True, undefined=StrictUndefined, trim_blocks=True
)
_STATUSES = {
    vocabulary.APPROVED: "en cours",
    vocabulary.DEPRECATED: "remplacé",
    vocabulary.ARCHIVED: "archivé",
}


@dataclass(frozen=True, slots=True)
class SeenDocument:
    """One document as the patient sees it."""

    unique_id: str
    title: str
    type_code: str
    type_label: str
    created_at: str
    author: str
    status: str
    masked: bool


@dataclass(frozen=True, slots=True)
class CitizenView:
    """A record as its patient, or a legal representative, sees it."""

    matricule: str
    name: str
    is_open: bool
    attached_to_mes: bool
    closing_motive: str
    closing_reason: str
    as_representative: bool
    documents: tuple[SeenDocument, ...]
    readings: tuple[dict[str, str], ...]
    authorizations: tuple[dict[str, Any], ...]
    choices: tuple[tuple[str, str, bool], ...]


CHOICES = (  # attribute of PatientRecord, label
    ("opposed_to_feeding", "Je m'oppose à l'ajout de documents"),
    ("opposed_to_break_glass", "Je m'oppose à l'accès en bris de glace"),
    ("opposed_to_regulation", "Je m'oppose à l'accès du centre 15"),
    ("shows_masked_in_emergency", "Mes documents masqués peuvent être lus en urgence"),
)


def citizen_view(
    ins: Ins,
    full_name: str,
    record: PatientRecord,
    entries: Iterable[DocumentEntry],
    readings: Iterable[Reading],
    authorizations: Iterable[Authorization],
    *,
    as_representative: bool = False,
) -> CitizenView:
    """What the patient sees; a representative does not see what is hidden from them."""
    hidden = {NOT_PATIENT} | ({NOT_REPRESENTATIVES} if as_representative else set())
    seen = [item for item in entries if is_seen(item, hidden)]
    return CitizenView(
        matricule=ins.matricule,
        name=full_name,
        is_open=record.state == OPEN,
        attached_to_mes=record.attached_to_mes,
        closing_motive=record.closing_motive,
        closing_reason=record.closing_reason,
        as_representative=as_representative,
        documents=tuple(map(_document, seen)),
        readings=tuple(
            asdict(item) | {"at": _instant(item.at)}
            for item in readings
            if item.unique_id in {entry.unique_id for entry in seen}
        ),
        authorizations=tuple(map(_authorization, authorizations)),
        choices=tuple(
            (attribute, label, getattr(record, attribute)) for attribute, label in CHOICES
        ),
    )


def is_seen(entry: DocumentEntry, hidden: Iterable[str] = (NOT_PATIENT,)) -> bool:
    """Whether a document is neither deleted, nor a signature, nor hidden by one of the codes."""
    codes = {code.code for code in entry.confidentiality_codes}
    return (
        entry.availability_status in _STATUSES
        and not entry.is_signature
        and not codes & set(hidden)
    )


def _document(entry: DocumentEntry) -> SeenDocument:
    people = [author.person for author in entry.authors if author.person]
    return SeenDocument(
        unique_id=entry.unique_id,
        title=entry.title,
        type_code=entry.type_code.code if entry.type_code else "",
        type_label=entry.type_code.label if entry.type_code else "",
        created_at=entry.creation_time,
        author=", ".join(f"{person.family} {person.given}".strip() for person in people),
        status=_STATUSES[entry.availability_status],
        masked=any(code.code == MASKED for code in entry.confidentiality_codes),
    )


def _authorization(item: Authorization) -> dict[str, Any]:
    return {
        "holder": item.holder,
        "name": f"{item.family} {item.given}".strip(),
        "started_at": _instant(item.started_at),
        "blocked": not item.is_active,
        "role": item.role,
    }


def _instant(at: datetime | None) -> str:
    return f"{at:%Y-%m-%d %H:%M:%S}" if at else ""


def write_citizen_page(view: CitizenView) -> str:
    """The page."""
    base = f"{CITIZEN}/{view.matricule}"
    return _PAGES.get_template("record.html").render(view=view, base=base, style=STYLE)


def write_citizen_json(view: CitizenView) -> dict[str, Any]:
    """The same as JSON; choices as an object."""
    told = asdict(view)
    told["choices"] = {name: value for name, _, value in view.choices}
    return told


def write_style() -> str:
    """The style sheet of the page."""
    return (_HERE / "style.css").read_text("utf-8")
