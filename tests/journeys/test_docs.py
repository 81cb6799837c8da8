"""The commands of docs/journeys.md and the README's, run as they are written."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from banc.bench import Bench
from banc.private import private_bench
from kit.settings import Settings, to_env
from tests.conftest import ROOT

BLOCK = re.compile(r"(?P<mark><!-- not run[^\n]*-->\n)?```console\n(?P<body>.*?)```", re.DOTALL)
DEFAULTS = {
    Settings().dmp_port: "dmp_port",
    Settings().ins_port: "ins_port",
    Settings().ror_port: "ror_port",
    Settings().mssante_port: "mssante_port",
}


def commands(page: str) -> list[str]:
    """The commands of a page, a line each, but for the blocks marked as not run."""
    text = (ROOT / page).read_text("utf-8")
    blocks = [match for match in BLOCK.finditer(text) if not match["mark"]]
    return [line for block in blocks for line in block["body"].splitlines() if line]


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    with private_bench(tmp_path_factory.mktemp("journeys")) as bench:
        yield bench


def run(command: str, bench: Bench, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run one command as a user would, on the ports of our bench."""
    for port, name in DEFAULTS.items():
        command = command.replace(f":{port}/", f":{getattr(bench.settings, name)}/")
    command = command.replace(" data/", f" {folder}/")
    command = re.sub(r"\bbanc (?=[a-z])", f"{sys.executable} -m banc ", command)
    environ = {"PATH": os.environ["PATH"], **to_env(bench.settings)}
    return subprocess.run(
        command, shell=True, cwd=ROOT, env=environ, capture_output=True, text=True, check=False
    )


def shown_by(named: list[str], bench: Bench, folder: Path) -> str:
    """What the commands print, in their order; each must succeed."""
    told = []
    for command in named:
        found = run(command, bench, folder)
        assert found.returncode == 0, f"{command}\n{found.stdout}\n{found.stderr}"
        assert "Traceback" not in found.stderr
        told.append(found.stdout)
    return "\n".join(told)


@pytest.mark.slow
def test_every_banc_command_of_the_journeys_works(bench: Bench, tmp_path: Path) -> None:
    named = [line for line in commands("docs/journeys.md") if not line.startswith("curl")]
    shown = shown_by(named, bench, tmp_path)
    assert "XDSDuplicateUniqueIdInRegistry" in shown
    assert "SUNES-V1.1" in shown
    assert "psc authorize" in shown
    assert "no rule is broken" in shown
    assert "INS datamatrix" in shown
    assert "34874-8" in shown
    assert len(list((tmp_path / "emergencies").iterdir())) == 3


def test_every_curl_command_of_the_journeys_works(bench: Bench, tmp_path: Path) -> None:
    if not shutil.which("curl"):
        pytest.skip("curl is not installed: the page's curl commands are not tried")
    named = [line for line in commands("docs/journeys.md") if line.startswith("curl")]
    shown = shown_by(named, bench, tmp_path)
    assert "<CodeCR>00</CodeCR>" in shown
    assert '"resourceType":"Bundle"' in shown
    assert '"disarmed":"busy"' in shown


def test_the_readme_names_commands_that_exist() -> None:
    named = commands("README.md")
    makes = [line for line in named if line.startswith("make ")]
    targets = (ROOT / "Makefile").read_text("utf-8")
    assert all(re.search(rf"^{line.split()[1]}:", targets, re.MULTILINE) for line in makes)
    from banc.cli import app

    verbs = {command.name or command.callback.__name__ for command in app.registered_commands}
    assert {line.split()[1] for line in named if "banc " in line} <= verbs


def test_the_readme_links_to_files_that_exist() -> None:
    text = (ROOT / "README.md").read_text("utf-8")
    links = re.findall(r"\]\((?!http)([^)#]+)\)", text)
    assert links
    assert [link for link in links if not (ROOT / link).exists()] == []
