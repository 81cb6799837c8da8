"""Pro Santé Connect mock, entry points: one function per endpoint.

Each one reads, checks, stores, answers. No HTML, no rule and no SQL is written here.

- ``port``: from HTTP to a call and back, with its journal line
- ``gate``: who calls, who signs
- ``authorization``: the pages of the authorization endpoint
- ``tokens``: the back channel
- ``ciba``: the backchannel request and the phone
- ``control``: ``/_banc/psc``
"""

from __future__ import annotations

from flask import Blueprint, Response

from kit.service import Service
from mocks.psc.messages import discovery, pages
from mocks.psc.messages.forms import Answer, write_json
from mocks.psc.routes.authorization import add_authorization
from mocks.psc.routes.ciba import add_ciba
from mocks.psc.routes.control import control
from mocks.psc.routes.gate import Gate
from mocks.psc.routes.port import Call, Port
from mocks.psc.routes.tokens import add_tokens
from mocks.psc.store import People, SigningKey, Store

__all__ = ["blueprints"]


def blueprints(
    service: Service, store: Store, key: SigningKey, people: People
) -> tuple[Blueprint, Blueprint]:
    """The endpoints of the mock, and its control API."""
    bp = Blueprint("psc", __name__)
    gate, port = Gate(service, store, key, people), Port(bp, service)
    _add_published(port, gate)
    add_authorization(port, gate)
    add_tokens(port, gate)
    add_ciba(port, gate)

    @bp.get(pages.STYLE_PATH)
    def style() -> Response:
        """The style sheet of the pages."""
        found = pages.write_style()
        return Response(found.body, content_type=found.content_type)

    return bp, control(gate)


def _add_published(port: Port, gate: Gate) -> None:
    @port.on("GET", *discovery.DISCOVERY_PATHS, transaction="DISCOVERY")
    def discover(call: Call) -> Answer:
        """The provider's metadata, below the issuer's path."""
        return write_json(discovery.write_discovery(call.base))

    @port.on("GET", discovery.KEYS_PATH, transaction="JWKS")
    def keys(_: Call) -> Answer:
        """The public keys."""
        return write_json(gate.key.public.as_dict(private=False))
