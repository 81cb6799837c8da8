"""DMP mock, rules of the FHIR face: who calls, and what they must show.

No authentication of a real endpoint is published. Here a Pro Santé Connect token or a
professional's card is a person (direct authentication), a structure's certificate alone is its
server (indirect). Not here: reading tokens (``kit.psc``), what the caller may do (``rights``).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from kit.rules import Finding, RuleBook
from kit.vihf import AccessMode
from mocks.dmp import errors

fhir_caller = RuleBook("PDSm, caller")

_CHOICE = "choice of the bench"


@dataclass(frozen=True, slots=True)
class Shown:
    """What a call shows of its caller.

    trouble: why a token is not believed. national_id: of a person, however shown. is_known: in
    the invented country. works_for, certified: legal entity of the person, of the certificate.
    bound_to, thumbprint: certificate of the token, of the connection. header: where they are named.
    """

    is_anonymous: bool = False
    trouble: str = ""
    national_id: str = ""
    is_known: bool = True
    works_for: str = ""
    certified: str = ""
    bound_to: str = ""
    thumbprint: str = ""
    purpose: str = AccessMode.NORMAL.value
    header: str = "Authorization"


@fhir_caller.rule(errors.FHIR_CALLER, source="RFC 6750 2.1; Pro Santé Connect")
def somebody_calls(shown: Shown) -> Iterator[Finding]:
    expected = "Bearer <access token of Pro Santé Connect>, or a client certificate"
    if shown.trouble or shown.is_anonymous:
        seen = shown.trouble or "nothing"
        yield Finding("Authorization", "http.Authorization", seen, expected)


@fhir_caller.rule(errors.FHIR_CALLER, source="RFC 8705 3")
def a_bound_token_comes_with_its_certificate(shown: Shown) -> Iterator[Finding]:
    if shown.bound_to and shown.bound_to != shown.thumbprint:
        seen = shown.thumbprint or "no certificate"
        yield Finding("Authorization", "http.Authorization", seen, f"x5t#S256 {shown.bound_to}")


@fhir_caller.rule(errors.FHIR_CALLER, source=_CHOICE)
def the_caller_is_of_the_invented_country(shown: Shown) -> Iterator[Finding]:
    if not shown.is_known:
        expected = "an invented professional or structure"
        yield Finding(shown.header, f"http.{shown.header}", shown.national_id, expected)


@fhir_caller.rule(errors.FHIR_CALLER, source="DMP errors: structure and certificate differ")
def the_person_works_for_the_structure_of_the_certificate(shown: Shown) -> Iterator[Finding]:
    if shown.certified and shown.works_for and shown.certified != shown.works_for:
        expected = f"a certificate of {shown.works_for}"
        yield Finding("TLS client certificate", "http.Authorization", shown.certified, expected)


@fhir_caller.rule(errors.FHIR_PARAMETER, source="NOS, TRE_R248")
def the_access_mode_is_known(shown: Shown) -> Iterator[Finding]:
    known = [mode.value for mode in AccessMode]
    if shown.purpose not in known:
        field = "http.Banc-Purpose-Of-Use"
        yield Finding("Banc-Purpose-Of-Use", field, shown.purpose, " or ".join(known))
