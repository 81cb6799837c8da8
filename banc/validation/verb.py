"""Banc, validation, verb: ``banc validate``. It hands over and prints.

Exit status: 0 all conformant, 1 findings, 2 a file that cannot be judged. Not here: any work
(front), how a report looks (screens).
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from banc.screens import terminal
from kit.settings import Settings, from_env

if TYPE_CHECKING:
    from banc.validation.front import Validator
    from banc.validation.report import Report

out = terminal()
err = terminal(stderr=True)

Files = Annotated[
    list[Path] | None,
    typer.Argument(help="CDA, IHE_XDM.ZIP, VIHF or XDS metadata, told by content; - reads stdin."),
]
KitDir = Annotated[
    Path | None,
    typer.Option("--kit", help="Folder of the official CDA kit; else BANC_CONFORMANCE_DIR/cda."),
]
WithoutKit = Annotated[
    bool, typer.Option("--without-kit", help="Our own rules only, even where a kit is.")
]
Profiles = Annotated[
    bool,
    typer.Option("--profiles/--no-profiles", help="The four general profiles of the kit too."),
]
At = Annotated[str, typer.Option(help="Judge a VIHF at this instant; else at bench time.")]
StopJudge = Annotated[
    bool, typer.Option("--stop", help="End the process that keeps the kit loaded.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, see docs/json.md.")]
STATUS = {"conformant": 0, "findings": 1, "unusable": 2}


def validate(
    files: Files = None,
    kit: KitDir = None,
    without_kit: WithoutKit = False,
    profiles: Profiles = True,
    at: At = "",
    stop: StopJudge = False,
    as_json: AsJson = False,
) -> None:
    """Say what is wrong in documents, where and by which rule; exit 1 on findings."""
    settings = from_env()
    if stop:
        _stop(settings)
    if not files and not stop:
        from banc.cli import Stop

        raise Stop("no file given: banc validate FILE…")
    if not files:
        return
    judge = _judge(settings, kit, without_kit=without_kit, profiles=profiles, at=at)
    with _progress(len(files)) as (say, name_it):
        reports = [_report(replace(judge, say=say), name_it(file)) for file in files]
    _print(reports, as_json)
    raise typer.Exit(max(STATUS[item.verdict] for item in reports))


def _stop(settings: Settings) -> None:
    from banc.validation.calling import stop_all

    count = stop_all(settings.data_dir)
    err.print(f"{count} validation process{'es' if count != 1 else ''} ended.")


def _judge(
    settings: Settings, kit: Path | None, *, without_kit: bool, profiles: bool, at: str
) -> Validator:
    from banc.cli import Stop
    from banc.validation.front import CannotValidate, validator
    from kit.rules import Malformed

    try:
        return validator(
            settings, kit=kit, with_kit=not without_kit, profiles=profiles, at=_instant(at)
        )
    except (CannotValidate, Malformed) as error:
        raise Stop(str(error)) from None


def _instant(text: str) -> datetime | None:
    if not text:
        return None
    from kit.pki.issuing import read_instant  # brings the whole country, a third of a second

    return read_instant(text)


@contextmanager
def _progress(count: int) -> Iterator[tuple[Callable[[str], None], Callable[[Path], Path]]]:
    """On a terminal, which file is judged and what is being loaded."""
    done = [0]
    with err.status("") as status:

        def name_it(file: Path) -> Path:
            done[0] += 1
            status.update(f"{done[0]}/{count} {file.name}")
            return file

        def say(what: str) -> None:
            status.update(f"{done[0]}/{count} loading {what}, once; the largest takes 10 to 25 s")

        yield say, name_it


def _report(judge: Validator, file: Path) -> Report:
    from banc.validation.front import MAX_FILE_BYTES

    if str(file) == "-":
        return judge.content(sys.stdin.buffer.read(MAX_FILE_BYTES + 1), "standard input")
    return judge.file(file)


def _print(reports: list[Report], as_json: bool) -> None:
    if as_json:
        told = {"files": [item.as_dict() for item in reports]}
        print(json.dumps(told, ensure_ascii=False, indent=2))
        return
    from banc.validation.screens import shown

    for report in reports:
        out.print(shown(report), soft_wrap=True)
