"""Banc, trust screens: certificates, people and explained assertions as a terminal shows them.

Values of strangers are shown as plain text, never as markup. Not here: any work.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    from banc.trust import Issued, Someone
    from kit.datamatrix import InsDatamatrix
    from kit.rules import Refusal
    from kit.vihf import Explanation, Judged

_STYLES = {"met": "green", "broken": "red", "not judged": "dim"}


def _pairs(title: str, rows: Mapping[str, object]) -> Table:
    table = Table(title=Text(title), title_justify="left", show_header=False)
    table.add_column(style="bold")
    table.add_column(overflow="fold")
    for name, value in rows.items():
        if value not in (None, ""):
            table.add_row(name, Text(str(value)))
    return table


def issued(item: Issued) -> RenderableType:
    """A certificate and its files."""
    rows = {**item.facts, **item.files, "pkcs12 password": item.password}
    return _pairs("Certificate", rows)


def someone(found: Someone, title: str) -> RenderableType:
    """A professional or a structure, and the files of each certificate."""
    files = {
        f"{name}: {kind}": path
        for name, item in found.certificates.items()
        for kind, path in item.files.items()
        if kind in ("certificate", "key", "pkcs12")
    }
    passwords = {item.password for item in found.certificates.values()}
    return _pairs(title, {**_flat(found.facts), **files, "pkcs12 password": " ".join(passwords)})


def _flat(facts: Mapping[str, object]) -> dict[str, object]:
    """Facts of facts in one list: psc login, psc authorize …"""
    told: dict[str, object] = {}
    for name, value in facts.items():
        inner = value.items() if isinstance(value, Mapping) else (("", value),)
        told |= {f"{name} {part}".strip(): item for part, item in inner}
    return told


def revoked(facts: Mapping[str, object]) -> RenderableType:
    """A certificate that is on the list now."""
    return _pairs("Revoked", facts)


def explanation(found: Explanation) -> RenderableType:
    """An assertion line by line, each rule under the part it looks at."""
    told = Text()
    for line in found.lines:
        told.append(line.name, style="bold")
        told.append(f"  {line.value}\n" if line.value else "\n")
        for rule in line.rules:
            told.append_text(_judged(rule))
        if line.note:
            told.append(f"    note: {line.note}\n", style="yellow")
    count = len(found.broken)
    verdict = f"{count} rules are broken" if count else "no rule is broken"
    return Group(told, Text(verdict, style="red" if count else "green"))


def _judged(rule: Judged) -> Text:
    told = Text(f"    {rule.verdict.value:<10} ", style=_STYLES[rule.verdict.value])
    told.append(f"{rule.rule.replace('_', ' ')} [{rule.source}]", style="default")
    for name, value in (("code", rule.code), ("seen", rule.seen), ("expected", rule.expected)):
        if value:
            told.append(f"\n               {name} {value}")
    return told.append("\n")


def datamatrix(found: InsDatamatrix, refusals: list[Refusal]) -> RenderableType:
    """What an INS datamatrix says, and what is wrong with it."""
    rows = {
        "S1 matricule": found.ins.matricule,
        "S2 OID": found.ins.oid,
        "S3 first names": found.first_names,
        "S4 birth name": found.birth_name,
        "S5 sex": found.sex,
        "S6 birth date": found.birth_date,
        "S7 birth place": found.birth_place,
    }
    told = [Text(item.text, style="red") for item in refusals]
    return Group(_pairs("INS datamatrix", rows), *told)
