"""INS mock, entry points: the control channel of the base, on the plain listener only.

A person's number, traits and shape, merges, and the dialect of a software. Not part of the
teleservice.
"""

from __future__ import annotations

from flask import Blueprint, Response, jsonify, request

from kit import control
from kit.rules import Malformed
from mocks.ins import messages
from mocks.ins.messages import Individual
from mocks.ins.store import Store

PREFIX = "/_banc/ins"


def control_blueprint(store: Store) -> Blueprint:
    """The control channel of ``store``."""
    bp = Blueprint("ins_control", __name__, url_prefix=PREFIX)
    bp.register_error_handler(
        Malformed, lambda found: control.error(400, found.why, where=found.where)
    )
    _persons(bp, store)
    _changes(bp, store)
    _dialects(bp, store)

    @bp.after_app_request
    def forget(answer: Response) -> Response:
        """A reset emptied the tables: every process reads them again."""
        if request.path == "/_banc/reset" and request.method == "POST":
            store.forget_choices()
            store.changed()
        return answer

    return bp


def _persons(bp: Blueprint, store: Store) -> None:
    @bp.get("/persons/<matricule>")
    def show(matricule: str) -> Response:
        """The person who has this number in force."""
        with store.open() as persons:
            return _person(persons.find(matricule), matricule)

    @bp.post("/persons/<matricule>")
    def correct(matricule: str) -> Response:
        """Change number or traits; a number that is replaced enters the history."""
        correction = messages.read_correction(request.get_json(silent=True))
        with store.open() as persons:
            if persons.is_taken(correction.matricule, matricule):
                return control.error(409, "somebody has this number", where="matricule")
            return _person(persons.correct(matricule, correction), matricule)

    @bp.delete("/persons/<matricule>")
    def restore(matricule: str) -> Response:
        """Take the correction back, and the merges into this person."""
        with store.open() as persons:
            if persons.restore(matricule):
                return jsonify({"restored": matricule})
        return control.error(404, "no correction of this number", where=matricule)


def _changes(bp: Blueprint, store: Store) -> None:
    @bp.post("/persons/<matricule>/merge")
    def merge(matricule: str) -> Response:
        """Two identities are one person: the other one remains, with both histories."""
        into = messages.read_merge(request.get_json(silent=True))
        if into == matricule:
            return control.error(409, "a person cannot be merged with themself", where="into")
        with store.open() as persons:
            if persons.find(into) is None:
                return _person(None, into)
            return _person(persons.merge(matricule, into), matricule)

    @bp.put("/persons/<matricule>/shape")
    def shape(matricule: str) -> Response:
        """Answer this person as some official files are: order of the history, keys."""
        wanted = messages.read_shape(request.get_json(silent=True))
        with store.open() as persons:
            if persons.find(matricule) is None:
                return _person(None, matricule)
            persons.give_shape(matricule, wanted)
        return jsonify({"matricule": matricule, "order": wanted.order, "keys": wanted.keys})

    @bp.delete("/persons/<matricule>/shape")
    def straighten(matricule: str) -> Response:
        """Answer this person as they are held."""
        with store.open() as persons:
            persons.give_shape(matricule, messages.AS_HELD)
        return jsonify({"restored": matricule})


def _dialects(bp: Blueprint, store: Store) -> None:
    @bp.get("/dialects")
    def dialects() -> Response:
        """The dialect chosen for each software, and those there are."""
        return jsonify({"chosen": store.dialects(), "dialects": list(messages.DIALECTS)})

    @bp.put("/dialects/<idam>")
    def choose(idam: str) -> Response:
        """Answer a software in a dialect."""
        wanted = messages.read_dialect(request.get_json(silent=True))
        store.choose_dialect(idam, wanted)
        return jsonify({"idam": idam, "dialect": wanted})

    @bp.delete("/dialects/<idam>")
    def take_back(idam: str) -> Response:
        """Answer a software in the dialect of the settings."""
        store.choose_dialect(idam, "")
        return jsonify({"restored": idam})


def _person(person: Individual | None, matricule: str) -> Response:
    if person is None:
        return control.error(404, "nobody has this number in force", where=matricule)
    return jsonify(messages.write_person(person))
