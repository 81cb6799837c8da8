"""Pro Santé Connect mock, rules: the backchannel request, polling and the phone."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from kit.rules import Finding, RuleBook
from mocks.psc import errors
from mocks.psc.messages.authorization import EIDAS1
from mocks.psc.messages.ciba import REJECTED, USED, WAITING, BackchannelRequest, PhoneRequest
from mocks.psc.messages.clients import CIBA, Client
from mocks.psc.messages.tokens import MEANS
from mocks.psc.rules.authorization import wrong_scopes

request, poll, phone = RuleBook("PSC CIBA"), RuleBook("PSC CIBA poll"), RuleBook("PSC phone")

MAX_MESSAGE_CHARS = 64  # "short, shown on the phone"; the real bound is not public
_PROXY = "psc-edc-proxy-esante"
_REQUEST = "CIBA Core 7.1"


@request.rule(errors.UNAUTHORIZED_CLIENT, source="CIBA Core 13")
def the_client_may_use_ciba(_: BackchannelRequest, client: Client, __: bool) -> Iterator[Finding]:
    if CIBA not in client.grant_types:
        yield Finding(client.id, "grant_types", ", ".join(client.grant_types), CIBA)


@request.rule(errors.INVALID_SCOPE, source=_PROXY)
def the_scope_of_ciba_is_openid_scope_all(
    asked: BackchannelRequest, client: Client, _: bool
) -> Iterator[Finding]:
    yield from wrong_scopes(client.id, asked.scope)


@request.rule(errors.INVALID_REQUEST, source=_PROXY)
def acr_values_of_ciba_is_eidas1(
    asked: BackchannelRequest, client: Client, _: bool
) -> Iterator[Finding]:
    if asked.acr_values != EIDAS1:
        yield Finding(client.id, "acr_values", asked.acr_values, EIDAS1)


@request.rule(errors.INVALID_REQUEST, source=_REQUEST)
def there_is_one_hint_the_login_hint(
    asked: BackchannelRequest, client: Client, _: bool
) -> Iterator[Finding]:
    others = [name for name in ("login_hint_token", "id_token_hint") if getattr(asked, name)]
    if others or not asked.login_hint:
        yield Finding(client.id, "login_hint", ", ".join(others), "login_hint alone")


@request.rule(errors.UNKNOWN_USER, source="CIBA Core 13")
def the_login_hint_is_a_professional(
    asked: BackchannelRequest, client: Client, is_known: bool
) -> Iterator[Finding]:
    if asked.login_hint and not is_known:
        yield Finding(client.id, "login_hint", asked.login_hint, "8 + RPPS of the directory")


@request.rule(errors.BINDING_MESSAGE, source=f"{_REQUEST}; {_PROXY}")
def the_binding_message_can_be_shown(
    asked: BackchannelRequest, client: Client, _: bool
) -> Iterator[Finding]:
    size = len(asked.binding_message)
    if not 0 < size <= MAX_MESSAGE_CHARS:
        seen, wanted = f"{size} characters", f"1 to {MAX_MESSAGE_CHARS}"
        yield Finding(client.id, "binding_message", seen, wanted)


@request.rule(errors.INVALID_REQUEST, source=_PROXY)
def the_channel_is_known(asked: BackchannelRequest, client: Client, _: bool) -> Iterator[Finding]:
    if asked.channel and asked.channel not in MEANS:
        yield Finding(client.id, "channel", asked.channel, " or ".join(MEANS))


@request.rule(errors.INVALID_REQUEST, source=_REQUEST)
def the_requested_expiry_is_a_number_of_seconds(
    asked: BackchannelRequest, client: Client, _: bool
) -> Iterator[Finding]:
    given = asked.requested_expiry
    if given and not (given.isascii() and given.isdigit() and 0 < int(given[:9]) < 86_400):
        yield Finding(client.id, "requested_expiry", given[:20], "1 to 86399")


@poll.rule(errors.INVALID_GRANT, source="CIBA Core 11")
def the_request_is_known(
    client: Client, found: PhoneRequest | None, _: datetime
) -> Iterator[Finding]:
    if found is None:
        yield Finding(client.id, "auth_req_id", "unknown", "that of the backchannel answer")


@poll.rule(errors.INVALID_GRANT, source="CIBA Core 11")
def the_request_is_this_clients(
    client: Client, found: PhoneRequest | None, _: datetime
) -> Iterator[Finding]:
    if found and found.session.client_id != client.id:
        yield Finding(client.id, "auth_req_id", "of another client", "the client that asked")


@poll.rule(errors.INVALID_GRANT, source="CIBA Core 11")
def a_request_gives_tokens_once(
    client: Client, found: PhoneRequest | None, _: datetime
) -> Iterator[Finding]:
    if found and found.state == USED:
        yield Finding(client.id, "auth_req_id", "used", "a new request; its session is ended now")


@poll.rule(errors.EXPIRED_TOKEN, source="CIBA Core 11")
def the_request_is_not_over(
    client: Client, found: PhoneRequest | None, now: datetime
) -> Iterator[Finding]:
    if found and found.state != USED and found.expires_at <= now:
        yield Finding(client.id, "auth_req_id", f"over since {found.expires_at}", "a new request")


@poll.rule(errors.SLOW_DOWN, source="CIBA Core 11")
def the_client_waits_the_interval(
    client: Client, found: PhoneRequest | None, now: datetime
) -> Iterator[Finding]:
    if found is None or found.polled_at is None or found.expires_at <= now or found.state == USED:
        return
    waited = now - found.polled_at
    if waited < timedelta(seconds=found.interval):
        seen, wanted = f"{waited.total_seconds():.1f} s", f"{found.interval} s at least"
        yield Finding(client.id, "auth_req_id", seen, wanted)


@poll.rule(errors.ACCESS_DENIED, source="CIBA Core 11")
def the_professional_does_not_refuse(
    client: Client, found: PhoneRequest | None, _: datetime
) -> Iterator[Finding]:
    if found and found.state == REJECTED:
        yield Finding(client.id, "auth_req_id", "refused on the phone", "accepted")


@phone.rule(errors.LOGIN_LOST, source="Banc, Pro Santé Connect README")
def the_phone_answers_what_waits(
    asked: str, found: PhoneRequest | None, now: datetime
) -> Iterator[Finding]:
    if found is None or found.state != WAITING or found.expires_at <= now:
        seen = "unknown" if found is None else found.state
        yield Finding(asked, "request", seen, "a request that waits")
