"""Simulator, gateway, carrier: does one task with the clients of ``simulator.delivery``.

A deposit that may have arrived is looked for (TD3.1b) before it is sent again. Not here: when a
task is due, what its outcome changes (rounds).
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from kit.cda import entry_from_cda
from kit.clock import Clock
from kit.identity import Ins
from kit.pki import TestPki
from kit.rules import Malformed
from kit.settings import Settings
from kit.world import Establishment, Professional, World
from mocks.mssante.messages.addresses import is_citizen
from simulator.delivery import Attempt, Outcome, Stamp
from simulator.delivery.dmp import ENTRY, FOUND_LATER, TD2_1, TD3_1B, TD3_3C, DmpClient
from simulator.delivery.mssante import MailClient, MailServer
from simulator.delivery.sender import Sender, Software
from simulator.delivery.wire import Wire
from simulator.gateway.messages import Transmission, read_transmission
from simulator.gateway.mllp_client import send
from simulator.gateway.plan import ACTIVITIES, doctor_of, establishment_of, wishes_of
from simulator.gateway.store import Held, Kind, Task
from simulator.streams import Streams

SOFTWARE = Software("Banc-PFI", "1.0", "BANC-TEST", "BANC-TEST", "TEST000002")
NOT_FOUND = "UnresolvedReferenceException"  # ITI TF-3 table 4.2.4.1-2
NO_ROUTE, UNSENDABLE, GONE_ALREADY = "NO_ROUTE", "UNSENDABLE", "GONE_ALREADY"
ZAM = "ZAM"


@dataclass(slots=True)
class Clients:
    """DMP and mail as one establishment uses them."""

    dmp: DmpClient
    mail: MailClient
    wire: Wire


@dataclass(frozen=True, slots=True)
class Errand:
    """A task with its message, read again, and in whose name it is done."""

    task: Task
    held: Held
    sent: Transmission
    doctor: Professional
    clients: Clients


class Carrier:
    """The deliveries of the gateway."""

    def __init__(self, settings: Settings, clock: Clock, world: World) -> None:
        self._settings = settings
        self._clock = clock
        self._world = world
        self._streams = Streams(settings.seed)
        self._clients: dict[str, Clients] = {}
        self._opening = asyncio.Lock()
        self._routes = dict(item.split("=", 1) for item in settings.gateway_routes)

    async def close(self) -> None:
        """Close every connection."""
        for clients in self._clients.values():
            await clients.wire.close()
            await clients.mail.close()

    async def deliver(self, task: Task, held: Held) -> Attempt:
        """One try of a task."""
        if task.kind is Kind.ZAM:
            return await self._tell(task, held)
        sent = await asyncio.to_thread(read_transmission, held.content)
        place = establishment_of(sent, self._world, self._settings.gateway_finess)
        clients = await self._clients_of(place)
        errand = Errand(task, held, sent, doctor_of(sent, self._world, place), clients)
        works = {Kind.FEED: self._feed, Kind.DELETE: self._delete, Kind.MAIL: self._mail}
        try:
            return await works[task.kind](errand)
        except (Malformed, ValueError) as error:  # no letter or lot can be made of it
            return Attempt(task.kind.value, Outcome.REFUSED, UNSENDABLE, str(error))

    def _own(self, errand: Errand) -> Stamp:
        """What names a lot or a mail: the same at each try."""
        name = f"{errand.held.key}/{errand.task.id}"
        return Stamp(errand.held.accepted_at, self._streams.fresh(name))

    def _call(self, errand: Errand, what: str) -> Stamp:
        """What names one call: another at each try."""
        name = f"{errand.held.key}/{errand.task.id}/{errand.task.tries}/{what}"
        return Stamp(self._clock.now(), self._streams.fresh(name))

    async def _feed(self, errand: Errand) -> Attempt:
        """TD2.1, after TD3.1b when it may have arrived or when it replaces."""
        document = errand.sent.documents[int(errand.task.target)]
        own_id, ins = errand.sent.document_id(document), _ins(errand)
        if errand.task.tries:
            attempt, entry_uuid = await self._look_for(errand, own_id, "again")
            if attempt.outcome is not Outcome.DELIVERED:
                return attempt
            if entry_uuid:
                return Attempt(TD2_1, Outcome.DELIVERED, FOUND_LATER, reference=own_id)
        replaces = ""
        if errand.sent.is_replacement:
            parent = errand.sent.replaced_id(document)
            attempt, replaces = await self._look_for(errand, parent, "parent")
            if not replaces:
                return _not_there(attempt, parent)
        entry = entry_from_cda(
            document.content, entry_uuid=ENTRY, visibility=errand.sent.visibility
        )  # fmt: skip
        deposit = errand.clients.dmp.deposit(
            document.content,
            errand.doctor,
            self._own(errand),
            patient_id=ins,
            entry=entry,
            replaces=replaces,
            activity=ACTIVITIES.get(errand.sent.patient_class),
            is_secret=errand.sent.says("CONNEXION_SECRETE"),
        )
        return await errand.clients.dmp.feed(deposit, self._call(errand, "feed"))

    async def _delete(self, errand: Errand) -> Attempt:
        """TD3.1b, then TD3.3c."""
        document = errand.sent.documents[int(errand.task.target)]
        own_id = errand.sent.document_id(document)
        attempt, entry_uuid = await self._look_for(errand, own_id, "find")
        if not entry_uuid and errand.task.tries and attempt.outcome is Outcome.DELIVERED:
            return Attempt(TD3_3C, Outcome.DELIVERED, GONE_ALREADY, reference=own_id)
        if not entry_uuid:
            return _not_there(attempt, own_id)
        stamp = self._call(errand, "delete")
        return await errand.clients.dmp.delete(entry_uuid, _ins(errand), errand.doctor, stamp)

    async def _look_for(self, errand: Errand, unique_id: str, what: str) -> tuple[Attempt, str]:
        stamp = self._call(errand, what)
        return await errand.clients.dmp.reference(unique_id, _ins(errand), errand.doctor, stamp)

    async def _mail(self, errand: Errand) -> Attempt:
        """The documents to one mailbox, one message."""
        sent, recipient = errand.sent, errand.task.target
        contents = [document.content for document in sent.documents]
        wishes = wishes_of(sent, is_citizen=is_citizen(recipient))
        mail = errand.clients.mail
        letter = await asyncio.to_thread(
            mail.letter,
            contents[0],
            errand.doctor,
            recipient,
            self._own(errand),
            wishes=wishes,
            others=contents[1:],
        )
        found = await mail.send(letter)
        return Attempt(
            found.transaction, found.outcome, found.code, found.text, letter.message_id, recipient
        )

    async def _tell(self, task: Task, held: Held) -> Attempt:
        """A ZAM to the creator; where it listens is a row of the route table."""
        route = self.route(held)
        if not route:
            text = f"no route for {held.application}@{held.facility}: see BANC_GATEWAY_ROUTES"
            return Attempt(ZAM, Outcome.REFUSED, NO_ROUTE, text)
        host, _, port = route.rpartition(":")
        return await send(host, int(port), task.content)

    def route(self, held: Held) -> str:
        """``host:port`` of a creator, "" when none is known."""
        names = (f"{held.application}@{held.facility}", held.application, "*")
        return next((self._routes[name] for name in names if name in self._routes), "")

    async def _clients_of(self, place: Establishment) -> Clients:
        async with self._opening:
            if place.finess_ej not in self._clients:
                self._clients[place.finess_ej] = await self._open(place)
            return self._clients[place.finess_ej]

    async def _open(self, place: Establishment) -> Clients:
        settings = self._settings
        pki = await asyncio.to_thread(TestPki.open, settings.data_dir / "pki", settings)
        credentials = await asyncio.to_thread(pki.establishment, place)
        sender = Sender(place, credentials, SOFTWARE)
        context = pki.client_context(credentials.auth)
        wire = Wire(f"https://{settings.reach('dmp')}:{settings.dmp_tls_port}", context)
        server = MailServer(
            settings.reach("mssante"),
            settings.submission_port,
            settings.mssante_password,
            pki.client_context(),
        )
        return Clients(DmpClient(sender, wire), MailClient(sender, server), wire)


def _ins(errand: Errand) -> Ins:
    ins = errand.sent.patient.ins
    if ins is None:  # the rules let no such message through
        raise Malformed("PID-3", "no INS")
    return ins


def _not_there(attempt: Attempt, unique_id: str) -> Attempt:
    """A look-up that found nothing is an answer of its own; one that failed stays what it was."""
    if attempt.outcome is not Outcome.DELIVERED:
        return attempt
    return Attempt(TD3_1B, Outcome.REFUSED, NOT_FOUND, f"no document {unique_id} in the DMP")
