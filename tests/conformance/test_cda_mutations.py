"""CDA, outside judges: the official examples, whole and spoilt in one thing at a time.

The bench's own rules refuse each mutation with the right rule and place; the official schematrons
refuse the same, but for those marked as seen by the bench alone.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kit import cda
from tests.kit.cda_mutations import MUTATIONS, Mutation, applicable, caught
from tests.simulator.stays import a_document

LETTER = "LDL-SES_2022.01"
# Its patient has a third family name, under a qualifier that is no longer in use.
REFUSED = {
    "eDISP-MED_2024.01": {
        (
            "a_name_of_the_patient_is_a_birth_name_or_a_used_one",
            "recordTarget/patientRole/patient/name/family/@qualifier",
        )
    }
}
VERDICT = re.compile(r"^(ok|FAIL)\s+(\d\d)\.xml", re.MULTILINE)
EXAMPLES = 12


@pytest.fixture(scope="module")
def official(conformance: Path) -> dict[str, bytes]:
    """Name -> document."""
    folder = conformance / "cda" / "ExemplesCDA"
    found = {path.stem: path.read_bytes() for path in sorted(folder.glob("*.xml"))}
    assert len(found) == EXAMPLES
    return found


def test_the_official_examples_pass_but_the_one_that_fails_its_own_schematron(
    official: dict[str, bytes],
) -> None:
    found = {name: caught(content) for name, content in official.items()}
    assert {name: rules for name, rules in found.items() if rules} == REFUSED


def test_metadata_derived_from_an_official_example_agree_with_it(
    official: dict[str, bytes],
) -> None:
    for content in official.values():
        header = cda.read_header(content)
        assert cda.differences(cda.entry_from_cda(header), header) == []


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda mutation: mutation.name)
def test_a_spoilt_example_is_refused_by_the_right_rule_at_the_right_place(
    official: dict[str, bytes], mutation: Mutation
) -> None:
    for name, content in official.items():
        spoilt = mutation.on(content) if name not in REFUSED else None
        if spoilt is not None:
            assert (mutation.rule, mutation.field) in caught(spoilt), name


def test_the_letter_can_be_spoilt_in_nearly_every_way(official: dict[str, bytes]) -> None:
    ways = {mutation.name for mutation in applicable(official[LETTER])}
    assert len(ways) >= len(MUTATIONS) - 6  # a PDF, a kind of stay


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(mutation=st.sampled_from(MUTATIONS), choice=st.integers(0, 50))
def test_the_letter_spoilt_anywhere_is_refused(
    official: dict[str, bytes], mutation: Mutation, choice: int
) -> None:
    spoilt = mutation.on(official[LETTER], choice)
    if spoilt is not None:
        assert mutation.rule in {rule for rule, _ in caught(spoilt)}


@pytest.mark.slow
def test_the_schematrons_refuse_what_the_bench_refuses(
    conformance: Path, official: dict[str, bytes], tmp_path: Path
) -> None:
    """One file a mutation: of the official letter, else of a document that has the place."""
    others = (a_document("LDL", 11).cda, a_document("CRO", 11).cda)
    for number, mutation in enumerate(MUTATIONS):
        spoilt = next(filter(None, map(mutation.on, (official[LETTER], *others))))
        (tmp_path / f"{number:02}.xml").write_bytes(spoilt)
    judge = conformance / "cda" / "validate.py"
    paths = [str(path) for path in sorted(tmp_path.iterdir())]
    command = [sys.executable, str(judge), "--profiles", *paths]
    run = subprocess.run(command, capture_output=True, text=True, timeout=600, check=False)
    refused = {int(number) for verdict, number in VERDICT.findall(run.stdout) if verdict == "FAIL"}
    assert len(VERDICT.findall(run.stdout)) == len(MUTATIONS), run.stderr
    assert refused == {number for number, mutation in enumerate(MUTATIONS) if mutation.judge}
