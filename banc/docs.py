"""Banc, docs: writes the generated pages, or checks that they are up to date.

``python -m banc.docs`` writes, ``--check`` exits with 1 and names the pages that lag.
Not here: the pages people write (README, journeys, sources, glossary).
"""

from __future__ import annotations

import importlib
import pkgutil
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

import typer
from flask import Flask

from banc import cli, examples
from kit.clock import FixedClock
from kit.rules import Code, RuleBook
from kit.service import Offered, service_of
from kit.settings import Settings, table

DOCS = Path(__file__).resolve().parent.parent / "docs"
MOCKS = {
    "dmp": "DMP",
    "ins": "INSi",
    "mssante": "MSSanté",
    "psc": "Pro Santé Connect",
    "ror": "ROR",
}
GATEWAY = "simulator.gateway"  # speaks to software as a mock does
VIHF = {"rules": "kit.vihf.rules", "errors": "kit.vihf.codes"}  # judged in every call of the DMP
HEAD = "<!-- Written by `make docs` from the code. Do not edit. -->\n\n"


def pages() -> dict[str, str]:
    """Every generated page: file name -> text."""
    found = {
        "settings.md": settings_page(),
        "coverage.md": coverage_page(),
        "indicators.md": indicators_page(),
        "cli.md": cli_page(),
    }
    return {name: HEAD + text.rstrip() + "\n" for name, text in found.items()}


def _rows(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    lines = [" | ".join(head), " | ".join("---" for _ in head)]
    lines += [" | ".join(_cell(cell) for cell in row) for row in rows]
    return "\n".join(f"| {line} |" for line in lines) + "\n"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ").strip()


def settings_page() -> str:
    """The table of settings."""
    rows = [
        (f"`{name}`", f"`{default}`" if default else "", text) for name, default, text in table()
    ]
    return (
        "# Settings\n\nEvery setting is an environment variable. An unknown `BANC_` variable or a "
        "wrong value stops the start.\n\n" + _rows(("Variable", "Default", "What it does"), rows)
    )


def coverage_page() -> str:
    """What each mock offers, refuses and answers."""
    parts = [
        "# Coverage\n\nWhat each simulated service offers, the rules it refuses by, and the codes "
        "it answers with. *Confirmed* marks a code that public documents or clients show; "
        "*simulated* one whose real spelling is not public: the bench made it."
    ]
    named = {f"mocks.{name}": title for name, title in MOCKS.items()}
    for package, title in (named | {GATEWAY: "HL7v2 gateway (PFI)"}).items():
        parts.append(f"## {title}\n\n### Transactions\n\n{_offered(package)}")
        parts.append(f"### Rules\n\n{_rules(package)}")
        parts.append(f"### Codes\n\n{_codes(package)}")
    return "\n\n".join(parts)


def _offered(package: str) -> str:
    with tempfile.TemporaryDirectory() as folder:
        settings = replace(Settings(), data_dir=Path(folder))
        app = importlib.import_module(f"{package}.app").create_app(settings, FixedClock())
        service = service_of(app)
        found = [*service.offered, *_http(app, {item.where.split()[0] for item in service.offered})]
        service.database.close()
    rows = [(item.transaction, f"`{item.where}`", item.sentence) for item in found]
    return _rows(("Transaction", "Where", "What"), rows)


def _http(app: Flask, known: set[str]) -> Iterator[Offered]:
    for rule in sorted(app.url_map.iter_rules(), key=lambda rule: (rule.rule, rule.endpoint)):
        if rule.rule.startswith("/_banc") or rule.rule in known:
            continue
        methods = "/".join(sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}))
        view = app.view_functions[rule.endpoint]
        yield Offered(methods, rule.rule, (view.__doc__ or "").strip().partition("\n")[0])


def _modules(package: str) -> Iterator[ModuleType]:
    module = importlib.import_module(package)
    yield module
    for found in pkgutil.iter_modules(getattr(module, "__path__", [])):
        yield importlib.import_module(f"{package}.{found.name}")


