"""DMP mock, entry points of the patient's side: the record as Mon espace santé shows it.

A page and a small JSON API on the plain listener; who asks is not authenticated, the people are
invented. ``?vue=representant`` sees and acts as a legal representative of a minor. Each change has
its line in the journal (``MES.*``). Not here: what a change does (``wishes``), how it looks
(``messages.pages``).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import fields

from flask import Blueprint, Response, abort, jsonify, redirect, request
from werkzeug.exceptions import HTTPException

from kit.control import is_from_a_page, is_host_known
from kit.database import DEFAULT_SANDBOX
from kit.identity import TEST_OID, Ins
from kit.journal import Line
from kit.service import PLAIN, listener_of, raw_request, raw_response
from kit.world import Patient, World
from kit.xds import vocabulary
from mocks.dmp.messages import find_documents, pages
from mocks.dmp.messages.record import CLOSED, NONE, PatientRecord
from mocks.dmp.routes import wishes
from mocks.dmp.routes.desk import Dmp
from mocks.dmp.routes.wishes import Wish
from mocks.dmp.rules.minors import is_minor
from mocks.dmp.store import Documents

EVERY_STATUS = (
    vocabulary.APPROVED,
    vocabulary.DEPRECATED,
    vocabulary.ARCHIVED,
    vocabulary.DELETED,
)
ON_DOCUMENTS: dict[str, tuple[str, Callable[[Wish, str], None]]] = {
    "masquer": ("MES.MASK", lambda wish, uid: wishes.mask(wish, uid, hidden=True)),
    "demasquer": ("MES.MASK", lambda wish, uid: wishes.mask(wish, uid, hidden=False)),
    "archiver": ("MES.ARCHIVE", lambda wish, uid: wishes.archive(wish, uid, away=True)),
    "desarchiver": ("MES.ARCHIVE", lambda wish, uid: wishes.archive(wish, uid, away=False)),
    "supprimer": ("MES.DELETE", wishes.delete),
}
ON_ACCESSES: dict[str, tuple[str, Callable[[Wish, str], None]]] = {
    "bloquer": ("MES.BLOCK", wishes.block),
    "debloquer": ("MES.BLOCK", wishes.unblock),
    "autoriser": ("MES.AUTHORIZE", wishes.authorise),
    "medecin-traitant": ("MES.AUTHORIZE", wishes.attend),
    "retirer": ("MES.AUTHORIZE", wishes.withdraw),
}
REOPEN = "MES.REOPEN"
_DOCUMENT_VERBS = ", ".join(ON_DOCUMENTS)
_ACCESS_VERBS = ", ".join(f"'{verb}'" for verb in ON_ACCESSES)


def add(bp: Blueprint, dmp: Dmp) -> None:
    """The page, its style, the API, and what the buttons do."""
    own = Blueprint("citizen", __name__, url_prefix=pages.CITIZEN)
    own.before_request(lambda: _guard(dmp))
    own.after_request(_protected)
    own.register_error_handler(404, _not_found)
    _read(own, dmp)
    _change(own, dmp)
    bp.register_blueprint(own)


def _guard(dmp: Dmp) -> None:
    settings = dmp.service.settings
    hosts = {getattr(settings, item.name) for item in fields(settings) if "host" in item.name}
    known = {name.lower() for name in ("localhost", *hosts, *settings.server_names) if name}
    if listener_of(request.environ) != PLAIN or not is_host_known(request.host, known):
        abort(404)
    if is_from_a_page():
        abort(403)


def _not_found(error: HTTPException) -> Response:
    return _problem(str((request.view_args or {}).get("matricule", "")), error)


def _protected(answer: Response) -> Response:
    answer.headers.update(pages.HEADERS)
    return answer


def _read(bp: Blueprint, dmp: Dmp) -> None:
    @bp.get("/style.css")
    def style() -> Response:
        """The style sheet of the page."""
        return Response(pages.write_style(), mimetype="text/css")

    @bp.get("/<matricule>")
    def page(matricule: str) -> Response:
        """The record as its patient sees it (`?vue=representant`: as a legal representative)."""
        return Response(pages.write_citizen_page(_view(dmp, matricule)), mimetype="text/html")

    @bp.get("/<matricule>/documents/<unique_id>")
    def read(matricule: str, unique_id: str) -> Response:
        """One document, for people: N1 as a file to open, N3 as text."""
        content = _content(dmp, matricule, unique_id)
        back = pages.address(matricule, as_representative=_is_representative())
        return Response(pages.write_document(content, back), mimetype="text/html")

    @bp.get("/<matricule>/api")
    def api(matricule: str) -> Response:
        """The same as JSON: documents, access journal, authorizations, choices."""
        return jsonify(pages.write_citizen_json(_view(dmp, matricule)))


def _change(bp: Blueprint, dmp: Dmp) -> None:
    @bp.post(f"/<matricule>/documents/<unique_id>/<any({_DOCUMENT_VERBS}):verb>")
    def document(matricule: str, unique_id: str, verb: str) -> Response:
        """Mask or show a document to professionals; archive or delete one of one's own."""
        transaction, do = ON_DOCUMENTS[verb]
        return _changed(dmp, matricule, transaction, lambda wish: do(wish, unique_id))

    @bp.post(f"/<matricule>/acces/<any({_ACCESS_VERBS}):verb>")
    def access(matricule: str, verb: str) -> Response:
        """Block, authorise or forget a professional or a structure (`holder`)."""
        transaction, do = ON_ACCESSES[verb]
        return _changed(dmp, matricule, transaction, lambda wish: do(wish, _said("holder")))

    @bp.post("/<matricule>/choix")
    def choose(matricule: str) -> Response:
        """Oppositions and consents: every choice that is not sent is withdrawn."""
        names = (name for name, _ in pages.CHOICES)
        chosen = frozenset(name for name in names if _said(name) in ("1", "True"))
        return _changed(dmp, matricule, "MES.CHOICES", lambda wish: wishes.choose(wish, chosen))

    @bp.post("/<matricule>/fermer")
    def close(matricule: str) -> Response:
        """Close the record at the patient's demand (`reason`)."""
        reason = _said("reason")
        return _changed(dmp, matricule, "MES.CLOSE", lambda wish: wishes.close(wish, reason))

    @bp.post("/<matricule>/rouvrir")
    def reopen(matricule: str) -> Response:
        """Open a closed record again."""
        return _changed(dmp, matricule, REOPEN, wishes.reopen)


