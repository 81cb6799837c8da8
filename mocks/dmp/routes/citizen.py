"""DMP mock, entry points of the patient's side: the record as Mon espace santé shows it.

A page and a small JSON API on the plain listener; who asks is not authenticated, the people are
invented. Each change has its line in the journal (``MES.*``). Not here: how it looks
(``messages.pages``).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import fields, replace

from flask import Blueprint, Response, abort, jsonify, redirect, request
from werkzeug.exceptions import HTTPException

from kit.control import is_from_a_page, is_host_known
from kit.database import DEFAULT_SANDBOX
from kit.identity import TEST_OID, Ins
from kit.journal import Line
from kit.service import PLAIN, listener_of, raw_request, raw_response
from kit.world import Patient
from kit.xds import vocabulary
from mocks.dmp.messages import Authorization, find_documents, pages, with_visibility
from mocks.dmp.messages import habilitation as said
from mocks.dmp.messages.record import AT_THE_PATIENTS_DEMAND, CLOSED, NONE, OPEN, PatientRecord
from mocks.dmp.messages.update import MASKED
from mocks.dmp.routes.desk import Dmp
from mocks.dmp.store import Documents

EVERY_STATUS = (vocabulary.APPROVED, vocabulary.DEPRECATED, vocabulary.ARCHIVED)
Change = Callable[[Patient, PatientRecord, Documents], None]


def add(bp: Blueprint, dmp: Dmp) -> None:
    """The page, its style, the API, and what the buttons do."""
    own = Blueprint("citizen", __name__, url_prefix=pages.CITIZEN)
    own.before_request(lambda: _guard(dmp))
    own.after_request(_protected)
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

    @bp.get("/<matricule>/api")
    def api(matricule: str) -> Response:
        """The same as JSON: documents, readings, authorizations, choices."""
        return jsonify(pages.write_citizen_json(_view(dmp, matricule)))


def _change(bp: Blueprint, dmp: Dmp) -> None:
    @bp.post("/<matricule>/documents/<unique_id>/<any(masquer, demasquer):verb>")
    def mask(matricule: str, unique_id: str, verb: str) -> Response:
        """Mask a document to professionals, or show it again."""
        return _changed(dmp, matricule, "MES.MASK", _masking(unique_id, hidden=verb == "masquer"))

    @bp.post("/<matricule>/acces/<any(bloquer, debloquer):verb>")
    def access(matricule: str, verb: str) -> Response:
        """Block a professional or a structure (`holder`), or forget the blocking."""
        return _changed(dmp, matricule, "MES.BLOCK", _blocking(dmp, verb == "bloquer"))

    @bp.post("/<matricule>/choix")
    def choose(matricule: str) -> Response:
        """Oppositions and consents: every choice that is not sent is withdrawn."""

        def change(patient: Patient, record: PatientRecord, documents: Documents) -> None:
            chosen = {name: _said(name) in ("1", "True") for name, _ in pages.CHOICES}
            documents.records.keep(patient.ins.matricule, replace(record, **chosen))  # type: ignore[arg-type]

        return _changed(dmp, matricule, "MES.CHOICES", change)

    @bp.post("/<matricule>/fermer")
    def close(matricule: str) -> Response:
        """Close the record at the patient's demand (`reason`)."""

        def change(patient: Patient, record: PatientRecord, documents: Documents) -> None:
            closed = replace(
                record,
                state=CLOSED,
                closed_at=dmp.service.clock.now(),
                closing_motive=AT_THE_PATIENTS_DEMAND,
                closing_reason=_said("reason"),
            )
            documents.records.keep(patient.ins.matricule, closed)

        return _changed(dmp, matricule, "MES.CLOSE", change)


