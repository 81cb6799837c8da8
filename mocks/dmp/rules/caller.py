"""DMP mock, rules: the user a VIHF names, and what the rights matrix says of them.

Not here: whether the VIHF is right (``kit.vihf``).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from kit.cda.value_sets import NON_PROFESSIONAL_AUTHOR
from kit.identity import Ins
from kit.rules import Finding
from kit.vihf import Authentication, Vihf
from kit.xds.metadata import DocumentEntry
from mocks.dmp.rules.rights import RIGHTS, Action, User, allowed

DOCTOR = "10"  # TRE_G15
OCCUPATIONAL_MEDICINE = "SM25"  # TRE_R38, médecine du travail; (U)


@dataclass(frozen=True, slots=True)
class Standing:
    """What the patient decided about a user. authorization: as TD0.2 says it.

    is_minor: the patient is under age. are_minors_judged: the rules on minors refuse.
    """

    authorization: str = "VALIDE"
    is_mode_opposed: bool = False
    may_read_masked: bool = False
    is_minor: bool = False
    are_minors_judged: bool = False


USUAL = Standing()
NOBODY = Ins("", "")  # TD0.4 and TD0.5 name no patient


@dataclass(frozen=True, slots=True)
class DmpUser:
    """Who calls: their column in the matrix, their identifier, their structure, their patient.

    structure: Struct_IdNat. legal_entity: Struct_IdNat of its EJ, or the structure again.
    secret: what the VIHF gives as confidentiality-code: the representatives of a minor shall not
    know (connexion secrète); "" usually.
    """

    user: User
    access_mode: str
    person_id: str
    structure: str
    legal_entity: str
    patient_id: Ins
    standing: Standing = USUAL
    name: str = ""
    specialty: str = ""
    secret: str = ""

    @property
    def is_server(self) -> bool:
        """Whether a structure acts, not a person (authentification indirecte)."""
        return self.user in (User.SERVER, User.EMPLOYEE, User.STRONG_EMPLOYEE)


class DmpRecord(Protocol):
    """What a rule may ask of a patient's record."""

    @property
    def state(self) -> str: ...
    @property
    def opposed_to_feeding(self) -> bool: ...


def same_ins(one: Ins | None, other: Ins | None) -> bool:
    """Whether two INS are one: same matricule, same authority."""
    return (
        one is not None
        and other is not None
        and (one.matricule, one.oid) == (other.matricule, other.oid)
    )


def forbidden(action: Action, user: DmpUser, subject: str = "") -> Iterator[Finding]:
    """A finding when the matrix has no right for this action, user and access mode."""
    if allowed(action, user.user, user.access_mode):
        return
    cell = re.sub(r"\d", "", RIGHTS[action, user.user]) or "never"
    yield Finding(
        subject=subject or action.value,
        field="Authentification_mode, role, purposeofuse",
        seen=f"{user.user.value}, mode {user.access_mode}",
        expected=f"modes {cell} (n normal, r centre_15, b bris_de_glace)",
    )


def is_author(entry: DocumentEntry, user: DmpUser) -> bool:
    """Whether the user is an author of a document, as a person."""
    return any(
        author.person is not None and author.person.id == user.person_id for author in entry.authors
    )


def owns(entry: DocumentEntry, imputed_to: str, user: DmpUser) -> bool:
    """Whether a document is the user's: written by the person, or of the acting structure.

    imputed_to: the structure that sent it. Notes 8 and 9 of PDT-INF-526.
    """
    if not user.is_server:
        return is_author(entry, user)
    institutions = {xon.id for author in entry.authors for xon in author.institutions}
    return bool({user.structure, user.legal_entity} & (institutions | {imputed_to}))


def column_of(vihf: Vihf) -> User:
    """The column of the rights matrix a VIHF falls in; whether they attend is not known here."""
    is_employee = bool(vihf.roles) and vihf.roles[0].system == NON_PROFESSIONAL_AUTHOR
    is_doctor = vihf.profession == DOCTOR
    if vihf.authentication == Authentication.INDIRECT:
        return User.SERVER
    if vihf.authentication == Authentication.DIRECT:
        if is_doctor and OCCUPATIONAL_MEDICINE in {role.code for role in vihf.roles[1:]}:
            return User.OCCUPATIONAL
        if is_employee:
            return User.EMPLOYEE
        return User.DOCTOR if is_doctor else User.PROFESSIONAL
    if is_employee:
        return User.STRONG_EMPLOYEE
    return User.STRONG_DOCTOR if is_doctor else User.STRONG_PROFESSIONAL


def user_of(vihf: Vihf, legal_entity: str) -> DmpUser:
    """The user a VIHF names; ``legal_entity`` is the Struct_IdNat of the structure's EJ."""
    specialty = vihf.roles[1].code if len(vihf.roles) > 1 else ""
    return DmpUser(
        user=column_of(vihf),
        access_mode=vihf.access_mode,
        person_id=vihf.name_id,
        structure=vihf.structure,
        legal_entity=legal_entity,
        patient_id=vihf.ins if vihf.patient else NOBODY,
        name=vihf.subject_name,
        specialty=f"G15_{vihf.profession}/{specialty}".rstrip("/"),
        secret=vihf.confidentiality,
    )
