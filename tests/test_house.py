"""The house: six names in each mock, tables sane, docs in step, nothing that may not be here."""

from __future__ import annotations

import importlib
import re
import subprocess
import sys
from pathlib import Path

import pytest

from banc.docs import MOCKS, _unique, lagging
from kit.rules import Code, RuleBook
from tests.conftest import ROOT

SIX = ("app", "routes", "messages", "rules", "store", "errors")
TOP = {
    "mocks", "simulator", "scenarios", "loadtests", "tests", "kit", "indicators", "console",
    "banc", "docs",
}  # fmt: skip


def tracked() -> list[Path]:
    """Every file of the project: what git tracks or would."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    found = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if found.returncode:
        pytest.skip("not a git checkout")
    return [ROOT / name for name in found.stdout.splitlines() if (ROOT / name).is_file()]


def texts() -> list[tuple[Path, str]]:
    return [
        (path, path.read_text("utf-8"))
        for path in tracked()
        if path.suffix not in {".png", ".zip", ".ico", ".gz", ".bin"}
    ]


@pytest.mark.parametrize("mock", MOCKS)
def test_a_mock_has_the_six_names_and_a_readme(mock: str) -> None:
    folder = ROOT / "mocks" / mock
    for name in SIX:
        assert (folder / f"{name}.py").is_file() or (folder / name / "__init__.py").is_file(), name
    assert (folder / "README.md").is_file()


def test_there_is_no_other_top_level_folder() -> None:
    found = {path.relative_to(ROOT).parts[0] for path in tracked() if path.parent != ROOT}
    assert found - {".ci", ".github"} <= TOP


@pytest.mark.parametrize("mock", MOCKS)
def test_codes_and_rules_name_their_source(mock: str) -> None:
    codes = _unique(f"mocks.{mock}.errors", Code)
    books = _unique(f"mocks.{mock}.rules", RuleBook)
    assert codes
    assert books
    assert all(code.source and code.meaning for code in codes)
    assert all(row.source for book in books for row in book.rows)


@pytest.mark.parametrize("mock", MOCKS)
def test_a_source_is_a_public_document_not_a_file_of_ours(mock: str) -> None:
    codes = [code.source for code in _unique(f"mocks.{mock}.errors", Code)]
    books = _unique(f"mocks.{mock}.rules", RuleBook)
    named = [*codes, *(row.source for book in books for row in book.rows)]
    assert [source for source in named if re.search(r"\.(md|yaml)\b", source)] == []


@pytest.mark.parametrize("mock", MOCKS)
def test_each_rule_is_named_in_a_test(mock: str) -> None:
    folder = ROOT / "tests" / "mocks" / mock
    told = "\n".join(path.read_text("utf-8") for path in folder.rglob("*.py"))
    names = [row.name for book in _unique(f"mocks.{mock}.rules", RuleBook) for row in book.rows]
    untested = [name for name in names if name not in told]
    assert untested == []


@pytest.mark.parametrize(("package", "tests"), [("kit.cda", "kit"), ("banc.validation", "banc")])
def test_each_rule_outside_the_mocks_has_a_public_source_and_a_test(
    package: str, tests: str
) -> None:
    rows = [row for book in _unique(package, RuleBook) for row in book.rows]
    told = "\n".join(path.read_text("utf-8") for path in (ROOT / "tests" / tests).rglob("*.py"))
    assert rows
    assert [row.name for row in rows if row.name not in told] == []
    assert [row.source for row in rows if re.search(r"\.(md|yaml)\b|^$", row.source)] == []


def test_the_generated_pages_are_up_to_date() -> None:
    assert lagging() == [], "run `make docs`"


def test_every_module_says_what_it_is() -> None:
    silent = [
        path.relative_to(ROOT)
        for path, text in texts()
        if path.suffix == ".py" and not text.lstrip().startswith(('"""', "# "))
        and text.strip()
    ]  # fmt: skip
    assert silent == []


def test_modules_stay_readable() -> None:
    long = [
        (str(path.relative_to(ROOT)), len(text.splitlines()))
        for path, text in texts()
        if path.suffix == ".py" and "tests" not in path.parts and len(text.splitlines()) > 400
    ]
    assert long == []


def test_only_kit_clock_reads_the_clock_and_kit_settings_the_environment() -> None:
    clock = re.compile(r"datetime\.(now|utcnow|today)\(|time\.time\(\)|date\.today\(")
    environ = re.compile(r"os\.environ|os\.getenv")
    wrong = []
    for path, text in texts():
        name = str(path.relative_to(ROOT))
        if path.suffix != ".py" or name.startswith("tests/"):
            continue
        if clock.search(text) and name != "kit/clock.py":
            wrong.append((name, "clock"))
        if environ.search(text) and name != "kit/settings.py":
            wrong.append((name, "environment"))
    assert wrong == []


REGISTRIES = re.compile(
    r"https?://[^\s\"')]*(?:pypi|pythonhosted|npmjs|yarnpkg|debian\.org|ubuntu\.com)", re.IGNORECASE
)
HOME = re.compile(r"/(?:home|root|work|Users)/[a-z]")


def test_no_registry_and_no_path_of_a_machine_is_named() -> None:
    found = [
        (str(path.relative_to(ROOT)), match.group())
        for path, text in texts()
        if path.name != "test_house.py"
        for pattern in (REGISTRIES, HOME)
        if (match := pattern.search(text))
    ]
    assert found == []


def test_every_locked_package_is_pinned_and_has_no_address() -> None:
    for name in ("requirements.lock", "requirements-dev.lock"):
        for line in (ROOT / name).read_text("utf-8").splitlines():
            assert re.fullmatch(r"[a-z0-9.-]+==[0-9][0-9a-zA-Z.+!]*", line), line


def test_importing_the_command_line_is_quick_to_fail_on_a_wrong_setting() -> None:
    command = [sys.executable, "-m", "banc", "reset"]
    environ = {"PATH": "/usr/bin:/bin", "BANC_NO_SUCH": "1"}
    found = subprocess.run(
        command, cwd=ROOT, env=environ, capture_output=True, text=True, check=False
    )
    assert found.returncode == 2
    assert found.stderr.strip() == "banc: setting BANC_NO_SUCH is not a setting of Banc"


def test_the_packages_import() -> None:
    for name in ("banc.cli", "console.app", "indicators.measure", "simulator.run"):
        assert importlib.import_module(name)
