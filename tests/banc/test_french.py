"""French: each rule of every book, and what is refused without one, has its own French sentence."""

from __future__ import annotations

import importlib
import pkgutil
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import pytest

import banc
import kit
import mocks
import simulator
from kit.french import TABLE, sentence_of, sentences
from kit.rules import Code, Refusal, RuleBook
from kit.vihf import rules as vihf_rules
from kit.vihf.explaining import Explanation, Judged, Line, Verdict
from mocks.mssante import errors as mssante
from tests.conftest import ROOT

ENGLISH = set(
    "the is are was of has have had with without not by and which must may its that this from into "
    "be been one who what known only each every when whose does same there".split()
)
FRENCH = set(
    "le la les l un une des du de d est a au aux en n ne il son sa ses se s dans par pour".split()
)


def books() -> list[RuleBook]:
    """Every rule book of the code, wherever it is."""
    found: dict[int, RuleBook] = {}
    for package in (banc, kit, mocks, simulator):
        for item in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if item.name != "banc.__main__":
                values = vars(importlib.import_module(item.name)).values()
                found |= {id(value): value for value in values if isinstance(value, RuleBook)}
    return list(found.values())


BOOKS = books()
TABLES = {
    ".".join(path.relative_to(ROOT).parts[:-1]): path
    for folder in ("banc", "kit", "mocks", "simulator")
    for path in sorted((ROOT / folder).rglob(TABLE))
}


def words(sentence: str) -> set[str]:
    return set(re.findall(r"[a-zàâçéèêëîïôûùüœ]+", sentence.lower()))


def test_every_book_is_looked_at() -> None:
    names = {book.name for book in BOOKS}
    assert names >= {
        "CDA", "VIHF", "VIHF signer", "TD2.1", "TD3.1", "TD3.3", "ITI-65, ITI-105", "PDSm, caller",
        "WS_INS1", "WS_INS2", "WS_INS4", "INSi access", "ROR bed update", "ROR search", "MAIL",
        "DATA", "document message", "PSC token", "PSC CIBA", "IHE_XDM.ZIP", "INS datamatrix",
        "RNIV transition", "HL7 v2 header",
    }  # fmt: skip


@pytest.mark.parametrize("book", BOOKS, ids=lambda book: book.name)
def test_every_rule_of_every_book_has_its_sentence(book: RuleBook) -> None:
    assert book.rows
    assert [row.name for row in book.rows if not row.rule_fr] == []


@pytest.mark.parametrize("package", TABLES)
def test_sentences_are_distinct(package: str) -> None:
    counted = Counter(sentence.casefold() for sentence in sentences(package).values())
    repeated = {sentence for sentence, count in counted.items() if count > 1}
    assert repeated <= {"une panne armée sur le banc s'est déclenchée."}


@pytest.mark.parametrize("package", TABLES)
def test_sentences_are_french(package: str) -> None:
    for rule, sentence in sentences(package).items():
        assert re.fullmatch(r"[A-ZÀÉÊÔ«].*\.", sentence), rule
        assert not words(sentence) & ENGLISH, rule
        assert words(sentence) & FRENCH, rule
        assert words(sentence) != words(rule.replace("_", " ")), rule


@pytest.mark.parametrize("package", TABLES)
def test_no_sentence_is_of_a_rule_that_is_gone(package: str) -> None:
    here = {row.name for book in BOOKS for row in book.rows if row.home == package}
    source = _source(TABLES[package], package)
    told = [rule for rule in sentences(package) if rule not in here]
    assert [rule for rule in told if not _is_said(rule, source)] == []


def _source(table: Path, package: str) -> str:
    """The code whose refusals look into a table: of its package, and of the mock around it."""
    above = table.parent.parent if package.startswith("mocks.") else table.parent
    return "\n".join(path.read_text("utf-8") for path in above.rglob("*.py"))


def _is_said(rule: str, source: str) -> bool:
    return f'"{rule}"' in source.replace(" ", "_")


def test_a_rule_without_a_table_has_no_sentence() -> None:
    book = RuleBook("nobody's")

    @book.rule(Code("X", "nothing known", "nowhere"), source="nowhere")
    def a_rule_of_nobody() -> Iterator[str]:
        yield "it"

    row = book.rows[0]
    assert (row.home, row.rule_fr, row.refusal("it").rule_fr) == ("tests.banc", "", "")
    assert sentence_of("", "a_rule") == ""


def test_a_refusal_keeps_its_words_on_the_wire_and_gains_a_sentence() -> None:
    row = vihf_rules.version.rows[0]
    refusal = row.refusal("id")
    assert refusal.rule_fr == row.rule_fr == "L'assertion est en SAML 2.0."
    assert refusal.text == f"the assertion is saml 2 0; subject id [{row.source}]"
    told = refusal.as_dict()
    assert (told["rule"], told["rule_fr"]) == (row.name, row.rule_fr)
    assert "home" not in told


def test_what_has_no_rule_is_told_by_its_code() -> None:
    refusal = Refusal(mssante.IMAP_NONEXISTENT, "no folder 'Lus'", "", home="mocks.mssante")
    assert refusal.rule_fr == "Le dossier demandé existe."
    assert replace(refusal, rule="the_mailbox_exists").rule_fr != refusal.rule_fr


def meanings() -> Mapping[str, Code]:
    """The codes MSSanté refuses by, without a rule book."""
    direct = (
        mssante.TLS_FIRST, mssante.NOT_AUTHENTICATED, mssante.WRONG_CREDENTIALS,
        mssante.TOO_MANY_RECIPIENTS, mssante.TOO_LARGE, mssante.BARE_LINE_END,
        mssante.LINE_TOO_LONG, mssante.NUL_IN_MESSAGE, mssante.API_EXISTS, mssante.API_DERIVED,
        mssante.API_NOT_FOUND,
    )  # fmt: skip
    imap = {name: code for name, code in vars(mssante).items() if name.startswith("IMAP_")}
    spoken = {"IMAP_BUSY", "IMAP_SYNTAX"}  # told as the command's own fault, never as a refusal
    return {code.meaning: code for code in direct} | {
        code.meaning: code for name, code in imap.items() if name not in spoken
    }


@pytest.mark.parametrize("meaning", meanings())
def test_a_code_that_is_its_own_rule_has_a_sentence(meaning: str) -> None:
    assert sentence_of("mocks.mssante", meaning)


def test_the_explanation_of_a_vihf_says_each_rule_in_french() -> None:
    rows = [row for book in (vihf_rules.version, vihf_rules.signer) for row in book.rows]
    judged = tuple(Judged(row.name, row.source, Verdict.MET) for row in rows)
    told = Explanation((Line("Assertion", "", judged),)).as_dict()
    assert [rule["rule_fr"] for rule in told["lines"][0]["rules"]] == [row.rule_fr for row in rows]
    assert all(row.rule_fr for row in rows)
