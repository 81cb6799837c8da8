"""Journey: a creator hands documents over by MLLP and hears what became of them.

A private bench; the creator is a socket of python-hl7 and a listener for its ZAM. What arrived is
looked for as a doctor would: in the DMP under a direct VIHF, in the mailboxes over IMAP.
"""

from __future__ import annotations

import imaplib
import os
import queue
import signal
import smtplib
import socketserver
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.message import Message
from typing import Any

import pytest
from hl7.client import MLLPClient

from banc.bench import Bench
from banc.control import ask
from banc.lps import Lps
from banc.parts import pki_of
from banc.ports import free_port
from banc.private import private_bench
from kit.clock import bench_clock
from kit.identity import Ins
from kit.mail import read_message
from kit.pki import CertificateKind
from kit.vihf import Authentication
from mocks.dmp import messages as dmp
from simulator.documents import ClinicalDocument
from simulator.gateway.framing import frame
from simulator.gateway.messages import (
    Acknowledgement,
    BusinessAcknowledgement,
    Transmission,
    answer_header,
    read_acknowledgement,
    read_business,
    write_acknowledgement,
)
from tests.journeys.test_kill import head, processes
from tests.simulator.gateway.builders import (
    REPLY_TO,
    a_citizen,
    a_letter,
    a_patient,
    a_recipient,
    a_sender,
    an_mdm,
    octets,
)

PATIENCE = 30.0  # seconds
ALL = ("DESTDMP", "DESTMSSANTEPS", "DESTMSSANTEPAT", "ACK_RECEPTION")


class Creator(socketserver.ThreadingTCPServer):
    """Takes ZAM by MLLP and acknowledges them; ``heard`` holds them in order."""

    allow_reuse_address = True
    daemon_threads = True

    def __init__(self, port: int) -> None:
        self.heard: queue.Queue[BusinessAcknowledgement] = queue.Queue()
        super().__init__(("127.0.0.1", port), _Taking)

    def next(self) -> BusinessAcknowledgement:
        return self.heard.get(timeout=PATIENCE)


class _Taking(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        data = b""
        while not data.endswith(b"\x1c\r"):
            found = self.request.recv(65536)
            if not found:
                return
            data += found
        said = read_business(data[1:-2])
        header = answer_header(said.header, control_id=uuid.uuid4().hex[:12], at="20260101")
        ack = Acknowledgement(header, "AA", said.header.control_id)
        assert isinstance(self.server, Creator)
        self.server.heard.put(said)
        self.request.sendall(frame(write_acknowledgement(ack).encode()))


@pytest.fixture(scope="module")
def creator() -> Iterator[Creator]:
    with Creator(free_port()) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory, creator: Creator) -> Iterator[Bench]:
    route = f"RIS-Y@Organisation-Y=127.0.0.1:{creator.server_address[1]}"
    folder = tmp_path_factory.mktemp("gateway")
    chosen = {"gateway_retry_seconds": 1, "gateway_receipt_seconds": 1}
    with private_bench(folder, gateway_routes=(route,), **chosen) as running:
        yield running


@pytest.fixture(scope="module")
def left_at() -> datetime:
    return datetime.now(UTC).replace(microsecond=0) - timedelta(hours=6)


def send(bench: Bench, sent: Transmission) -> Acknowledgement:
    with MLLPClient("127.0.0.1", bench.settings.gateway_port) as client:
        client.socket.settimeout(PATIENCE)
        data = octets(sent)
        client.socket.sendall(frame(data))
        return read_acknowledgement(client.socket.recv(65536)[1:-2])


def of_dmp(bench: Bench, document: ClinicalDocument) -> tuple[str, bytes]:
    """What a doctor finds in the DMP under a uniqueId: its status (TD3.1), its bytes (TD3.2)."""
    lps = Lps.of(bench.settings, bench_clock(bench.settings.data_dir), uuid.uuid4)
    ins = document.patient.ins
    lps.authorize(ins)
    query = dmp.write_query(dmp.get_documents(document.unique_id, return_type="LeafClass"))
    vihf, card = lps.vihf(ins, Authentication.DIRECT), lps._card(CertificateKind.PS_AUTH)
    answer = lps._call(dmp.REGISTRY, dmp.ITI_18, query, {}, vihf=vihf, tls=card)
    found = dmp.read_query_response(answer.body).entries
    if not found:
        return "", b""
    assert len(found) == 1
    return found[0].availability_status.rpartition(":")[2], _content(lps, ins, document)