def _masking(unique_id: str, *, hidden: bool) -> Change:
    def change(patient: Patient, _: PatientRecord, documents: Documents) -> None:
        entry = documents.entry_of(unique_id)
        known = {patient.ins.matricule, *(past.matricule for past in patient.history)}
        owner = entry.patient_id if entry else None
        if entry is None or owner is None or owner.matricule not in known:
            abort(404, "no such document")
        if not pages.is_seen(entry):
            abort(404, "no such document")
        if any(code.code == MASKED for code in entry.confidentiality_codes) != hidden:
            documents.show_or_hide(with_visibility(entry, MASKED, hidden=hidden), "patient")

    return change


def _blocking(dmp: Dmp, blocks: bool) -> Change:
    def change(patient: Patient, _: PatientRecord, documents: Documents) -> None:
        holder, matricule = _said("holder"), patient.ins.matricule
        if not holder:
            abort(400)
        known = {item.holder: item for item in documents.records.authorizations(matricule)}
        before = known.get(holder)
        if not blocks:
            if before is not None and not before.is_active:
                documents.records.withdraw(matricule, holder)
            return
        now = dmp.service.clock.now()
        held = before or Authorization(holder, started_at=now)
        blocked = replace(held, mode=said.FORBIDDEN, role="", acted_at=now)
        documents.records.authorize(matricule, blocked)

    return change


def _said(name: str) -> str:
    """A value of the form or of the JSON object that came."""
    given = request.get_json(silent=True) if request.is_json else request.form
    value = given.get(name, "") if isinstance(given, Mapping) else ""
    return str(value).strip()[:200]


def _person(dmp: Dmp, matricule: str) -> Patient:
    found = dmp.patient(Ins(matricule, TEST_OID))
    if found is None:
        abort(404)
    return found


def _view(dmp: Dmp, matricule: str) -> pages.CitizenView:
    patient = _person(dmp, matricule)
    every = find_documents(patient.ins.cx, statuses=EVERY_STATUS)
    with dmp.store.open(DEFAULT_SANDBOX) as documents:
        record = dmp.record(patient, documents)
        if record is None or record.state == NONE:
            abort(404)
        return pages.citizen_view(
            patient.ins,
            f"{patient.used_name or patient.traits.birth_name} {patient.used_first_name}",
            record,
            documents.find(every, dmp.matricules(patient.ins)),
            documents.records.readings(patient.ins.matricule),
            documents.records.authorizations(patient.ins.matricule),
            as_representative=request.args.get("vue") == "representant",
        )


def _changed(dmp: Dmp, matricule: str, transaction: str, change: Change) -> Response:
    """Do what the patient asks, with its line in the journal."""
    patient = _person(dmp, matricule)
    with _line(dmp, transaction) as line:
        line.subject = patient.ins.matricule
        try:
            _apply(dmp, patient, change, line.sandbox)
            answer = _told(dmp, matricule)
        except HTTPException as error:
            line.refuse(())
            line.codes = (str(error.code),)
            answer = Response(error.description, error.code, mimetype="text/plain")
        line.answer = raw_response(answer)
    return answer


def _apply(dmp: Dmp, patient: Patient, change: Change, sandbox: str) -> None:
    """404 when there is no record or no such document, 409 when the record is closed."""
    with dmp.store.open(sandbox) as documents:
        record = dmp.record(patient, documents)
        if record is None or record.state == NONE:
            abort(404, "no such record")
        if record.state != OPEN:
            abort(409, "the record is closed")
        change(patient, record, documents)


def _line(dmp: Dmp, transaction: str) -> AbstractContextManager[Line]:
    raw = raw_request(request, request.get_data())
    return dmp.service.journal.record(
        dmp.service.name, transaction, raw, listener=listener_of(request.environ)
    )


def _told(dmp: Dmp, matricule: str) -> Response:
    """JSON to who sent JSON, else back to the page."""
    if request.is_json:
        return jsonify(pages.write_citizen_json(_view(dmp, matricule)))
    answer = redirect(f"{pages.CITIZEN}/{matricule}", 303)
    return Response(answer.get_data(), answer.status_code, dict(answer.headers))
