"""Requests to the INS mock: valid by default, each test spoils one thing."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from kit.clock import DEFAULT_START
from kit.identity import TEST_OID, IdentityTraits, Ins
from kit.soap import write_envelope
from kit.xml import Element
from mocks.ins.messages import (
    ACTION,
    Assertion,
    BamContext,
    Contexts,
    Individual,
    LpsContext,
    SearchRequest,
    Signature,
    write_contexts,
    write_search_request,
)
from mocks.ins.rules import Caller, Policy

MESSAGE_ID = "uuid:6d1f4f0c-1f0a-4b0e-9b7e-2f6f7d3c0009"
NOW = DEFAULT_START


def a_search(**changes: Any) -> SearchRequest:
    """A published identity that the base always holds (ADRTROIS TOUSSAINT)."""
    traits = SearchRequest("ADRTROIS", ("TOUSSAINT",), "M", "1960-01-01")
    return replace(traits, **changes)


def contexts(**changes: Any) -> Contexts:
    """Both contexts; ``changes`` are for ContexteLPS."""
    at = datetime(2026, 1, 5, 8, 0, tzinfo=UTC)
    lps = LpsContext(
        "6d1f4f0c-1f0a-4b0e-9b7e-2f6f7d3c0002",
        at,
        sender="10B0152872",
        idam="BANC-TEST",
        software_version="3.1",
        software_name="urn:lps:agenda:3.1",
    )
    return Contexts(BamContext("6d1f4f0c-1f0a-4b0e-9b7e-2f6f7d3c0001", at), replace(lps, **changes))


def an_envelope(
    body: Element | None = None,
    *,
    said: Contexts | None = None,
    action: str = ACTION,
    message_id: str = MESSAGE_ID,
    blocks: tuple[Element, ...] = (),
) -> bytes:
    """A call of WS_INS2 as bytes."""
    return write_envelope(
        write_search_request(a_search()) if body is None else body,
        action=action,
        message_id=message_id,
        header_blocks=(*write_contexts(contexts() if said is None else said), *blocks),
    )


def an_assertion(**changes: Any) -> Assertion:
    """A professional's assertion through Pro Santé Connect, which is not signed."""
    said = Assertion(
        "_6d1f4f0c-1f0a-4b0e-9b7e-2f6f7d3c0004",
        NOW,
        "CN=899700000001,C=FR",
        "899700000001",
        "PSC",
        (("identifiantFacturation", "0B0152872"), ("secteurActivite", "SA01")),
    )
    return replace(said, **changes)


def a_caller(**changes: Any) -> Caller:
    """A hospital's software over mutual TLS."""
    caller = Caller(
        listener="mtls",
        common_name="INSI-AUTO",
        issuer="MOCK AC IGC-SANTE ELEMENTAIRE ORGANISATIONS",
        finess="0B0152872",
        assertion=None,
        signature=Signature(),
        contexts=contexts(),
        action=ACTION,
        message_id=MESSAGE_ID,
    )
    return replace(caller, **changes)


def a_policy() -> Policy:
    return Policy(software=("BANC-TEST",), now=NOW)


def an_individual(**traits: Any) -> Individual:
    """An invented woman with two first names."""
    known = IdentityTraits("DUVAL", ("ANNE-SOPHIE", "MARIE"), "F", "1984-02-29", "35238")
    return Individual(Ins("284023523899921", TEST_OID), replace(known, **traits))
