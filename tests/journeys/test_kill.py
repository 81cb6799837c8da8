"""kill -9 in the middle of traffic: after the restart nothing acknowledged is missing.

Three clients feed the DMP, mail letters and say how many beds are free, while a worker, then
whole parts, then the whole bench are killed. What was acknowledged is read back over the wire.
"""

from __future__ import annotations

import http.client
import imaplib
import json
import os
import re
import signal
import smtplib
import ssl
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from banc.bench import Bench
from banc.control import ask
from banc.lps import Lps
from banc.private import private_bench
from kit.clock import bench_clock
from kit.identity import Ins
from loadtests.mails import Mail, write_mail
from loadtests.payloads import Hospital, Payload, Writer
from mocks.dmp.messages import DocumentRequest, read_retrieve_response, write_retrieve
from mocks.ror.messages import read_capacities, sync_id
from simulator.documents import ClinicalDocument

HOST = "127.0.0.1"
PATIENCE = 20.0  # seconds until a killed part must be back
PHASES, DEPOSITS, MAILS, PATCHES = 3, 16, 12, 20  # so many of each in a phase
KILL_AFTER = 4  # acknowledgements of each client
Send = Callable[[Any], None]


@dataclass
class Client(threading.Thread):
    """Sends items one after the other; after an error it connects again and goes on."""

    connect: Callable[[], Send]
    items: Sequence[Any]
    sent: list[tuple[Any, bool]] = field(default_factory=list)
    failure: str = ""

    def __post_init__(self) -> None:
        super().__init__(daemon=True)

    def __hash__(self) -> int:
        return id(self)

    @property
    def acknowledged(self) -> list[Any]:
        return [item for item, is_acknowledged in self.sent if is_acknowledged]

    def run(self) -> None:
        send = None
        for item in self.items:
            send = send or self._connected()
            if send is None:
                self.failure = "the server did not come back"
                return
            try:
                send(item)
                self.sent.append((item, True))
            except (OSError, http.client.HTTPException, smtplib.SMTPException):
                self.sent.append((item, False))
                send = None

    def _connected(self) -> Send | None:
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            try:
                return self.connect()
            except (OSError, http.client.HTTPException, smtplib.SMTPException):
                time.sleep(0.05)
        return None


def over_https(port: int, context: ssl.SSLContext | None) -> Callable[[], Send]:
    def connect() -> Send:
        connection = (
            http.client.HTTPSConnection(HOST, port, context=context, timeout=PATIENCE)
            if context
            else http.client.HTTPConnection(HOST, port, timeout=PATIENCE)
        )
        connection.connect()

        def send(payload: Payload) -> None:
            connection.request(payload.method, payload.path, payload.body, dict(payload.headers))
            answer = connection.getresponse()
            content = answer.read()
            if answer.status == 503:  # told to come again: no acknowledgement
                raise ConnectionError("not now")
            assert answer.status == 200, content
            assert payload.expects in content, content

        return send

    return connect


def over_smtp(port: int, context: ssl.SSLContext, user: str, password: str) -> Callable[[], Send]:
    def connect() -> Send:
        client = smtplib.SMTP(HOST, port, timeout=PATIENCE)
        client.starttls(context=context)

        client.login(user, password)

        def send(mail: Mail) -> None:
            client.sendmail(mail.sender, [mail.recipient], mail.content)

        return send

    return connect


