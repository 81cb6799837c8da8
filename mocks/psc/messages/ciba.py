"""Pro Santé Connect messages: the backchannel authentication request (CIBA), and the phone.

Not here: the token request that follows (tokens), pages (pages).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from kit.rules import Malformed
from mocks.psc.messages.forms import Form, required
from mocks.psc.messages.tokens import Session

WAITING, ACCEPTED, REJECTED, USED = "waiting", "accepted", "refused", "used"
ANSWERS = {"accept": ACCEPTED, "refuse": REJECTED}
ASK = "ask"
SLOWER_SECONDS = 5  # CIBA Core 11: slow_down adds at least this to the interval


@dataclass(frozen=True, slots=True)
class BackchannelRequest:
    """A request to be answered on the phone. Source: CIBA Core 7.1; ``channel`` is PSC's own."""

    scope: str = ""
    acr_values: str = ""
    login_hint: str = ""
    binding_message: str = ""
    channel: str = ""
    login_hint_token: str = ""
    id_token_hint: str = ""
    requested_expiry: str = ""


_NAMES = tuple(BackchannelRequest.__dataclass_fields__)


def read_backchannel_request(form: Form) -> BackchannelRequest:
    """Read a backchannel request; rules judge what it says."""
    return BackchannelRequest(**{name: form[name] for name in _NAMES if name in form})


def write_backchannel_request(asked: BackchannelRequest) -> dict[str, str]:
    """The fields of a backchannel request's form."""
    return {name: getattr(asked, name) for name in _NAMES if getattr(asked, name)}


@dataclass(frozen=True, slots=True)
class PhoneRequest:
    """A request that waits on a phone. ``id`` is shown there; the client holds another, secret.

    session: what the client gets when the professional accepts.
    """

    id: str
    session: Session
    binding_message: str
    expires_at: datetime
    interval: int
    state: str = WAITING
    polled_at: datetime | None = None


def write_backchannel(auth_req_id: str, seconds: int, interval: int) -> dict[str, Any]:
    """The answer to a backchannel request. Source: CIBA Core 7.3."""
    return {"auth_req_id": auth_req_id, "expires_in": seconds, "interval": interval}


def write_phone_request(found: PhoneRequest) -> dict[str, Any]:
    """A request as the control API shows it."""
    return {
        "id": found.id,
        "client_id": found.session.client_id,
        "national_id": found.session.national_id,
        "binding_message": found.binding_message,
        "channel": found.session.channel,
        "state": found.state,
        "expires_at": found.expires_at.isoformat(),
    }


def read_answer(given: Any, allowed: tuple[str, ...] = tuple(ANSWERS)) -> str:
    """What the phone answers. Raises Malformed."""
    answer = given.get("answer") if isinstance(given, Mapping) else None
    if answer not in allowed:
        raise Malformed("answer", f"expected one of {', '.join(allowed)}")
    return str(answer)


def read_phone_answer(form: Form) -> tuple[str, str]:
    """Which request the form of the phone answers, and how. Raises Malformed."""
    return required(form, "request"), ANSWERS[read_answer(form)]
