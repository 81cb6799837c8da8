"""INS mock, entry points: the checks, one by one (WS_INS3) or in a batch (WS_INS4, WS_INS5).

UNCONFIRMED: behind ``BANC_INS_UNOFFICIAL_CHECKS``, with schemas of the bench's own (``messages``).
"""

from __future__ import annotations

from datetime import timedelta

from kit import soap
from kit.service import Service
from kit.xml import Element
from mocks.ins import errors, messages, rules
from mocks.ins.messages import BatchResult, CheckRequest, CheckResult
from mocks.ins.routes.dialects import Dialects
from mocks.ins.routes.weather import Weather
from mocks.ins.store import Batch, Store


def add_checks(
    port: soap.Port, store: Store, service: Service, weather: Weather, dialects: Dialects
) -> None:
    """Offer the three operations on the port of the teleservice."""
    settings, clock = service.settings, service.clock
    checker = Checker(store, service)

    @port.operation(messages.CHECK_BODY, action=messages.CHECK_ACTION, transaction="WS_INS3")
    def check_one(call: soap.Call) -> Element:
        """WS_INS3, unconfirmed: check an INS against traits (vérification unitaire)."""
        request = messages.read_check_request(call.body)
        call.line.facts |= {"unconfirmed": True} | dialects.facts()
        rules.check.check(request, rules.day_in_france(clock.now()))
        weather.pass_over(call, errors.CHECK_FAILED)
        result = checker.result(request)
        call.line.facts["result"] = result.code
        call.line.subject = request.ins.matricule if result.code == errors.AGREES.code else ""
        return messages.write_check_result(result)

    @port.operation(messages.DEPOSIT_BODY, action=messages.DEPOSIT_ACTION, transaction="WS_INS4")
    def deposit(call: soap.Call) -> Element:
        """WS_INS4, unconfirmed: deposit identities to be checked (vérification en masse)."""
        requests = messages.read_deposit_request(call.body)
        call.line.facts |= {"unconfirmed": True, "identities": len(requests)} | dialects.facts()
        rules.batch.check(requests, rules.day_in_france(clock.now()), settings.ins_batch_max)
        weather.pass_over(call, errors.CHECK_FAILED)
        ready_at = clock.now() + timedelta(seconds=settings.ins_batch_seconds)
        with store.batches() as batches:
            lot = batches.deposit(_owner(call), ready_at, requests)
        call.line.facts |= {"lot": lot, "result": errors.DEPOSITED.code}
        row = errors.DEPOSITED
        return messages.write_batch_result(BatchResult(row.code, row.meaning, lot))

    @port.operation(messages.FETCH_BODY, action=messages.FETCH_ACTION, transaction="WS_INS5")
    def fetch(call: soap.Call) -> Element:
        """WS_INS5, unconfirmed: fetch the results of a deposit (retrait du lot)."""
        lot = messages.read_fetch_request(call.body)
        call.line.facts |= {"unconfirmed": True, "lot": lot[:36]} | dialects.facts()
        weather.pass_over(call, errors.CHECK_FAILED)
        with store.batches() as batches:
            found = batches.find(_owner(call), lot)
            rules.fetch.check(lot, found)
            assert found is not None
            codes = found.codes
            if codes is None and found.ready_at <= clock.now():
                codes = tuple(checker.result(request).code for request in found.requests)
                batches.settle(lot, codes)
        result = checker.told(found, codes)
        call.line.facts |= {"result": result.code, "identities": len(found.requests)}
        return messages.write_batch_result(result)


class Checker:
    """Whether an identity agrees with the base, and how that is told."""

    def __init__(self, store: Store, service: Service) -> None:
        self._store = store
        self._clock = service.clock
        self._oids = service.settings.ins_oid
        self._label = service.settings.ins_check_label

    def result(self, request: CheckRequest) -> CheckResult:
        """The answer to one check; it never holds a trait."""
        person = self._store.holder(request.ins.number)
        shown = person and rules.as_answered(person, self._oids, False)
        today = rules.day_in_france(self._clock.now())
        agrees = rules.agrees(request, shown, today)
        code = errors.AGREES.code if agrees else errors.DISAGREES.code
        return CheckResult(code, self._label_of(code))

    def told(self, batch: Batch, codes: tuple[str, ...] | None) -> BatchResult:
        """The answer to a fetch: every result, or that the lot is under way."""
        if codes is None:
            return BatchResult(errors.IN_PROGRESS.code, errors.IN_PROGRESS.meaning, batch.id)
        results = tuple(
            CheckResult(code, self._label_of(code), request.reference)
            for request, code in zip(batch.requests, codes, strict=True)
        )
        return BatchResult(errors.AGREES.code, errors.AGREES.meaning, batch.id, results)

    def _label_of(self, code: str) -> str:
        return errors.AGREES.meaning if code == errors.AGREES.code else self._label


def _owner(call: soap.Call) -> str:
    """Who may fetch a lot: the software, for the establishment, that deposited it."""
    lps = call.sender.contexts.lps
    return f"{lps.idam if lps else ''}/{call.line.finess or (lps.sender if lps else '')}"
