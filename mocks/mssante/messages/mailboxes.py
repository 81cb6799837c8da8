"""MSSanté mock, messages: mailboxes (BAL), and those the invented country has without a record.

Every part derives the same boxes from the world: the simulator writes to them, the mock delivers.
Not here: boxes created over the API (``store``).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, fields
from datetime import UTC, datetime
from enum import StrEnum
from functools import cached_property, lru_cache
from typing import Any

from kit.rules import Malformed
from kit.world import Additions, Establishment, Professional, World
from kit.world.places import REGIONS
from kit.world.structures import establishments
from mocks.mssante.messages.addresses import CITIZEN_DOMAIN, domain_of, matricule_of, read_address
from mocks.mssante.messages.trust_list import TrustedDomain

MAX_TEXT = 200
LISTED_AT = datetime(2026, 1, 1, tzinfo=UTC)  # the invented country's list has one edition
APPLICATIONS = ("dpi", "labo", "imagerie")  # software with a box of its own (BAL applicative)
OFFICES = ("secretariat", "admissions")


class MailboxKind(StrEnum):
    """The types of BAL, and the citizens' boxes, which no professional operator creates."""

    PERSONAL = "PER"
    ORGANIZATIONAL = "ORG"
    APPLICATION = "APP"
    CITIZEN = "CITIZEN"


class CitizenMessaging(StrEnum):
    """The state of a patient's messaging in Mon espace santé."""

    OPEN = "open"
    CLOSED = "closed"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Mailbox:
    """A mailbox: address (its key), type, whose it is."""

    address: str
    kind: MailboxKind
    description: str = ""
    finess: str = ""  # FINESS of the legal entity, ORG and APP, PER inside an establishment
    service: str = ""  # unit code
    rpps: str = ""
    matricule: str = ""

    def as_dict(self) -> dict[str, str]:
        """A flat form for JSON."""
        return asdict(self)


def read_mailbox(given: Any) -> Mailbox:
    """A mailbox from JSON. Raises Malformed naming the field."""
    if not isinstance(given, dict):
        raise Malformed("mailbox", "expected an object")
    names = {item.name for item in fields(Mailbox)} - {"matricule"}
    unknown = sorted(set(given) - names)
    if unknown:
        raise Malformed(str(unknown[0])[:40], "not a field of a mailbox")
    for name, value in given.items():
        if not isinstance(value, str) or len(value) > MAX_TEXT or not value.isprintable():
            raise Malformed(name, f"expected a text of at most {MAX_TEXT} printable characters")
    if given.get("kind") not in ("PER", "ORG", "APP"):
        raise Malformed("kind", "expected PER, ORG or APP")
    address = read_address(given.get("address", ""))
    return Mailbox(**given | {"address": address, "kind": MailboxKind(given["kind"])})


def establishment_mailboxes(establishment: Establishment) -> tuple[Mailbox, ...]:
    """The organisational and applicative boxes of an establishment: offices, software, units."""
    domain, finess = establishment.mssante_domain, establishment.finess_ej

    def box(local: str, kind: MailboxKind, description: str, service: str = "") -> Mailbox:
        told = f"{establishment.name}, {description}"
        return Mailbox(f"{local}@{domain}", kind, told, finess=finess, service=service)

    offices = [box(name, MailboxKind.ORGANIZATIONAL, name) for name in OFFICES]
    software = [box(f"{name}.app", MailboxKind.APPLICATION, name) for name in APPLICATIONS]
    units = [
        box(unit.code.lower(), MailboxKind.ORGANIZATIONAL, unit.name, unit.code)
        for unit in establishment.units
    ]
    return tuple(offices + software + units)


def application_mailbox(establishment: Establishment, software: str = "dpi") -> str:
    """The address of the applicative box of an establishment's software."""
    return f"{software}.app@{establishment.mssante_domain}"


