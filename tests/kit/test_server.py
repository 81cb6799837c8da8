"""The server: one process, a plain and a TLS listener, and the client's certificate."""

from __future__ import annotations

import contextlib
import gc
import http.client
import json
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from flask import Flask, jsonify, request

from banc.ports import free_port
from kit.faults import Fault
from kit.pki import CertificateKind, Credential, TestPki
from kit.server import Application, Listener
from kit.service import listener_of, peer_of
from kit.settings import Settings
from tests import serving
from tests.kit.demo import TYPE, Served, envelope, notes, reached, served
from tests.serving import stop


@dataclass(frozen=True)
class Running:
    plain: int
    mutual: int
    pki: TestPki
    refused: Path


def load() -> Flask:
    app = Flask("echo")

    @app.post("/echo")
    def echo() -> object:
        peer = peer_of(request.environ)
        return jsonify(
            listener=listener_of(request.environ),
            scheme=request.scheme,
            peer=peer.common_name if peer else "",
            finess=peer.finess if peer else "",
            size=len(request.get_data()),
        )

    return app


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    folder = tmp_path_factory.mktemp("server")
    settings = replace(Settings(), data_dir=folder, workers=2)
    pki = TestPki.open(folder / "pki", settings)
    found = Running(free_port(), free_port(), pki, folder / "refused.txt")
    with serving.served(_application(found), settings):
        yield found


def _application(running: Running) -> Application:
    def refused(mode: str, _client: str, why: str) -> None:
        with running.refused.open("a") as file:
            file.write(f"{mode} {why}\n")

    listeners = (
        Listener(running.plain),
        Listener(running.mutual, "mtls", lambda: running.pki.server_context("mtls")),
    )
    return Application("echo", load, listeners, on_refused_handshake=refused)


def _told(path: Path) -> str:
    for _ in range(250):  # the client sees the alert a moment before the server tells
        if path.exists() and path.read_text():
            return path.read_text()
        time.sleep(0.02)
    return ""


def ask(connection: http.client.HTTPConnection, body: bytes = b"x") -> dict[str, object]:
    connection.request("POST", "/echo", body)
    answer = json.loads(connection.getresponse().read())
    assert isinstance(answer, dict)
    return answer


def test_the_plain_listener_has_no_peer(running: Running) -> None:
    found = ask(http.client.HTTPConnection("127.0.0.1", running.plain))
    assert found == {"listener": "plain", "scheme": "http", "peer": "", "finess": "", "size": 1}


def test_the_mutual_listener_hands_over_the_certificate(running: Running) -> None:
    credential = running.pki.issue(
        CertificateKind.ORG_AUTH_CLI,
        common_name="INSI-AUTO",
        organization="CH FICTIF",
        struct_idnat="10B0000001",
        department="Ille-et-Vilaine (35)",
    )
    connection = http.client.HTTPSConnection(
        "127.0.0.1", running.mutual, context=running.pki.client_context(credential)
    )
    for _ in range(3):  # the connection is kept alive
        found = ask(connection, b"y" * 100_000)
        assert (found["listener"], found["scheme"]) == ("mtls", "https")
        assert (found["peer"], found["finess"]) == ("INSI-AUTO", "0B0000001")
        assert found["size"] == 100_000


def test_without_a_certificate_the_handshake_is_refused_and_told(running: Running) -> None:
    context = running.pki.client_context(None)
    connection = http.client.HTTPSConnection("127.0.0.1", running.mutual, context=context)
    with pytest.raises((ssl.SSLError, ConnectionError, http.client.RemoteDisconnected)):
        ask(connection)
    assert "mtls PEER_DID_NOT_RETURN_A_CERTIFICATE" in _told(running.refused)


def test_idle_connections_hold_no_thread(running: Running) -> None:
    """More than there are threads, all after their handshake: the next caller is answered."""
    context = running.pki.client_context(credential_of(running.pki))
    pools = 2 * Settings().threads + 2
    with contextlib.ExitStack() as held:
        for _ in range(pools):
            plain = socket.create_connection(("127.0.0.1", running.mutual), timeout=10)
            held.enter_context(context.wrap_socket(plain, server_hostname="localhost"))
        caller = http.client.HTTPSConnection(
            "127.0.0.1", running.mutual, context=context, timeout=10
        )
        assert ask(caller)["listener"] == "mtls"


def test_a_server_nobody_trusts_is_refused_by_the_client(running: Running) -> None:
    connection = http.client.HTTPSConnection("127.0.0.1", running.mutual)
    with pytest.raises(ssl.SSLCertVerificationError):
        ask(connection)


