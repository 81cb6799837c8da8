"""World, published identities: the people every INSi test base is known to hold.

Their numbers, keys, OIDs and past numbers are as published, wrong keys included; a number that was
never published is computed with an order nobody else gets. Not here: invented people.
"""

from __future__ import annotations

from kit.identity import NIA_OID, NIR_OID, TEST_OID, IdentityTraits, Ins, PastIns
from kit.world import births
from kit.world.patients import OPEN_RECORD, Patient
from kit.world.places import HOMES_IN, address_in
from kit.world.register import SPARE_ORDERS

# Birth name, first names, sex, date, COG, matricule, OID. A matricule of 10 characters was never
# published: order and key are added.
_ROWS = (
    ("ADRUN", "ZOE", "F", "1975-12-31", "63220", "275126322074974", NIR_OID),
    ("D'ARTAGNAN DE L'HERAULT", "PIERRE-ALAIN", "M", "2001-06-17", "63220", "1010663220", NIR_OID),
    ("ADRTROIS", "TOUSSAINT", "M", "1960-01-01", "2B020", "160012B02077713", NIR_OID),
    (
        "ECETINSI",
        "PIERRE-ALAIN MURIEL FLORIANT",
        "M",
        "2009-07-14",
        "63220",
        "109076322083489",
        NIR_OID,
    ),
    ("PROVISOIRE", "MATRICULE", "M", "2009-07-01", "63220", "109076322088835", NIA_OID),
    ("DE VINCI", "LEONARDO", "M", "2014-02-01", "63220", "1140263220", NIR_OID),
    ("DE VINCI", "LEONARDO", "M", "2014-02-01", "75113", "1140275113", NIR_OID),
    ("TCHITCHI", "CATARINA BELLA", "F", "1936-06-21", "63220", "236066322083656", NIR_OID),
    ("CORSE", "ANTHONY", "M", "1980-03-02", "2B020", "180032B02040123", NIR_OID),
    ("HERMANN", "GATIEN", "M", "1981-03-24", "63220", "181036322045660", NIR_OID),
    ("ADRTROIS", "DOMINIQUE", "F", "1997-02-26", "2A020", "297022A02077878", NIR_OID),
    ("NESSI", "MICHELANGELO ANTHONY", "M", "2010-08-07", "63220", "110086322083060", NIR_OID),
    ("ADRDEUX", "LAURENT", "M", "1981-01-01", "63220", "181016322075140", NIR_OID),
    ("NESSI", "RUTH", "F", "1977-07-14", "63220", "277076322082910", NIR_OID),
    (
        "PAT-TROIS",
        "DOMINIQUE MARIE-LOUISE",
        "F",
        "1979-03-28",
        "51215",
        "279035121518989",
        TEST_OID,
    ),
)

# Matricule in use -> the past ones; DateDeb after DateFin is as captured.
_HISTORIES = {
    "109076322083489": (
        PastIns("209076322083439", NIR_OID, "2019-03-01", "2019-02-28"),
        PastIns("209066322012355", NIR_OID),
    ),
    "180032B02040123": (PastIns("180032B02040123", NIR_OID),),
    "181036322045660": (PastIns("281036322045610", NIR_OID),),
}


def published_identities() -> tuple[Patient, ...]:
    """All of them, with indices that follow those of the population."""
    return tuple(_patient(position, *row) for position, row in enumerate(_ROWS))


def _patient(
    position: int,
    birth_name: str,
    first_names: str,
    sex: str,
    birth_date: str,
    cog: str,
    matricule: str,
    oid: str,
) -> Patient:
    names = tuple(first_names.split(" "))
    ins = Ins(matricule, oid) if len(matricule) == 15 else Ins.of(_completed(matricule), oid)
    return Patient(
        index=births.TOTAL + position,
        ins=ins,
        traits=IdentityTraits(birth_name, names, sex, birth_date, cog),
        used_name=birth_name,
        used_first_name=names[0],
        history=_HISTORIES.get(matricule, ()),
        address=address_in(HOMES_IN["63"].places[0], position),
        phone=f"063998{position:04d}",
        record=OPEN_RECORD,
    )


def _completed(start: str) -> str:
    return f"{start}{SPARE_ORDERS.start:03d}"
