"""Letters: what the mail and its archive say, with and without a qualified INS."""

from __future__ import annotations

import pytest

from kit.mail import read_message
from simulator.courier import write_paper
from simulator.delivery import Stamp
from simulator.delivery.mssante import MailClient, MailServer
from simulator.delivery.sender import Sender
from simulator.papers import Paper
from simulator.plan import make_plan
from simulator.streams import Streams
from tests.simulator.builders import MONDAY, WORLD, a_held, a_scenario

PAPERS = {paper.kind: paper for paper in make_plan(a_scenario(days=4), WORLD).papers}
DOCTOR = "camille.testeur@medecin.formation.mssante.fr"


def a_letter(sender: Sender, paper: Paper, *, has_ins: bool, to: str = DOCTOR) -> bytes:
    held = a_held(paper.encounter.patient, has_ins=has_ins)
    cda = write_paper(paper, held, Streams(1)).cda
    server = MailServer("127.0.0.1", 1, "", None)  # type: ignore[arg-type]
    client = MailClient(sender, server)
    stamp = Stamp(MONDAY, Streams(1)["letter"])
    return client.letter(cda, paper.encounter.author, to, stamp).content


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
