"""DMP mock, rules: the rights matrix, who may do what in which access mode.

A row is an action, a column a kind of user, a cell the modes in which it is allowed, each with
the number of the note that limits it: n normal, r regulation (centre_15), b break-glass
(bris_de_glace); an empty cell is a refusal. Source: PDT-INF-526 v1.8 and, for the columns STRONG,
PDT-INF-606 v1.3; rows marked (U) are deduced. Not here: what a note asks (``access``).
"""

import re
from enum import IntEnum, StrEnum


class Action(StrEnum):
    """What the matrix has a row for."""

    EXISTENCE = "TD0.2"
    READ_RECORD = "TD1.3a"
    ADD_AUTHORIZATION = "TD0.3 add"
    REMOVE_AUTHORIZATION = "TD0.3 remove"
    STOP_ATTENDING = "TD0.3 stop being MT"
    LIST_RECORDS = "TD0.4"
    FIND_PATIENT = "TD0.5"
    LIST_AUTHORIZATIONS = "TD1.6"
    CREATE = "TD1.1"
    REACTIVATE = "TD1.2"
    CHANGE_RECORD = "TD1.3b"
    CLOSE = "TD1.4"
    FEED = "TD2.1"
    FEED_BY_EMPLOYEE = "TD2.2"
    LIST = "TD3.1"
    FIND_REFERENCE = "TD3.1b"
    RETRIEVE = "TD3.2"
    RETRIEVE_MASKED = "TD3.2 masked"
    MASK = "TD3.3a mask"
    UNMASK = "TD3.3a unmask"
    SHOW = "TD3.3b"
    DELETE = "TD3.3c"
    ARCHIVE = "TD3.3d"


class User(StrEnum):
    """The columns of the matrix."""

    PROFESSIONAL = "professional, not a doctor"
    DOCTOR = "doctor"
    OCCUPATIONAL = "occupational doctor"
    ATTENDING = "attending doctor"
    EMPLOYEE = "employee card"
    SERVER = "indirect authentication"
    STRONG_PROFESSIONAL = "indirect authentication, strong: professional, not a doctor"
    STRONG_DOCTOR = "indirect authentication, strong: doctor"
    STRONG_ATTENDING = "indirect authentication, strong: attending doctor"
    STRONG_EMPLOYEE = "indirect authentication, strong: not a professional"


class Note(IntEnum):
    """The notes of the matrix."""

    TO_THE_STRUCTURE = 1
    SAME_STRUCTURE = 2
    NEW_AUTHORIZATIONS = 3
    IMPUTED_TO_THE_STRUCTURE = 4
    ONE_REFERENCE = 5
    OWN_MASKED = 6
    PATIENT_ALLOWED = 7
    WRITTEN_BY_THE_USER = 8
    WRITTEN_BY_THE_STRUCTURE = 9


NOTES = {
    Note.TO_THE_STRUCTURE: "the authorisation goes to the structure",
    Note.SAME_STRUCTURE: "limited to professionals of the same structure",
    Note.NEW_AUTHORIZATIONS: "limited, by date, to new authorisations",
    Note.IMPUTED_TO_THE_STRUCTURE: "imputed to the structure",
    Note.ONE_REFERENCE: "only to find a document, for example to delete it",
    Note.OWN_MASKED: "own documents",
    Note.PATIENT_ALLOWED: "only if the patient allowed it",
    Note.WRITTEN_BY_THE_USER: "documents written by the user",
    Note.WRITTEN_BY_THE_STRUCTURE: "documents written by the structure",
}

