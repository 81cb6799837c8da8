"""`banc validate` and the outside judge of CDA: same verdicts, same failed assertions.

One process of the judge, and one of ours, for the official examples, each of them or of our
documents spoilt in one thing, and documents of the simulator.
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from banc.validation.front import Validator
from banc.validation.judge import Judge
from banc.validation.official import open_kit
from banc.validation.report import Found, Problem, Verdict
from kit.settings import Settings
from simulator.documents import KINDS
from tests.kit.cda_mutations import MUTATIONS
from tests.simulator.stays import a_document

LETTER = "LDL-SES_2022.01"
EXAMPLES = 12
TOLD = 300  # characters that the judge prints of an assertion
# Ten ways to spoil the letter. The judge passes the ninth; the tenth it passes where the code is
# optional (legalAuthenticator) and refuses where the header wants it, as here.
LISTED = (
    ("realm", rb'<realmCode code="FR"', b'<realmCode code="US"'),
    ("type", rb'<code code="11490-0"', b'<code code="11490-9"'),
    ("birth date", rb'<birthTime value="\d+"', b"<birthTime"),
    ("birthplace", rb"<birthplace>.*?</birthplace>", b""),
    ("confidentiality", rb'<confidentialityCode code="N"', b'<confidentialityCode code="X"'),
    ("signatory", rb"<legalAuthenticator>.*?</legalAuthenticator>", b""),
    ("section", rb'(<section.*?<code\s+code=")[^"]*', rb"\g<1>00000-0"),
    ("facility", rb'(<healthCareFacility.*?<code\s+code=")[^"]*', rb"\g<1>SA99"),
    ("zone", rb'(<effectiveTime value="\d+)\+\d{4}', rb"\g<1>"),
    ("setting", rb"(<performer.*?)<standardIndustryClassCode.*?/>", rb"\g<1>"),
)
UNSEEN = ("zone",)
_FILE = re.compile(r"(ok  |FAIL) (\S+)\.xml  .*")
_ISSUE = re.compile(r" {6}(\S*) \| (.*?) \| (.*)")

Finding = tuple[str, str]  # step, text

pytestmark = pytest.mark.slow


def spoilt(letter: bytes, pattern: bytes, by: bytes) -> bytes:
    found, count = re.subn(pattern, by, letter, count=1, flags=re.DOTALL)
    assert count == 1, pattern
    return found


def documents(examples: Path) -> Iterator[tuple[str, bytes]]:
    """Name -> document, of every sort."""
    for path in sorted(examples.glob("*.xml")):
        yield path.stem, path.read_bytes()
    letter = (examples / f"{LETTER}.xml").read_bytes()
    for name, pattern, by in LISTED:
        yield f"listed-{name.replace(' ', '-')}", spoilt(letter, pattern, by)
    for number, mutation in enumerate(MUTATIONS[::4]):
        changed = mutation.on(letter)
        if changed is not None:
            yield f"mutation-{number:02}", changed
    for number, kind in enumerate(KINDS):
        yield f"generated-{kind}", a_document(kind, 40 + number).cda


@pytest.fixture(scope="module")
def files(conformance: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("validate")
    found = {}
    for name, content in documents(conformance / "cda" / "ExemplesCDA"):
        found[name] = folder / f"{name}.xml"
        found[name].write_bytes(content)
    assert sum(not re.match("listed|mutation|generated", name) for name in found) == EXAMPLES
    return found


@pytest.fixture(scope="module")
def judged(conformance: Path, files: dict[str, Path]) -> dict[str, list[Finding]]:
    """What the outside judge prints, by document."""
    command = [sys.executable, str(conformance / "cda/validate.py"), "--profiles"]
    run = subprocess.run([*command, *map(str, files.values())], capture_output=True, text=True,
                         timeout=900, check=False)  # fmt: skip
    found: dict[str, list[Finding]] = {}
    name = ""
    for line in run.stdout.splitlines():
        head, issue = _FILE.fullmatch(line), _ISSUE.fullmatch(line)
        if head is not None:
            name = head[2]
            found[name] = []
        elif issue is not None:
            found[name].append((Path(issue[1]).stem, issue[3]))
    assert set(found) == set(files), run.stdout + run.stderr
    return found


@pytest.fixture(scope="module")
def ours(
    conformance: Path, files: dict[str, Path], tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Found]:
    """What we find with the kit, by document."""
    judge = Judge(open_kit(conformance / "cda"), tmp_path_factory.mktemp("memory"))
    return {name: judge.judge(path.read_bytes()) for name, path in files.items()}


def as_judge_tells(problem: Problem) -> Finding:
    return problem.step, " ".join(problem.text.split())[:TOLD]


def test_the_same_assertions_fail_as_for_the_outside_judge(
    judged: dict[str, list[Finding]], ours: dict[str, Found]
) -> None:
    told = {name: sorted(map(as_judge_tells, found.problems)) for name, found in ours.items()}
    assert told == {name: sorted(issues) for name, issues in judged.items()}


def test_the_outside_judge_passes_and_refuses_what_is_known(
    judged: dict[str, list[Finding]],
) -> None:
    passed = {name for name, issues in judged.items() if not issues}
    assert {f"listed-{name}" for name in UNSEEN} <= passed
    listed = {f"listed-{name.replace(' ', '-')}" for name, _, _ in LISTED}
    assert listed & passed == {f"listed-{name}" for name in UNSEEN}
    assert {f"generated-{kind}" for kind in KINDS} <= passed


def test_each_finding_has_its_place(ours: dict[str, Found]) -> None:
    problems = [problem for found in ours.values() for problem in found.problems]
    assert len(problems) > len(LISTED)
    assert [item for item in problems if not item.line or not item.path.startswith("/Cl")] == []


@pytest.mark.parametrize(("name", "pattern", "by"), LISTED)
def test_our_own_rules_find_what_the_kit_lists_and_what_it_misses(
    conformance: Path, tmp_path: Path, name: str, pattern: bytes, by: bytes
) -> None:
    letter = (conformance / "cda" / "ExemplesCDA" / f"{LETTER}.xml").read_bytes()
    alone = Validator(Settings(data_dir=tmp_path), note="")
    assert alone.content(letter, LETTER).verdict is Verdict.CONFORMANT
    report = alone.content(spoilt(letter, pattern, by), name)
    assert report.verdict is Verdict.FINDINGS
    assert all(item.line and item.path for item in report.problems)
