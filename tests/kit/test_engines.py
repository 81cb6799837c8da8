"""Kit, engines: what is kept as JSON is what was given."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest

from kit.engines import write_json


@dataclass(frozen=True, slots=True)
class Inner:
    name: str
    values: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Outer:
    inner: Inner | None
    several: tuple[Inner, ...] = ()
    number: int = 0


@pytest.mark.parametrize(
    "value",
    [[], {}, None, True, 2**63, 2**70, 1.5, "é\0😀", {"a": [1, {"b": None}]}, {1: "a number"},
     "half \ud800 of a pair", {"\udfff": ["\ud83d"]}],
)  # fmt: skip
def test_json_is_what_the_standard_library_reads(value: Any) -> None:
    """Numbers above 64 bits and halves of surrogate pairs, which the quick writer refuses, too."""
    assert json.loads(write_json(value)) == json.loads(json.dumps(value))


def test_an_empty_list_is_short() -> None:
    assert (write_json(()), write_json([]), write_json({})) == ("[]", "[]", "{}")


@pytest.mark.parametrize("text", ["plain", "half \ud800 of a pair"])
def test_a_dataclass_is_an_object(text: str) -> None:
    given = Outer(Inner(text), (Inner("b", ("c", "d")), Inner("e")), 7)
    assert json.loads(write_json(given)) == {
        "inner": {"name": text, "values": []},
        "several": [{"name": "b", "values": ["c", "d"]}, {"name": "e", "values": []}],
        "number": 7,
    }


@pytest.mark.parametrize("value", [object(), {"thing": {1, 2}}, Inner, {"at": object}])
def test_what_is_no_json_is_a_mistake_of_ours(value: Any) -> None:
    with pytest.raises(TypeError, match="cannot be kept as JSON"):
        write_json(value)


def test_an_instant_is_iso_8601() -> None:
    assert write_json([datetime(2026, 1, 5, 8, tzinfo=UTC)]) == '["2026-01-05T08:00:00+00:00"]'
