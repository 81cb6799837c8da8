"""Documents before the official judge: the schema, the volet and the four general profiles.

The judge runs once, in a process of its own, for all the documents: its largest rule set takes
ten seconds or more to load. One spoilt document shows that the judge can refuse.
"""

from __future__ import annotations

import importlib.util
import re
import subprocess
import sys
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
import saxonche

from kit.identity import IdentityStatus
from kit.xml import parse
from simulator.documents import KINDS
from tests.simulator.examinations import a_kidney_infection, a_laboratory_report
from tests.simulator.stays import a_document, a_reportable_stay

SPOILT = "spoilt.xml"
SEEDS = (11, 12)
VERDICT = re.compile(r"^(ok|FAIL)\s+(\S+\.xml)", re.MULTILINE)

pytestmark = pytest.mark.slow


def _written() -> dict[str, bytes]:
    """File name -> document: every kind twice, a replacement, an unqualified identity, a stay that
    ends without a treatment, laboratory reports of the first and of a later day with what grew, a
    spoilt one."""
    files = {f"{kind}-{seed}.xml": a_document(kind, seed).cda for kind in KINDS for seed in SEEDS}
    files["LDL-replacing.xml"] = a_document("LDL", 13, version=2, replaces="1.2.250.1.999.9").cda
    unqualified = a_reportable_stay("CRH", 14, identity_status=IdentityStatus.PROVISIONAL)
    files["CRH-unqualified.xml"] = a_document("CRH", facts=unqualified).cda
    untreated = a_reportable_stay("LDL", 15)
    untreated = replace(untreated, case=replace(untreated.case, treatments=()))
    files["LDL-untreated.xml"] = a_document("LDL", facts=untreated).cda
    infected = a_kidney_infection()
    later = replace(infected, performed_at=infected.admitted_at + timedelta(days=3))
    files["CR_BIO-infected.xml"] = a_laboratory_report(infected).cda
    files["CR_BIO-later.xml"] = a_laboratory_report(later).cda
    whole = a_document("LDL", SEEDS[0]).cda
    files[SPOILT] = re.sub(rb"<birthplace>.*?</birthplace>", b"", whole)
    assert files[SPOILT] != whole
    return files


@pytest.fixture(scope="module")
def judged(
    conformance: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[dict[str, str], str]:
    """Verdict by file name, and all that the judge wrote."""
    judge = conformance / "cda" / "validate.py"
    assert judge.is_file(), "the conformance folder has no cda/validate.py"
    folder = tmp_path_factory.mktemp("documents")
    for name, content in _written().items():
        (folder / name).write_bytes(content)
    paths = [str(path) for path in sorted(folder.iterdir())]
    command = [sys.executable, str(judge), "--profiles", *paths]
    run = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    verdicts = {name: verdict for verdict, name in VERDICT.findall(run.stdout)}
    return verdicts, run.stdout + run.stderr


def test_every_kind_conforms(judged: tuple[dict[str, str], str]) -> None:
    verdicts, told = judged
    assert len(verdicts) == len(KINDS) * len(SEEDS) + 6, told
    refused = {name for name, verdict in verdicts.items() if verdict != "ok"}
    assert refused <= {SPOILT}, told


def test_a_summary_conforms_to_the_last_volet_too(conformance: Path, tmp_path: Path) -> None:
    """The runner takes 1.4 for this template; the volet of 2023 is asked here."""
    folder = conformance / "cda"
    spec = importlib.util.spec_from_file_location("judge", folder / "validate.py")
    assert spec
    assert spec.loader
    judge = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(judge)
    spoilt = a_document("VSM", 1).cda.replace(b'code="SYNTH"', b'code="60591-5"')
    written = [*(a_document("VSM", seed).cda for seed in range(30)), spoilt]
    failed = []
    with saxonche.PySaxonProcessor(license=False) as processor:
        sheet = judge.Validator(processor).stylesheet("CI-SIS_VSM_2023.01.sch")
        for number, content in enumerate(written):
            path = tmp_path / f"{number}.xml"
            path.write_bytes(content)
            told = parse(sheet.transform_to_string(source_file=str(path)).encode())
            failed.append(len(told.findall("{http://purl.oclc.org/dsdl/svrl}failed-assert")))
    assert not any(failed[:-1])
    assert failed[-1] == 1


def test_the_judge_refuses_a_missing_birthplace(judged: tuple[dict[str, str], str]) -> None:
    verdicts, told = judged
    assert verdicts[SPOILT] == "FAIL", told
    assert "lieu de naissance (COG)" in told
