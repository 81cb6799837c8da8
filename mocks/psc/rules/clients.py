"""Pro Santé Connect mock, rules: who a client is, and which descriptions are registered."""

from __future__ import annotations

import hmac
from collections.abc import Iterator
from urllib.parse import urlsplit

from kit.rules import Finding, RuleBook
from mocks.psc import errors
from mocks.psc.messages.clients import (
    BASIC,
    CERTIFICATE,
    GRANTS,
    METHODS,
    POST,
    PRIVATE_KEY,
    Assertion,
    Client,
    Proof,
)

authentication, assertion, registration = (
    RuleBook("PSC client"),
    RuleBook("PSC client assertion"),
    RuleBook("PSC client registration"),
)

_SECRETS = (BASIC, POST)
_METADATA = "RFC 7591 2"


@authentication.rule(errors.INVALID_REQUEST, source="RFC 6749 2.3")
def a_client_proves_itself_in_one_way(proof: Proof, _: Client | None) -> Iterator[Finding]:
    if len(proof.methods) > 1:
        yield Finding(proof.client_id, "client authentication", ", ".join(proof.methods), "one")


@authentication.rule(errors.INVALID_CLIENT, source="RFC 6749 2.3")
def a_client_proves_itself(proof: Proof, _: Client | None) -> Iterator[Finding]:
    if not proof.methods:
        yield Finding(proof.client_id, "client authentication", "none", " or ".join(METHODS))


@authentication.rule(errors.INVALID_CLIENT, source="RFC 6749 5.2")
def the_client_is_known(proof: Proof, client: Client | None) -> Iterator[Finding]:
    if client is None:
        yield Finding(proof.client_id, "client_id", proof.client_id, "a registered client")


@authentication.rule(errors.INVALID_CLIENT, source=_METADATA)
def the_client_uses_its_own_method(proof: Proof, client: Client | None) -> Iterator[Finding]:
    if client is None or len(proof.methods) != 1:
        return
    method = proof.methods[0]
    both_secrets = method in _SECRETS and client.auth_method in _SECRETS
    if method != client.auth_method and not both_secrets:
        yield Finding(client.id, "token_endpoint_auth_method", method, client.auth_method)


@authentication.rule(errors.INVALID_CLIENT, source="RFC 6749 2.3.1")
def the_secret_is_the_clients(proof: Proof, client: Client | None) -> Iterator[Finding]:
    if client is None or client.auth_method not in _SECRETS or not {*proof.methods} & {*_SECRETS}:
        return
    if not client.secret or not hmac.compare_digest(proof.secret.encode(), client.secret.encode()):
        yield Finding(client.id, "client_secret", "another secret", "the registered secret")


@authentication.rule(errors.INVALID_CLIENT, source="RFC 8705 2.1")
def the_certificate_is_the_clients(proof: Proof, client: Client | None) -> Iterator[Finding]:
    if client is None or client.auth_method != CERTIFICATE:
        return
    if not proof.subject_dn or proof.subject_dn != client.subject_dn:
        seen = proof.subject_dn or "no certificate"
        yield Finding(client.id, "tls_client_auth_subject_dn", seen, client.subject_dn)


@assertion.rule(errors.INVALID_CLIENT, source="RFC 7523 3")
def the_assertion_is_the_clients(client: Client, given: Assertion, _: bool) -> Iterator[Finding]:
    if given.why:
        expected = "signed with a registered key; iss and sub the client, aud this server, exp, jti"
        yield Finding(client.id, "client_assertion", given.why, expected)


@assertion.rule(errors.INVALID_CLIENT, source="RFC 7523 3, item 7")
def an_assertion_serves_once(client: Client, given: Assertion, is_used: bool) -> Iterator[Finding]:
    if is_used:
        yield Finding(client.id, "client_assertion.jti", given.id, "a new jti each time")


@registration.rule(errors.CLIENT_METADATA, source=_METADATA)
def the_method_is_offered(client: Client) -> Iterator[Finding]:
    if client.auth_method not in METHODS:
        expected = ", ".join(METHODS)
        yield Finding(client.id, "token_endpoint_auth_method", client.auth_method, expected)


@registration.rule(errors.CLIENT_METADATA, source=_METADATA)
def the_method_has_what_it_needs(client: Client) -> Iterator[Finding]:
    needed = {
        BASIC: ("client_secret", client.secret),
        POST: ("client_secret", client.secret),
        PRIVATE_KEY: ("jwks", client.jwks),
        CERTIFICATE: ("tls_client_auth_subject_dn", client.subject_dn),
    }
    name, value = needed.get(client.auth_method, ("", True))
    if not value:
        yield Finding(client.id, name, "", f"needed by {client.auth_method}")


@registration.rule(errors.CLIENT_METADATA, source=_METADATA)
def the_grants_are_offered(client: Client) -> Iterator[Finding]:
    for kind in client.grant_types:
        if kind not in GRANTS:
            yield Finding(client.id, "grant_types", kind, ", ".join(GRANTS))


@registration.rule(errors.CLIENT_REDIRECT_URI, source="RFC 6749 3.1.2; RFC 9700 4.1.3")
def a_redirect_uri_is_a_plain_web_address(client: Client) -> Iterator[Finding]:
    for uri in (*client.redirect_uris, *client.post_logout_redirect_uris):
        if not _is_web_address(uri):
            expected = "http(s)://name[:port]/path in ASCII, without fragment or user"
            yield Finding(client.id, "redirect_uris", uri, expected)


def _is_web_address(uri: str) -> bool:
    try:
        parts = urlsplit(uri)
        port = parts.port
    except ValueError:
        return False
    named = parts.scheme in ("http", "https") and bool(parts.hostname) and port != 0
    plain = uri.isascii() and uri.isprintable() and not set(uri) & set(" \"'<>\\;,")
    return named and plain and "@" not in parts.netloc and "#" not in uri