class Directory:
    """The mailboxes and domains of the invented country."""

    def __init__(self, world: World) -> None:
        self._world = world

    def find(self, address: str) -> Mailbox | None:
        """The box of an address in small letters, a citizen's too when their messaging is open."""
        matricule = matricule_of(address)
        if matricule and domain_of(address) == CITIZEN_DOMAIN:
            if self.citizen(matricule) is not CitizenMessaging.OPEN:
                return None
            return Mailbox(address, MailboxKind.CITIZEN, matricule=matricule)
        return self._derived_boxes.get(address) or _boxes_of(self._world.additions).get(address)

    def citizen(self, matricule: str) -> CitizenMessaging:
        """The state of a citizen's messaging: none without a record, closed with a closed one."""
        patient = self._world.by_matricule(matricule)
        if patient is None or patient.record.state == "none":
            return CitizenMessaging.UNKNOWN
        if patient.record.state == "closed" or not patient.record.attached_to_mes:
            return CitizenMessaging.CLOSED
        return CitizenMessaging.OPEN

    @property
    def professional_boxes(self) -> Mapping[str, Mailbox]:
        """Every box of establishments and professionals, by address."""
        return {**self._derived_boxes, **_boxes_of(self._world.additions)}

    @property
    def domains(self) -> Mapping[str, TrustedDomain]:
        """The trust list of the invented country, by name."""
        added = _domains_of(self._world.additions)
        return (
            dict(sorted((self._derived_domains | added).items()))
            if added
            else (self._derived_domains)
        )

    @cached_property
    def _derived_boxes(self) -> Mapping[str, Mailbox]:
        return {box.address: box for box in self._boxes()}

    @cached_property
    def _derived_domains(self) -> dict[str, TrustedDomain]:
        named = {item.mssante_domain: item.name for item in self._world.establishments}
        named[CITIZEN_DOMAIN] = "MON ESPACE SANTE"
        for address in self._derived_boxes:
            named.setdefault(domain_of(address), "PROFESSIONNELS")
        return {name: _row(name, description) for name, description in sorted(named.items())}

    def establishment_of(self, address: str) -> str:
        """The FINESS of the legal entity whose domain the address lies in, or an empty text."""
        domain = domain_of(address)
        if domain in self._finess_by_domain:
            return self._finess_by_domain[domain]
        added = self._world.additions.structures
        return next((item.finess_ej for item in added if item.mssante_domain == domain), "")

    @cached_property
    def _finess_by_domain(self) -> Mapping[str, str]:
        return {item.mssante_domain: item.finess_ej for item in self._world.establishments}

    def _boxes(self) -> Iterator[Mailbox]:
        for establishment in self._world.establishments:
            yield from establishment_mailboxes(establishment)
            for professional in self._world.professionals(establishment.finess_eg):
                yield _personal(professional, establishment.finess_ej)
        for region in REGIONS:
            for professional in self._world.correspondents(region):
                yield _personal(professional, "")


@lru_cache(maxsize=16)
def _boxes_of(added: Additions) -> Mapping[str, Mailbox]:
    """The boxes of the structures and professionals a user added, by address."""
    boxes = [box for place in added.structures for box in establishment_mailboxes(place)]
    entities = {
        place.finess_eg: place.finess_ej for place in (*establishments(), *added.structures)
    }
    boxes += [_personal(item, entities.get(item.finess_eg, "")) for item in added.professionals]
    return {box.address: box for box in boxes}


def _domains_of(added: Additions) -> dict[str, TrustedDomain]:
    return {item.mssante_domain: _row(item.mssante_domain, item.name) for item in added.structures}


def _personal(professional: Professional, finess: str) -> Mailbox:
    name = f"{professional.title} {professional.given} {professional.family}".strip()
    return Mailbox(
        professional.mailbox.lower(), MailboxKind.PERSONAL, name,
        finess=finess, service=professional.unit, rpps=professional.rpps,
    )  # fmt: skip


def _row(name: str, description: str) -> TrustedDomain:
    operator = "mes" if name == CITIZEN_DOMAIN else "operateur"
    return TrustedDomain(
        name=name,
        description=description.upper(),
        operator_dn=f"CN=smtp.{operator}.test,OU=318999999900019,O={operator.upper()} FICTIF,"
        "ST=Paris (75),C=FR",
        responsible="00 00 00 00 00, contact@operateur.invalid",
        support="00 00 00 00 00, support@operateur.invalid",
        updated_at=LISTED_AT,
    )
