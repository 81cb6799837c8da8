"""Simulator, RNIV, statements: the SQL of the repository, built once; building outweighs running.

Not here: when each is run (``store``), the tables (``tables``).
"""

from sqlalchemy import and_, bindparam, insert, or_, select, update

from simulator.rniv.tables import change_table, identity_table

NOBODY = "-"  # no matricule: identities without one are no duplicates of each other

_ID, _LINE = identity_table.c, change_table.c
_IS_ACTIVE = _ID.merged_into == ""
EVERY = select(identity_table).where(_ID.sandbox == bindparam("sandbox")).order_by(_ID.ipp)
BY_IPP = EVERY.where(_ID.ipp == bindparam("ipp"))
BY_BIRTH = EVERY.where(_ID.birth_date == bindparam("birth_date"), _IS_ACTIVE)
BY_MATRICULE = EVERY.where(_ID.matricule == bindparam("matricule"), _IS_ACTIVE)
BY_LIKENESS = EVERY.where(
    or_(
        _ID.birth_date.in_([bindparam("birth_date"), bindparam("swapped")]),
        and_(
            _ID.name_start == bindparam("name_start"), _ID.first_start == bindparam("first_start")
        ),
        _ID.matricule == bindparam("matricule"),
    ),
    _ID.ipp != bindparam("ipp"),
    _IS_ACTIVE,
)
IPP = select(_ID.ipp).where(_ID.sandbox == bindparam("sandbox"), _ID.ipp == bindparam("ipp"))
LINES = (
    select(change_table)
    .where(_LINE.sandbox == bindparam("sandbox"), _LINE.ipp.in_(bindparam("ipps", expanding=True)))
    .order_by(_LINE.ipp, _LINE.rank)
)
NEW, NEW_LINES = insert(identity_table), insert(change_table)
CHANGED = update(identity_table).where(
    _ID.sandbox == bindparam("its_sandbox"),
    _ID.ipp == bindparam("its_ipp"),
    _ID.version == bindparam("known"),
)
