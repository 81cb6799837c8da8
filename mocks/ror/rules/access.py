"""ROR mock, rules: who may call, and how.

Not here: reading a token (messages).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from kit.rules import Finding, RuleBook
from mocks.ror import errors
from mocks.ror.messages import CONTEXT_HEADERS
from mocks.ror.messages.token import REFERENT, SUPPLIER, Client, TokenRequest

token, bearer, expiry = (
    RuleBook("ROR token"),
    RuleBook("ROR access token"),
    RuleBook("ROR expiry"),
)
context, no_context = RuleBook("ROR headers"), RuleBook("ROR headers of the bed update")
supply, refer, outside = (
    RuleBook("ROR bed supplier"),
    RuleBook("ROR referent"),
    RuleBook("ROR writes from outside"),
)

_GUIDE = "ROR guide, authentification"
_OID = re.compile(r"[0-2](\.(0|[1-9]\d*))+")


@dataclass(frozen=True, slots=True)
class Proof:
    """What a client shows beside its id; ``certificate_finess`` is None without a certificate."""

    wanted: bool
    secret: str
    certificate_finess: str | None


@token.rule(errors.UNSUPPORTED_GRANT, source=_GUIDE)
def the_grant_is_client_credentials(asked: TokenRequest, _: Proof) -> Iterator[Finding]:
    if asked.grant_type != "client_credentials":
        yield Finding(asked.client_id, "grant_type", asked.grant_type, "client_credentials")


@token.rule(errors.INVALID_CLIENT, source="Banc, ROR README: client ids")
def the_client_is_known(asked: TokenRequest, _: Proof) -> Iterator[Finding]:
    if asked.client is None:
        form = "consommateur|fournisseur|referent-<profile 0 to 5>[-<FINESS EJ>]"
        yield Finding(asked.client_id, "client_id", asked.client_id, form)


@token.rule(errors.INVALID_CLIENT, source=_GUIDE)
def access_profile_0_shows_its_secret(asked: TokenRequest, proof: Proof) -> Iterator[Finding]:
    if asked.client and asked.client.profile == "0" and asked.client_secret != proof.secret:
        yield Finding(asked.client_id, "client_secret", "another secret", "the assigned secret")


@token.rule(errors.INVALID_CLIENT, source=f"{_GUIDE}; RFC 8705")
def other_profiles_show_a_certificate(asked: TokenRequest, proof: Proof) -> Iterator[Finding]:
    certified = not asked.client or asked.client.profile == "0" or not proof.wanted
    if not certified and proof.certificate_finess is None:
        yield Finding(asked.client_id, "TLS client certificate", "none", "ORG / AUTH_CLI")


@token.rule(errors.INVALID_CLIENT, source="IGC-Santé, OU = 1 + FINESS")
def the_certificate_is_the_clients(asked: TokenRequest, proof: Proof) -> Iterator[Finding]:
    if not asked.client or not asked.client.finess or proof.certificate_finess is None:
        return
    if proof.certificate_finess != asked.client.finess:
        found, wanted = proof.certificate_finess, asked.client.finess
        yield Finding(asked.client_id, "certificate OU", f"1{found}", f"1{wanted}")


@bearer.rule(errors.TOKEN_REFUSED, source="RFC 6750 2.1")
def a_call_carries_an_access_token(
    header: str, client: Client | None, why: str
) -> Iterator[Finding]:
    if not header.lower().startswith("bearer ") and client is None:
        yield Finding("Authorization", "http.Authorization", header[:20], "Bearer <access token>")
    elif client is None:
        yield Finding("Authorization", "http.Authorization", why, "a token of this server")


@expiry.rule(errors.TOKEN_REFUSED, source="RFC 7519 4.1.4")
def an_access_token_is_not_expired(client: Client, now: datetime) -> Iterator[Finding]:
    if client.expires_at is not None and client.expires_at <= now:
        expired = client.expires_at.isoformat()
        yield Finding(client.id, "http.Authorization", f"expired at {expired}", "a valid token")


@context.rule(errors.HEADER_REQUIRED, source="ROR guide, en-têtes")
def the_users_context_is_given(headers: Mapping[str, str]) -> Iterator[Finding]:
    for name, example in CONTEXT_HEADERS.items():
        if not headers.get(name, "").strip():
            yield Finding("", f"http.{name}", "", f"for example {example}")


@context.rule(errors.HEADER_INVALID, source="ROR guide, en-têtes")
def a_system_of_the_context_is_an_oid(headers: Mapping[str, str]) -> Iterator[Finding]:
    for name in ("Ror-Profil-Utilisateur-System", "Ror-Role-Metier-System"):
        given = headers.get(name, "")
        if given and not _OID.fullmatch(given):
            yield Finding("", f"http.{name}", given, "an OID")


@no_context.rule(errors.HEADER_INVALID, source="ROR guide, mise à jour des lits")
def a_bed_update_has_no_users_context(headers: Mapping[str, str]) -> Iterator[Finding]:
    for name in CONTEXT_HEADERS:
        if name in headers:
            yield Finding("", f"http.{name}", headers[name], "absent")


@supply.rule(errors.FORBIDDEN, source="ROR guide, mise à jour des lits")
def only_a_bed_supplier_updates_beds(client: Client) -> Iterator[Finding]:
    if client.kind not in ("", SUPPLIER):
        yield Finding(client.id, "client_id", client.kind, SUPPLIER)


@outside.rule(errors.SERVER_ONLY, source="IG ROR, CapabilityStatement ror-serveur")
def offers_are_not_written_from_outside(subject: str, is_extended: bool) -> Iterator[Finding]:
    if not is_extended:
        yield Finding(subject, "", "", "BANC_ROR_WRITES=extended")


@refer.rule(errors.FORBIDDEN, source="Banc, extended mode")
def only_a_referent_writes_offers(client: Client, _: str) -> Iterator[Finding]:
    if client.kind not in ("", REFERENT):
        yield Finding(client.id, "client_id", client.kind, REFERENT)


@refer.rule(errors.FORBIDDEN, source="Banc, extended mode")
def a_referent_writes_for_its_own_legal_entity(client: Client, owner: str) -> Iterator[Finding]:
    if client.finess and client.finess != owner:
        yield Finding(client.id, "client_id", client.finess, owner)