def _content(lps: Lps, ins: Ins, document: ClinicalDocument) -> bytes:
    asked = dmp.write_retrieve([dmp.DocumentRequest(document.unique_id)])
    answer = lps.retrieve(asked, ins)
    documents = dmp.read_retrieve_response(answer.body, answer.attachments).documents
    return documents[0].content if documents else b""


def mails_of(bench: Bench, mailbox: str, least: int = 1) -> list[bytes]:
    """The mails of a mailbox, once there are so many."""
    settings = bench.settings
    context = pki_of(settings).client_context()

    def read() -> list[bytes]:
        with imaplib.IMAP4("127.0.0.1", settings.imap_port, PATIENCE) as imap:
            imap.starttls(context)
            imap.login(mailbox.lower(), settings.mssante_password)
            imap.select("INBOX")
            _, found = imap.search(None, "ALL")
            fetched = [imap.fetch(number, "(RFC822)")[1] for number in found[0].split()]
        return [bytes(item[0][1]) for item in fetched]  # type: ignore[index]

    return eventually(lambda: found if len(found := read()) >= least else None)


def eventually(ask_again: Callable[[], Any]) -> Any:
    """The first answer that is one, before patience ends."""
    deadline = time.monotonic() + PATIENCE
    while (found := ask_again()) is None:
        assert time.monotonic() < deadline, "nothing came"
        threading.Event().wait(0.1)
    return found


def heard(creator: Creator, count: int) -> dict[str, BusinessAcknowledgement]:
    """So many ZAM, by trigger and mailbox."""
    found = [creator.next() for _ in range(count)]
    return {f"{said.header.trigger} {said.address}".strip(): said for said in found}


@pytest.mark.slow
def test_a_letter_goes_everywhere_is_replaced_and_deleted(
    bench: Bench, creator: Creator, left_at: datetime
) -> None:
    letter = a_letter(left_at=left_at)
    people = (a_sender(letter), a_recipient(), a_citizen(letter.patient))
    reply = an_mdm().participants[2]
    doctor, citizen = people[1].address.lower(), people[2].address

    sent = an_mdm(letter, yes=ALL, participants=(*people, reply), note="FIN", control_id="A1")
    assert send(bench, sent).code == "AA"
    said = heard(creator, 3)
    assert set(said) == {"Z01", f"Z02 {doctor}", f"Z02 {citizen}"}
    assert all(item.is_positive and item.about == "A1" for item in said.values())
    assert of_dmp(bench, letter) == ("Approved", letter.cda)
    _check_mails(bench, doctor, citizen, letter)

    other = a_letter(
        left_at=left_at, version=2, unique_id="1.2.250.1.999.1.1.4242", replaces=letter.unique_id
    )
    sent = an_mdm(other, trigger="T10", yes=ALL, participants=(*people, reply), control_id="A2")
    assert send(bench, sent).code == "AA"
    assert heard(creator, 3)["Z01"].is_positive
    assert of_dmp(bench, other) == ("Approved", other.cda)
    assert of_dmp(bench, letter)[0] == "Deprecated"
    second = read_message(mails_of(bench, doctor, 2)[1])
    assert second.subject.startswith("XDM/1.0/DDM+Annule et remplace : ")

    gone = an_mdm(other, trigger="T04", yes=("DESTDMP", "ACK_RECEPTION"), control_id="A3")
    assert send(bench, gone).code == "AA"
    assert heard(creator, 1)["Z01"].is_positive
    assert of_dmp(bench, other)[0] == "Deleted"


def _check_mails(bench: Bench, doctor: str, citizen: str, letter: ClinicalDocument) -> None:
    for mailbox, mes in ((doctor, ""), (citizen, "FIN")):
        mail = read_message(mails_of(bench, mailbox)[0])
        assert mail.xdm is not None
        assert [item.content for item in mail.xdm.documents] == [letter.cda]
        assert mail.reply_to is not None
        assert mail.reply_to.address == REPLY_TO
        assert mail.x_mss.get("X-MSS-MES", "") == mes
        assert mail.defects == ()
        if mailbox == doctor:
            assert mail.body.strip() == "Cher confrère, voici la lettre."


