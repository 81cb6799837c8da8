"""The port: armed faults, several messages on a connection, the view of the outbox."""

from __future__ import annotations

import pytest
from hl7.client import MLLPClient

from kit.clock import FixedClock
from kit.faults import CODE, CUT, LOSE, Fault, Faults
from kit.settings import Settings
from simulator.gateway.app import create_app
from simulator.gateway.messages import read_acknowledgement
from tests.simulator.gateway.builders import an_mdm, octets
from tests.simulator.gateway.serving import serving

FAULTS = [  # effect, value, answer, tasks kept
    (CODE, "207", "AE", 0),
    (CUT, "", "", 0),
    (LOSE, "", "", 1),
]


@pytest.mark.parametrize(("effect", "value", "code", "tasks"), FAULTS)
def test_an_armed_fault_fires(
    settings: Settings, clock: FixedClock, effect: str, value: str, code: str, tasks: int
) -> None:
    faults = Faults(settings.data_dir, "gateway", clock)
    faults.arm(Fault("f", "gateway", effect, "MDM^T02", value))
    app = create_app(settings, clock).test_client()
    with serving(settings, clock) as port:
        with MLLPClient("127.0.0.1", port) as client:
            answer = client.send_message(octets(an_mdm(yes=("DESTMSSANTEPS", "INVISIBLE_PATIENT"))))
        said = read_acknowledgement(answer[1:-2]).code if answer else ""
        assert said == code
        kept = app.get("/outbox").get_json()["tasks"]
        lines = app.get("/_banc/journal").get_json()["exchanges"]
    assert len(kept) == tasks
    assert lines[0]["outcome"] == ("accepted" if effect == LOSE else "injected")


def test_a_lost_answer_is_mended_by_sending_again(settings: Settings, clock: FixedClock) -> None:
    faults = Faults(settings.data_dir, "gateway", clock)
    faults.arm(Fault("f", "gateway", LOSE))
    app = create_app(settings, clock).test_client()
    with serving(settings, clock) as port:
        with MLLPClient("127.0.0.1", port) as client:
            assert client.send_message(octets(an_mdm())) == b""
        faults.disarm("f")
        with MLLPClient("127.0.0.1", port) as client:
            assert b"MSA|AA|M1" in client.send_message(octets(an_mdm()))
        tasks = app.get("/outbox").get_json()["tasks"]
    assert [task["kind"] for task in tasks] == ["feed"]
    assert app.get(f"/outbox/{tasks[0]['id']}/zam").status_code == 404
