"""Simulator, delivery, ROR: bed capacity of a unit, and what the directory says of the offers.

OAuth 2 tokens over TLS with the establishment's certificate. A capacity block is replaced; the
blocks the service does not know are added. Source: ROR. Not here: the census (beds).
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

from kit.fhir import read_bundle, read_outcome
from kit.fhir.formats import FHIR_JSON
from kit.rules import Malformed
from mocks.ror import messages
from simulator.delivery import Attempt, NoAnswer, Outcome
from simulator.delivery.sender import Sender
from simulator.delivery.wire import HttpAnswer, Wire

PATCH_LOCATION = "PATCH Location"
NO_ANSWER = "NO_ANSWER"
UNKNOWN_BLOCK = "not-found-block"  # 404 about a block, not about the Location
SUPPLIER, CONSUMER = "fournisseur", "consommateur"
FORM = "application/x-www-form-urlencoded"
PAGE = 200  # resources a page of a search


class RorClient:
    """The ROR as one establishment uses it; a token is kept until it is refused."""

    def __init__(self, sender: Sender, wire: Wire) -> None:
        self._sender = sender
        self._wire = wire
        self._tokens: dict[str, str] = {}

    async def update_beds(
        self, unit_code: str, capacities: Sequence[messages.Capacity]
    ) -> tuple[Attempt, ...]:
        """Replace the blocks of a unit's place; on 404 for a block, add those not known."""
        operations = [messages.replace(item) for item in capacities]
        attempts = [await self._patch(unit_code, operations)]
        if attempts[0].code == UNKNOWN_BLOCK:
            known = await self._known_blocks(unit_code)
            operations = [
                messages.replace(item) if item.key in known else messages.add(item)
                for item in capacities
            ]
            attempts.append(await self._patch(unit_code, operations))
        return tuple(attempts)

    async def offers(self) -> tuple[messages.Offer, ...]:
        """Every offer of the directory, read page by page."""
        query = [("_count", str(PAGE)), *messages.OFFER_SEARCH]
        path: str | None = f"{messages.DIFFUSION_PATH}/HealthcareService?{urlencode(query)}"
        pages: list[Any] = []
        while path:
            answer = await self._authorized("GET", path, CONSUMER, messages.CONTEXT_HEADERS)
            if answer.status != 200:
                raise NoAnswer(f"HTTP {answer.status} for {path}: {answer.body[:300]!r}")
            pages.append(json.loads(answer.body))
            path = _next_path(pages[-1])
        return messages.read_offers(*pages)

    async def _patch(self, unit_code: str, operations: Sequence[messages.BedOperation]) -> Attempt:
        patch = messages.write_bed_patch(messages.BedPatch(tuple(operations)))
        try:
            answer = await self._authorized(
                "PATCH", self._place(unit_code), SUPPLIER, {"Content-Type": FHIR_JSON},
                json.dumps(patch).encode(),
            )  # fmt: skip
        except NoAnswer as error:
            return Attempt(PATCH_LOCATION, Outcome.FAILED, NO_ANSWER, str(error))
        return _judged(answer)

    async def _known_blocks(self, unit_code: str) -> set[tuple[str, ...]]:
        """The keys of the blocks the directory holds, read from it."""
        establishment = self._sender.establishment
        query = urlencode({"identifier": messages.sync_id(establishment.finess_eg, unit_code)})
        path = f"{messages.DIFFUSION_PATH}/Location?{query}"
        try:
            answer = await self._authorized("GET", path, CONSUMER, messages.CONTEXT_HEADERS)
            found = read_bundle(json.loads(answer.body)).matches
        except (NoAnswer, Malformed, ValueError):
            return set()
        return {block.key for item in found for block in messages.read_capacities(item)}

    def _place(self, unit_code: str) -> str:
        sync = messages.sync_id(self._sender.establishment.finess_eg, unit_code)
        return f"{messages.BED_PATH}/Location?{urlencode({'identifier': sync})}"

    async def _authorized(
        self, method: str, path: str, kind: str, headers: Any, body: bytes = b""
    ) -> HttpAnswer:
        """One request with a token; a refused token is renewed once."""
        for is_new in (False, True):
            if is_new or kind not in self._tokens:
                self._tokens[kind] = await self._token(kind)
            bearer = {"Authorization": f"Bearer {self._tokens[kind]}"}
            answer = await self._wire.send(method, path, body, {**headers, **bearer})
            if answer.status != 401:
                break
        return answer

    async def _token(self, kind: str) -> str:
        client = f"{kind}-1-{self._sender.establishment.finess_ej}"
        asked = messages.TokenRequest("client_credentials", client)
        form = urlencode(messages.write_token_request(asked)).encode()
        answer = await self._wire.send("POST", messages.TOKEN_PATH, form, {"Content-Type": FORM})
        if answer.status != 200:
            raise NoAnswer(f"no token, HTTP {answer.status}: {answer.body[:300]!r}")
        return str(json.loads(answer.body)["access_token"])


def _next_path(bundle: Any) -> str | None:
    """Path and query of the next page."""
    for link in bundle.get("link", []):
        if link.get("relation") == "next":
            url = str(link["url"])
            return "/" + url.split("://", 1)[-1].split("/", 1)[-1]
    return None


def _judged(answer: HttpAnswer) -> Attempt:
    """What a patch was answered: taken, a block that is not known, refused, or later."""
    if answer.status < 300:
        return Attempt(PATCH_LOCATION, Outcome.DELIVERED)
    code, text, expression = _issue(answer.body)
    if answer.status == 404 and expression != "Location":
        return Attempt(PATCH_LOCATION, Outcome.REFUSED, UNKNOWN_BLOCK, text)
    later = answer.status >= 500 or answer.status == 429
    outcome = Outcome.FAILED if later else Outcome.REFUSED
    return Attempt(PATCH_LOCATION, outcome, code or str(answer.status), text)


def _issue(body: bytes) -> tuple[str, str, str]:
    """Code, text and expression of the first issue; empty when there is none."""
    try:
        first = read_outcome(json.loads(body))[0]
    except (ValueError, IndexError, Malformed):
        return "", "", ""
    return first.code, first.diagnostics, "".join(first.expression[:1])
