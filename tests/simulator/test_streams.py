"""Streams: one seed, many names, and nothing moves when a name is added."""

from __future__ import annotations

from uuid import UUID

import pytest

from simulator.streams import MAX_OID_LENGTH, Streams, oid, uuid


def test_the_same_seed_and_name_give_the_same_draws() -> None:
    assert Streams(7)["a"].integers(10**9, size=5).tolist() == (
        Streams(7)["a"].integers(10**9, size=5).tolist()
    )


def test_another_seed_or_another_name_gives_other_draws() -> None:
    drawn = {
        tuple(Streams(seed)[name].integers(10**9, size=5).tolist())
        for seed in (7, 8)
        for name in ("ward-1/admissions", "ward-2/admissions")
    }
    assert len(drawn) == 4


def test_adding_a_name_does_not_move_the_others() -> None:
    alone, accompanied = Streams(7), Streams(7)
    accompanied["new"].random(100)
    assert alone["old"].random() == accompanied["old"].random()


def test_a_stream_goes_on_and_a_fresh_one_begins_again() -> None:
    streams = Streams(7)
    first, second = streams["a"].random(), streams["a"].random()
    assert first != second
    assert streams.fresh("a").random() == first


def test_the_draws_of_a_seed_never_change() -> None:
    assert uuid(Streams(2026)["messages"]) == "ae2d1042-5a71-4267-81f3-4854a82a5c74"


def test_identifiers_are_version_4_uuids() -> None:
    stream = Streams(1)["ids"]
    drawn = [uuid(stream) for _ in range(200)]
    assert len(set(drawn)) == 200
    assert {UUID(value).version for value in drawn} == {4}
    assert all(value == str(UUID(value)) for value in drawn)


def test_oids_stand_under_their_root_and_differ() -> None:
    stream = Streams(1)["ids"]
    drawn = {oid(stream, "1.2.250.1.999.1") for _ in range(200)}
    assert len(drawn) == 200
    assert all(value.startswith("1.2.250.1.999.1.") and len(value) <= 64 for value in drawn)


def test_an_oid_too_long_for_the_dmp_is_refused() -> None:
    with pytest.raises(ValueError, match=f"longer than {MAX_OID_LENGTH}"):
        oid(Streams(1)["ids"], "1.2." + "1234567890." * 5 + "1")
