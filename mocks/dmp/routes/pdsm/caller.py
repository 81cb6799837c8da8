"""DMP mock, entry points of the FHIR face: who calls, from a token, a certificate or a header.

What is shown becomes the very VIHF the XDS side reads, so that one matrix judges both; the patient
is named by each request. Not here: what must be shown (``rules.pdsm_caller``).
"""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass, replace
from typing import Any

from kit.fhir import Call
from kit.identity import Ins, ps_idnat, struct_idnat
from kit.psc import verify_access_token
from kit.rules import Malformed
from kit.service import MUTUAL_TLS, PLAIN, Peer
from kit.vihf import (
    AccessMode,
    Authentication,
    Vihf,
    access,
    profession,
    specialty,
)
from kit.world import Professional
from mocks.dmp import rules
from mocks.dmp.messages import pdsm
from mocks.dmp.routes.desk import Dmp
from mocks.dmp.routes.pdsm.refusing import told
from mocks.dmp.rules import DmpUser
from mocks.dmp.rules.pdsm_caller import Shown, fhir_caller

BEARER = "bearer "


def identify(dmp: Dmp, call: Call) -> DmpUser | None:
    """Who calls; nobody for the capability statement. Raises Refused."""
    if call.target.interaction == "CAPABILITIES":
        return None
    seen = _see(dmp, call)
    with told():
        fhir_caller.check(seen.shown)
    vihf = _vihf(dmp, seen)
    entity = dmp.legal_entity(vihf.structure)
    call.line.finess = entity[1:] if entity.startswith("1") else ""
    return rules.user_of(vihf, entity)


def about(call: Call, patient: Ins | None) -> DmpUser:
    """The caller, for the patient that the request names."""
    user: DmpUser = call.sender
    if patient is None:
        return user
    call.line.subject = patient.matricule
    return replace(user, patient_id=patient)


def speaking_for(dmp: Dmp, user: DmpUser, structure: str) -> DmpUser:
    """The caller, for a site of the legal entity they are known by."""
    is_site = structure and dmp.legal_entity(structure) == user.structure
    return replace(user, structure=structure) if is_site else user


@dataclass(frozen=True, slots=True)
class _Seen:
    """What a call shows, and whom it names: a person, or a structure alone."""

    shown: Shown
    person: Professional | None = None
    structure: str = ""


def _see(dmp: Dmp, call: Call) -> _Seen:
    header = call.headers.get("Authorization", "").strip()
    purpose = call.headers.get(pdsm.PURPOSE_HEADER, AccessMode.NORMAL.value).strip()[:40]
    peer = call.peer if call.listener == MUTUAL_TLS else None
    shown = Shown(purpose=purpose, thumbprint=_thumbprint(peer))
    if header:
        return _by_token(dmp, header, peer, shown)
    if peer is not None:
        name = peer.finess and struct_idnat(peer.finess)
        return _named(dmp, name or peer.common_name, shown)
    if call.listener == PLAIN and dmp.service.settings.dmp_fhir == "open":
        first = struct_idnat(dmp.world.establishments[0].finess_eg)
        shown = replace(shown, header=pdsm.USER_HEADER)
        return _named(dmp, call.headers.get(pdsm.USER_HEADER, first).strip()[:40], shown)
    return _Seen(replace(shown, is_anonymous=True))


def _by_token(dmp: Dmp, header: str, peer: Peer | None, shown: Shown) -> _Seen:
    """A person, by their token; on mutual TLS for the structure of the certificate."""
    if not header.lower().startswith(BEARER):
        return _Seen(replace(shown, trouble=header[:20]))
    service = dmp.service
    try:
        claims = verify_access_token(
            service.settings, header[len(BEARER) :].strip(), service.clock.wall()
        )
    except Malformed as error:
        return _Seen(replace(shown, trouble=error.why))
    named = _named(dmp, str(claims.get("SubjectNameID", "")), shown)
    bound = replace(named.shown, bound_to=_bound_to(claims))
    if peer is None or not peer.finess:
        return replace(named, shown=bound)
    certified = struct_idnat(peer.finess)
    entity = dmp.legal_entity(certified)
    works_for = dmp.legal_entity(named.structure)
    shown = replace(bound, certified=entity, works_for=works_for)
    is_entity = certified == entity
    return replace(named, shown=shown, structure=named.structure if is_entity else certified)


def _named(dmp: Dmp, name: str, shown: Shown) -> _Seen:
    """A professional by their national identifier, or a structure by its own."""
    person = dmp.world.professional(name[1:]) if name.startswith("8") else None
    if person is not None:
        town = f"4{person.rpps}001"
        own = struct_idnat(person.finess_eg) if person.finess_eg else town
        return _Seen(replace(shown, national_id=name), person, own)
    place = dmp.world.establishment(name[1:]) if name.startswith("1") else None
    return _Seen(replace(shown, national_id=name, is_known=place is not None), None, name)


def _bound_to(claims: dict[str, Any]) -> str:
    bound = claims.get("cnf")
    return str(bound.get("x5t#S256", "")) if isinstance(bound, dict) else ""


def _thumbprint(peer: Peer | None) -> str:
    """x5t#S256 of a certificate. Source: RFC 8705 3.1."""
    if peer is None:
        return ""
    digest = hashlib.sha256(peer.der).digest()
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")


def _vihf(dmp: Dmp, seen: _Seen) -> Vihf:
    """What a VIHF would say of this caller: a person is direct, a structure alone indirect."""
    person = seen.person
    roles = [profession(person.profession)] if person else []
    if person and person.specialty:
        roles.append(specialty(person.specialty))
    return Vihf(
        id="",
        issued_at=dmp.service.clock.now(),
        issuer="",
        name_id=ps_idnat(person.rpps) if person else seen.structure,
        structure=seen.structure,
        sector="",
        roles=tuple(roles),
        authentication=Authentication.DIRECT if person else Authentication.INDIRECT,
        patient="",
        purpose=access(AccessMode(seen.shown.purpose)),
        lps_name="",
        lps_version="",
        homologation="",
        subject_name=f"{person.family} {person.given}" if person else "",
    )