def test_plain_http_on_the_tls_port_does_not_stop_the_server(running: Running) -> None:
    with pytest.raises((http.client.BadStatusLine, ConnectionError)):
        ask(http.client.HTTPConnection("127.0.0.1", running.mutual))
    assert ask(http.client.HTTPConnection("127.0.0.1", running.plain))["size"] == 1


def credential_of(pki: TestPki) -> Credential:
    return pki.issue(
        CertificateKind.ORG_AUTH_CLI,
        common_name="INSI-AUTO",
        organization="CH FICTIF",
        struct_idnat="10B0000001",
        department="Ille-et-Vilaine (35)",
    )


@pytest.fixture
def demo(settings: Settings, pki: TestPki) -> Iterator[Served]:
    with served(replace(settings, workers=2), pki) as found:
        yield found


def pinged(demo: Served, mode: str, word: str = "hello") -> int:
    """The status of a ping. Raises OSError or HTTPException when there is no answer."""
    context = demo.pki.client_context(credential_of(demo.pki))
    connection = (
        http.client.HTTPConnection("127.0.0.1", demo.plain, timeout=10)
        if mode == "plain"
        else http.client.HTTPSConnection("127.0.0.1", demo.mutual, context=context, timeout=10)
    )
    with contextlib.closing(connection):
        connection.request("POST", "/port", envelope(word), {"Content-Type": TYPE})
        return connection.getresponse().status


@pytest.mark.parametrize("mode", ["plain", "mtls"])
def test_a_lost_answer_keeps_its_effect_and_a_cut_one_has_none(demo: Served, mode: str) -> None:
    for effect, outcome, kept in (("lose", "accepted", 1), ("cut", "injected", 0)):
        demo.service.reset()
        demo.service.faults.arm(Fault(effect, "demo", effect))
        with pytest.raises((http.client.HTTPException, OSError)):
            pinged(demo, mode)
        demo.service.faults.disarm(effect)
        assert [line.outcome for line in demo.service.journal.find()] == [outcome]
        assert len(notes(demo.service)) == kept
        assert pinged(demo, mode) == 200


def test_a_stop_in_the_middle_loses_nothing_acknowledged(demo: Served) -> None:
    answers: list[int] = []
    threads = [
        threading.Thread(target=lambda: answers.append(pinged(demo, "plain", "slow")))
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for _ in range(500):  # one has the database's turn, the others wait for it
        if reached(demo.service.settings.data_dir) == len(threads):
            break
        time.sleep(0.01)
    stop(demo.pid)
    for thread in threads:
        thread.join()
    assert answers == [200] * 4
    lines = {line.id for line in demo.service.journal.find(outcome="accepted")}
    assert len(lines) == 4
    assert notes(demo.service) == lines


def test_a_worker_that_grew_too_big_ends_and_another_takes_over(
    settings: Settings, pki: TestPki
) -> None:
    with served(replace(settings, worker_max_mib=1), pki) as demo:
        found = Path(f"/proc/{demo.pid}/task/{demo.pid}/children")
        if not found.exists():
            pytest.skip("this system does not list the children of a process")
        first = found.read_text()
        for _ in range(500):
            if found.read_text().strip() and found.read_text() != first:
                break
            time.sleep(0.01)
        assert found.read_text() != first
        assert demo.ask() == 200


def load_a_directory() -> Flask:
    """An application with much in memory, which keeps more at each request and leaves cycles."""
    app = Flask("directory")
    directory = [[number] for number in range(100_000)]
    searched: list[int] = []
    gc.callbacks.append(lambda phase, info: searched.append(info["generation"]))

    @app.post("/echo")
    def keep() -> object:
        searched.clear()
        directory.extend([number] for number in range(30_000))
        for _ in range(50_000):
            circle: list[object] = []
            circle.append(circle)
        return jsonify(
            generations=sorted(set(searched)),
            held=gc.get_freeze_count(),
            alive=len(gc.get_objects()),
        )

    return app


def test_a_directory_in_memory_is_not_searched_for_cycles_and_cycles_are_collected(
    settings: Settings,
) -> None:
    port = free_port()
    application = Application("directory", load_a_directory, (Listener(port),))
    with serving.served(application, replace(settings, workers=1)):
        connection = http.client.HTTPConnection("127.0.0.1", port)
        first, *_, last = (ask(connection) for _ in range(8))
    assert first["held"] > 100_000  # type: ignore[operator]
    assert 0 in last["generations"]  # type: ignore[operator]
    assert 2 not in last["generations"]  # type: ignore[operator]
    assert last["alive"] < 8 * 30_000 + 60_000  # type: ignore[operator]
