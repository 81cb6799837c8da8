"""The speed of documents: a quick run gives a row for each structured kind."""

from __future__ import annotations

import json

import pytest

from banc import speed_documents
from simulator.documents import KINDS

STRUCTURED = [kind.name for kind in KINDS.values() if kind.level == "N3"]


def test_a_quick_run_gives_every_structured_kind(capsys: pytest.CaptureFixture[str]) -> None:
    speed_documents.main(["--quick", "--json"])
    rows = json.loads(capsys.readouterr().out)["documents"]
    assert [row["kind"] for row in rows] == STRUCTURED
    for row in rows:
        assert row["kilobytes"] > 10
        assert 0 < row["ratio_least"] <= row["ratio"] <= row["ratio_most"]


def test_the_table_shows_them(capsys: pytest.CaptureFixture[str]) -> None:
    speed_documents.main(["--quick"])
    shown = capsys.readouterr().out
    assert all(kind in shown for kind in STRUCTURED)
