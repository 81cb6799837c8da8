"""Banc, trust verbs: ``banc pki``, ``banc vihf`` and ``banc datamatrix``. Each hands over at once.

Not here: any work (trust), any table (trust_screens).
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from banc.screens import terminal
from kit.settings import from_env

pki = typer.Typer(help="The test authority: where its certificates are, issue, revoke, people.")
vihf = typer.Typer(no_args_is_help=True, help="The assertion of the DMP: print one, explain one.")
datamatrix = typer.Typer(no_args_is_help=True, help="The INS datamatrix: write one, read one.")
out = terminal()

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, see docs/json.md.")]
OutDir = Annotated[Path | None, typer.Option("--out", help="Folder to write the files into.")]
Finess = Annotated[str, typer.Option(help="FINESS of an establishment of the country.")]
Department = Annotated[str, typer.Option(help="Create one: code of a department, as 35.")]
Number = Annotated[int, typer.Option(help="Which one of them, from 1.")]


@contextmanager
def _mendable() -> Iterator[None]:
    """A mistake of the user becomes one line and exit code 2."""
    from banc.cli import Stop
    from kit.pki import NotOurs
    from kit.rules import Malformed, Refused

    try:
        yield
    except (Malformed, Refused, NotOurs) as error:
        raise Stop(str(error)) from None
    except OSError as error:
        raise Stop(f"{error.filename}: {error.strerror}") from None


def _show(found: Any, as_json: bool, screen: Any) -> None:
    if as_json:
        print(json.dumps(found, ensure_ascii=False, indent=2))
    else:
        out.print(screen, soft_wrap=not isinstance(screen, Table))


@pki.callback(invoke_without_command=True)
def where(context: typer.Context) -> None:
    """The test authority. Without a verb: create it and print where its certificates are."""
    if context.invoked_subcommand is not None:
        return
    from banc import screens
    from banc.trust import authority

    settings = from_env()
    authority(settings)
    out.print(screens.certificates(settings))


@pki.command("issue")
def issue(
    kind: Annotated[
        str, typer.Argument(help="org-auth-cli, org-sign, ps-auth, ps-sign, serv-ssl.")
    ],
    cn: Annotated[str, typer.Option(help="Common name; of a card, the PS_IdNat.")],
    structure: Annotated[str, typer.Option(help="FINESS, or Struct_IdNat (OU).")] = "",
    organization: Annotated[str, typer.Option(help="Name of the organisation (O).")] = "",
    department: Annotated[str, typer.Option(help="As 'Sarthe (72)' (ST).")] = "",
    title: Annotated[str, typer.Option(help="Of a card's holder.")] = "",
    given: Annotated[str, typer.Option(help="Of a card's holder.")] = "",
    family: Annotated[str, typer.Option(help="Of a card's holder.")] = "",
    host: Annotated[list[str] | None, typer.Option(help="Host name of a server; repeat.")] = None,
    fault: Annotated[
        str,
        typer.Option(
            help="Make it wrong: expired, not-yet-valid, revoked, wrong-structure, wrong-use, "
            "other-authority, weak-key."
        ),
    ] = "",
    out_dir: OutDir = None,
    as_json: AsJson = False,
) -> None:
    """Issue a certificate, PEM and PKCS#12."""
    from banc import trust, trust_screens

    order = {
        "kind": kind, "common_name": cn, "structure": structure, "organization": organization,
        "department": department, "title": title, "given": given, "family": family,
        "host_names": host, "fault": fault,
    }  # fmt: skip
    with _mendable():
        found = trust.issue(from_env(), order, out_dir)
    _show(found.as_dict(), as_json, trust_screens.issued(found))


@pki.command("revoke")
def revoke(
    what: Annotated[str, typer.Argument(help="A certificate's file, or its serial number.")],
    reason: Annotated[
        str,
        typer.Option(
            help="unspecified, keyCompromise, affiliationChanged, superseded, cessationOfOperation."
        ),
    ] = "unspecified",
    as_json: AsJson = False,
) -> None:
    """Revoke a certificate: lists, OCSP and every listener know it at once."""
    from banc import trust, trust_screens

    with _mendable():
        found = trust.revoke(from_env(), what, reason)
    _show(found, as_json, trust_screens.revoked(found))


@pki.command("professional")
def professional(
    rpps: Annotated[str, typer.Option(help="RPPS number.")] = "",
    finess: Finess = "",
    unit: Annotated[str, typer.Option(help="Code of a unit, as CARDIO1.")] = "",
    number: Number = 1,
    family: Annotated[str, typer.Option(help="Create one: the family name.")] = "",
    given: Annotated[str, typer.Option(help="Create one: the first name.")] = "",
    civility: Annotated[str, typer.Option(help="Create one: M or MME.")] = "",
    profession: Annotated[str, typer.Option(help="Create one: TRE_G15, 10 by default.")] = "",
    specialty: Annotated[str, typer.Option(help="Create one: TRE_R38, as SM04.")] = "",
    department: Department = "",
    out_dir: OutDir = None,
    as_json: AsJson = False,
) -> None:
    """A test professional: RPPS, FINESS, mailbox, login and card that agree with each other.

    One of the country; with --family and --given, one that every socle knows from now on.
    """
    from banc import trust, trust_screens

    told = {
        "rpps": rpps, "finess": finess, "unit": unit, "family": family, "given": given,
        "civility": civility, "profession": profession, "specialty": specialty,
        "department": department,
    }  # fmt: skip
    with _mendable():
        found = trust.professional(from_env(), told, number=number, out=out_dir)
    _show(found.as_dict(), as_json, trust_screens.someone(found, "Professional"))


