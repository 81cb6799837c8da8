"""Simulator, gateway, plan: what is to be done with a hand-over, and in whose name.

Pure. Not here: doing it (carrier).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from kit.identity import is_finess
from kit.world import Establishment, Professional, World
from kit.xds.metadata import Coded
from kit.xds.tables import CONTENT_TYPE_SYSTEM
from simulator.delivery.mssante import Wishes
from simulator.gateway.messages.transmission import Participant, Transmission
from simulator.gateway.store import Kind, Wanted

# PV1-2 -> contentTypeCode. Source: MSSanté clients, V-CDA.
ACTIVITIES = {
    "I": Coded("03", CONTENT_TYPE_SYSTEM, "Hospitalisation complète"),
    "O": Coded("07", CONTENT_TYPE_SYSTEM, "Soins externes"),
    "E": Coded("07", CONTENT_TYPE_SYSTEM, "Soins externes"),
    "R": Coded("19", CONTENT_TYPE_SYSTEM, "Séances"),
    "N": Coded("97", CONTENT_TYPE_SYSTEM, "Non applicable"),
}
DOCTOR = "10"
REPLACES, CANCELS = "Annule et remplace :", "Suppression :"
CANCELLED = "Le document joint a été supprimé par son auteur : il ne doit plus être utilisé.\r\n"


def tasks_of(sent: Transmission) -> tuple[Wanted, ...]:
    """The deliveries that a hand-over asks for."""
    return tuple(_tasks(sent))


def _tasks(sent: Transmission) -> Iterator[Wanted]:
    ins = sent.patient.ins
    patient = ins.matricule if ins else sent.patient.ipp
    if sent.says("DESTDMP"):
        kind = Kind.DELETE if sent.is_deletion else Kind.FEED
        for rank in range(len(sent.documents)):
            yield Wanted(kind, str(rank), f"dmp/{patient}")
    recipients: list[Participant] = []
    if sent.says("DESTMSSANTEPS"):
        recipients += sent.professionals
    if sent.says("DESTMSSANTEPAT"):
        recipients += sent.citizens
    for address in dict.fromkeys(person.address.strip().lower() for person in recipients):
        yield Wanted(Kind.MAIL, address, f"mss/{patient}/{address}")


def wishes_of(sent: Transmission, *, is_citizen: bool) -> Wishes:
    """What the creator asks of a mail."""
    mention = REPLACES if sent.is_replacement else CANCELS if sent.is_deletion else ""
    body = sent.body("CORPSMAIL_PATIENT" if is_citizen else "CORPSMAIL_PS")
    return Wishes(
        body=body or (CANCELLED if sent.is_deletion else ""),
        reply_to=sent.reply_to,
        forbids_answer=is_citizen and sent.forbids_answer,
        mention=mention,
        visibility=sent.visibility,
        asks_for_delivery=sent.says("ACK_RECEPTION"),
        asks_for_reading=sent.says("ACK_LECTURE_MSS"),
    )


def establishment_of(sent: Transmission, world: World, own: str) -> Establishment:
    """Who delivers: the establishment that PRT-8 names when it is one of ours, else ``own``."""
    sender = sent.sender
    finess = finess_of(sender) if sender else ""
    found = world.establishment(finess) or world.establishment(own)
    return found or world.establishments[0]


def finess_of(sender: Participant) -> str:
    """The FINESS of PRT-8.10, with the 1 of Struct_IdNat or without."""
    number = sender.finess
    if len(number) == 10 and number.startswith("1"):
        number = number[1:]
    return number if is_finess(number) else ""


def doctor_of(sent: Transmission, world: World, place: Establishment) -> Professional:
    """Who deposits: the person of the PRT SB, known to the invented country or not."""
    sender = sent.sender
    staff = world.professionals(place.finess_eg)
    usual = next(person for person in staff if person.profession == DOCTOR)
    if sender is None or not sender.person:
        return usual
    number = sender.person
    rpps = number[1:] if len(number) == 12 and number.startswith("8") else number
    known = world.professional(rpps)
    return known or replace(usual, rpps=rpps, family=sender.family, given=sender.given, mailbox="")
