"""DMP mock, entry points: whose INS it is.

Not here: what they decided about their record (``store``, ``desk``).
"""

from __future__ import annotations

from datetime import date

from kit.identity import INS_OIDS, TEST_OID, IdentityTraits, Ins
from kit.world import Patient
from kit.world.patients import OPEN_RECORD
from kit.world.places import Address
from mocks.dmp.messages.record import FATHER, MOTHER, Representative

UNTOLD = "NON RENSEIGNE"
# A minor of the invented country has one of these, with the minor's birth name.
_PARENTS = (
    (MOTHER, "CLAIRE"),
    (FATHER, "MARC"),
    (MOTHER, "SAMIRA"),
    (FATHER, "YANN"),
    (MOTHER, "JEANNE"),
    (FATHER, "KARIM"),
)
_SEXES = {"1": "M", "7": "M", "2": "F", "8": "F"}


def is_held(person: Patient, ins: Ins, *, takes_all: bool) -> bool:
    """Whether an INS is, or was, a person's.

    Under the authority it has in the invented country, or under the test one: published test
    identities have real OIDs there. takes_all: under any authority (BANC_DMP_INS_OIDS).
    """
    held = (person.ins, *person.history)
    taken = INS_OIDS if takes_all else (TEST_OID,)
    return any(ins.matricule == item.matricule and ins.oid in (item.oid, *taken) for item in held)


def stranger(ins: Ins, today: date) -> Patient | None:
    """Somebody of whom only the INS is known, with an open record (BANC_DMP_UNKNOWN_INS).

    Sex, year and month of birth are in the number; None when its key is wrong.
    """
    if not ins.has_valid_key:
        return None
    month = ins.number[3:5] if "01" <= ins.number[3:5] <= "12" else "00"
    year = today.year // 100 * 100 + int(ins.number[1:3])
    year -= 100 if f"{year}-{month}" > f"{today:%Y-%m}" else 0
    return Patient(
        index=-1,
        ins=ins,
        traits=IdentityTraits(
            birth_name=UNTOLD,
            first_names=(UNTOLD,),
            sex=_SEXES.get(ins.number[0], ""),
            birth_date=f"{year}-{month}-00",
            birth_place=ins.number[5:10],
        ),
        used_name="",
        used_first_name="",
        history=(),
        address=Address("", "", "", ""),
        phone="",
        record=OPEN_RECORD,
    )


def representatives(person: Patient) -> tuple[Representative, ...]:
    """Who represents a minor of the invented country; one, always the same."""
    code, given = _PARENTS[person.index % len(_PARENTS)]
    return (Representative(f"{person.traits.birth_name} {given}", code),)
