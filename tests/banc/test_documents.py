"""Banc, documents: the verb that writes them, and the function behind it."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import Result
from typer.testing import CliRunner

from banc import cli
from banc.documents import document
from kit.cda import read_header
from simulator.documents import KINDS


def banc(*arguments: object) -> Result:
    return CliRunner().invoke(cli.app, [str(item) for item in arguments])


def stopped(*arguments: object) -> str:
    found = banc(*arguments)
    assert isinstance(found.exception, cli.Stop), found.output
    return str(found.exception)


def test_the_list_names_every_kind_with_type_level_and_template() -> None:
    shown = banc("document", "--list").stdout
    for kind in KINDS.values():
        assert kind.name in shown
        assert kind.type.code in shown
        assert kind.template.code in shown


def test_standard_output_is_the_document_of_the_function() -> None:
    found = banc("document", "CRO", "--seed", 3)
    assert found.stdout_bytes == document("CRO", 3).cda


def test_one_document_goes_to_the_file_that_is_named(tmp_path: Path) -> None:
    banc("document", "LDL", "--seed", 5, "--out", tmp_path / "letter.xml")
    assert (tmp_path / "letter.xml").read_bytes() == document("LDL", 5).cda


def test_several_documents_go_to_a_folder_by_their_seed(tmp_path: Path) -> None:
    banc("document", "CR_URG", "--seed", 7, "--count", 2, "--out", tmp_path / "new")
    written = {path.name: path.read_bytes() for path in (tmp_path / "new").iterdir()}
    assert written == {f"CR_URG-{seed}.xml": document("CR_URG", seed).cda for seed in (7, 8)}


def test_the_establishment_and_the_person_asked_for_are_taken() -> None:
    one = document("LDL", 2)
    site = read_header(one.cda).custodian
    again = document("LDL", 9, patient=one.patient.index)
    assert again.patient == one.patient
    assert one.patient.ins is not None
    same = document("LDL", 9, patient=int(one.patient.ins.matricule))
    assert same.cda == again.cda
    assert again.cda != one.cda
    elsewhere = document("LDL", 2, establishment="1B9013017")
    assert read_header(elsewhere.cda).custodian != site
    assert b'extension="11B9013017"' in elsewhere.cda


CORSICANS = [  # matricule, born: the letters are counted as 19 and 18; one department before 1976
    ("181122A00406633", "1981-12-03"),
    ("298062B03373762", "1998-06-24"),
    ("271032000454814", "1971-03-18"),
    ("180032B02040123", "1980-03-02"),  # of the published test identities
]


@pytest.mark.parametrize(("matricule", "born"), CORSICANS)
def test_an_ins_of_corsica_is_taken(matricule: str, born: str, tmp_path: Path) -> None:
    letter = tmp_path / "letter.xml"
    banc("document", "LDL", "--patient", matricule, "--out", letter)
    told = read_header(letter.read_bytes()).patient
    assert told.ins is not None
    assert (told.ins.matricule, told.birth_time) == (matricule, born.replace("-", ""))
    assert letter.read_bytes() == document("LDL", patient=matricule).cda
    assert letter.read_bytes() == document("LDL", patient=matricule.lower()).cda


def test_a_published_identity_with_a_wrong_key_is_found_as_published() -> None:
    assert document("LDL", patient="160012B02077713").patient.traits.birth_name == "ADRTROIS"


MISTAKES = [  # what is typed, what is told
    (("XX",), "there is no kind 'XX'; kinds: LDL, "),
    ((), "there is no kind ''; kinds: LDL, "),
    (("LDL", "--count", 2), "add --out FOLDER"),
    (("LDL", "--establishment", "12"), "there is no establishment '12'; sites: 1B9"),
    (("LDL", "--patient", "1811220040663340"), "1811220040663340 is no INS"),
    (("LDL", "--patient", 10**12), f"there is no person {10**12}"),
    (("LDL", "--patient", 281097855113107), "there is nobody with the INS 281097855113107"),
    (("LDL", "--patient", "181122A00406634"), "key of 181122A004066 is 33, not 34"),
    (("LDL", "--patient", "298062B03373719"), "key of 298062B033737 is 62, not 19"),
    (("LDL", "--patient", "271032000454815"), "key of 2710320004548 is 14, not 15"),
    (("LDL", "--patient", "281097855113107"), "key of 2810978551131 is 06, not 07"),
    (("LDL", "--patient", "181122A00499970"), "there is nobody with the INS 181122A00499970"),
    (("LDL", "--patient", "181122C00406633"), "181122C00406633 is no INS"),
    (("LDL", "--patient", "18112A200406633"), "18112A200406633 is no INS"),
    (("LDL", "--patient", "181122A0040663"), "181122A0040663 is no INS"),
    (("LDL", "--patient", "nobody"), "NOBODY is no INS"),
    (("LDL", "--patient=-1"), "-1 is no INS"),
    (("LDL", "--patient", 0), "suits person 0 (F, born 1916-01-01)"),
    (("CR_URG", "--establishment", "1B9013017"), "no ward of establishment 1B9013017 sees"),
]


@pytest.mark.parametrize(("typed", "told"), MISTAKES)
def test_a_mistake_is_told_in_one_line(typed: tuple[object, ...], told: str) -> None:
    assert told in stopped("document", *typed)


def test_a_seed_that_is_no_number_is_told_as_wrong_use() -> None:
    assert banc("document", "LDL", "--seed", "one").exit_code == 2
    assert banc("document", "LDL", "--seed", "-1").exit_code == 2


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    target = tmp_path / "file" / "letter.xml"
    assert str(tmp_path / "file") in stopped("document", "LDL", "--out", target)
