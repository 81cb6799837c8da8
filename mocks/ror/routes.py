"""ROR mock, entry points: one function per interaction.

Each one reads, checks, stores, answers. No rule and no SQL is written here.
"""

from __future__ import annotations

from email.utils import format_datetime

from flask import Blueprint

from kit.fhir import Call, Port, Reply, Resource, Style, page_links, read_query, write_searchset
from kit.fhir.port import refused
from kit.rules import Malformed
from kit.service import PLAIN, Service
from mocks.ror import errors, messages
from mocks.ror.messages import token as tokens
from mocks.ror.messages.capacity import read_instant
from mocks.ror.messages.location import identifiers
from mocks.ror.messages.search import TYPES
from mocks.ror.rules import access, beds, profiles, search, views
from mocks.ror.store import Directory, Store, TokenKey

OFFERS = ("HealthcareService", "Organization")


def blueprint(service: Service, store: Store, key: TokenKey) -> Blueprint:
    """The endpoints of the mock, answering from ``store``."""
    bp = Blueprint("ror", __name__)
    gate = Gate(service, key)
    _token(bp, service, gate)
    diffusion = Port(
        bp, messages.DIFFUSION_PATH, service, types=TYPES, identify=gate.identify_consumer
    )
    _capabilities(diffusion)
    _read(diffusion, store)
    _search(diffusion, store)
    _offers(diffusion, store)
    bed_port = Port(
        bp, messages.BED_PATH, service, types=("Location",), identify=gate.identify_supplier
    )
    _beds(bed_port, store)
    return bp


class Gate:
    """Who calls. Raises Refused when the caller is not who they must be."""

    def __init__(self, service: Service, key: TokenKey) -> None:
        self.settings = service.settings
        self.clock = service.clock
        self.key = key

    def is_open(self, call: Call) -> bool:
        """Whether this call may come without a token: a first try on the plain listener."""
        return call.listener == PLAIN and self.settings.ror_authentication == "open"

    def identify_consumer(self, call: Call) -> tokens.Client:
        """Who calls the diffusion service; the capability statement is for everybody."""
        if call.target.interaction == "CAPABILITIES":
            return tokens.ANONYMOUS
        client = self._client(call)
        if client is not tokens.ANONYMOUS:
            access.context.check(call.headers)
        return client

    def identify_supplier(self, call: Call) -> tokens.Client:
        """Who calls the bed synchronisation."""
        client = self._client(call)
        access.supply.check(client)
        access.no_context.check(call.headers)
        return client

    def _client(self, call: Call) -> tokens.Client:
        header = call.headers.get("Authorization", "")
        if not header and self.is_open(call):
            return tokens.ANONYMOUS
        client, why = None, ""
        try:
            client = tokens.read_token(header[len("Bearer ") :].strip(), self.key.value)
        except Malformed as error:
            why = error.why
        access.bearer.check(header, client, why)
        access.expiry.check(client, self.clock.wall())
        assert client is not None
        call.line.finess = client.finess
        return client


def _token(bp: Blueprint, service: Service, gate: Gate) -> None:
    style = Style(
        media_type="application/json",
        body_type=tokens.FORM,
        route=tokens.route,
        read_body=tokens.read_form,
        write_refusals=tokens.write_token_refusals,
    )
    port = Port(bp, messages.TOKEN_PATH, service, style=style)

    @port.interaction("TOKEN")
    def token(call: Call) -> Reply:
        """OAuth2 client credentials: an access token against a secret or a certificate."""
        asked = messages.read_token_request(call.body)
        certificate = call.peer.finess if call.peer else None
        secret = service.settings.ror_client_secret
        access.token.check(asked, access.Proof(not gate.is_open(call), secret, certificate))
        assert asked.client is not None
        call.line.finess = asked.client.finess
        answer = messages.write_token(
            asked.client,
            gate.key.value,
            issuer=call.base_url,
            now=service.clock.wall(),  # the client compares it with its own clock
            seconds=service.settings.ror_token_seconds,
        )
        return Reply(answer, headers={"Cache-Control": "no-store"})


def _capabilities(port: Port) -> None:
    is_extended = port.service.settings.ror_writes == "extended"

    @port.interaction("CAPABILITIES")
    def capabilities(call: Call) -> Reply:
        """What the service offers; for everybody."""
        return Reply(messages.write_capability_statement(call.base_url, is_extended=is_extended))


def _read(port: Port, store: Store) -> None:
    @port.interaction("READ", *TYPES)
    def read(call: Call) -> Reply:
        """One resource, as the client's access profile shows it."""
        with store.open(views.view_of(call.sender.profile)) as directory:
            resource = _known(directory, call)
        call.line.facts |= {"finess": call.sender.finess}
        return Reply(resource, headers=_version_headers(resource))


