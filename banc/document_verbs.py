"""Banc, document verb: ``banc document``: documents of invented stays, to a file or a folder.

Not here: what is drawn (simulator.sample), what is written (simulator.documents).
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Column, Table

from banc.screens import terminal
from kit.settings import from_env

out = terminal()
err = terminal(stderr=True)
INS_LENGTH = 15
HEADINGS = ("Kind", "Type", "Level", "Volet", "Title")


def document(
    kind: Annotated[str, typer.Argument(help="LDL, VSM, CRO…; see --list.")] = "",
    seed: Annotated[int, typer.Option(min=0, help="The same seed gives the same bytes.")] = 1,
    target: Annotated[
        Path | None,
        typer.Option("--out", help="File, or folder when several; standard output without it."),
    ] = None,
    count: Annotated[int, typer.Option(min=1, help="How many: seeds from --seed on.")] = 1,
    establishment: Annotated[
        str | None, typer.Option(help="FINESS of an establishment of the country.")
    ] = None,
    patient: Annotated[
        str | None,
        typer.Option(help="INS of a person of the country (15 characters), or their index."),
    ] = None,
    shows_kinds: Annotated[bool, typer.Option("--list", help="Show the kinds.")] = False,
) -> None:
    """Write a document of an invented stay: header and body, ready to be sent."""
    if shows_kinds:
        out.print(kinds_table())
        return
    from banc.cli import Stop
    from banc.documents import document as draw
    from simulator.sample import CannotDraw

    if count > 1 and target is None:
        raise Stop("several documents need a folder: add --out FOLDER")
    settings = from_env()
    for number in range(seed, seed + count):
        try:
            drawn = draw(
                kind,
                number,
                establishment=establishment,
                patient=_person(patient),
                settings=settings,
            )
            _keep(drawn.cda, target, f"{kind}-{number}.xml", is_one=count == 1)
        except CannotDraw as error:
            raise Stop(str(error)) from None
        except OSError as error:
            raise Stop(f"{error.filename}: {error.strerror}") from None


def _person(text: str | None) -> int | str | None:
    """An index, or what should be a matricule."""
    is_index = text is not None and text.isascii() and text.isdigit() and len(text) < INS_LENGTH
    return int(text) if is_index and text is not None else text


def _keep(content: bytes, target: Path | None, name: str, *, is_one: bool) -> None:
    if target is None:
        sys.stdout.buffer.write(content)
        sys.stdout.flush()
        return
    is_file = is_one and not target.is_dir()
    path = target if is_file else target / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    err.print(str(path), highlight=False, soft_wrap=True)


def kinds_table() -> Table:
    """The kinds: type code, level, template of the volet, which must stay whole."""
    from simulator.documents import KINDS

    table = Table(*(Column(name, no_wrap=name != "Title") for name in HEADINGS))
    for kind in KINDS.values():
        volet = " ".join(filter(None, (kind.template.code, kind.template.label)))
        table.add_row(kind.name, kind.type.code, kind.level, volet, kind.title)
    return table
