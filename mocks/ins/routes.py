"""INS mock, entry points: one function per transaction, and the control channel of the base.

Each one reads, checks, stores, answers. No XML, no rule and no SQL is written here.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime

from flask import Blueprint, Response, abort, jsonify, request

from kit import control, soap
from kit.clock import Clock
from kit.identity import InsLookup, is_finess
from kit.journal import Line
from kit.pki import Trust
from kit.rules import Malformed
from kit.service import PLAIN, Service, listener_of
from kit.settings import Settings
from kit.xml import Element
from mocks.ins import errors, messages, rules
from mocks.ins.messages import Contexts, Individual, SearchResult, Signature
from mocks.ins.store import Store

_MESSAGE_ID = re.compile(r"uuid:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


def blueprint(store: Store, service: Service, trust: Callable[[], Trust]) -> Blueprint:
    """The endpoint of the teleservice, answering from ``store``.

    trust: the authorities that may vouch for an assertion; read at the first signed one.
    """
    bp = Blueprint("ins", __name__)
    settings = service.settings
    dialect = messages.DIALECTS[settings.ins_dialect]
    style = messages.InsFaultStyle(dialect)
    port = soap.Port(
        bp,
        "/lps",
        service,
        identify=identify(store, settings, service.clock, trust),
        on_injected=lambda _, code: write_injected(style, code),
        fault_style=style,
        envelope=lambda body: messages.write_answer(body, dialect),
    )

    @port.operation(messages.BODY, action=messages.ACTION, transaction="WS_INS2")
    def search_by_traits(call: soap.Call) -> Element:
        """WS_INS2: find the INS of a person from typed traits (recherche par traits)."""
        traits = messages.read_search_request(call.body)
        call.line.facts |= {"first_names": len(traits.first_names), "dialect": dialect.name}
        rules.search.check(traits, rules.day_in_france(service.clock.now()))
        born = store.born(traits.birth_date, traits.sex, traits.birth_name)
        found = rules.designated(traits, born, settings.ins_matching)
        outcome = rules.outcome(found)
        call.line.facts["result"] = outcome.value
        if outcome is not InsLookup.FOUND:
            return _answer(outcome.value)
        person = rules.as_answered(found[0], settings.ins_oid, dialect.has_first_name)
        call.line.subject = person.ins.matricule
        return _answer(outcome.value, person)

    return bp


def identify(
    store: Store, settings: Settings, clock: Clock, trust: Callable[[], Trust]
) -> Callable[[soap.Call], rules.Caller]:
    """Who calls: read from certificate, assertion and contexts, checked, told to the journal."""

    def run(call: soap.Call) -> rules.Caller:
        now = clock.now()
        caller = read_caller(call, messages.read_signature(call.header, trust, now))
        _tell(call.line, caller, store)
        rules.access.check(caller, rules.Policy(settings.ins_software, now))
        return caller

    return run


def read_caller(call: soap.Call, signature: Signature) -> rules.Caller:
    """What a call says of who sends it."""
    peer = call.peer
    return rules.Caller(
        listener=call.listener,
        common_name=peer.common_name if peer else "",
        issuer=peer.issuer_common_name if peer else "",
        finess=peer.finess if peer else "",
        assertion=messages.read_assertion(call.header),
        signature=signature,
        contexts=messages.read_contexts(call.header),
        action=messages.read_action(call.header),
        message_id=call.message_id,
    )


def write_injected(style: messages.InsFaultStyle, code: str) -> Element:
    """What an armed fault answers: a result code is an answer, any other code a fault."""
    if code in errors.RESULTS and code != errors.FOUND.code:
        return _answer(code)
    fault = style.injected(code)
    fault.outcome = "injected"
    raise fault


def control_blueprint(store: Store) -> Blueprint:
    """The control channel: a person's number and traits, to exercise a client's checks."""
    bp = Blueprint("ins_control", __name__, url_prefix="/_banc/ins/persons")
    bp.before_request(_plain_listener_only)
    bp.register_error_handler(
        Malformed, lambda found: control.error(400, found.why, where=found.where)
    )

    @bp.get("/<matricule>")
    def show(matricule: str) -> Response:
        """The person who has this number in force."""
        with store.open() as persons:
            return _person(persons.find(matricule), matricule)

    @bp.post("/<matricule>")
    def correct(matricule: str) -> Response:
        """Change number or traits; a number that is replaced enters the history."""
        correction = messages.read_correction(request.get_json(silent=True))
        with store.open() as persons:
            if persons.is_taken(correction.matricule, matricule):
                return control.error(409, "somebody has this number", where="matricule")
            return _person(persons.correct(matricule, correction), matricule)

    @bp.delete("/<matricule>")
    def restore(matricule: str) -> Response:
        """Take the correction back."""
        with store.open() as persons:
            if persons.restore(matricule):
                return jsonify({"restored": matricule})
        return control.error(404, "no correction of this number", where=matricule)

    return bp


def _answer(code: str, person: Individual | None = None) -> Element:
    row = errors.RESULTS[code]
    return messages.write_search_result(SearchResult(row.code, row.meaning, person))


def _tell(line: Line, caller: rules.Caller, store: Store) -> None:
    contexts = caller.contexts
    line.finess = _finess(caller, store)
    line.software = contexts.lps.software if contexts.lps else ""
    line.stated_at = _stated_at(contexts) or line.stated_at
    if caller.assertion:
        line.facts["billing_id"] = caller.assertion.attribute("identifiantFacturation")
    if caller.message_id and not _MESSAGE_ID.fullmatch(caller.message_id):
        line.facts.setdefault("lint", []).append("MessageID is not uuid:<UUID>")


def _finess(caller: rules.Caller, store: Store) -> str:
    """The legal entity: of the certificate, of the assertion's site, or of ``1`` + Emetteur."""
    if caller.finess:
        return caller.finess
    if caller.assertion:
        return store.legal_entity(caller.assertion.attribute("identifiantFacturation"))
    lps, bam = caller.contexts.lps, caller.contexts.bam
    sender = (lps.sender if lps else "") or (bam.sender if bam else "")
    return sender[1:] if sender.startswith("1") and is_finess(sender[1:]) else ""


def _stated_at(contexts: Contexts) -> datetime | None:
    lps, bam = contexts.lps, contexts.bam
    return (lps.stated_at if lps else None) or (bam.stated_at if bam else None)


def _person(person: Individual | None, matricule: str) -> Response:
    if person is None:
        return control.error(404, "nobody has this number in force", where=matricule)
    return jsonify(messages.write_person(person))


def _plain_listener_only() -> None:
    if listener_of(request.environ) != PLAIN:
        abort(404)
