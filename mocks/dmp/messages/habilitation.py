"""DMP mock, messages: authorisations, TD0.3 and TD1.6 (``/habilitations``), both ways.

Not here: who may ask (``rules``), what is remembered (``store``).
Source: DMP examples; the element names inside a listed authorisation are confirmed, those that hold
the list together are not.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from kit.rules import Refusal
from kit.xds import write_dtm
from kit.xml import NS, Element, build, find_all, find_text, need, need_text, qname

SET_AUTHORIZATION = qname("habilitations:setAuthorization")
LIST_AUTHORIZATIONS = qname("habilitations:listAuthorizationByPatient")
OK = "DMPOk"
ADD, REMOVE = "AJOUT", "SUPPRESSION"
ATTENDING_ROLE = "MEDECIN_TRAITANT"
ACTIVE, FORBIDDEN, ALL = "ACTIVE", "INTERDITE", "TOUTE"
PERSON, STRUCTURE = "PS_IdNat", "Struct_IdNat"
_NAMES = {"ns1": NS["habilitations"]}


@dataclass(frozen=True, slots=True)
class Authorization:
    """What the patient granted (ACTIVE) or refused (INTERDITE) to a professional or a structure.

    holder: PS_IdNat, or Struct_IdNat when the structure holds it. structure: where they work.
    """

    holder: str
    holder_type: str = PERSON
    mode: str = ACTIVE
    role: str = ""
    family: str = ""
    given: str = ""
    specialty: str = ""
    structure: str = ""
    started_at: datetime | None = None
    acted_at: datetime | None = None

    @property
    def is_active(self) -> bool:
        """Granted, and not taken back."""
        return self.mode == ACTIVE


@dataclass(frozen=True, slots=True)
class AuthorizationChange:
    """TD0.3: AJOUT or SUPPRESSION of the caller's own authorisation, or of their role as MT."""

    action: str
    role: str = ""


@dataclass(frozen=True, slots=True)
class Status:
    """The answer of a small service: DMPOk or a code, and a text."""

    status: str
    context: str = ""
    authorizations: tuple[Authorization, ...] = ()


def read_set_authorization(body: Element) -> AuthorizationChange:
    """Read setAuthorization. Raises Malformed when the action is missing."""
    return AuthorizationChange(
        need_text(body, "habilitations:action"), find_text(body, "habilitations:role")
    )


def write_set_authorization(change: AuthorizationChange) -> Element:
    """Write setAuthorization."""
    root = _named("setAuthorization", _named("action", change.action))
    if change.role:
        root.append(_named("role", change.role))
    return root


def write_set_authorization_response(status: str, context: str) -> Element:
    """Write setAuthorizationResponse."""
    return _answer("setAuthorizationResponse", status, context)


def read_list_authorizations(body: Element) -> str:
    """Read listAuthorizationByPatient: ACTIVE, INTERDITE or TOUTE."""
    return need_text(body, "habilitations:mode")


def write_list_authorizations(mode: str) -> Element:
    """Write listAuthorizationByPatient."""
    return _named("listAuthorizationByPatient", _named("mode", mode))


def write_list_authorizations_response(found: Iterable[Authorization]) -> Element:
    """Write listAuthorizationByPatientResponse: every authorisation, then DMPOk."""
    root = _answer("listAuthorizationByPatientResponse", OK, "")
    output = root[0]
    for place, item in enumerate(found):
        output.insert(place, _write_authorization(item))
    return root


def write_habilitation_failure(tag: str, refusals: Iterable[Refusal]) -> Element:
    """A refused request as a status: the code of the first refusal, the text of all."""
    told = tuple(refusals)
    name = "setAuthorization" if tag == SET_AUTHORIZATION else "listAuthorizationByPatient"
    context = " | ".join(f"{item.code.meaning}; {item.text}" for item in told)
    return _answer(f"{name}Response", told[0].code.code, context)


def read_status(element: Element) -> Status:
    """Read the answer to TD0.3 or TD1.6."""
    output = need(element, "habilitations:output")
    return Status(
        need_text(output, "habilitations:status"),
        find_text(output, "habilitations:context"),
        tuple(map(_read_authorization, find_all(output, "habilitations:authorization"))),
    )


def _named(name: str, *children: Element | str) -> Element:
    return build(f"habilitations:{name}", *children, nsmap=_NAMES)


def _answer(name: str, status: str, context: str) -> Element:
    output = _named("output", _named("status", status), _named("context", context))
    return _named(name, output)


def _write_authorization(item: Authorization) -> Element:
    rows = (
        ("nationalId", item.holder),
        ("nationalIdType", item.holder_type),
        ("firstName", item.given),
        ("lastName", item.family),
        ("codeSpeciality", item.specialty),
        ("startOfAuthorization", write_dtm(item.started_at) if item.started_at else ""),
        ("lastActionDate", write_dtm(item.acted_at) if item.acted_at else ""),
        ("mode", item.mode),
        ("specificRight", item.role),
    )
    return _named("authorization", *(_named(name, value) for name, value in rows if value))


def _read_authorization(element: Element) -> Authorization:
    def said(name: str) -> str:
        return find_text(element, f"habilitations:{name}")

    return Authorization(
        holder=said("nationalId"),
        holder_type=said("nationalIdType"),
        mode=said("mode"),
        role=said("specificRight"),
        family=said("lastName"),
        given=said("firstName"),
        specialty=said("codeSpeciality"),
    )
