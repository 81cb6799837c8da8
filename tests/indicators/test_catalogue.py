"""The catalogue: nine rows that stand, and mistakes told all at once."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from indicators.catalogue import STATUSES, Indicator, WrongCatalogue, load_catalogue
from indicators.explain import WHY, queries
from indicators.measures import measures

CATALOGUE = load_catalogue()
NINE = {
    "HOPEN-P4.1", "HOPEN-P4.2", "HOPEN-P4.3", "HOPEN-D6.1", "HOPEN-D6.2", "SUNES-V1.0",
    "SUNES-V1.1", "SUNES-V2.1", "NAT-5",
}  # fmt: skip


def test_there_are_the_nine_indicators_of_one_version() -> None:
    assert CATALOGUE.version == "proposed-v1"
    assert {row.code for row in CATALOGUE.rows} == NINE
    assert CATALOGUE.programmes == ("HOPEN", "SUNES", "NAT")


@pytest.mark.parametrize("row", CATALOGUE.rows, ids=lambda row: row.code)
def test_a_row_stands(row: Indicator) -> None:
    assert row.label_fr
    assert row.label_en
    assert row.label_fr != row.label_en
    assert set(row.measures) <= set(measures())
    assert row.definition_status in STATUSES
    assert row.target_status in STATUSES
    assert row.code.startswith(row.programme)
    assert row.unit == "boolean" or row.target_low is not None
    assert row.unit != "ratio" or row.n_min > 0
    assert row.comparator == ("<=" if row.code == "NAT-5" else row.comparator)


def test_every_measure_is_used_and_starts_with_its_name_and_source() -> None:
    used = {name for row in CATALOGUE.rows for name in row.measures}
    assert used == set(measures())
    for name, query in measures().items():
        assert query.startswith(f"-- {name}: ")
        assert "-- Source: " in query


def test_every_explanation_is_of_a_measure() -> None:
    assert {*queries("behind"), *queries("missing")} <= set(measures())
    told = "".join(queries("missing").values())
    assert all(f"'{why}'" in told for why in WHY if why != "condition")


def good() -> dict[str, object]:
    return {
        "code": "X-1",
        "label": {"fr": "Un", "en": "One"},
        "definition": "proposed",
        "numerator": "DMP_ANY",
        "comparator": ">=",
        "target": {"point": 3, "low": 1, "high": 4, "status": "proposed"},
        "window": "M1",
    }


def write(folder: Path, *rows: dict[str, object], version: str = "v", name: str = "x") -> Path:
    file = {"version": version, "programme": "X", "indicators": list(rows)}
    (folder / f"{name}.yaml").write_text(yaml.safe_dump(file), "utf-8")
    return folder


def test_more_rows_and_other_thresholds_are_data(tmp_path: Path) -> None:
    catalogue = load_catalogue(write(tmp_path, good(), good() | {"code": "X-2"}, version="v2"))
    assert catalogue.version == "v2"
    assert [row.code for row in catalogue.rows] == ["X-1", "X-2"]
    assert catalogue.rows[0].target_point == 3
    assert catalogue.row("X-3") is None


MISTAKES = [  # what is spoiled, what the mistake says
    ({"colour": 1}, "colour is not a field"),
    ({"numerator": "NO_SUCH"}, "there is no measure NO_SUCH"),
    ({"denominator": "NO_SUCH"}, "there is no measure NO_SUCH"),
    ({"label": {"fr": "Un"}}, "label needs fr and en"),
    ({"comparator": "="}, "comparator: '=' is not one of"),
    ({"window": "W1"}, "window: 'W1' is not one of"),
    ({"definition": "sure"}, "definition: 'sure' is not one of"),
    ({"scope": ["XYZ"]}, "scope: 'XYZ' is not one of"),
    ({"sources": ["diary"]}, "sources: 'diary' is not one of"),
    ({"if_empty": "attained"}, "if_empty: 'attained' is not one of"),
    ({"target": {"status": "proposed"}}, "target.point is missing"),
    ({"target": {"point": 9, "low": 1, "high": 4, "status": "proposed"}}, "9 is not between"),
    ({"target": None}, "missing: target"),
]


@pytest.mark.parametrize(("spoiled", "told"), MISTAKES)
def test_a_mistake_is_told(tmp_path: Path, spoiled: dict[str, object], told: str) -> None:
    with pytest.raises(WrongCatalogue, match=r"x\.yaml: X-1") as found:
        load_catalogue(write(tmp_path, good() | spoiled))
    assert told in str(found.value)


def test_every_mistake_is_told_at_once(tmp_path: Path) -> None:
    write(tmp_path, good() | {"window": "W1"}, good() | {"colour": 1})
    write(tmp_path, good() | {"code": "Y-1"}, version="other", name="y")
    with pytest.raises(WrongCatalogue) as found:
        load_catalogue(tmp_path)
    assert len(found.value.mistakes) == 4


def test_an_empty_folder_is_no_catalogue(tmp_path: Path) -> None:
    with pytest.raises(WrongCatalogue, match="no file"):
        load_catalogue(tmp_path)
