"""Banc, validation, judge: a CDA before the official kit: schema, profiles, volet.

Each is loaded at its first use and kept: the largest takes 10 to 25 seconds to load, a document
less than a second. One thread only. Not here: our own rules (document), the process that keeps a
judge (resident).
Source: CI-SIS, CDA: TestContenuCDA; SVRL of ISO/IEC 19757-3.
"""

from __future__ import annotations

import hashlib
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from lxml import etree

from banc.validation import places
from banc.validation.official import PROFILES, SCHEMA, SCHEMATRONS, OfficialKit
from banc.validation.report import MAX_PROBLEMS, Found, Problem, Step, french, told
from banc.validation.stylesheets import WrongKit, stylesheet_of
from kit import cda
from kit.xml import Element, find, find_all, parse

SVRL = "{http://purl.oclc.org/dsdl/svrl}"
SOURCE = "CI-SIS, CDA: official kit"
XSD_RULE = "the schema CDA_extended"
INSTALL = f"saxonche is not installed: {sys.executable} -m pip install saxonche"
_ALLOWED = "http://saxon.sf.net/feature/allowedProtocols"
MAX_REPORT_NODES = 2_000_000
Progress = Callable[[str], None]


class CannotJudge(Exception):
    """The kit cannot be run, here or on this document; one line for the user."""


def saxon_version() -> str:
    """The version of saxonche. Raises CannotJudge when it is not installed."""
    try:
        return version("saxonche")
    except PackageNotFoundError:
        raise CannotJudge(INSTALL) from None


class Judge:
    """The kit, loaded as far as it was needed. memory: folder of compiled stylesheets."""

    def __init__(self, kit: OfficialKit, memory: Path, say: Progress = lambda _: None) -> None:
        saxon_version()
        from saxonche import PySaxonApiError, PySaxonProcessor

        self._broken: type[Exception] = PySaxonApiError
        self._kit, self._memory, self.say = kit, memory, say
        self._saxon = PySaxonProcessor(license=False)
        self._saxon.set_configuration_property(_ALLOWED, "file")
        self._loaded: dict[str, Any] = {}
        self._xsd: etree.XMLSchema | None = None

    def judge(self, content: bytes, *, profiles: bool = True) -> Found:
        """What the schema, the profiles and the volet say. Raises Malformed, CannotJudge."""
        document = cda.clinical_document(content)
        found = self._schema(document)
        text = etree.tostring(etree.ElementTree(document), encoding="unicode")
        node = self._saxon.parse_xml(xml_text=text)
        volet = self._volet(document)
        for name in (*(PROFILES if profiles else ()), *filter(None, [volet])):
            found += self._schematron(name, document, node)
        if not volet:
            found += Found(notes=("the kit has no schematron for this model of document",))
        return found

    def _volet(self, document: Element) -> str:
        code = find(document, "hl7:code")
        templates = tuple(item.get("root", "") for item in find_all(document, "hl7:templateId"))
        return self._kit.volet(templates, "" if code is None else code.get("code", ""))

    def _schema(self, document: Element) -> Found:
        if self._xsd is None:
            self.say("XSD")
            try:
                self._xsd = etree.XMLSchema(etree.parse(str(self._kit.folder / SCHEMA)))
            except (etree.XMLSchemaParseError, etree.XMLSyntaxError) as error:
                raise CannotJudge(f"{SCHEMA}: {told(str(error))}") from None
        began = time.monotonic()
        self._xsd.validate(etree.ElementTree(document))
        errors = list(self._xsd.error_log)
        return _found("XSD", (_schema_problem(document, item) for item in errors), len(errors),
                      began)  # fmt: skip

    def _schematron(self, name: str, document: Element, node: Any) -> Found:
        loaded = self._loaded.get(name)
        title = Path(name).stem
        if loaded is None:
            self.say(title)
            loaded = self._loaded[name] = self._load(name)
        began = time.monotonic()
        try:
            written = loaded.transform_to_string(xdm_node=node)
        except self._broken as error:
            raise CannotJudge(f"{title}: {told(str(error))}") from None
        report = parse(written.encode(), where=title, max_nodes=MAX_REPORT_NODES)
        failed = report.findall(f"{SVRL}failed-assert")
        return _found(
            title, (_failed(title, document, item) for item in failed), len(failed), began
        )

    def _load(self, name: str) -> Any:
        try:
            text = self._stylesheet(name).decode()
            return self._saxon.new_xslt30_processor().compile_stylesheet(stylesheet_text=text)
        except (self._broken, WrongKit) as error:
            raise CannotJudge(f"{Path(name).stem}: {told(str(error))}") from None

    def _stylesheet(self, name: str) -> bytes:
        """The XSLT of a schematron, compiled once for each state of the kit."""
        key = hashlib.sha256(name.encode()).hexdigest()[:16]
        kept = self._memory / f"{Path(name).stem}-{key}.xsl"
        if not kept.is_file():
            self._memory.mkdir(mode=0o700, parents=True, exist_ok=True)
            made = stylesheet_of(self._kit.schematron(name), self._kit.folder)
            _write_whole(kept, made)
        return kept.read_bytes()


def _write_whole(path: Path, content: bytes) -> None:
    """No other process ever reads half of it."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".new-")
    with os.fdopen(handle, "wb") as file:
        file.write(content)
    os.replace(name, path)


def _found(step: str, problems: Iterator[Problem], count: int, began: float) -> Found:
    kept = tuple(item for item, _ in zip(problems, range(MAX_PROBLEMS), strict=False))
    took = round((time.monotonic() - began) * 1000, 1)
    return Found(kept, (Step(step, count, took),), more=count - len(kept))


def _schema_problem(document: Element, error: Any) -> Problem:
    _, path = places.located(document, error.path) if error.path else (0, "")
    return Problem("XSD", XSD_RULE, f"{SOURCE}, {SCHEMA}", told(error.message), line=error.line,
                   path=path, rule_fr=french(XSD_RULE))  # fmt: skip


def _failed(step: str, document: Element, failed: Element) -> Problem:
    line, path = places.located(document, failed.get("location", ""))
    text = told("".join(failed.itertext()))
    return Problem(
        step=step,
        rule=failed.get("id") or f"an assertion of {step}",
        source=f"{SOURCE}, {SCHEMATRONS}",
        text=text,
        line=line,
        path=path,
    )
