"""Messages: written and read again; encodings, line ends."""

from __future__ import annotations

from dataclasses import replace

import pytest

from simulator.gateway import errors
from simulator.gateway.messages import (
    Acknowledgement,
    BusinessAcknowledgement,
    Header,
    Misread,
    Problem,
    Transmission,
    answer_header,
    encoded,
    failure,
    read_acknowledgement,
    read_business,
    read_header,
    read_segments,
    read_transmission,
    write_acknowledgement,
    write_business,
    write_transmission,
)
from tests.simulator.gateway.builders import (
    a_citizen,
    a_letter,
    a_patient,
    a_sender,
    an_mdm,
    an_oru,
    choices,
)

HEADER = Header("PFI", "Hôpital", "SIL", "labo", "20260304100000", "ZAM", "Z01", "ZAM_Z01", "7",
                profile="2.1^CISIS_CDA_HL7_V2")  # fmt: skip
SENT = [an_mdm(), an_oru(), an_mdm(trigger="T04"),
        an_mdm(choices=choices("DESTMSSANTEPAT", note="FIN"))]  # fmt: skip


@pytest.mark.parametrize("sent", SENT)
def test_what_is_written_is_read_again(sent: Transmission) -> None:
    found = read_transmission(write_transmission(sent).encode())
    assert replace(found, segments=()) == replace(sent, segments=())
    assert set(found.segments) - {"PRT", "NTE"} == set(sent.segments)


@pytest.mark.parametrize("end", ["\r", "\n", "\r\n"])
def test_any_line_end_is_read_and_cr_is_written(end: str) -> None:
    text = write_transmission(an_mdm())
    assert "\n" not in text
    assert read_transmission(text.replace("\r", end).encode()) == read_transmission(text.encode())


def test_mixed_line_ends_are_read() -> None:
    lines = write_transmission(an_mdm()).split("\r")
    mixed = "".join(line + "\r\n"[: 1 + at % 2] + "\n" * (at % 3) for at, line in enumerate(lines))
    assert read_transmission(mixed.encode()).documents == an_mdm().documents


CHARSETS = [("UNICODE UTF-8", "utf-8"), ("8859/15", "iso8859-15"), ("8859/1", "iso8859-1")]


@pytest.mark.parametrize(("name", "codec"), CHARSETS)
def test_the_encoding_is_that_of_msh_18(name: str, codec: str) -> None:
    sent = an_mdm()
    sender = replace(a_sender(a_letter()), family="Réault-Œuvré" if codec != "iso8859-1" else "É")
    sent = replace(
        sent, header=replace(sent.header, charset=name), participants=(sender,)
    )  # fmt: skip
    found = read_transmission(encoded(write_transmission(sent), name))
    assert found.participants == (sender,)
    assert encoded(write_transmission(sent), name) == write_transmission(sent).encode(codec)


WRONG = [  # charset of MSH-18, octets of a name, where
    ("UNICODE UTF-8", "é".encode("iso8859-15"), "MSH-18"),
    ("", "é".encode(), "MSH-18"),
    ("UTF-16", b"e", "MSH-18"),
]


@pytest.mark.parametrize(("charset", "octets", "where"), WRONG)
def test_octets_of_another_encoding_are_refused(charset: str, octets: bytes, where: str) -> None:
    text = f"MSH|^~\\&|A|B|C|D|1||ADT^A01|1|P|2.5|||||FRA|{charset}\rPID|||"
    with pytest.raises(Misread) as caught:
        read_segments(text.encode() + octets)
    assert caught.value.where == where


def test_separators_in_a_value_are_escaped_and_read_again() -> None:
    sender = replace(a_sender(a_letter()), organization="CH | A&B^C~D\\E", family="O'Neil")
    sent = replace(an_mdm(), participants=(sender,))
    assert read_transmission(write_transmission(sent).encode()).participants == (sender,)


def test_an_acknowledgement_is_written_and_read_again() -> None:
    asked = an_mdm().header
    header = answer_header(asked, control_id="77", at="20260304100001")
    problem = Problem("103", "Table value not found", location="OBX[2]-11", told="rule; [x|y]")
    said = Acknowledgement(header, "AE", asked.control_id, (problem,))
    text = write_acknowledgement(said)
    assert text.startswith("MSH|^~\\&|PFI-Y|Organisation-Y|RIS-Y|Organisation-Y|")
    assert "|ACK^T02^ACK|77|P|2.6|||||FRA|UNICODE UTF-8\r" in text
    assert "MSA|AE|M1\rERR||OBX^2^11|103^Table value not found^messageErrorCondition|E" in text
    assert read_acknowledgement(text.encode()) == said


def test_a_business_acknowledgement_is_written_as_the_volet_has_it() -> None:
    said = BusinessAcknowledgement(
        HEADER, "20260304100000", "015", False,
        problem=failure("DMPClosed", "DMP fermé", "DMPERRORCODE"),
    )  # fmt: skip
    text = write_business(said)
    assert text.split("\r")[1:] == [
        "EVN||20260304100000",
        "OBX|1|CWE|ACK_RECEPTION_DMP^Accusé de réception DMP^AckMetierZAM|015|"
        "N^^expandedYes-NoIndicator||||||F|",
        "ERR|||207^Application internal error^messageErrorCondition|E|"
        "DMPClosed^DMP fermé^DMPERRORCODE",
        "",
    ]
    assert read_business(text.encode()) == said


def test_a_mailbox_acknowledgement_names_the_mailbox() -> None:
    header = replace(HEADER, trigger="Z03")
    address = "adam.hoda@medecin.formation.mssante.fr"
    said = BusinessAcknowledgement(
        header, "20260304100000", "015", True, "801234567897", address
    )  # fmt: skip
    assert read_business(write_business(said).encode()) == said


def test_an_identifier_with_an_extension_is_read_from_three_components() -> None:
    text = write_transmission(an_mdm())
    own = an_mdm().documents[0].header
    assert own is not None
    told = text.replace(f"|{own.unique_id}||||", "|ext^^1.2.3^ISO||||", 1)
    envelope = read_transmission(told.encode()).envelope
    assert envelope is not None
    assert envelope.document_id == "1.2.3^ext"


def test_several_addresses_of_one_participant_are_several_recipients() -> None:
    sent = replace(an_mdm(), participants=(a_citizen(a_patient()),))
    address = sent.participants[0].address
    two = "^^X.400^a@b.test~^^X.400^c@d.test"
    text = write_transmission(sent).replace(f"^^X.400^{address}", two)
    found = read_transmission(text.encode()).participants
    assert [item.address for item in found] == ["a@b.test", "c@d.test"]


def test_a_message_without_a_pid_is_still_read() -> None:
    lines = [line for line in write_transmission(an_mdm()).split("\r") if line[:3] != "PID"]
    assert read_transmission("\r".join(lines).encode()).patient.ins is None


def test_the_header_of_any_message_is_read() -> None:
    header = read_header(read_segments(write_transmission(an_oru()).encode())[0])
    assert header == an_oru().header
    assert errors.SEQUENCE.code == "100"
