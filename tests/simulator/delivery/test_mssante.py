"""Letters: what the mail and its archive say, with and without a qualified INS."""

from __future__ import annotations

import pytest

from kit.mail import read_message
from simulator.courier import write_paper
from simulator.delivery import Stamp
from simulator.delivery.mssante import USUAL, MailClient, MailServer, Wishes
from simulator.delivery.sender import Sender
from simulator.papers import Paper
from simulator.plan import make_plan
from simulator.streams import Streams
from tests.simulator.builders import MONDAY, WORLD, a_held, a_scenario
from tests.simulator.stays import a_document

PAPERS = {paper.kind: paper for paper in make_plan(a_scenario(days=4), WORLD).papers}
DOCTOR = "camille.testeur@medecin.formation.mssante.fr"


def a_letter(
    sender: Sender,
    paper: Paper,
    *,
    has_ins: bool,
    to: str = DOCTOR,
    wishes: Wishes = USUAL,
    others: tuple[bytes, ...] = (),
) -> bytes:
    held = a_held(paper.encounter.patient, has_ins=has_ins)
    cda = write_paper(paper, held, Streams(1)).cda
    server = MailServer("127.0.0.1", 1, "", None)  # type: ignore[arg-type]
    client = MailClient(sender, server)
    stamp = Stamp(MONDAY, Streams(1)["letter"])
    doctor = paper.encounter.author
    return client.letter(cda, doctor, to, stamp, wishes=wishes, others=others).content


@pytest.mark.parametrize("kind", ["LDL", "CRO", "CR_BIO"])
@pytest.mark.parametrize("has_ins", [True, False])
def test_a_letter_holds_archive_copy_and_headers(sender: Sender, kind: str, has_ins: bool) -> None:
    paper = PAPERS[kind]
    mail = read_message(a_letter(sender, paper, has_ins=has_ins))
    assert mail.defects == ()
    assert mail.subject.startswith("XDM/1.0/DDM+")
    assert mail.x_mss["X-MSS-INS"] == ("O" if has_ins else "N")
    assert mail.sender
    assert mail.sender.address == f"dpi.app@{sender.establishment.mssante_domain}"
    assert mail.xdm
    document = mail.xdm.subsets[0].documents[0]
    assert document.entry.unique_id == paper.unique_id
    assert (document.entry.patient_id is not None) is has_ins
    assert document.has_stated_hash
    copy = next(part for part in mail.parts if part.content_type == "application/pdf")
    assert copy.content.startswith(b"%PDF")


def test_a_citizen_may_not_answer(sender: Sender) -> None:
    citizen = "279035121518989@patient.mssante.fr"
    mail = read_message(a_letter(sender, PAPERS["LDL"], has_ins=True, to=citizen))
    assert mail.x_mss["X-MSS-MES"] == "FIN"


def test_the_same_stream_gives_the_same_bytes(sender: Sender) -> None:
    letters = [a_letter(sender, PAPERS["LDL"], has_ins=True) for _ in range(2)]
    assert letters[0] == letters[1]


def test_a_letter_follows_the_wishes_of_who_asks(sender: Sender) -> None:
    wishes = Wishes(
        body="Bonjour.",
        reply_to="autre@medecin.formation.mssante.fr",
        forbids_answer=True,
        mention="Annule et remplace :",
        visibility=("INVISIBLE_PATIENT",),
        asks_for_reading=True,
    )
    mail = read_message(a_letter(sender, PAPERS["LDL"], has_ins=True, wishes=wishes))
    assert mail.subject.startswith("XDM/1.0/DDM+Annule et remplace : ")
    assert mail.body.strip() == "Bonjour."
    assert mail.reply_to is not None
    assert mail.reply_to.address == wishes.reply_to
    assert mail.x_mss["X-MSS-MES"] == "FIN"
    assert mail.header("Disposition-Notification-To") == mail.sender.address  # type: ignore[union-attr]
    assert mail.xdm is not None
    codes = mail.xdm.documents[0].entry.confidentiality_codes
    assert [code.code for code in codes] == ["N", "INVISIBLE_PATIENT"]


def test_several_documents_go_in_one_letter(sender: Sender) -> None:
    other = a_document("CR_BIO", 3).cda
    mail = read_message(a_letter(sender, PAPERS["LDL"], has_ins=True, others=(other,)))
    assert mail.xdm is not None
    assert [item.has_stated_hash for item in mail.xdm.documents] == [True, True]
    assert mail.xdm.documents[1].content == other
    names = [part.file_name for part in mail.parts if part.file_name.endswith(".pdf")]
    assert len(set(names)) == 2
    assert mail.x_mss["X-MSS-CODECDA"] == "11490-0,11502-2"
    assert mail.defects == ()
