"""DMP mock, rules: the rights matrix, who may do what in which access mode.

A row is an action, a column a kind of user, a cell the modes in which it is allowed: n normal,
r regulation (centre_15), b break-glass (bris_de_glace); an empty cell is a refusal.
Source: PDT-INF-526 v1.8 and, for the column STRONG, PDT-INF-606 v1.3. Not here: the columns that
need a table of attending and occupational doctors, and employee cards.
"""

from enum import StrEnum


class Action(StrEnum):
    """What the matrix has a row for."""

    EXISTENCE = "TD0.2"
    FEED = "TD2.1"
    LIST = "TD3.1"
    FIND_REFERENCE = "TD3.1b"
    RETRIEVE = "TD3.2"
    RETRIEVE_MASKED = "TD3.2 masked"
    DELETE = "TD3.3c"


class User(StrEnum):
    """The columns of the matrix."""

    PROFESSIONAL = "professional, not a doctor"
    DOCTOR = "doctor"
    SERVER = "indirect authentication"
    STRONG_PROFESSIONAL = "indirect authentication, strong: professional, not a doctor"
    STRONG_DOCTOR = "indirect authentication, strong: doctor"
    STRONG_EMPLOYEE = "indirect authentication, strong: not a professional"


_COLUMNS = (
    User.PROFESSIONAL,
    User.DOCTOR,
    User.SERVER,
    User.STRONG_PROFESSIONAL,
    User.STRONG_DOCTOR,
    User.STRONG_EMPLOYEE,
)
_MATRIX = {
    Action.EXISTENCE: ("nrb", "nrb", "nr", "nrb", "nrb", "n"),
    Action.FEED: ("nrb", "nrb", "nr", "", "", ""),
    Action.LIST: ("nrb", "nrb", "", "nrb", "nrb", ""),
    Action.FIND_REFERENCE: ("nrb", "nrb", "nr", "nrb", "nrb", "n"),
    Action.RETRIEVE: ("nrb", "nrb", "", "nrb", "nrb", ""),
    Action.RETRIEVE_MASKED: ("n", "n", "", "n", "n", ""),  # own documents; r, b need a consent
    Action.DELETE: ("nrb", "nrb", "nr", "nrb", "nrb", "n"),  # own documents or own structure
}
RIGHTS: dict[tuple[Action, User], str] = {
    (action, user): modes
    for action, cells in _MATRIX.items()
    for user, modes in zip(_COLUMNS, cells, strict=True)
}
LETTER_OF_MODE = {"normal": "n", "centre_15": "r", "bris_de_glace": "b"}


def allowed(action: Action, user: User, access_mode: str) -> bool:
    """Whether ``user`` may do ``action`` in ``access_mode`` (a code of TRE_R248)."""
    return LETTER_OF_MODE.get(access_mode, "?") in RIGHTS[action, user]