def _said(name: str) -> str:
    """A value of the form or of the JSON object that came."""
    given = request.get_json(silent=True) if request.is_json else request.form
    value = given.get(name, "") if isinstance(given, Mapping) else ""
    return str(value).strip()[:200]


def _is_representative() -> bool:
    return request.args.get("vue") == "representant"


def _opened(dmp: Dmp, matricule: str, documents: Documents) -> tuple[Patient, PatientRecord]:
    """The person and their record; 404 without one, or for a representative nobody needs."""
    patient = dmp.patient(Ins(matricule, TEST_OID))
    record = dmp.record(patient, documents)
    if patient is None or record is None or record.state == NONE:
        abort(404, "Personne n'a de dossier sous ce matricule.")
    if _is_representative() and not is_minor(record.birth_date, dmp.service.clock.now().date()):
        abort(404, "Le patient est majeur : il n'a pas de représentant légal.")
    return patient, record


def _content(dmp: Dmp, matricule: str, unique_id: str) -> bytes:
    """The bytes of a document the patient, or the representative, sees."""
    with dmp.store.open(DEFAULT_SANDBOX) as documents:
        patient, record = _opened(dmp, matricule, documents)
        matricules, acts = dmp.matricules(patient.ins), _is_representative()
        reader = Wish(patient, record, documents, matricules, dmp.service.clock.now(), "", acts)
        entry = reader.document(unique_id)
        return documents.content(entry.unique_id) or b""


def _view(dmp: Dmp, matricule: str) -> pages.CitizenView:
    with dmp.store.open(DEFAULT_SANDBOX) as documents:
        patient, record = _opened(dmp, matricule, documents)
        every = find_documents(patient.ins.cx, statuses=EVERY_STATUS)
        accesses = documents.records.accesses(patient.ins.matricule)
        given = documents.records.authorizations(patient.ins.matricule)
        named = {item.holder for item in given}
        named.update(name for item in accesses for name in (item.structure, item.who))
        return pages.citizen_view(
            patient.ins,
            f"{patient.used_name or patient.traits.birth_name} {patient.used_first_name}",
            record,
            documents.find(every, dmp.matricules(patient.ins)),
            accesses,
            given,
            names={name: _name(dmp.world, name) for name in named},
            is_minor=is_minor(record.birth_date, dmp.service.clock.now().date()),
            as_representative=_is_representative(),
        )


def _name(world: World, identifier: str) -> str:
    """Who has a national identifier in the invented country, "" when nobody has."""
    if identifier.startswith("1"):
        place = world.establishment(identifier[1:])
        return place.name if place else ""
    person = world.professional(identifier[1:]) if identifier.startswith("8") else None
    return f"{person.family} {person.given}" if person else ""


def _changed(
    dmp: Dmp, matricule: str, transaction: str, change: Callable[[Wish], None]
) -> Response:
    """Do what the patient asks, with its line in the journal."""
    with _line(dmp, transaction) as line:
        line.subject = matricule[:64]
        try:
            _apply(dmp, matricule, change, line)
            answer = _told(dmp, matricule)
        except HTTPException as error:
            line.refuse(())
            line.codes = (str(error.code),)
            answer = _problem(matricule, error)
        line.answer = raw_response(answer)
    return answer


def _apply(dmp: Dmp, matricule: str, change: Callable[[Wish], None], line: Line) -> None:
    """404 when there is no record or no such document, 409 when the record is closed."""
    with dmp.store.open(line.sandbox) as documents:
        patient, record = _opened(dmp, matricule, documents)
        is_closed, reopens = record.state == CLOSED, line.transaction == REOPEN
        if is_closed != reopens:
            abort(409, "Le dossier est fermé." if is_closed else "Le dossier est déjà ouvert.")
        matricules = dmp.matricules(patient.ins)
        at, acts = dmp.service.clock.now(), _is_representative()
        change(Wish(patient, record, documents, matricules, at, line.transaction, acts))


def _line(dmp: Dmp, transaction: str) -> AbstractContextManager[Line]:
    raw = raw_request(request, request.get_data())
    return dmp.service.journal.record(
        dmp.service.name, transaction, raw, listener=listener_of(request.environ)
    )


def _told(dmp: Dmp, matricule: str) -> Response:
    """JSON to who sent JSON, else back to the page."""
    if request.is_json:
        return jsonify(pages.write_citizen_json(_view(dmp, matricule)))
    answer = redirect(pages.address(matricule, as_representative=_is_representative()), 303)
    return Response(answer.get_data(), answer.status_code, dict(answer.headers))


def _problem(matricule: str, error: HTTPException) -> Response:
    """Why not: a line of text to who sent JSON, else a page with the way back."""
    status, why = error.code or 500, error.description or ""
    if request.is_json or request.path.endswith("/api"):
        return Response(why, status, mimetype="text/plain")
    back = pages.address(matricule, as_representative=_is_representative())
    return Response(pages.write_problem(why, back), status, mimetype="text/html")
