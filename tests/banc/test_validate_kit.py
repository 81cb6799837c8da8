"""Banc, validation: the official kit: its stylesheets stay inside it, its judge stays resident."""

from __future__ import annotations

import json
import os
import re
import shutil
import socket
import stat
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from importlib.metadata import PackageNotFoundError
from pathlib import Path

import pytest

from banc.validation import calling, judge, resident
from banc.validation.calling import Caller, StillLoading, caller_of, stop, stop_all
from banc.validation.front import CannotValidate, validate, validator
from banc.validation.judge import CannotJudge, Judge
from banc.validation.official import VOLETS, open_kit
from banc.validation.report import MAX_PROBLEMS, Found
from banc.validation.stylesheets import WrongKit, stylesheet_of
from kit.settings import Settings
from tests.banc.official_kit import NO_ZZZ, REALM, official_kit, pattern, schematron
from tests.kit.documents import a_cda

US = a_cda().replace(b'realmCode code="FR"', b'realmCode code="US"')


@pytest.fixture(scope="module")
def kit(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return official_kit(tmp_path_factory.mktemp("kit"))


@pytest.fixture(scope="module")
def here(kit: Path, tmp_path_factory: pytest.TempPathFactory) -> Judge:
    """A judge in this process."""
    return Judge(open_kit(kit), tmp_path_factory.mktemp("memory"))


def texts(found: Found) -> list[str]:
    return [item.text for item in found.problems]


# What it says.


def test_a_document_that_conforms_has_no_finding(here: Judge) -> None:
    found = here.judge(a_cda())
    assert texts(found) == []
    assert [step.name for step in found.steps] == [
        "XSD", "IHE", "CI-SIS_ModelesDeContenusCDA", "ASIP-STRUCT-MIN-StrucMin",
        "CI-SIS_Modeles_ANS", "CI-SIS_LDL-SES_2022.01",
    ]  # fmt: skip


def test_a_failed_assertion_has_its_place(here: Judge) -> None:
    (problem,) = here.judge(US).problems
    assert (problem.step, problem.text, problem.path) == (
        "IHE", REALM, "/ClinicalDocument/realmCode",
    )  # fmt: skip
    assert problem.line == US[: US.index(b"realmCode")].count(b"\n") + 1


def test_the_schema_tells_its_line(here: Judge) -> None:
    wrong = a_cda().replace(b'realmCode code="FR"', b'realmCode colour="red" code="FR"')
    (problem,) = here.judge(wrong).problems
    assert (problem.step, problem.path) == ("XSD", "/ClinicalDocument/realmCode")
    assert "colour" in problem.text


def test_without_profiles_schema_and_volet_judge(here: Judge) -> None:
    found = here.judge(US, profiles=False)
    assert [step.name for step in found.steps] == ["XSD", "CI-SIS_LDL-SES_2022.01"]
    assert texts(found) == []


def test_a_model_without_volet_is_told(here: Judge) -> None:
    found = here.judge(a_cda(template="1.3.6.1.4.1.19376.1.2.20"))
    assert found.notes == ("the kit has no schematron for this model of document",)


def test_a_self_presenting_document_is_judged_as_its_cda(here: Judge) -> None:
    wrapped = b"<w>" + re.sub(rb"<\?.*?\?>", b"", US) + b"</w>"
    assert texts(here.judge(wrapped)) == [REALM]


def test_findings_beyond_count_are_counted(here: Judge) -> None:
    many = a_cda().replace(b"</ClinicalDocument>", b"<zzz/>" * 2000 + b"</ClinicalDocument>")
    found = here.judge(many)
    assert len(found.problems) == MAX_PROBLEMS
    assert found.more == 2000 - MAX_PROBLEMS
    assert set(texts(found)) == {NO_ZZZ}


def test_each_volet_of_the_table_has_a_template_of_its_own() -> None:
    assert len(set(VOLETS.values())) == len(VOLETS)


# The kit cannot reach outside, and is what it should be.

OUTSIDE = [  # test of an assertion, why it is refused
    ("document('../../../outside.xml')", "no file of the kit"),
    ("doc('/etc/hostname')", "no file of the kit"),
    ("fn:doc('/etc/hostname')", "no file of the kit"),
    ("doc('file:///etc/hostname')", "no file of the kit"),
    ("document(@code)", "no file of the kit"),
    ("document (concat('..', @code))", "no file of the kit"),
    ("document('realms.xml', .)", "no file of the kit"),
    ("exists(doc#1)", "no file of the kit"),
    ("unparsed-text('/etc/hostname')", "not accepted"),
    ("collection('/etc')", "not accepted"),
    ("environment-variable('HOME')", "not accepted"),
    ("function-lookup(xs:QName('fn:doc'), 1)('/etc/hostname')", "not accepted"),
]


@pytest.mark.parametrize(("test", "why"), OUTSIDE)
def test_a_schematron_opens_constant_files_of_the_kit_only(
    tmp_path: Path, test: str, why: str
) -> None:
    folder = official_kit(tmp_path, ihe=schematron(pattern("cda:code", test, "x")))
    with pytest.raises(WrongKit, match=why):
        stylesheet_of(folder / "schematrons/profils/IHE.sch", folder)


def test_a_variable_of_constant_value_may_name_a_file(tmp_path: Path) -> None:
    let = "<let name='realms' value=\"'../../jeuxDeValeurs/realms.xml'\"/>"
    rule = pattern("cda:realmCode", "@code = document($realms)//v:c/@code", REALM)
    ihe = schematron(rule.replace("<rule", f"{let}<rule"))
    folder = official_kit(tmp_path, ihe=ihe)
    found = Judge(open_kit(folder), tmp_path / "memory").judge(US)
    assert texts(found) == [REALM]


def test_an_include_stays_inside(tmp_path: Path) -> None:
    (tmp_path / "secret.sch").write_text(pattern("*", "false()", "secret"), "utf-8")
    ihe = schematron('<include href="../../../secret.sch"/>')
    folder = official_kit(tmp_path / "kit", ihe=ihe)
    with pytest.raises(WrongKit, match="outside the kit"):
        stylesheet_of(folder / "schematrons/profils/IHE.sch", folder)


def test_an_include_of_itself_ends(tmp_path: Path) -> None:
    folder = official_kit(tmp_path)
    loop = schematron('<include href="IHE.sch"/>')
    (folder / "schematrons/profils/IHE.sch").write_text(loop, "utf-8")
    with pytest.raises(WrongKit, match="without end"):
        stylesheet_of(folder / "schematrons/profils/IHE.sch", folder)


def test_a_rule_on_an_attribute_is_still_applied(tmp_path: Path) -> None:
    ihe = schematron(pattern("cda:realmCode/@code", ". = 'FR'", REALM))
    folder = official_kit(tmp_path, ihe=ihe)
    found = Judge(open_kit(folder), tmp_path / "memory").judge(US)
    assert [(item.text, item.path) for item in found.problems] == [(REALM, "/@code")]


def test_a_folder_that_is_no_kit_is_told(tmp_path: Path) -> None:
    with pytest.raises(WrongKit, match="CDA_extended"):
        open_kit(tmp_path)


def test_a_link_out_of_the_kit_is_refused(tmp_path: Path) -> None:
    folder = official_kit(tmp_path / "kit")
    (folder / "jeuxDeValeurs" / "more").symlink_to("/etc")
    with pytest.raises(WrongKit, match="a link"):
        open_kit(folder)


BROKEN = [
    ("schema", "<xs:schema", "CDA_extended"),
    ("ihe", "<schema", "IHE"),
    ("ihe", schematron(pattern("cda:code", "1 +", "x")), "IHE"),
    ("ihe", "<other/>", "IHE"),
]


@pytest.mark.parametrize(("name", "text", "told"), BROKEN)
def test_a_broken_kit_is_one_line(tmp_path: Path, name: str, text: str, told: str) -> None:
    folder = official_kit(tmp_path / "kit", **{name: text})
    with pytest.raises(CannotJudge, match=told) as error:
        Judge(open_kit(folder), tmp_path / "memory").judge(US)
    assert "\n" not in str(error.value)


def test_the_digest_follows_the_content(tmp_path: Path) -> None:
    folder, memory = official_kit(tmp_path / "kit"), tmp_path / "kits.json"
    first = open_kit(folder, memory).digest
    assert open_kit(folder, memory).digest == first == open_kit(folder).digest
    file = folder / "jeuxDeValeurs/realms.xml"
    file.write_text(file.read_text("utf-8").replace("FR", "BE"), "utf-8")
    os.utime(file, ns=(1, 1))
    assert open_kit(folder, memory).digest != first


def test_stylesheets_are_compiled_once(tmp_path: Path, kit: Path) -> None:
    memory = tmp_path / "memory"
    Judge(open_kit(kit), memory).judge(US)
    before = {path: path.stat().st_mtime_ns for path in memory.iterdir()}
    Judge(open_kit(kit), memory).judge(US)
    assert before == {path: path.stat().st_mtime_ns for path in memory.iterdir()}
    assert len(before) == 5


# The process that keeps it loaded.

Start = Callable[..., Caller]


@pytest.fixture
def started(kit: Path, tmp_path: Path) -> Iterator[Start]:
    """A caller over a data folder of its own; every judge ends with the test."""

    def start(folder: Path = kit, minutes: float = 1.0) -> Caller:
        return caller_of(folder, tmp_path / "data", minutes)

    yield start
    stop_all(tmp_path / "data")


def pid_of(caller: Caller) -> int:
    return int((caller.folder / resident.PID).read_text("ascii"))


def wait_until(reached: Callable[[], bool], seconds: float = 20.0) -> bool:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if reached():
            return True
        time.sleep(0.02)
    return False


def test_the_second_call_meets_the_same_process(started: Start) -> None:
    caller, heard = started(), []
    assert texts(caller.judge(US, say=heard.append)) == [REALM]
    first, loaded = pid_of(caller), list(heard)
    assert texts(started().judge(a_cda(), say=heard.append)) == []
    assert pid_of(caller) == first
    assert heard == loaded
    assert loaded[:2] == ["XSD", "IHE"]


def test_only_its_owner_reaches_it(started: Start) -> None:
    caller = started()
    caller.judge(US)
    assert stat.S_IMODE(caller.folder.stat().st_mode) == 0o700
    assert stat.S_IMODE((caller.folder / resident.SOCKET).stat().st_mode) == 0o600


def test_it_ends_on_demand_and_leaves_nothing(started: Start) -> None:
    caller = started()
    caller.judge(US)
    pid = pid_of(caller)
    assert stop(caller.folder / resident.PID)
    assert not (caller.folder / resident.SOCKET).exists()
    assert not stop(caller.folder / resident.PID)
    assert wait_until(lambda: not _is_alive(pid))


def _is_alive(pid: int) -> bool:
    try:
        os.waitpid(pid, os.WNOHANG)
        os.kill(pid, 0)
    except (ChildProcessError, ProcessLookupError):
        return False
    return True


def test_one_that_was_killed_is_replaced(started: Start) -> None:
    caller = started()
    caller.judge(US)
    os.kill(pid_of(caller), 9)
    assert wait_until(lambda: calling._connect(caller.folder) is None)
    assert texts(caller.judge(US)) == [REALM]


def test_it_ends_when_nobody_calls(started: Start) -> None:
    caller = started(minutes=0.01)
    caller.judge(US)
    assert wait_until(lambda: not (caller.folder / resident.PID).exists())


def test_it_ends_when_its_folder_goes(started: Start) -> None:
    caller = started()
    caller.judge(US)
    pid = pid_of(caller)
    shutil.rmtree(caller.folder)
    assert wait_until(lambda: not _is_alive(pid))


def test_a_changed_kit_has_another_judge(started: Start, tmp_path: Path) -> None:
    folder = official_kit(tmp_path / "kit")
    first = started(folder)
    assert texts(first.judge(US)) == [REALM]
    file = folder / "jeuxDeValeurs/realms.xml"
    file.write_text(file.read_text("utf-8").replace("FR", "US"), "utf-8")
    second = started(folder)
    assert second.folder != first.folder
    assert texts(second.judge(US)) == []


def test_what_cannot_be_judged_does_not_end_it(started: Start) -> None:
    caller = started()
    with pytest.raises(CannotJudge, match="ClinicalDocument"):
        caller.judge(b"<other/>")
    assert texts(caller.judge(US)) == [REALM]


@pytest.mark.parametrize("sent", [b"", b"\0", b"GET / HTTP/1.1\r\n\r\n", b"\xff" * 16])
def test_a_caller_that_speaks_another_language_does_not_end_it(started: Start, sent: bytes) -> None:
    caller = started()
    caller.judge(US)
    connection = calling._connect(caller.folder)
    assert connection is not None
    with connection:
        connection.sendall(sent)
        connection.shutdown(socket.SHUT_WR)
    assert texts(caller.judge(US)) == [REALM]


def test_a_document_that_takes_too_long_ends_it_and_no_other(
    started: Start, tmp_path: Path
) -> None:
    endless = "count(for $a in 1 to 1000000, $b in 1 to 1000000 return $a + $b) = 1"
    folder = official_kit(tmp_path / "kit", ihe=schematron(pattern("cda:zzz", endless, "x")))
    caller = replace(started(folder), most_seconds=2.0)
    slow = a_cda().replace(b"</ClinicalDocument>", b"<zzz/></ClinicalDocument>")
    with pytest.raises(CannotJudge, match="ended while it judged"):
        caller.judge(slow)
    assert texts(replace(caller, most_seconds=60.0).judge(a_cda())) == []


def test_who_does_not_wait_finds_the_answer_later(started: Start) -> None:
    caller = started()
    with pytest.raises(StillLoading):
        caller.judge(US, patience=0.0)
    assert texts(caller.judge(US)) == [REALM]


def test_the_path_of_the_data_folder_may_be_long(kit: Path, tmp_path: Path) -> None:
    data = tmp_path / ("x" * 120)
    try:
        assert texts(caller_of(kit, data).judge(US)) == [REALM]
    finally:
        assert stop_all(data) == 1


def test_many_callers_at_once_start_one_process(started: Start) -> None:
    from concurrent.futures import ThreadPoolExecutor

    caller = started()
    with ThreadPoolExecutor(6) as pool:
        found = list(pool.map(lambda _: texts(caller.judge(US)), range(6)))
    assert found == [[REALM]] * 6
    assert len(list(caller.folder.parent.glob(f"*/{resident.PID}"))) == 1


# Who asks for it.


@pytest.fixture
def chosen(settings: Settings, kit: Path, tmp_path: Path) -> Iterator[Settings]:
    """Settings whose conformance folder holds the kit."""
    folder = tmp_path / "conformance"
    folder.mkdir()
    (folder / "cda").symlink_to(kit)
    yield replace(settings, conformance_dir=folder)
    stop_all(settings.data_dir)


def test_the_kit_of_the_settings_judges(chosen: Settings) -> None:
    report = validate(US, settings=chosen)
    assert REALM in [item.text for item in report.problems]
    assert json.dumps(report.as_dict())
    alone = validate(US, settings=chosen, with_kit=False)
    assert REALM not in [item.text for item in alone.problems]
    assert alone.notes == ()


def test_a_kit_that_is_named_must_work(settings: Settings, tmp_path: Path) -> None:
    with pytest.raises(CannotValidate, match="no official CDA kit"):
        validate(US, kit=tmp_path, settings=settings)


def test_without_saxonche_it_is_told_how_to_install_it(
    chosen: Settings, kit: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def absent(_: str) -> str:
        raise PackageNotFoundError("saxonche")

    monkeypatch.setattr(judge, "version", absent)
    with pytest.raises(CannotValidate, match="pip install saxonche"):
        validator(chosen, kit=kit)
    report = validate(US, settings=chosen)
    assert "pip install saxonche" in report.notes[0]


def test_the_report_says_when_the_kit_still_loads(chosen: Settings) -> None:
    hasty = replace(validator(chosen), patience=0.0)
    assert hasty.content(US, "x").waiting
    assert not validate(US, settings=chosen).waiting