@pki.command("structure")
def structure(
    finess: Finess = "",
    number: Number = 1,
    name: Annotated[str, typer.Option(help="Create one: its name.")] = "",
    kind: Annotated[str, typer.Option(help="Create one: CHR, CH or CLINIQUE.")] = "",
    department: Department = "",
    finess_ej: Annotated[str, typer.Option(help="Create one: of its legal entity.")] = "",
    finess_eg: Annotated[str, typer.Option(help="Create one: of its site.")] = "",
    out_dir: OutDir = None,
    as_json: AsJson = False,
) -> None:
    """A test structure: FINESS numbers and the certificates of a legal entity.

    One of the country; with --name, one that every socle knows from now on.
    """
    from banc import trust, trust_screens

    told = {
        "finess": finess, "name": name, "kind": kind, "department": department,
        "finess_ej": finess_ej, "finess_eg": finess_eg,
    }  # fmt: skip
    with _mendable():
        found = trust.structure(from_env(), told, number=number, out=out_dir)
    _show(found.as_dict(), as_json, trust_screens.someone(found, "Structure"))


@vihf.command("print")
def print_vihf(
    finess: Finess = "",
    rpps: Annotated[str, typer.Option(help="RPPS of the user.")] = "",
    patient: Annotated[str, typer.Option(help="Matricule of the patient.")] = "",
    mode: Annotated[str, typer.Option(help="indirect, direct or reinforced.")] = "indirect",
    purpose: Annotated[str, typer.Option(help="normal, bris_de_glace, centre_15.")] = "normal",
    insi: Annotated[bool, typer.Option("--insi", help="The card's assertion of INSi.")] = False,
    file: Annotated[Path | None, typer.Option("--out", help="File to write.")] = None,
) -> None:
    """Print an example VIHF, signed: its exact bytes, since layout would break the signature."""
    from banc import trust

    with _mendable():
        if insi:
            found = trust.write_card_assertion(from_env(), finess=finess, rpps=rpps)
        else:
            found = trust.write_vihf(
                from_env(), finess=finess, rpps=rpps, patient=patient, mode=mode, purpose=purpose
            )
        if file is not None:
            file.write_bytes(found)
    if file is None:
        sys.stdout.write(found.decode())


@vihf.command("explain")
def explain_vihf(
    file: Annotated[Path, typer.Argument(help="XML, SOAP, MTOM or an HTTP dump; - reads stdin.")],
    at: Annotated[str, typer.Option(help="Judge at this instant; else at bench time.")] = "",
    ca: Annotated[Path | None, typer.Option(help="Authorities to trust, PEM.")] = None,
    tls: Annotated[Path | None, typer.Option(help="Client certificate of the connection.")] = None,
    as_json: AsJson = False,
) -> None:
    """Explain an assertion line by line; exit 1 when it breaks a rule."""
    from banc import trust, trust_screens
    from kit.pki.issuing import read_instant

    with _mendable():
        found = trust.explain_vihf(
            from_env(), _content(file), at=read_instant(at) if at else None, ca=ca, tls=tls
        )
    _show(found.as_dict(), as_json, trust_screens.explanation(found))
    raise typer.Exit(1 if found.broken else 0)


@datamatrix.command("write")
def write_datamatrix(
    file: Annotated[Path, typer.Argument(help="Picture to write, PNG.")],
    patient: Annotated[str, typer.Option(help="Matricule of a person of the country.")] = "",
    status: Annotated[
        str, typer.Option(help="Of the identity: only a qualified one is printed.")
    ] = "qualified",
) -> None:
    """Write a person's INS datamatrix as PNG, and print its text."""
    from banc import trust

    with _mendable():
        text, png = trust.write_datamatrix(from_env(), patient, status)
        file.write_bytes(png)
    print(text)


@datamatrix.command("read")
def read_datamatrix(
    file: Annotated[Path, typer.Argument(help="PNG or JPEG, or the text itself; - reads stdin.")],
    as_json: AsJson = False,
) -> None:
    """Read an INS datamatrix; exit 1 when what it says is not right."""
    from banc import trust, trust_screens

    with _mendable():
        found, refusals = trust.read_datamatrix(_content(file))
    told = asdict(found) | {"refusals": [item.as_dict() for item in refusals]}
    _show(told, as_json, trust_screens.datamatrix(found, refusals))
    raise typer.Exit(1 if refusals else 0)


def _content(file: Path) -> bytes:
    from banc.trust import MAX_FILE_BYTES, read_file

    if str(file) == "-":
        return sys.stdin.buffer.read(MAX_FILE_BYTES)
    return read_file(file)
