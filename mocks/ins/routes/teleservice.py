"""INS mock, entry points: one function per transaction.

Each one reads, checks, stores, answers. No XML, no rule and no SQL is written here.
"""

from __future__ import annotations

from collections.abc import Callable

from flask import Blueprint

from kit import soap
from kit.identity import InsLookup
from kit.pki import Trust
from kit.service import Service
from kit.xml import Element
from mocks.ins import errors, messages, rules
from mocks.ins.messages import Individual, SearchResult
from mocks.ins.routes.callers import Callers
from mocks.ins.routes.checks import add_checks
from mocks.ins.routes.dialects import Dialects
from mocks.ins.routes.weather import Weather
from mocks.ins.store import Store


def blueprint(store: Store, service: Service, trust: Callable[[], Trust]) -> Blueprint:
    """The endpoint of the teleservice, answering from ``store``.

    trust: the authorities that may vouch for an assertion; read at the first signed one.
    """
    bp = Blueprint("ins", __name__)
    settings, dialects = service.settings, Dialects(service.settings, store)
    style = messages.InsFaultStyle(dialects.current)
    weather = Weather(settings, store, service.clock)
    port = soap.Port(
        bp,
        "/lps",
        service,
        identify=Callers(service, store, trust, dialects).identify,
        on_injected=lambda _, code: write_injected(style, code),
        fault_style=style,
        envelope=lambda body: messages.write_answer(body, dialects.current()),
    )

    def card_of(call: soap.Call) -> rules.Card:
        now = service.clock.now()
        assertion, signature = messages.read_card_assertion(
            call.header, trust, now, is_first=call.listener == "mtls"
        )
        return rules.Card(assertion, signature, now, settings.ins_vitale_card == "required")

    def answer(call: soap.Call, found: tuple[Individual, ...]) -> Element:
        outcome = rules.outcome(found)
        call.line.facts["result"] = outcome.value
        if outcome is not InsLookup.FOUND:
            return _write(outcome.value)
        shape = store.shape(found[0].ins.matricule)
        has_first_name = dialects.current().has_first_name
        person = rules.as_answered(found[0], settings.ins_oid, has_first_name, shape)
        call.line.subject = person.ins.matricule
        return _write(outcome.value, person)

    @port.operation(messages.BODY, action=messages.ACTION, transaction="WS_INS2")
    def search_by_traits(call: soap.Call) -> Element:
        """WS_INS2: find the INS of a person from typed traits (recherche par traits)."""
        request = messages.read_search_request(call.body)
        call.line.facts |= {"first_names": len(request.first_names)} | dialects.facts()
        rules.search.check(request, rules.day_in_france(service.clock.now()))
        weather.pass_over(call, errors.SEARCH_FAILED)
        born = store.born(request.birth_date, request.sex, request.birth_name)
        return answer(call, rules.designated(request, born, settings.ins_matching))

    @port.operation(messages.VITALE_BODY, action=messages.VITALE_ACTION, transaction="WS_INS1")
    def search_by_card(call: soap.Call) -> Element:
        """WS_INS1: find the INS of the bearer of a Vitale card (recherche avec carte Vitale)."""
        request = messages.read_vitale_request(call.body)
        call.line.facts |= dialects.facts()
        rules.vitale.check(request, card_of(call))
        weather.pass_over(call, errors.VITALE_FAILED)
        holder = store.holder(request.number or request.insured_number)
        today = rules.day_in_france(service.clock.now())
        return answer(call, rules.bearer(request, holder, today))

    if settings.ins_unofficial_checks:
        add_checks(port, store, service, weather, dialects)
    return bp


def write_injected(style: messages.InsFaultStyle, code: str) -> Element:
    """What an armed fault answers: a result code is an answer, any other code a fault."""
    if code in errors.RESULTS and code != errors.FOUND.code:
        return _write(code)
    fault = style.injected(code)
    fault.outcome = "injected"
    raise fault


def _write(code: str, person: Individual | None = None) -> Element:
    row = errors.RESULTS[code]
    return messages.write_search_result(SearchResult(row.code, row.meaning, person))