def _unique(package: str, kind: type) -> list[Any]:
    found: dict[int, Any] = {}
    for module in _modules(package):
        for value in vars(module).values():
            if isinstance(value, kind):
                found.setdefault(id(value), value)
    return list(found.values())


def _declared(package: str, name: str, kind: type) -> list[Any]:
    """The rule books or codes of a package; the DMP's begin with those of the VIHF."""
    shared = _unique(VIHF[name], kind) if package == "mocks.dmp" else []
    own = _unique(f"{package}.{name}", kind)
    return [*shared, *(item for item in own if not any(item is other for other in shared))]


def _rules(package: str) -> str:
    rows = [
        (book.name, row.name.replace("_", " "), row.rule_fr, f"`{row.code.code}`", row.source)
        for book in _declared(package, "rules", RuleBook)
        for row in book.rows
    ]
    return _rows(("Transaction", "Rule", "Règle", "Code", "Source"), rows)


_SPELLING = {True: "confirmed", False: "simulated"}


def _codes(package: str) -> str:
    rows = [
        (f"`{code.code}`", code.meaning, code.source, _SPELLING[code.confirmed])
        for code in _declared(package, "errors", Code)
    ]
    return _rows(("Code", "Meaning", "Source", "Spelling"), rows)


def indicators_page() -> str:
    """The catalogue of indicators."""
    from indicators.catalogue import load_catalogue

    catalogue = load_catalogue()
    rows = [
        (
            f"`{row.code}`",
            row.label_fr,
            row.label_en,
            str(row.numerator),
            str(row.denominator or ""),
            f"{row.comparator} {row.target_point}",
            row.window,
            f"{row.definition_status} / {row.target_status}",
        )
        for row in catalogue.rows
    ]
    head = ("Code", "Libellé", "Label", "Numerator", "Denominator", "Target", "Window", "Status")
    return (
        f"# Indicators\n\nCatalogue version `{catalogue.version}`. Status is given twice: of the "
        "definition, of the target.\n\n" + _rows(head, rows)
    )


def cli_page() -> str:
    """The verbs of the command line."""
    command = typer.main.get_command(cli.app)
    parts = ["# Command line\n\n`banc VERB --help` prints the same."]
    return "\n\n".join([*parts, *_verbs("banc", command)])


def _verbs(before: str, group: Any) -> Iterator[str]:
    """Each verb of a group; behind a group among them, its own verbs."""
    for name, verb in sorted(getattr(group, "commands", {}).items()):
        if verb.hidden:
            continue
        rows = [
            (" ".join(f"`{text}`" for text in (*item.opts, *item.secondary_opts))
             if item.param_type_name == "option" else f"`{item.name.upper()}`",
             getattr(item, "help", "") or "")
            for item in verb.params
            if item.name != "help"
        ]  # fmt: skip
        body = "\n\n" + _rows(("Argument", "What"), rows) if rows else ""
        yield f"## {before} {name}\n\n{verb.help}{body}"
        yield from _verbs(f"{before} {name}", verb)


def files() -> dict[str, bytes]:
    """Every generated file below docs: name -> bytes."""
    written = {name: text.encode() for name, text in pages().items()}
    return written | {f"examples/{name}": data for name, data in examples.files().items()}


def lagging() -> list[str]:
    """The generated files that are not what the code would write now."""
    return [
        name
        for name, data in files().items()
        if not (DOCS / name).is_file() or (DOCS / name).read_bytes() != data
    ]


def write() -> None:
    """Write every generated file."""
    (DOCS / "examples").mkdir(parents=True, exist_ok=True)
    for name, data in files().items():
        (DOCS / name).write_bytes(data)


def main() -> int:
    """Write or check."""
    if "--check" not in sys.argv:
        write()
        return 0
    late = lagging()
    if late:
        print("docs lag behind the code, run `make docs`: " + ", ".join(late))
    return 1 if late else 0


if __name__ == "__main__":
    sys.exit(main())
