"""A measurement: from a run's folder to results, their JSON, and the reasons of what misses."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest

from indicators.measure import Measurement, NotARun, Result, UnknownProgramme, measure
from tests.conftest import ROOT
from tests.indicators.builders import (
    EJ,
    MONDAY,
    OTHER_EJ,
    ARun,
    a_deletion,
    a_deposit,
    a_document,
    a_mail,
    a_stay,
    an_establishment,
    an_evidence,
    an_offer,
)

DAY = timedelta(days=1)
LEFT = MONDAY + 2 * DAY
GOLDEN = ROOT / "tests" / "golden" / "indicators" / "measurement.json"


def a_week(letters: int = 30, stays: int = 40) -> ARun:
    """A week of stays, of which the first ``letters`` have a letter deposited."""
    return ARun(
        stay=[a_stay(f"S{n:02}") for n in range(stays)],
        document=[a_document(f"1.{n}", f"S{n:02}") for n in range(letters)],
        exchange=[a_deposit(f"x{n:02}", f"1.{n}") for n in range(letters)]
        + [a_mail(f"m{n:02}", f"1.{n}") for n in range(letters // 2)],
        evidence=[an_evidence()],
        ror_offer=[an_offer(), an_offer("O2", complete=False)],
    )


def result(measurement: Measurement, code: str, finess: str = EJ) -> Result:
    return next(
        item for item in measurement.results if (item.code, item.finess_ej) == (code, finess)
    )


def test_the_nine_indicators_of_a_week(tmp_path: Path) -> None:
    measurement = measure(a_week().write(tmp_path / "week"))
    told = {item.code: (item.num, item.den, item.verdict) for item in measurement.results}
    assert told == {
        "HOPEN-P4.1": (30, None, "attained"),
        "HOPEN-P4.2": (1, None, "attained"),
        "HOPEN-P4.3": (1, 2, "not_attained"),
        "HOPEN-D6.1": (30, 40, "attained"),
        "HOPEN-D6.2": (15, 40, "not_attained"),
        "SUNES-V1.0": (30, 30, "attained"),
        "SUNES-V1.1": (30, 40, "attained"),
        "SUNES-V2.1": (15, 40, "not_attained"),
        "NAT-5": (0, 30, "attained"),
    }
    assert (measurement.run, measurement.catalogue_version) == ("week", "proposed-v1")
    assert all(item.window.partial for item in measurement.results)
    assert all("Période partielle" in item.reason for item in measurement.results)


def test_the_json_is_stable(tmp_path: Path) -> None:
    run = a_week(letters=2, stays=3)
    run.exchange.append(a_deposit("x99", "1.9", outcome="refused", codes=["XDSRegistryError"]))
    run.document.append(a_document("1.9", "S02"))
    written = measure(run.write(tmp_path / "golden")).as_dict()
    assert written == json.loads(GOLDEN.read_text("utf-8"))


def test_one_programme_or_a_clear_line(tmp_path: Path) -> None:
    folder = a_week().write(tmp_path)
    codes = {item.code for item in measure(folder, programme="sunes").results}
    assert codes == {"SUNES-V1.0", "SUNES-V1.1", "SUNES-V2.1"}
    with pytest.raises(UnknownProgramme, match="'HOP'; the catalogue has HOPEN, SUNES, NAT"):
        measure(folder, programme="HOP")


def test_establishments_are_measured_apart_and_the_nation_once(tmp_path: Path) -> None:
    run = a_week()
    run.establishment.append(an_establishment(OTHER_EJ, name="CHR de Port-Anselme"))
    measurement = measure(run.write(tmp_path))
    assert len(measurement.results) == 8 * 2 + 1
    other = result(measurement, "HOPEN-D6.1", OTHER_EJ)
    assert (other.num, other.den, other.verdict) == (0, 0, "not_applicable")
    assert other.establishment == "CHR de Port-Anselme"
    assert result(measurement, "NAT-5", "").establishment == ""


def test_an_establishment_without_the_activity_is_out_of_scope(tmp_path: Path) -> None:
    run = a_week()
    run.establishment = [an_establishment(activities="USLD")]
    assert result(measure(run.write(tmp_path)), "HOPEN-D6.1").verdict == "not_applicable"


def test_a_journal_that_lost_lines_is_not_measurable(tmp_path: Path) -> None:
    run = a_week()
    run.delivery = [
        {"delivery_id": f"d{n}", "finess_ej": EJ, "transaction": "TD2.1", "outcome": "delivered"}
        for n in range(40)
    ]
    measurement = measure(run.write(tmp_path))
    assert result(measurement, "HOPEN-D6.1").verdict == "not_measurable"
    assert "75" in result(measurement, "HOPEN-D6.1").reason
    assert result(measurement, "HOPEN-D6.2").verdict == "not_attained"


def test_what_a_yes_or_no_lacks_is_named(tmp_path: Path) -> None:
    run = a_week()
    run.evidence, run.boxes = [], []
    found = result(measure(run.write(tmp_path)), "HOPEN-P4.2")
    assert (found.num, found.verdict) == (0, "not_attained")
    assert "liste de confiance" in found.reason
    assert found.missing_by_reason == {"condition": 2}


def test_tables_a_run_does_not_have_are_named(tmp_path: Path) -> None:
    folder = a_week().write(tmp_path)
    (folder / "ror_offer.parquet").unlink()
    found = result(measure(folder), "HOPEN-P4.3")
    assert found.verdict == "not_measurable"
    assert "absent : ror_offer" in found.reason


LETTERS = [  # what, documents, exchanges, reason in the DMP, reason by MSSanté
    ("none", [], [], "no_document", "no_document"),
    ("written", [a_document()], [], "not_sent", "not_sent"),
    (
        "refused",
        [a_document()],
        [a_deposit(outcome="refused", codes=["X"]), a_mail(outcome="refused", codes=["Y"])],
        "refused",
        "refused",
    ),
    (
        "late",
        [a_document()],
        [a_deposit(stated_at=LEFT + 31 * DAY), a_mail(stated_at=LEFT + 31 * DAY)],
        "late",
        "late",
    ),
    (
        "another type",
        [a_document()],
        [a_deposit(type_code="34112-3"), a_mail(type_code="34112-3")],
        "other_type",
        "other_type",
    ),
    (
        "deleted, bounced",
        [a_document()],
        [a_deposit(), a_deletion("x2", "1.1", stated_at=LEFT + DAY), a_mail(status="bounced")],
        "deleted",
        "bounced",
    ),
    ("patient only", [a_document()], [a_mail(kind="citizen")], "not_sent", "citizen_only"),
]


@pytest.mark.parametrize(("what", "documents", "exchanges", "dmp", "mssante"), LETTERS)
def test_why_a_stay_misses(
    tmp_path: Path, what: str, documents: list[dict[str, object]],
    exchanges: list[dict[str, object]], dmp: str, mssante: str,
) -> None:  # fmt: skip
    run = ARun(stay=[a_stay(left_at=LEFT)], document=documents, exchange=exchanges)
    measurement = measure(run.write(tmp_path))
    for code, why in (("HOPEN-D6.1", dmp), ("HOPEN-D6.2", mssante)):
        found = result(measurement, code)
        assert [item.why for item in found.missing] == [why], what
        assert found.missing_by_reason == {why: 1}
        assert found.missing[0].subject == "S1"
        assert found.exchanges == ()


def test_a_refusal_is_told_with_its_code_and_exchange(tmp_path: Path) -> None:
    run = ARun(
        stay=[a_stay()],
        document=[a_document()],
        exchange=[a_deposit("bad", outcome="refused", codes=["XDSPatientIdDoesNotMatch"])],
    )
    missed = result(measure(run.write(tmp_path)), "HOPEN-D6.1").missing[0]
    assert missed.exchanges == ("bad",)
    assert missed.text == "l'envoi a été refusé (XDSPatientIdDoesNotMatch)"


def test_a_stay_whose_ins_is_not_qualified_is_told_so(tmp_path: Path) -> None:
    run = ARun(stay=[a_stay(ins_status="provisional")], document=[a_document()])
    missed = result(measure(run.write(tmp_path)), "HOPEN-D6.1").missing[0]
    assert (missed.why, missed.detail) == ("not_sent", "INS provisoire")


def test_samples_are_bounded_and_the_counts_are_not(tmp_path: Path) -> None:
    found = result(measure(a_week(letters=40, stays=90).write(tmp_path)), "HOPEN-D6.1")
    assert len(found.exchanges) == len(found.missing) == 20
    assert found.missing_by_reason == {"no_document": 50}


def test_counts_and_explanations_agree(tmp_path: Path) -> None:
    for item in measure(a_week(letters=5, stays=12).write(tmp_path)).results:
        if item.den is not None and item.code not in {"NAT-5"}:
            assert item.num + sum(item.missing_by_reason.values()) == item.den, item.code


SPOILED = [  # what is done to the folder, what the line says
    (lambda folder: (folder / "run.json").unlink(), "it has no run.json"),
    (lambda folder: (folder / "run.json").write_text("{"), "run.json cannot be read"),
    (lambda folder: (folder / "run.json").write_text("[]"), "run.json cannot be read"),
    (
        lambda folder: (folder / "run.json").write_text(
            '{"starts_at": "2026-01-05T00:00", "ends_at": "2026-01-12T00:00"}'
        ),
        "has no time zone",
    ),
    (lambda folder: (folder / "stay.parquet").unlink(), "it has no stay.parquet"),
    (lambda folder: (folder / "stay.parquet").write_bytes(b"PAR1?"), "stay.parquet cannot be read"),
]


@pytest.mark.parametrize(("spoil", "told"), SPOILED)
def test_a_folder_that_is_no_run_gives_one_clear_line(
    tmp_path: Path, spoil: object, told: str
) -> None:
    folder = ARun().write(tmp_path)
    spoil(folder)  # type: ignore[operator]
    with pytest.raises(NotARun) as found:
        measure(folder)
    assert told in str(found.value)
    assert "\n" not in str(found.value)


def test_an_empty_run_measures_without_failing(tmp_path: Path) -> None:
    verdicts = {item.code: item.verdict for item in measure(ARun().write(tmp_path)).results}
    assert verdicts["HOPEN-D6.1"] == "not_applicable"
    assert verdicts["HOPEN-P4.1"] == "not_attained"
    assert verdicts["SUNES-V1.0"] == verdicts["NAT-5"] == "not_measurable"
