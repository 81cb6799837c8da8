"""Simulator, gateway, app: puts the gateway together: the MLLP port and deliveries in one main,
the control API and a view of the outbox as a Flask app.

Not here: what any of them does.
"""

from __future__ import annotations

import asyncio
import signal
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from flask import Blueprint, Flask, Response, jsonify, request

from kit.clock import Clock
from kit.service import Offered, Service, create_service
from kit.settings import Settings
from kit.world import world_of
from simulator.gateway.carrier import Carrier
from simulator.gateway.desk import SERVICE, Desk
from simulator.gateway.receipts import Receipts
from simulator.gateway.rounds import Rounds
from simulator.gateway.server import MllpServer
from simulator.gateway.store import Outbox, metadata

MAX_TASKS = 1000
_TRANSACTIONS = (
    ("ORU^R01", "documents of one report, from a laboratory"),
    ("MDM^T02", "a new document"),
    ("MDM^T10", "a document that replaces another"),
    ("MDM^T04", "a document to delete"),
    ("ADT^A01", "what a patient said of the DMP (ZFA)"),
)


def create_app(settings: Settings, clock: Clock | None = None) -> Flask:
    """The control API, and the outbox as JSON."""
    service, outbox = _parts(settings, clock)
    service.offered += [Offered(name, "MLLP", told) for name, told in _TRANSACTIONS]
    service.app.register_blueprint(_blueprint(outbox))
    return service.app


def _blueprint(outbox: Outbox) -> Blueprint:
    blueprint = Blueprint("gateway", __name__)

    @blueprint.get("/outbox")
    def tasks() -> Response:
        """The newest tasks: deliveries and acknowledgements, with what became of them."""
        limit = min(request.args.get("limit", 100, type=int), MAX_TASKS)
        return jsonify(tasks=[task.as_dict() for task in outbox.tasks(max(limit, 1))])

    @blueprint.get("/outbox/<int:number>/zam")
    def content(number: int) -> Response:
        """The ZAM of a task, as it is sent."""
        found = next((task for task in outbox.tasks(MAX_TASKS) if task.id == number), None)
        status = 200 if found is not None and found.content else 404
        body = found.content if found is not None else b""
        return Response(body, status, mimetype="x-application/hl7-v2+er7")

    return blueprint


async def serve_gateway(
    settings: Settings, clock: Clock | None = None, ready: Callable[[], None] = lambda: None
) -> None:
    """The MLLP port and the deliveries in this process, until cancelled or SIGTERM.

    ready: called once the port listens.
    """
    service, outbox = _parts(settings, clock)
    world = world_of(settings)
    with ThreadPoolExecutor(1, "gateway-writer") as writer:
        carrier = Carrier(settings, service.clock, world)
        rounds = Rounds(service, outbox, carrier, writer)
        receipts = Receipts(service, outbox, rounds, world)
        server = MllpServer(Desk(service, outbox, world), writer, rounds.nudge)
        listening = await server.listen()
        async with listening, asyncio.TaskGroup() as tasks:
            working = [tasks.create_task(rounds.run()), tasks.create_task(receipts.run())]
            ready()
            try:
                await _told_to_stop()
            finally:
                for task in working:
                    task.cancel()
                await server.hang_up()
        await carrier.close()
    service.database.close()


async def _told_to_stop() -> None:
    """Wait for SIGTERM where signals can be heard, or for cancellation."""
    stop = asyncio.Event()
    if threading.current_thread() is threading.main_thread():
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    await stop.wait()


def _parts(settings: Settings, clock: Clock | None) -> tuple[Service, Outbox]:
    service = create_service(SERVICE, settings, clock)
    service.create_tables(metadata)
    return service, Outbox(service.database)
