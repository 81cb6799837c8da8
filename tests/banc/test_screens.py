"""Screens: what a play is told to have done, read as it is printed."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from rich.console import Console

from banc import screens
from indicators.judge import Judgement, Outcome


def a_ratio(numerator: int, denominator: int) -> dict[str, Any]:
    value = numerator / denominator if denominator else None
    return {"numerator": numerator, "denominator": denominator, "value": value}


NOTHING_WITHHELD = {"withheld": 0, "sent_late": 0, "otherwise": 0, "never": 0}


def printed(delay: dict[str, Any], withheld: dict[str, int] | None = None) -> str:
    answers = {"SM": {"00": a_ratio(9, 10), "01": a_ratio(0, 10), "fault": a_ratio(1, 10)}}
    figures = {
        "name": "Clinique", "in_insi": a_ratio(9, 10), "qualified": a_ratio(8, 10),
        "duplicates": a_ratio(2, 10), "collisions": a_ratio(0, 0), "answers": answers,
        "delay": delay, "known": a_ratio(4, 10), "recognised": a_ratio(3, 11),
        "withheld": withheld or NOTHING_WITHHELD,
    }  # fmt: skip
    run = SimpleNamespace(
        folder=Path("x"), channels=(), deliveries=0, duration_s=1.0, identities=(figures,)
    )
    console = Console(width=100)
    with console.capture() as kept:
        console.print(screens.run(run))
    return kept.get()


def test_identities_are_told_with_their_counts_and_in_french() -> None:
    told = printed({**a_ratio(3, 4), "median_minutes": 12.5, "p90_minutes": 30.0})
    for text in ("IN-INSI", "Qualifiées", "9/10", "80,0 %", "00 : 9", "panne : 1", "0/0",
                 "médiane 12,5 min", "p90 30,0 min", "Déjà connus 4/10 (40,0 %)",
                 "Reconnus 3/11", "identité non qualifiée 0"):  # fmt: skip
        assert text in told
    assert "01 :" not in told
    assert "jamais" not in told


def test_what_was_withheld_is_told_with_what_became_of_it() -> None:
    delay = {**a_ratio(0, 4), "median_minutes": None, "p90_minutes": None}
    told = printed(delay, {"withheld": 9, "sent_late": 5, "otherwise": 1, "never": 3})
    assert "qualifiée 9 : envoyés ensuite 5, jamais 3, repris sans succès 1" in told


def test_without_a_qualified_stay_there_is_no_delay() -> None:
    told = printed({**a_ratio(0, 4), "median_minutes": None, "p90_minutes": None})
    assert "0/4" in told
    assert "médiane" not in told


def test_each_expectation_is_told_on_its_line() -> None:
    one = Judgement("x.yaml:3: expect[0]", "HOPEN-D6.1", "0B9", "Clinique", "valeur >= 0.9",
                    "2 sur 5", Outcome.MISSED, "valeur")  # fmt: skip
    found = (one, replace(one, outcome=Outcome.HELD, why="", establishment=""),
             replace(one, outcome=Outcome.NOT_JUDGED, why="le dénominateur est nul"))  # fmt: skip
    console = Console(width=100)
    with console.capture() as kept:
        console.print(screens.expectations(found))
        console.print(screens.expectations(()))
    told = kept.get()
    for text in ("manquée    HOPEN-D6.1  Clinique", "valeur [x.yaml:3: expect[0]]",
                 "tenue      HOPEN-D6.1  ensemble", "attendu : valeur >= 0.9 ; mesuré : 2 sur 5",
                 "injugeable HOPEN-D6.1", "le dénominateur est nul"):  # fmt: skip
        assert text in told
    assert told.count("Attentes") == 1


def test_why_there_is_no_verdict_is_told_once() -> None:
    one = SimpleNamespace(
        code="X1", label_fr="Essai", target=0.5, comparator=">=", unit="ratio", num=2, den=5,
        value=0.4, wilson_lo=0.1, wilson_hi=0.8, establishment="Clinique",
        verdict="not_measurable", reason="Non mesurable : dénominateur de 5.",
    )  # fmt: skip
    console = Console(width=100)
    with console.capture() as kept:
        console.print(
            screens.indicators(SimpleNamespace(catalogue_version="v1", results=(one, one)))
        )
    assert kept.get().count(one.reason) == 1


def test_what_goes_to_a_pipe_keeps_its_addresses_whole() -> None:
    console = screens.terminal()
    address = "http://127.0.0.1:8081/" + "a" * 100
    with console.capture() as kept:
        console.print(address)
    assert console.is_terminal or address in kept.get()
