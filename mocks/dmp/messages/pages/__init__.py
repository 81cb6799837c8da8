"""DMP mock, messages: a record as its patient sees it, as a page in French and as JSON.

Every value goes through the template engine's escaping; no script. Not here: what the buttons do
(``routes.citizen``).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from html import escape
from pathlib import Path
from types import MappingProxyType
from typing import Any
from zoneinfo import ZoneInfo

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from kit.cda import render_html
from kit.identity import Ins
from kit.rules import Malformed
from kit.xds import read_dtm, vocabulary
from kit.xds.metadata import DocumentEntry
from mocks.dmp.messages.habilitation import Authorization
from mocks.dmp.messages.record import AT_THE_PATIENTS_DEMAND, OPEN, Access, PatientRecord
from mocks.dmp.messages.update import MASKED, NOT_PATIENT, NOT_REPRESENTATIVES

CITIZEN = "/mon-espace-sante"
STYLE = f"{CITIZEN}/style.css"
HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; img-src data:; form-action 'self'; base-uri 'none'; "
        "frame-ancestors 'none'"
    ),
    "Cache-Control": "no-store",
    # not no-referrer: a browser would send "Origin: null" with the forms of the page
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
_FRANCE = ZoneInfo("Europe/Paris")
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
    structure: str
    status: str
    masked: bool
    hidden_from_representatives: bool
    is_own: bool


@dataclass(frozen=True, slots=True)
class CitizenView:
    """A record as its patient, or a legal representative, sees it."""

    matricule: str
    name: str
    is_open: bool
    attached_to_mes: bool
    closing_motive: str
    closing_reason: str
    is_minor: bool
    as_representative: bool
    representatives: tuple[str, ...]
    documents: tuple[SeenDocument, ...]
    accesses: tuple[dict[str, str], ...]
    authorizations: tuple[dict[str, Any], ...]
    choices: tuple[tuple[str, str, bool], ...]


_MOTIVES = {AT_THE_PATIENTS_DEMAND: "à la demande du patient"}
CHOICES = (  # attribute of PatientRecord, label
    ("opposed_to_feeding", "Je m'oppose à l'ajout de documents"),
    ("opposed_to_break_glass", "Je m'oppose à l'accès en bris de glace"),
    ("opposed_to_regulation", "Je m'oppose à l'accès du centre 15"),
    ("shows_masked_in_emergency", "Mes documents masqués peuvent être lus en urgence"),
)
ACTIONS = {  # transaction -> what the access journal says was done
    "TD0.3": "autorisation ajoutée ou retirée",
    "TD1.1": "dossier créé",
    "TD1.2": "dossier réactivé",
    "TD1.3a": "données administratives consultées",
    "TD1.3b": "données administratives modifiées",
    "TD1.4": "dossier fermé",
    "TD1.6": "liste des autorisations consultée",
    "TD2.1": "document déposé",
    "TD2.2": "document déposé (secrétariat)",
    "TD3.1": "recherche de documents",
    "TD3.2": "document consulté",
    "TD3.3a": "document masqué ou démasqué",
    "TD3.3b": "document rendu visible",
    "TD3.3c": "document supprimé",
    "TD3.3d": "document archivé ou désarchivé",
    "ITI-65": "document déposé",
    "ITI-105": "document déposé",
    "ITI-66": "recherche de documents",
    "ITI-67": "recherche de documents",
    "ITI-68": "document consulté",
    "PDSM.READ": "fiche d'un document consultée",
    "PDSM.HISTORY": "versions de la fiche d'un document consultées",
    "PDSM.PATCH": "fiche d'un document modifiée",
    "MES.MASK": "document masqué ou démasqué",
    "MES.ARCHIVE": "document archivé ou désarchivé",
    "MES.DELETE": "document supprimé",
    "MES.BLOCK": "professionnel bloqué ou débloqué",
    "MES.AUTHORIZE": "autorisation donnée ou retirée",
    "MES.CHOICES": "choix modifiés",
    "MES.CLOSE": "dossier fermé",
    "MES.REOPEN": "dossier rouvert",
}
MODES = {
    "normal": "accès normal",
    "centre_15": "centre 15",
    "bris_de_glace": "bris de glace",
}
OWN = "EXP_PATIENT"


def citizen_view(
    ins: Ins,
    full_name: str,
    record: PatientRecord,
    entries: Iterable[DocumentEntry],
    accesses: Iterable[Access],
    authorizations: Iterable[Authorization],
    *,
    names: Mapping[str, str] = MappingProxyType({}),
    is_minor: bool = False,
    as_representative: bool = False,
) -> CitizenView:
    """What the patient sees; a representative does not see what is hidden from them.

    Latest documents and accesses first. A secret access is not told to a representative.
    names: of structures and professionals, by their national identifier.
    """
    every, hidden = tuple(entries), hidden_from(as_representative=as_representative)
    kept_back = {item.unique_id for item in every if _codes(item) & hidden}
    seen = [item for item in every if is_seen(item, hidden)]
    seen.sort(key=lambda item: item.creation_time, reverse=True)
    open_to_reader = (item for item in accesses if not (as_representative and item.is_secret))
    told = [item for item in open_to_reader if item.unique_id not in kept_back]
    return CitizenView(
        matricule=ins.matricule,
        name=full_name,
        is_open=record.state == OPEN,
        attached_to_mes=record.attached_to_mes,
        closing_motive=_MOTIVES.get(record.closing_motive, record.closing_motive),
        closing_reason=record.closing_reason,
        is_minor=is_minor,
        as_representative=as_representative,
        representatives=tuple(item.name for item in record.representatives) if is_minor else (),
        documents=tuple(map(_document, seen)),
        accesses=tuple(_access(item, names) for item in told),
        authorizations=tuple(_authorization(item, names) for item in authorizations),
        choices=tuple((name, label, getattr(record, name)) for name, label in CHOICES),
    )


def hidden_from(*, as_representative: bool) -> frozenset[str]:
    """The visibility codes that keep a document from a reader of the page."""
    return frozenset({NOT_PATIENT} | ({NOT_REPRESENTATIVES} if as_representative else set()))


def is_seen(entry: DocumentEntry, hidden: Iterable[str] = (NOT_PATIENT,)) -> bool:
    """Whether a document is neither deleted, nor a signature, nor hidden by one of the codes."""
    return (
        entry.availability_status in _STATUSES
        and not entry.is_signature
        and not _codes(entry) & set(hidden)
    )


def _codes(entry: DocumentEntry) -> set[str]:
    return {code.code for code in entry.confidentiality_codes}


def _document(entry: DocumentEntry) -> SeenDocument:
    people = [author.person for author in entry.authors if author.person]
    places = [place.name for author in entry.authors for place in author.institutions]
    facility = entry.healthcare_facility_type_code
    return SeenDocument(
        unique_id=entry.unique_id,
        title=entry.title,
        type_code=entry.type_code.code if entry.type_code else "",
        type_label=entry.type_code.label if entry.type_code else "",
        created_at=_french(entry.creation_time),
        author=", ".join(f"{person.family} {person.given}".strip() for person in people),
        structure=", ".join(dict.fromkeys(places)),
        status=_STATUSES[entry.availability_status],
        masked=MASKED in _codes(entry),
        hidden_from_representatives=NOT_REPRESENTATIVES in _codes(entry),
        is_own=facility is not None and facility.code == OWN,
    )


def _access(item: Access, names: Mapping[str, str]) -> dict[str, str]:
    return {
        "at": _instant(item.at),
        "action": item.action,
        "label": ACTIONS.get(item.action, item.action),
        "who": item.who,
        "name": item.name or names.get(item.who, ""),
        "structure": item.structure,
        "place": names.get(item.structure, ""),
        "access_mode": item.access_mode,
        "mode_label": MODES.get(item.access_mode, item.access_mode),
        "unique_id": item.unique_id,
        "title": item.title,
    }


def _authorization(item: Authorization, names: Mapping[str, str]) -> dict[str, Any]:
    return {
        "holder": item.holder,
        "name": f"{item.family} {item.given}".strip() or names.get(item.holder, ""),
        "started_at": _instant(item.started_at),
        "blocked": not item.is_active,
        "role": item.role,
    }


def _instant(at: datetime | None) -> str:
    """A civil time of France."""
    return f"{at.astimezone(_FRANCE):%d/%m/%Y %H:%M:%S}" if at else ""


def _french(time: str) -> str:
    """A time of XDS as people read it; what is no time stays as it is."""
    try:
        at = read_dtm(time)
    except ValueError:
        return time
    return f"{at.astimezone(_FRANCE):%d/%m/%Y %H:%M}"


def address(matricule: str, *, as_representative: bool) -> str:
    """Where the page of a record is."""
    return f"{CITIZEN}/{matricule}" + ("?vue=representant" if as_representative else "")


def write_citizen_page(view: CitizenView) -> str:
    """The page."""
    base = f"{CITIZEN}/{view.matricule}"
    asks = "?vue=representant" if view.as_representative else ""
    return _PAGES.get_template("record.html").render(view=view, base=base, asks=asks, style=STYLE)


def write_document(content: bytes, back: str) -> str:
    """One document for people; what is no CDA is only named."""
    try:
        shown = render_html(content)
    except Malformed as problem:
        shown = f"<p>Non affiché : {escape(str(problem))}</p>"
    page = _PAGES.get_template("document.html")
    return page.render(shown=Markup(shown), back=back, style=STYLE)  # noqa: S704 escaped by render


def write_problem(why: str, back: str) -> str:
    """The page that says why something was not done."""
    return _PAGES.get_template("problem.html").render(why=why, back=back, style=STYLE)


def write_citizen_json(view: CitizenView) -> dict[str, Any]:
    """The same as JSON; choices as an object."""
    told = asdict(view)
    told["choices"] = {name: value for name, _, value in view.choices}
    return told


def write_style() -> str:
    """The style sheet of the page."""
    return (_HERE / "style.css").read_text("utf-8")