def _search(port: Port, store: Store) -> None:
    @port.interaction("SEARCH", *TYPES)
    def find(call: Call) -> Reply:
        """One page of the resources that meet every criterion."""
        query = read_query(call.target.resource_type, call.parameters)
        search.query.check(query)
        with store.open(views.view_of(call.sender.profile)) as directory:
            page = directory.find(query)
        call.line.facts |= {
            "finess": call.sender.finess,
            "total": page.total,
            "returned": len(page.matches),
        }
        return Reply(
            write_searchset(
                messages.projected(page, query.control("_elements")),
                base_url=call.base_url,
                links=page_links(page, url=call.url, parameters=call.parameters),
                with_total=query.control("_total") != "none",
            )
        )


def _beds(port: Port, store: Store) -> None:
    clock = port.service.clock

    @port.interaction("PATCH", "Location")
    def patch_location(call: Call) -> Reply:
        """Update capacity blocks (mise à jour des lits) of the one Location of an identifier."""
        patch = messages.read_bed_patch(call.body)
        identifier = _identifier(call)
        with store.open() as directory:
            places = _places(directory, identifier, call)
            beds.update.check(patch, places, call.sender)
            blocks = places.blocks or ()
            for operation in patch.operations:
                blocks = operation.applied(blocks)
            location = directory.update_beds(places.locations[0], blocks, clock.now())
            _tell_beds(call, patch, places, directory)
        return Reply(location, headers=_version_headers(location))

    def _places(directory: Directory, identifier: str, call: Call) -> beds.Places:
        found = directory.locations(identifier, clock.now())
        owners = tuple(directory.owners(location)[0] for location in found)
        if owners and not call.line.finess:
            call.line.finess = owners[0]
        return beds.Places(identifier, found, owners)


def _tell_beds(
    call: Call, patch: messages.BedPatch, places: beds.Places, directory: Directory
) -> None:
    location = places.locations[0]
    sync = identifiers(location).get("26", "")
    call.line.facts |= {
        "finess": directory.owners(location)[1],
        "units": [sync.rpartition("/")[2]],
        "capacity": dict(messages.told(operation) for operation in patch.operations),
    }
    dates = [
        read_instant(part.value)
        for operation in patch.operations
        for parts in operation.values
        for part in parts
        if part.name == "capacityUpdateDate"
    ]
    if dates:
        call.line.stated_at = max(dates)


def _offers(port: Port, store: Store) -> None:
    is_extended = port.service.settings.ror_writes == "extended"
    clock = port.service.clock

    @port.interaction("UPDATE", *OFFERS)
    def update(call: Call) -> Reply:
        """Extended mode: a referent replaces an offer or an organization."""
        access.outside.check(call.target.resource_type, is_extended)
        target = call.target
        offer = messages.read_resource(call.body, target.resource_type, target.resource_id)
        with store.open() as directory:
            return _written(directory, call, _known(directory, call), offer)

    @port.interaction("PATCH", *OFFERS)
    def patch(call: Call) -> Reply:
        """Extended mode: a referent changes first-level elements of an offer."""
        access.outside.check(call.target.resource_type, is_extended)
        operations = messages.read_element_patch(call.body, call.target.resource_type)
        with store.open() as directory:
            before = directory.hold(_known(directory, call), clock.now())
            return _written(directory, call, before, messages.patched(before, operations))

    @port.interaction("CREATE", *TYPES)
    @port.interaction("UPDATE", "Location")
    @port.interaction("PATCH", "Location")
    def write(call: Call) -> Reply:
        """Specific to the national server: never from outside."""
        access.outside.check(call.target.resource_type, False)
        raise AssertionError("the rule always refuses")

    def _written(directory: Directory, call: Call, before: Resource, offer: Resource) -> Reply:
        finess_ej, finess_eg = directory.owners(before)
        access.refer.check(call.sender, finess_ej)
        profiles.shape.check(offer)
        profiles.offer.check(offer)
        held = directory.hold(before, clock.now())
        after = directory.write(offer, held, clock.now())
        call.line.finess = call.line.finess or finess_ej
        call.line.facts |= {
            "finess": finess_eg,
            "updated": f"{call.target.resource_type}/{after['id']}",
        }
        return Reply(after, headers=_version_headers(after))


def _identifier(call: Call) -> str:
    found = call.parameter("identifier")
    if len(found) != 1 or not found[0] or len(call.parameters) != 1:
        given = ", ".join(name for name, _ in call.parameters) or "none"
        raise Malformed("identifier", f"expected once and alone in the URL, found {given}")
    return found[0]


def _known(directory: Directory, call: Call) -> Resource:
    target = call.target
    found = directory.get(target.resource_type, target.resource_id)
    if found is None:
        raise refused(
            errors.UNKNOWN_RESOURCE,
            "the resource exists",
            subject=f"{target.resource_type}/{target.resource_id}",
            home=search.__package__,
        )
    return found


def _version_headers(resource: Resource) -> dict[str, str]:
    meta = resource.get("meta", {})
    if "versionId" not in meta:
        return {}
    updated_at = read_instant(meta["lastUpdated"])
    return {
        "ETag": f'W/"{meta["versionId"]}"',
        "Last-Modified": format_datetime(updated_at, usegmt=True),
    }