def processes(bench: Bench, part: str) -> dict[int, int]:
    """The processes of a part: pid -> parent; a part is known by the log it writes to."""
    log, found = str(bench.settings.data_dir.resolve() / "log" / f"{part}.log"), {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if os.readlink(folder / "fd" / "1") == log:
                stat = (folder / "stat").read_text().rpartition(")")[2].split()
                found[int(folder.name)] = int(stat[1])
        except OSError:
            continue
    return found


def workers(bench: Bench, part: str) -> list[int]:
    found = processes(bench, part)
    return [pid for pid, parent in found.items() if parent in found]


def head(bench: Bench, part: str) -> int:
    """The process of a part that the supervisor started."""
    found = processes(bench, part)
    return next(pid for pid, parent in found.items() if parent not in found)


def kill(*pids: int) -> None:
    for pid in pids:
        os.kill(pid, signal.SIGKILL)


def kill_a_worker(bench: Bench) -> None:
    kill(workers(bench, "dmp")[0], workers(bench, "ror")[0])


def kill_parts(bench: Bench) -> None:
    kill(*(head(bench, part) for part in ("dmp", "ror", "mail")))


def kill_everything(bench: Bench) -> None:
    supervisor = processes(bench, "dmp")[head(bench, "dmp")]
    everyone = [pid for part in bench.parts for pid in processes(bench, part.name)]
    kill(supervisor, *everyone)
    deadline = time.monotonic() + PATIENCE
    while bench.is_running() or any(processes(bench, part.name) for part in bench.parts):
        assert time.monotonic() < deadline, "a process survived"
        time.sleep(0.02)
    bench.start()


KILLS = (kill_a_worker, kill_parts, kill_everything)


@dataclass(frozen=True)
class Traffic:
    """What was sent, and whether it was acknowledged, in order."""

    bench: Bench
    hospital: Hospital
    documents: dict[str, ClinicalDocument]
    deposits: list[tuple[Payload, bool]]
    mails: list[tuple[Mail, bool]]
    patches: list[tuple[Payload, bool]]


@pytest.fixture(scope="module")
def traffic(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Traffic]:
    with private_bench(tmp_path_factory.mktemp("kill"), workers=2) as bench:
        hospital = Hospital.of(bench.settings)
        writer = Writer(hospital, bench_clock(bench.settings.data_dir).now(), "kill")
        pairs = [writer.deposit_with(number) for number in range(DEPOSITS * PHASES)]
        documents = {document.unique_id: document for _, document in pairs}
        found = Traffic(bench, hospital, documents, [], [], [])
        deposits = [payload for payload, _ in pairs]
        mails = [write_mail(writer, number) for number in range(MAILS * PHASES)]
        patches = list(writer.bed_patches(PATCHES * PHASES))
        for phase, how in enumerate(KILLS):
            _disturbed(
                found,
                how,
                deposits[phase * DEPOSITS : (phase + 1) * DEPOSITS],
                mails[phase * MAILS : (phase + 1) * MAILS],
                patches[phase * PATCHES : (phase + 1) * PATCHES],
            )
        yield found


def _disturbed(
    traffic: Traffic,
    how: Callable[[Bench], None],
    deposits: Sequence[Payload],
    mails: Sequence[Mail],
    patches: Sequence[Payload],
) -> None:
    """Send everything, and kill once each client has some acknowledgements."""
    settings, pki = traffic.bench.settings, traffic.hospital.pki
    auth = pki.client_context(traffic.hospital.credentials.auth)
    login = (mails[0].sender, settings.mssante_password)
    clients = (
        Client(over_https(settings.dmp_tls_port, auth), deposits),
        Client(over_smtp(settings.submission_port, pki.client_context(), *login), mails),
        Client(over_https(settings.ror_port, None), patches),
    )
    for client in clients:
        client.start()
    while any(len(client.acknowledged) < KILL_AFTER and client.is_alive() for client in clients):
        time.sleep(0.001)
    how(traffic.bench)
    for client in clients:
        client.join(PATIENCE * 2)
        assert not client.failure
        assert len(client.sent) == len(client.items)
    for told, client in zip(
        (traffic.deposits, traffic.mails, traffic.patches), clients, strict=True
    ):
        told.extend(client.sent)


def acknowledged(told: Sequence[tuple[Any, bool]]) -> list[Any]:
    return [item for item, is_acknowledged in told if is_acknowledged]


def lines(bench: Bench, service: str, transaction: str) -> list[dict[str, Any]]:
    """The accepted journal lines of a transaction."""
    query = f"/journal?transaction={transaction.replace(' ', '%20')}&outcome=accepted&limit=1000"
    found = ask(bench.settings, service, "GET", query)["exchanges"]
    assert isinstance(found, list)
    return found


def test_most_is_acknowledged_and_something_was_lost(traffic: Traffic) -> None:
    everything = (*traffic.deposits, *traffic.mails, *traffic.patches)
    lost = len(everything) - len(acknowledged(everything))
    assert 0 < lost < len(everything) / 3


def test_every_acknowledged_exchange_has_its_line(traffic: Traffic) -> None:
    bench = traffic.bench
    documents = [
        document["unique_id"]
        for line in lines(bench, "dmp", "TD2.1")
        for document in line["facts"]["documents"]
    ]
    mails = [line["facts"]["message_id"] for line in lines(bench, "mssante", "SMTP.DATA")]
    beds = [
        f"{line['facts']['units'][0]}={next(iter(line['facts']['capacity'].values()))}"
        for line in lines(bench, "ror", "PATCH Location")
    ]
    for told, kept in (
        ([item.subject for item in acknowledged(traffic.deposits)], documents),
        ([item.message_id for item in acknowledged(traffic.mails)], mails),
        ([item.subject for item in acknowledged(traffic.patches)], beds),
    ):
        assert told
        assert set(told) <= set(kept)
        assert len(kept) == len(set(kept)), "an effect was journalled twice"


def test_every_acknowledged_document_comes_back(traffic: Traffic) -> None:
    settings = traffic.bench.settings
    lps = Lps.of(settings, bench_clock(settings.data_dir), uuid.uuid4)
    for payload in acknowledged(traffic.deposits):
        document = traffic.documents[payload.subject]
        assert _retrieved(lps, document.patient.ins, payload.subject) == document.cda


def _retrieved(lps: Lps, patient: Ins, unique_id: str) -> bytes:
    answer = lps.retrieve(write_retrieve([DocumentRequest(unique_id)]), patient)
    (found,) = read_retrieve_response(answer.body, answer.attachments).documents
    return found.content


def test_every_acknowledged_mail_is_in_its_mailbox(traffic: Traffic) -> None:
    sent = acknowledged(traffic.mails)
    for recipient in {mail.recipient for mail in sent}:
        wanted = {mail.message_id for mail in sent if mail.recipient == recipient}
        assert wanted <= _message_ids(traffic, recipient)


def _message_ids(traffic: Traffic, address: str) -> set[str]:
    settings = traffic.bench.settings
    with imaplib.IMAP4(HOST, settings.imap_port, timeout=PATIENCE) as imap:
        imap.starttls(traffic.hospital.pki.client_context())
        imap.login(address, settings.mssante_password)
        imap.select("INBOX", readonly=True)
        _, answer = imap.fetch("1:*", "(BODY.PEEK[HEADER.FIELDS (MESSAGE-ID)])")
        heads = b"".join(part[1] for part in answer if isinstance(part, tuple))
        return set(re.findall(r"<[^>]+>", heads.decode()))


def test_every_acknowledged_bed_count_holds(traffic: Traffic) -> None:
    """The last acknowledged count of a ward, or one sent after it whose answer was lost."""
    allowed: dict[str, list[str]] = {}
    for payload, is_acknowledged in traffic.patches:
        unit, _, beds = payload.subject.partition("=")
        before = [] if is_acknowledged else allowed.get(unit, [])
        allowed[unit] = [*before, beds]
    certain = {payload.subject.partition("=")[0] for payload in acknowledged(traffic.patches)}
    assert certain
    for unit in certain:
        assert str(_free_beds(traffic, unit)) in allowed[unit], unit


def _free_beds(traffic: Traffic, unit: str) -> int:
    sync = sync_id(traffic.hospital.place.finess_eg, unit)
    connection = http.client.HTTPConnection(HOST, traffic.bench.settings.ror_port)
    connection.request("GET", f"/ws-diffusion-fhir/Location?identifier={sync}")
    (location,) = _entries(connection.getresponse().read())
    connection.close()
    return next(
        block.nb_capacity
        for block in read_capacities(location)
        if block.capacity_status == "02" and block.gender_capacity_available == "03"
    )


def _entries(bundle: bytes) -> list[dict[str, Any]]:
    return [entry["resource"] for entry in json.loads(bundle).get("entry", [])]