@pytest.mark.slow
def test_a_closed_record_is_told_by_a_zam(
    bench: Bench, creator: Creator, left_at: datetime
) -> None:
    letter = a_letter(a_patient("closed"), 3, left_at=left_at)
    sent = an_mdm(letter, yes=("DESTDMP", "ACK_RECEPTION"), control_id="C1")
    assert send(bench, sent).code == "AA"
    said = creator.next()
    assert (said.header.type, said.about, said.is_positive) == ("ZAM^Z01", "C1", False)
    assert said.problem is not None
    told = said.problem
    assert (told.code, told.application_code, told.application_text, told.application_table) == (
        "207", "DMPClosed", "DMP fermé", "DMPERRORCODE"
    )  # fmt: skip


@pytest.mark.slow
def test_a_mail_that_was_read_makes_a_z03(
    bench: Bench, creator: Creator, left_at: datetime
) -> None:
    letter = a_letter(a_patient(rank=2), 5, left_at=left_at)
    yes = ("DESTMSSANTEPS", "INVISIBLE_PATIENT", "ACK_LECTURE_MSS")
    people = (a_sender(letter), a_recipient())
    assert send(bench, an_mdm(letter, yes=yes, participants=people, control_id="R1")).code == "AA"
    doctor = people[1].address.lower()
    mail = eventually(lambda: _about(mails_of(bench, doctor), letter))
    assert mail["Disposition-Notification-To"]
    _answer_mdn(bench, doctor, mail)
    said = creator.next()
    assert (said.header.type, said.about, said.is_positive) == ("ZAM^Z03", "R1", True)
    assert said.address == doctor


def _about(mails: list[bytes], letter: ClinicalDocument) -> Message | None:
    born = letter.patient.traits.birth_name
    found = (item for item in mails if born in read_message(item).subject)
    return next((message_from_bytes(item) for item in found), None)


def _answer_mdn(bench: Bench, doctor: str, mail: Message) -> None:
    """The receipt a doctor's software sends."""
    settings = bench.settings
    text = (
        f"From: {doctor}\r\nTo: {mail['Disposition-Notification-To']}\r\nSubject: lu\r\n"
        f"Message-ID: <{uuid.uuid4()}@test>\r\nMIME-Version: 1.0\r\n"
        "Content-Type: multipart/report; report-type=disposition-notification; boundary=b\r\n\r\n"
        "--b\r\nContent-Type: text/plain\r\n\r\nlu\r\n"
        "--b\r\nContent-Type: message/disposition-notification\r\n\r\n"
        f"Final-Recipient: rfc822; {doctor}\r\nOriginal-Message-ID: {mail['Message-ID']}\r\n"
        "Disposition: manual-action/MDN-sent-manually; displayed\r\n\r\n--b--\r\n"
    )
    with smtplib.SMTP("127.0.0.1", settings.submission_port, timeout=PATIENCE) as client:
        client.starttls(context=pki_of(settings).client_context())
        client.login(doctor, settings.mssante_password)
        client.sendmail(doctor, [str(mail["Disposition-Notification-To"])], text.encode())


@pytest.mark.slow
def test_nothing_acknowledged_is_lost_by_kill_9(bench: Bench, left_at: datetime) -> None:
    letters = [a_letter(a_patient(rank=n), 10 + n, left_at=left_at) for n in range(4, 8)]
    acknowledged = []
    for number, letter in enumerate(letters):
        sent = an_mdm(letter, control_id=f"K{number}", participants=(a_sender(letter),))
        assert send(bench, sent).code == "AA"
        acknowledged.append(letter)
        if number in (1, 3):
            killed = head(bench, "gateway")
            os.kill(killed, signal.SIGKILL)
            eventually(lambda killed=killed: _came_back(bench, killed))
    for letter in acknowledged:
        eventually(lambda letter=letter: of_dmp(bench, letter)[0] or None)
        assert of_dmp(bench, letter) == ("Approved", letter.cda)
    repeated = send(
        bench, an_mdm(letters[0], control_id="K0", participants=(a_sender(letters[0]),))
    )
    assert repeated.code == "AA"
    lines = ask(bench.settings, "gateway", "GET", "/journal?order=newest&limit=1")["exchanges"]
    assert lines[0]["facts"]["repeated"] is True


def _came_back(bench: Bench, killed: int) -> bool | None:
    """Whether another process listens by now."""
    part = next(item for item in bench.parts if item.name == "gateway")
    others = processes(bench, "gateway").keys() - {killed}
    return True if others and part.is_ready(bench.settings) else None
