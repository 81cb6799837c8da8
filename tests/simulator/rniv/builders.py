"""Builders of the tests of the identity repository: valid by default, spoil one thing."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from kit.identity import NIR_OID, IdentityStatus, IdentityTraits, Ins
from simulator.rniv import vigilance
from simulator.rniv.evidence import Evidence
from simulator.rniv.record import Found, Identity

AT = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
CLERK = "clerk 7"
PASSPORT = Evidence("PA")
NUMBER = Ins.of("2770763220829", NIR_OID)
OTHER_NUMBER = Ins.of("1600163220777", NIR_OID)
TRAITS = IdentityTraits("NESSI", ("RUTH", "ANNE-SOPHIE"), "F", "1977-07-14", "63220")


def a_trait(**changes: Any) -> IdentityTraits:
    return replace(TRAITS, **changes)


def a_found(ins: Ins = NUMBER, **changes: Any) -> Found:
    return Found(ins, a_trait(**changes))


def an_identity(
    status: IdentityStatus = IdentityStatus.PROVISIONAL, *, ipp: str = "IPP1", ins: Ins = NUMBER
) -> Identity:
    """An identity brought to a status by deeds."""
    identity = vigilance.create(ipp, TRAITS, at=AT, by=CLERK)
    if status in (IdentityStatus.RETRIEVED, IdentityStatus.QUALIFIED):
        identity = vigilance.accept(identity, a_found(ins), at=AT, by=CLERK)
    if status in (IdentityStatus.VALIDATED, IdentityStatus.QUALIFIED):
        identity = vigilance.check_document(identity, PASSPORT, at=AT, by=CLERK)
    return identity
