"""Builders of stays for the tests of examinations: a later report, an infection that grows."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

from simulator.documents import ClinicalDocument, StayFacts
from simulator.documents.facts import Coded
from tests.simulator.stays import a_document, a_stay

KIDNEY_INFECTION = Coded("N10", "Néphrite tubulo-interstitielle aiguë")


def a_kidney_infection(seed: int = 3, **changes: Any) -> StayFacts:
    """A stay of five days; its urine is read on the second."""
    facts = a_stay(seed)
    case = replace(facts.case, diagnosis=KIDNEY_INFECTION)
    left = facts.admitted_at + timedelta(days=5)
    return replace(facts, **({"case": case, "left_at": left} | changes))


def a_laboratory_report(facts: StayFacts, seed: int = 3) -> ClinicalDocument:
    """Of the instant the sample was taken, or of the whole stay."""
    assert facts.left_at is not None
    created_at = (facts.performed_at or facts.left_at) + timedelta(hours=4)
    return a_document("CR_BIO", seed, facts=facts, created_at=created_at)
