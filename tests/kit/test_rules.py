"""Rule books: every refusal at once, each complete."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from kit.rules import Code, Finding, Malformed, Refused, RuleBook

ODD = Code("Odd", "an odd number", "Sheet 1")
BIG = Code("Big", "a big number", "Sheet 2", confirmed=False)
book = RuleBook("numbers")


@book.rule(ODD, source="Sheet 1 §2")
def a_number_is_even(number: int) -> Iterator[str]:
    if number % 2:
        yield str(number)


@book.rule(BIG, source="Sheet 2 §3")
def a_number_is_small(number: int) -> Iterator[Finding]:
    if number > 9:
        yield Finding(str(number), "value", str(number), "at most 9")


@pytest.mark.parametrize(
    ("number", "codes"), [(2, []), (3, ["Odd"]), (12, ["Big"]), (13, ["Odd", "Big"])]
)
def test_every_broken_rule_is_reported_in_order(number: int, codes: list[str]) -> None:
    assert [refusal.code.code for refusal in book.findings(number)] == codes


def test_check_raises_all_refusals_and_says_them() -> None:
    with pytest.raises(Refused) as caught:
        book.check(13)
    assert len(caught.value.refusals) == 2
    text = caught.value.refusals[1].text
    for word in ("a number is small", "value", "'13'", "at most 9", "Sheet 2 §3"):
        assert word in text


def test_a_refusal_is_flat_in_json() -> None:
    told = book.findings(13)[1].as_dict()
    assert (told["code"], told["field"], told["meaning"]) == ("Big", "value", "a big number")


def test_what_no_answer_can_carry_is_not_quoted() -> None:
    error = Malformed("head\r\ner", "a\0b\ud800 é")
    assert (error.where, error.why) == ("head??er", "a?b? é")
