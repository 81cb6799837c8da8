"""HL7 v2: the identity of ADT messages, the official examples first."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kit.identity import TEST_OID, IdentityStatus, IdentityTraits, Ins
from kit.rules import Malformed
from simulator.rniv import hl7v2
from simulator.rniv.evidence import Channel
from simulator.rniv.hl7v2 import Zfd, read_identity, received, status_of

MSH = r"MSH|^~\&|GAM|CH|DPI|CH|20260302||ADT^A01^ADT_A01|1|D|2.5^FRA^2.11"
INS = "277076322082910^^^ASIP-SANTE-INS-NIR&1.2.250.1.213.1.4.10&ISO^INS^^20200101"
NAME = "NESSI^RUTH^RUTH ANNE-SOPHIE^^^^L"


def a_message(
    *, ids: str = "", name: str = NAME, codes: str = "VALI", born: str = "19770714", zfd: str = ""
) -> str:
    identifiers = f"000003^^^CH&000897406&N^PI{ids}"
    before_codes = "|" * 21  # PID-11 to PID-32
    place = "28 AV^^PARIS^^75007^FRA^H~^^^^^^BDL^^63220"
    pid = f"PID|1||{identifiers}||{name}||{born}|F|||{place}{before_codes}{codes}"
    return "\r".join([MSH, pid, *([f"ZFD|{zfd}"] if zfd else [])]) + "\r"


@pytest.mark.parametrize(
    "name", ["admission.er7", "ConsentementConsultation_NonOppositionAlimentation.er7"]
)
def test_the_official_messages_carry_a_qualified_identity(conformance: Path, name: str) -> None:
    said = read_identity((conformance / "ins" / "hl7v2" / name).read_text("utf-8"))
    assert said.traits == IdentityTraits("PAT-TROIS", ("DOMINIQUE",), "F", "1979-03-28", "63220")
    assert said.ins == Ins("279035121518989", TEST_OID)
    assert said.ins is not None
    assert said.ins.has_valid_key
    assert (said.ipp, said.ipp_authority, said.ins_since) == ("000003", "000897406", "2010-12-07")
    assert (said.reliability, said.status) == (("VALI",), IdentityStatus.QUALIFIED)
    assert received.findings(said) == []


def test_the_official_admission_tells_how_the_identity_was_obtained(conformance: Path) -> None:
    name = "ConsentementConsultation_NonOppositionAlimentation.er7"
    said = read_identity((conformance / "ins" / "hl7v2" / name).read_text("utf-8"))
    assert said.zfd == Zfd(
        sms_consent="Y", is_date_corrected=False, method=Channel.INSI, insi_called_on="2021-12-01"
    )


STATUSES = [  # PID-32, INS present, status; RNIV
    (("VALI",), True, IdentityStatus.QUALIFIED),
    (("VALI",), False, IdentityStatus.VALIDATED),
    (("VALI", "HOMA"), True, IdentityStatus.QUALIFIED),
    (("PROV",), False, IdentityStatus.PROVISIONAL),
    (("PROV",), True, IdentityStatus.PROVISIONAL),
    (("RECUP",), True, IdentityStatus.RETRIEVED),
    (("QUAL",), True, IdentityStatus.QUALIFIED),
    (("VIDE",), False, IdentityStatus.PROVISIONAL),
    ((), False, IdentityStatus.PROVISIONAL),
]


@pytest.mark.parametrize(("codes", "has_ins", "expected"), STATUSES)
def test_vali_with_an_ins_is_qualified(
    codes: tuple[str, ...], has_ins: bool, expected: IdentityStatus
) -> None:
    assert status_of(codes, has_ins=has_ins) is expected


TOLD = [  # INS present, codes, the rules broken
    (True, "VALI", []),
    (False, "PROV~DOUT~HOMA", []),
    (True, "PROV", ["a_matricule_comes_with_a_qualified_identity"]),
    (True, "RECUP", ["a_matricule_comes_with_a_qualified_identity"]),
    (False, "QUAL", ["a_qualified_identity_comes_with_its_matricule"]),
    (False, "VALI~DOUT", ["a_doubtful_or_fictitious_identity_is_not_validated"]),
    (False, "DOUT~FICT", ["a_doubtful_or_fictitious_identity_is_not_validated"]),
    (False, "BIEN", ["each_code_is_of_table_0445"]),
]


@pytest.mark.parametrize(("has_ins", "codes", "expected"), TOLD)
def test_what_a_message_says_hangs_together(has_ins: bool, codes: str, expected: list[str]) -> None:
    said = read_identity(a_message(ids="~" + INS if has_ins else "", codes=codes))
    assert [refusal.rule for refusal in received.findings(said)] == expected


def test_names_are_read_by_their_type_and_unescaped() -> None:
    names = r"MARTIN^ZOE^^^^^D~D\T\ESSI^RUTH^RUTH ANNE-SOPHIE^^^^L"
    said = read_identity(a_message(name=names))
    assert said.traits.birth_name == "D&ESSI"
    assert said.traits.first_names == ("RUTH", "ANNE-SOPHIE")
    assert (said.used_name, said.used_first_name) == ("MARTIN", "ZOE")
    plain = read_identity(a_message(name="NESSI^RUTH^^^^^L"))
    assert (plain.traits.first_names, plain.used_name) == (("RUTH",), "")


def test_every_field_of_zfd_is_read() -> None:
    said = read_identity(a_message(zfd="00^00^1957|12|N|Y|CB|20260301|PA|20300630"))
    assert said.zfd == Zfd(
        ("00", "00", "1957"), "12", "N", True, Channel.BARCODE, "2026-03-01", "PA", "2030-06-30"
    )


def test_lines_may_end_as_in_a_file() -> None:
    assert read_identity(a_message().replace("\r", "\n")) == read_identity(a_message())
    assert read_identity(a_message().replace("\r", "\r\n\r\n")) == read_identity(a_message())


WRONG = [
    ("", "MSH"),
    ("PID|1", "MSH"),
    (MSH, "PID"),
    (a_message(name="NESSI^RUTH^^^^^D"), "PID-5"),
    (a_message().replace("^PI", "^XX"), "PID-3"),
    (a_message(born="14/07/1977"), "PID-7"),
    (a_message(ids="~123^^^&1.2&ISO^INS"), "PID-3"),
    (a_message(zfd="||||XX"), "ZFD-5"),
    (a_message(zfd="|||||hier"), "ZFD-6"),
    ("M" * (hl7v2.SIZE_AT_MOST + 1), "message"),
]


@pytest.mark.parametrize(("text", "where"), WRONG)
def test_what_cannot_be_read_names_the_field(text: str, where: str) -> None:
    with pytest.raises(Malformed) as raised:
        read_identity(text)
    assert raised.value.where == where


@settings(max_examples=150, deadline=None)
@given(
    st.integers(0, len(a_message()) - 1),
    st.text(alphabet="|^~\\&\r\nX.1é\x00", max_size=4),
    st.integers(0, 9),
)
def test_a_spoilt_message_is_read_or_refused(at: int, wrong: str, cut: int) -> None:
    text = a_message(ids="~" + INS, zfd="00^00^1957|12|N|Y|CB|20260301|PA|20300630")
    try:
        said = read_identity(text[:at] + wrong + text[at + cut :])
    except Malformed:
        return
    assert said.ipp