_COLUMNS = tuple(User)
# NM, D, OCC, MT, CPE, IND, then AIR: NM, D, MT, PE.
_MATRIX: dict[Action, tuple[str, ...]] = {
    Action.EXISTENCE: ("nrb", "nrb", "n", "nb", "n", "nr", "nrb", "nrb", "nb", "n"),
    Action.READ_RECORD: ("nrb", "nrb", "n", "nb", "n", "nr", "nrb", "nrb", "nb", "n"),
    Action.ADD_AUTHORIZATION: ("n", "n", "", "n", "n1", "", "n", "n", "n", "n1"),
    Action.REMOVE_AUTHORIZATION: ("n", "n", "", "n", "", "", "n", "n", "n", ""),
    Action.STOP_ATTENDING: ("", "", "", "n", "", "", "", "", "", ""),
    Action.LIST_RECORDS: ("nrb", "nrb", "n", "nb", "n2", "n3", "nrb", "nrb", "nb", "n2"),
    Action.FIND_PATIENT: ("r", "r", "", "", "", "r", "r", "r", "", ""),
    Action.LIST_AUTHORIZATIONS: ("n", "n", "n", "n", "", "", "n", "n", "n", ""),
    Action.CREATE: ("n", "n", "", "n", "n", "n", "", "", "", ""),  # (U): left the matrix
    Action.REACTIVATE: ("n", "n", "", "n", "n", "n", "", "", "", ""),  # (U): left the matrix
    Action.CHANGE_RECORD: ("n", "n", "", "n", "n", "n", "n", "n", "n", ""),  # (U)
    Action.CLOSE: ("n", "n", "", "n", "", "n", "n", "n", "n", ""),  # (U)
    Action.FEED: ("nrb", "nrb", "n", "nb", "", "n4r4", "", "", "", ""),
    Action.FEED_BY_EMPLOYEE: ("", "", "", "", "n4", "", "", "", "", ""),
    Action.LIST: ("nrb", "nrb", "n", "nb", "", "", "nrb", "nrb", "nb", ""),
    Action.FIND_REFERENCE: ("nrb", "nrb", "n", "nb", "n5", "n5r5", "nrb", "nrb", "nb", "n5"),
    Action.RETRIEVE: ("nrb", "nrb", "", "nb", "", "", "nrb", "nrb", "nb", ""),
    Action.RETRIEVE_MASKED: ("n6r7b7", "n6r7b7", "", "nb7", "", "", "n6r7b7", "n6r7b7", "nb7", ""),
    Action.MASK: ("n", "n", "n", "n", "", "", "n", "n", "n", ""),
    Action.UNMASK: ("n8", "n8", "n8", "n", "", "", "n8", "n8", "n", ""),
    Action.SHOW: ("n", "n", "n", "n", "", "", "n", "n", "n", ""),
    Action.DELETE: (
        "n8r8b8", "n8r8b8", "n8", "n8b8", "n9", "n9r9", "n8r8b8", "n8r8b8", "n8b8", "n9",
    ),
    Action.ARCHIVE: ("n8", "n8rb", "n8", "nb", "", "", "n8", "n8rb", "nb", ""),
}  # fmt: skip
RIGHTS: dict[tuple[Action, User], str] = {
    (action, user): modes
    for action, cells in _MATRIX.items()
    for user, modes in zip(_COLUMNS, cells, strict=True)
}
LETTER_OF_MODE = {"normal": "n", "centre_15": "r", "bris_de_glace": "b"}
_MODE = re.compile(r"([nrb])(\d?)")
# (action, user, letter of the mode) -> the note that limits the right, None when nothing does.
_GRANTS: dict[tuple[Action, User, str], Note | None] = {
    (action, user, letter): Note(int(note)) if note else None
    for (action, user), modes in RIGHTS.items()
    for letter, note in _MODE.findall(modes)
}


def allowed(action: Action, user: User, access_mode: str) -> bool:
    """Whether ``user`` may do ``action`` in ``access_mode`` (a code of TRE_R248)."""
    return (action, user, LETTER_OF_MODE.get(access_mode, "?")) in _GRANTS


def note_of(action: Action, user: User, access_mode: str) -> Note | None:
    """The note that limits a right, None when nothing does, or when there is no right."""
    return _GRANTS.get((action, user, LETTER_OF_MODE.get(access_mode, "?")))
