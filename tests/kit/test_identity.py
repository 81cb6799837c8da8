"""Identity: keys, shapes and names."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest
from stdnum import luhn
from stdnum.fr import nir

from kit.identity import (
    NIR_OID,
    TEST_OID,
    IdentityStatus,
    IdentityTraits,
    Ins,
    InsLookup,
    PastIns,
    completed_date,
    finess_key,
    ins_key,
    is_cog,
    is_finess,
    is_insi_birth_name,
    is_insi_first_name,
    is_insi_sex,
    is_lunar_date,
    is_matricule,
    normalized,
    ps_idnat,
    rpps_key,
    struct_idnat,
    unaccented,
    valid_finess,
    valid_rpps,
)
from kit.rules import Malformed

KEYS = [
    ("2751263220749", "74"),
    ("297022A020778", "78"),
    ("160012B020777", "13"),
    ("180032B020401", "23"),
    ("1810363220456", "76"),
    ("2810363220456", "26"),
]


@pytest.mark.parametrize(("number", "key"), KEYS)
def test_the_key_of_a_published_number_is_the_published_one(number: str, key: str) -> None:
    assert ins_key(number) == key


@pytest.mark.parametrize(
    "number", ["", "275126322074", "2751263220749X", "29702A0020778", "2970A2020778X"]
)
def test_what_is_no_number_has_no_key(number: str) -> None:
    with pytest.raises(ValueError, match="13 characters"):
        ins_key(number)


def test_another_library_finds_our_keys_right() -> None:
    draw = random.Random(7)
    for _ in range(2000):
        place = draw.choice(["35238", "2A004", "2B033", "20004", "97411", "99352", "75115"])
        number = (
            f"{draw.choice('12')}{draw.randrange(100):02d}{draw.randint(1, 12):02d}"
            f"{place}{draw.randint(1, 999):03d}"
        )
        assert nir.is_valid(Ins.of(number, TEST_OID).matricule)


def test_the_keys_of_the_published_vectors(conformance: Path) -> None:
    for row in json.loads((conformance / "ins" / "nir_vectors.json").read_text()):
        assert ins_key(row["num"]) == row["key_computed"]
        assert Ins(row["num"] + row["key_seen"], row["oid"]).has_valid_key is row["key_ok"]


def test_an_ins_is_written_and_read_as_cx() -> None:
    ins = Ins("275126322074974", NIR_OID)
    assert ins.cx == "275126322074974^^^&1.2.250.1.213.1.4.8&ISO^NH"
    assert Ins.from_cx(ins.cx) == ins
    assert (ins.number, ins.key, ins.has_valid_key) == ("2751263220749", "74", True)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "275126322074974",
        "275126322074974^^^&1.2.250.1.213.1.4.8&ISO^PI",
        "27512632207497^^^&1.2.250.1.213.1.4.8&ISO^NH",
        "275126322074974^^^&1.2.250.1.213.1.4.8&ISO^NH\n",
    ],
)
def test_another_cx_is_malformed(text: str) -> None:
    with pytest.raises(Malformed, match="INS"):
        Ins.from_cx(text)


@pytest.mark.parametrize("matricule", ["", "x" * 15, "275126322074975", "2751263220749"])
def test_a_wrong_key_or_shape_is_seen(matricule: str) -> None:
    assert not Ins(matricule, NIR_OID).has_valid_key


def test_a_past_ins_keeps_dates_out_of_order() -> None:
    past = PastIns("209076322083439", NIR_OID, "2019-03-01", "2019-02-28")
    assert past.has_valid_key
    assert past.valid_from > past.valid_until


def test_a_matricule_is_told_by_its_shape() -> None:
    assert is_matricule("181036322045660")
    assert not is_matricule("18103632204566")


FINESS = [
    ("2A0000014", True),
    ("0B0152872", True),
    ("1B0062023", False),
    ("750803447", True),
    ("750803448", False),
]


@pytest.mark.parametrize(("finess", "valid"), FINESS)
def test_a_finess_is_checked_by_luhn_with_letters_as_ranks(finess: str, valid: bool) -> None:
    assert is_finess(finess)
    assert valid_finess(finess) is valid


@pytest.mark.parametrize("text", ["", "75080344", "7508034477", "AB0803447", "75080344A"])
def test_what_is_no_finess(text: str) -> None:
    assert not is_finess(text)
    assert not valid_finess(text)


def test_another_library_finds_our_luhn_keys_right() -> None:
    draw = random.Random(8)
    for _ in range(500):
        eight, ten = f"{draw.randrange(10**8):08d}", f"{draw.randrange(10**10):010d}"
        assert luhn.is_valid(eight + finess_key(eight))
        assert luhn.is_valid(ten + rpps_key(ten))


def test_an_rpps_is_eleven_digits_with_a_right_key() -> None:
    assert valid_rpps("99900063480")
    assert not valid_rpps("99900063481")
    assert not valid_rpps("9990006348")


def test_national_identifiers_are_prefixed_by_their_kind() -> None:
    assert struct_idnat("0B0152872") == "10B0152872"
    assert ps_idnat("99900063480") == "899900063480"


def test_codes_are_those_of_the_wire() -> None:
    assert [status.value for status in IdentityStatus] == ["PROV", "RECUP", "VALI", "QUAL"]
    assert (InsLookup.FOUND, InsLookup.NONE, InsLookup.SEVERAL) == ("00", "01", "02")


NORMALIZED = [
    ("Duval-Le Goff", "DUVAL LE GOFF"),
    ("D’ÆION", "D AEION"),
    ("cœur", "COEUR"),
    ("  Jean--Noël  ", "JEAN NOEL"),
    ("D'ARTAGNAN DE L'HERAULT", "D ARTAGNAN DE L HERAULT"),
    ("Straße", "STRASSE"),
    ("", ""),
]


@pytest.mark.parametrize(("name", "expected"), NORMALIZED)
def test_names_are_compared_without_accents_or_joints(name: str, expected: str) -> None:
    assert normalized(name) == expected
    assert normalized(normalized(name)) == normalized(name)


def test_an_unaccented_name_keeps_its_joints() -> None:
    assert unaccented("D’Ætré-Noël") == "D'AETRE-NOEL"


BIRTH_NAMES = [
    ("DUVAL-LE GOFF", True),
    ("DURAND--MARTIN", True),
    ("D'ARTAGNAN DE L'HERAULT", True),
    ("'T HOOFT", True),
    ("'TSERCLAES", True),
    ("DURAND---MARTIN", False),
    (" DURAND", False),
    ("-DURAND", False),
    ("DURAND  MARTIN", False),
    ("D' ARTAGNAN", False),
    ("D''ARTAGNAN", False),
    ("Durand", False),
    ("DURÉE", False),
    ("D’AEION", False),
    ("DURAND2", False),
    ("'", False),
    ("", False),
]


@pytest.mark.parametrize(("name", "taken"), BIRTH_NAMES)
def test_insi_takes_some_birth_names(name: str, taken: bool) -> None:
    assert is_insi_birth_name(name) is taken


FIRST_NAMES = [
    ("PIERRE-ALAIN", True),
    ("CATARINA BELLA", True),
    ("N'GOLO", True),
    ("JEAN--PIERRE", False),
    ("JEAN-", False),
    ("JEAN'", False),
    ("CŒUR", False),
    ("jean", False),
    (" ", False),
    ("", False),
]


@pytest.mark.parametrize(("name", "taken"), FIRST_NAMES)
def test_insi_takes_some_first_names(name: str, taken: bool) -> None:
    assert is_insi_first_name(name) is taken


def test_insi_takes_two_sexes_lunar_dates_and_codes_of_places() -> None:
    assert [is_insi_sex(sex) for sex in ("M", "F", "I", "U", "")] == [
        True,
        True,
        False,
        False,
        False,
    ]
    assert is_lunar_date("1950-31-42")
    assert not is_lunar_date("19500101")
    assert [is_cog(cog) for cog in ("63220", "2A020", "99351", "3A020", "6322")] == [
        True,
        True,
        True,
        False,
        False,
    ]


def test_the_first_name_of_the_list_stands_alone() -> None:
    traits = IdentityTraits("NESSI", ("MICHELANGELO", "ANTHONY"), "M", "2010-08-07", "63220")
    assert traits.first_name == "MICHELANGELO"
    assert IdentityTraits("NESSI", (), "M", "2010-08-07", "63220").first_name == ""


@pytest.mark.parametrize(
    ("given", "completed"),
    [
        ("1957-06-12", "1957-06-12"),
        ("1957-06-00", "1957-06-01"),
        ("1957-00-12", "1957-01-12"),
        ("1957-00-00", "1957-12-31"),
        ("1957-13-45", "1957-13-45"),
        ("yesterday", "yesterday"),
    ],
)
def test_an_incomplete_date_is_completed(given: str, completed: str) -> None:
    assert completed_date(given) == completed
