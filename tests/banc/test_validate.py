"""Banc, validation: what a file is, what our own rules find in it, and how it is told."""

from __future__ import annotations

import json
import os
import zipfile
from collections.abc import Callable
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from typer.testing import CliRunner

import banc
from banc import cli
from banc.validation import archive, metadata
from banc.validation.front import MAX_FILE_BYTES, Validator, for_pages, validate
from banc.validation.report import MAX_PROBLEMS, Kind, Report, Verdict
from kit import mail, mtom, xds
from kit.mail import XdmSender
from kit.pki import TestPki
from kit.settings import Settings
from kit.soap import write_envelope
from kit.xml import NS, build, serialize
from mocks.dmp.messages import write_submission
from mocks.dmp.rules import submission as dmp_rules
from tests.kit.test_mail import HOSTILE as HOSTILE_ARCHIVES
from tests.kit.test_xml import BOMB, EXTERNAL, PARAMETER, UTF16
from tests.mocks.dmp.builders import (
    INS,
    NOW,
    a_document,
    a_hospital,
    a_hospital_vihf,
    a_lot,
    an_author,
    an_entry,
)

CDA = a_document()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One data folder for the tests that need its authority: keys take time to make."""
    return tmp_path_factory.mktemp("validate")


@pytest.fixture(scope="module")
def pki(folder: Path) -> TestPki:
    return TestPki.open(folder / "pki", replace(Settings(), data_dir=folder))


@pytest.fixture
def judge(settings: Settings) -> Validator:
    """Our own rules only."""
    return Validator(settings, note="")


def broken(report: Report) -> list[str]:
    """The rules that a report tells, none twice."""
    return list(dict.fromkeys(item.rule.replace(" ", "_") for item in report.problems))


def an_archive(content: bytes = CDA, **changes: Any) -> bytes:
    """An IHE_XDM.ZIP that conforms; changes are those of the entry."""
    lot = xds.SubmissionSet(
        entry_uuid="SubmissionSet01",
        unique_id="1.2.250.1.999.2.1",
        source_id="1.2.250.1.999.2",
        patient_id=INS,
        content_type_code=xds.Coded("03", "1.2.250.1.213.2.2", "Séjour"),
        submission_time="20260105094500",
        authors=(an_author(),),
    )
    return mail.pack_xdm([(an_entry(content, **changes), content)], lot,
                         sender=XdmSender("Essai"), at=NOW)  # fmt: skip


Change = Callable[[bytes], bytes]


def rewritten(data: bytes, changes: dict[str, Change | None] | None = None, **names: str) -> bytes:
    """An archive with members changed, left out (None) or added; names: old=new, by file name."""
    changes = changes or {}
    buffer = BytesIO()
    with zipfile.ZipFile(BytesIO(data)) as old, zipfile.ZipFile(buffer, "w") as new:
        for name in old.namelist():
            change = changes.get(name.rpartition("/")[2], lambda content: content)
            if change is not None:
                new.writestr(names.get(name.rpartition("/")[2].partition(".")[0], name),
                             change(old.read(name)))  # fmt: skip
        for name in set(changes) - {item.rpartition("/")[2] for item in old.namelist()}:
            added = changes[name]
            assert added is not None
            new.writestr(name, added(b""))
    return buffer.getvalue()


def metadata_of(data: bytes) -> bytes:
    with zipfile.ZipFile(BytesIO(data)) as opened:
        return opened.read("IHE_XDM/SUBSET01/METADATA.XML")


def a_message(pki: TestPki, *, with_vihf: bool = True, **changes: Any) -> bytes:
    """A deposit as an HTTP dump: multipart, envelope, assertion, lot, documents.

    changes: those of the entry.
    """
    entries = [an_entry(CDA, **changes)] if changes else []
    element, attachments = write_submission(*a_lot(a_hospital(pki).sign, CDA, entries=entries))
    headers = [build("wsse:Security", a_hospital_vihf(pki))] if with_vihf else []
    envelope = write_envelope(element, action="urn:x", message_id="urn:uuid:1",
                              header_blocks=headers)  # fmt: skip
    content_type, body = mtom.write_multipart(envelope, attachments, boundary="b")
    return f"POST /x HTTP/1.1\r\nContent-Type: {content_type}\r\n\r\n".encode() + body


# What a file is.


def test_the_kind_is_told_by_content(judge: Validator, pki: TestPki) -> None:
    element, _ = write_submission(*a_lot(a_hospital(pki).sign, CDA))
    files = {
        Kind.CDA: [
            CDA,
            b"\xef\xbb\xbf" + CDA,
            CDA.decode().replace("UTF-8", "UTF-16").encode("utf-16"),
        ],
        Kind.XDM: [an_archive()],
        Kind.VIHF: [serialize(a_hospital_vihf(pki))],
        Kind.METADATA: [metadata_of(an_archive()), serialize(element), a_message(pki)],
    }
    for kind, contents in files.items():
        for content in contents:
            assert judge.content(content, "picture.png").kind is kind


def test_what_conforms_has_no_finding(judge: Validator) -> None:
    for content in (CDA, an_archive(), metadata_of(an_archive())):
        report = judge.content(content, "x")
        assert report.problems == ()
        assert report.verdict is Verdict.CONFORMANT


# Documents.


def test_a_finding_in_a_document_has_line_and_path(judge: Validator) -> None:
    spoilt = CDA.replace(b'realmCode code="FR"', b'realmCode code="US"')
    (problem,) = judge.content(spoilt, "x").problems
    assert (problem.rule, problem.path) == (
        "the realm is france",
        "/ClinicalDocument/realmCode/@code",
    )
    assert problem.line == spoilt[: spoilt.index(b"realmCode")].count(b"\n") + 1
    assert (problem.seen, problem.expected) == ("US", "FR")
    assert problem.source


def test_of_several_elements_the_one_that_is_wrong_is_shown(judge: Validator) -> None:
    second = CDA.rindex(b'<author><time value="')
    spoilt = CDA[:second] + CDA[second:].replace(b"+0100", b"", 1)
    (problem,) = judge.content(spoilt, "x").problems
    assert problem.path == "/ClinicalDocument/author[2]/time/@value"


def test_what_is_absent_is_shown_where_it_should_be(judge: Validator) -> None:
    spoilt = CDA.replace(b"<county>51215</county>", b"")
    (problem,) = judge.content(spoilt, "x").problems
    assert problem.path.endswith("/patient/birthplace/place/addr")
    assert problem.text.endswith("/addr/county")


def test_a_document_without_patient_is_a_finding_not_a_failure(judge: Validator) -> None:
    start, end = CDA.index(b"<recordTarget>"), CDA.index(b"</recordTarget>")
    report = judge.content(CDA[:start] + CDA[end + len(b"</recordTarget>") :], "x")
    assert broken(report) == ["the_document_can_be_read"]


# Archives: each rule of the layout, kept by an_archive(), broken here.

LAYOUT: list[tuple[str, bytes]] = [
    ("the_archive_presents_itself", rewritten(an_archive(), {"INDEX.HTM": None})),
    ("the_archive_presents_itself", rewritten(an_archive(), README="README.txt")),
    ("names_are_short_and_in_capitals", rewritten(an_archive(), README="LISEZ-MOI.TXT")),
    ("an_entry_names_its_file", rewritten(an_archive(), {"DOC0001.XML": None})),
    (
        "an_entry_states_hash_and_size",
        rewritten(an_archive(), {"METADATA.XML": lambda x: x.replace(b'"hash"', b'"h"')}),
    ),
    (
        "an_entry_states_hash_and_size",
        rewritten(an_archive(), {"METADATA.XML": lambda x: x.replace(b'"size"', b'"s"')}),
    ),
    ("a_file_of_a_subset_is_described", rewritten(an_archive(),
                                                  {"IHE_XDM/SUBSET01/MORE.TXT": lambda _: b"x"})),
    ("hash_and_size_are_those_of_the_bytes", rewritten(an_archive(),
                                                       {"DOC0001.XML": lambda x: x + b"\n"})),
    ("metadata_say_what_the_cda_says", an_archive(language_code="en-GB")),
    ("codes_are_in_their_value_sets", an_archive(
        healthcare_facility_type_code=xds.Coded("ZZ01", "1.2.250.1.71.4.2.4"))),
    ("the_realm_is_france", an_archive(CDA.replace(b'code="FR"', b'code="US"'))),
]  # fmt: skip


@pytest.mark.parametrize(("rule", "content"), LAYOUT)
def test_what_is_wrong_in_an_archive_is_told(judge: Validator, rule: str, content: bytes) -> None:
    report = judge.content(content, "x.zip")
    assert rule in broken(report), report
    assert all(item.source for item in report.problems)


def test_each_rule_of_the_layout_is_broken_by_a_row() -> None:
    assert {row.name for row in archive.layout.rows} <= {rule for rule, _ in LAYOUT}


def test_a_finding_in_an_archive_names_the_file(judge: Validator) -> None:
    spoilt = an_archive(CDA.replace(b'code="FR"', b'code="US"'), language_code="en-GB")
    members = {item.rule: item.member for item in judge.content(spoilt, "x").problems}
    assert members["the realm is france"] == "IHE_XDM/SUBSET01/DOC0001.XML"
    wrong = rewritten(an_archive(), {"METADATA.XML": lambda x: x.replace(b'"SA', b'"ZZ')})
    found = {item.rule: item for item in judge.content(wrong, "x").problems}
    problem = found["codes are in their value sets"]
    assert problem.member == "IHE_XDM/SUBSET01/METADATA.XML"
    assert "ExtrinsicObject/Classification[" in problem.path
    other = found["metadata say what the cda says"]
    assert other.member == "IHE_XDM/SUBSET01/DOC0001.XML"


def test_metadata_of_an_archive_that_cannot_be_built_are_a_finding(judge: Validator) -> None:
    wrong = rewritten(an_archive(), {"METADATA.XML": lambda x: x.replace(b'id="Document01"', b"")})
    (problem,) = judge.content(wrong, "x").problems
    assert problem.rule == "the metadata can be read"


def test_a_free_text_that_differs_is_a_note(judge: Validator) -> None:
    report = judge.content(an_archive(title="Autre"), "x")
    assert report.problems == ()
    assert "title" in report.notes[0]


# Metadata and messages.


def test_a_message_is_judged_with_its_assertion_and_documents(
    judge: Validator, pki: TestPki
) -> None:
    report = judge.content(a_message(pki, with_vihf=False), "x")
    assert broken(report) == []
    spoilt = judge.content(a_message(pki, language_code="en-GB"), "x")
    assert "metadata_say_what_the_cda_says" in broken(spoilt)
    assert "VIHF" in {item.member for item in spoilt.problems}  # another authority's, long ago


def test_a_document_in_base64_is_judged_as_well(judge: Validator) -> None:
    import base64

    lot = metadata_of(an_archive()).partition(b"?>")[2]
    inside = CDA.replace(b'code="FR"', b'code="US"')
    request = (
        b'<ProvideAndRegisterDocumentSetRequest xmlns="urn:ihe:iti:xds-b:2007">' + lot
        + b'<Document id="Document01">' + base64.b64encode(inside)
        + b"</Document></ProvideAndRegisterDocumentSetRequest>"
    )  # fmt: skip
    report = judge.content(request, "x")
    assert {"the_realm_is_france", "hash_and_size_are_those_of_the_bytes"} <= set(broken(report))


def test_an_absent_attribute_is_placed_at_its_entry(judge: Validator) -> None:
    wrong = metadata_of(an_archive()).replace(b'"languageCode"', b'"langue"')
    (problem,) = judge.content(wrong, "x").problems
    assert problem.path == "/SubmitObjectsRequest/RegistryObjectList/ExtrinsicObject"
    assert problem.text.endswith("languageCode")


def test_the_rules_of_metadata_are_those_of_the_dmp() -> None:
    names = {row.name for row in metadata.rows()}
    assert {"what_is_required_is_there", "codes_are_in_their_value_sets"} <= names
    assert {"every_entry_is_a_member_of_the_lot", "one_lot_is_about_one_patient"} <= names
    assert {*metadata.NEEDS_DOCUMENTS, *metadata.OF_THE_DOCUMENT} <= {
        row.name for row in dmp_rules.rows
    }


# Assertions.


def test_a_vihf_is_judged_at_the_instant_that_is_given(
    settings: Settings, folder: Path, pki: TestPki
) -> None:
    content = serialize(a_hospital_vihf(pki))
    then = Validator(replace(settings, data_dir=folder), at=NOW)
    report = then.content(content, "x")
    assert (report.kind, broken(report)) == (Kind.VIHF, [])
    (late,) = replace(then, at=NOW.replace(year=2030)).content(content, "x").problems
    assert late.rule == "the assertion is recent"
    assert late.path == "/Assertion"


def test_a_vihf_of_another_authority_is_not_believed(judge: Validator, pki: TestPki) -> None:
    report = replace(judge, at=NOW).content(serialize(a_hospital_vihf(pki)), "x")
    (problem,) = report.problems
    assert problem.rule == "the signing certificate is believed"
    assert problem.path == "/Assertion/Signature/KeyInfo/X509Data/X509Certificate"


# What comes from outside.

HOSTILE = [
    ("empty", b"", "empty"),
    ("blank", b" \n\t", "empty"),
    ("binary", bytes(range(256)) * 8, "not well-formed"),
    ("text", b"Bonjour", "not well-formed"),
    ("a picture", b"\x89PNG\r\n\x1a\n\0\0", "not well-formed"),
    ("truncated", CDA[:-20], "not well-formed"),
    ("another XML", b"<html/>", "root is html"),
    ("external entity", EXTERNAL, "declaration"),
    ("entity bomb", BOMB, "declaration"),
    ("parameter entity", PARAMETER, "declaration"),
    ("UTF-16 declaration", UTF16, "declaration"),
    ("deep", b"<a>" * 500 + b"</a>" * 500, "nested deeper"),
    ("very deep", b"<a>" * 50_000 + b"</a>" * 50_000, "deep"),
    ("deep inside a CDA", CDA.replace(b"<realmCode", b"<a>" * 300 + b"</a>" * 300 + b"<realmCode"),
     "nested deeper"),
    ("too many elements", b"<a>" + b"<b/>" * 201_000 + b"</a>", "more than"),
    ("too long", b"<" + b" " * MAX_FILE_BYTES, "larger than"),
    ("two assertions", b'<a xmlns:s="%s"><s:Assertion/><s:Assertion/></a>' % NS["saml2"].encode(),
     "2 assertions"),
    ("truncated zip", an_archive()[:-200], "zip"),
    *((name, data, why) for name, data, why in HOSTILE_ARCHIVES
      if "metadata" not in name and data[:2] == b"PK"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("content", "why"), [row[1:] for row in HOSTILE], ids=[row[0] for row in HOSTILE]
)
def test_what_cannot_be_judged_is_told_in_one_line(
    judge: Validator, content: bytes, why: str
) -> None:
    report = judge.content(content, "x")
    assert report.verdict is Verdict.UNUSABLE
    assert why in report.unusable
    assert "\n" not in report.unusable
    assert json.dumps(report.as_dict())


def test_a_large_document_is_judged(judge: Validator) -> None:
    body = (
        b'<nonXMLBody><text mediaType="application/pdf" representation="B64">'
        + b"JVBERi0x" * (30 * 1024 * 128) + b"</text></nonXMLBody>"
    )  # fmt: skip
    end = CDA.index(b"</structuredBody>") + len(b"</structuredBody>")
    large = CDA[: CDA.index(b"<structuredBody>")] + body + CDA[end:]
    report = judge.content(large, "x")
    assert len(large) > 30 * 1024 * 1024
    assert not report.unusable


def test_findings_beyond_count_are_counted(judge: Validator) -> None:
    start = CDA.index(b"<author>")
    author = CDA[start : CDA.index(b"</author>") + len(b"</author>")].replace(b"+0100", b"")
    report = judge.content(CDA[:start] + author * (2 * MAX_PROBLEMS) + CDA[start:], "x")
    assert len(report.problems) == MAX_PROBLEMS
    assert report.more >= MAX_PROBLEMS


def test_what_a_document_says_stays_printable(judge: Validator) -> None:
    spoilt = CDA.replace(
        b'realmCode code="FR"', 'realmCode code="&#x9B;\u202e[red]\u2028"'.encode()
    )
    (problem,) = judge.content(spoilt, "x").problems
    assert problem.seen.isprintable()


# As one imports it.


def test_it_is_imported_from_banc(settings: Settings, tmp_path: Path) -> None:
    file = tmp_path / "letter.xml"
    file.write_bytes(CDA)
    alone = replace(settings, conformance_dir=tmp_path)
    for report in (
        banc.validate(file, settings=alone),
        banc.validate(str(file), settings=alone),
        validate(CDA, settings=alone),
    ):
        assert report.is_conformant
        assert "no official kit" in report.notes[0]
    assert not hasattr(banc, "nothing")


def test_pages_get_a_mapping(settings: Settings, tmp_path: Path) -> None:
    judge = for_pages(replace(settings, conformance_dir=tmp_path))
    told = judge(CDA, "letter.xml", profiles=True, patience=0.0)
    assert (told["name"], told["verdict"], told["kind"]) == ("letter.xml", "conformant", "CDA")


# As one types it.


def typed(folder: Path, *arguments: object, given: bytes | None = None) -> Result:
    environ = {"BANC_DATA_DIR": str(folder / "data"), "BANC_CONFORMANCE_DIR": str(folder)}
    words = ["validate", *map(str, arguments)]
    return CliRunner().invoke(cli.app, words, given, environ)


@pytest.fixture
def files(tmp_path: Path) -> dict[str, Path]:
    contents = {
        "good.xml": CDA,
        "wrong.xml": CDA.replace(b'realmCode code="FR"', b'realmCode code="US"'),
        "wrong.zip": rewritten(an_archive(), {"INDEX.HTM": None}),
        "empty": b"",
    }
    for name, content in contents.items():
        (tmp_path / name).write_bytes(content)
    return {name: tmp_path / name for name in contents}


EXITS = [
    (["good.xml"], 0),
    (["good.xml", "wrong.xml"], 1),
    (["wrong.zip", "good.xml"], 1),
    (["wrong.xml", "empty", "good.xml"], 2),
]


@pytest.mark.parametrize(("names", "status"), EXITS)
def test_the_exit_status_is_that_of_the_worst_file(
    files: dict[str, Path], tmp_path: Path, names: list[str], status: int
) -> None:
    found = typed(tmp_path, *(files[name] for name in names))
    assert found.exit_code == status
    for name in names:
        assert str(files[name]) in found.stdout


def test_a_finding_is_printed_with_place_rule_and_source(
    files: dict[str, Path], tmp_path: Path
) -> None:
    told = typed(tmp_path, files["wrong.xml"]).stdout
    for text in ("1 finding", "/ClinicalDocument/realmCode/@code", "the realm is france",
                 "seen US; expected FR", "CI-SIS, CDA"):  # fmt: skip
        assert text in told


def test_json_is_one_document(files: dict[str, Path], tmp_path: Path) -> None:
    told = json.loads(typed(tmp_path, *files.values(), "--json").stdout)
    assert [item["verdict"] for item in told["files"]] == [
        "conformant", "findings", "findings", "unusable",
    ]  # fmt: skip
    assert told["files"][1]["problems"][0]["path"] == "/ClinicalDocument/realmCode/@code"


def test_standard_input_is_read(tmp_path: Path) -> None:
    assert typed(tmp_path, "-", given=CDA).exit_code == 0


def unreadable(folder: Path) -> Path:
    path = folder / "secret"
    path.write_bytes(CDA)
    path.chmod(0)
    return path


def test_a_path_that_is_no_file_is_one_line(tmp_path: Path) -> None:
    wrong = [tmp_path, tmp_path / "absent.xml"]
    wrong += [unreadable(tmp_path)] if os.geteuid() else []
    found = typed(tmp_path, *wrong)
    assert found.exit_code == 2
    assert "it is a directory" in found.stdout
    assert "No such file" in found.stdout
    assert len(found.stdout.splitlines()) == len(wrong)


STOPS = [
    ([], "no file given"),
    (["x.xml", "--kit", "/nowhere"], "no official CDA kit"),
    (["x.xml", "--at", "soon"], "at"),
]


@pytest.mark.parametrize(("arguments", "told"), STOPS)
def test_a_wrong_use_is_one_line(tmp_path: Path, arguments: list[str], told: str) -> None:
    found = typed(tmp_path, *arguments)
    assert isinstance(found.exception, cli.Stop)
    assert told in str(found.exception)
    assert "\n" not in str(found.exception)


def test_stopping_when_nothing_runs_is_no_mistake(tmp_path: Path) -> None:
    found = typed(tmp_path, "--stop")
    assert found.exit_code == 0
    assert "0 validation processes" in found.stderr
