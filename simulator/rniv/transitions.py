"""Simulator, RNIV, transitions: what each event makes of each status.

Everything about statuses is in this table: whoever needs a new transition adds a row here and
nothing elsewhere. A cell holds the status that follows, or the code the event is refused with.
Not here: what depends on more than the status (``rules``), and the effects (``vigilance``).

Source: RNIV, derived from the axes; the downgrades are not confirmed.
"""

from __future__ import annotations

from enum import StrEnum

from kit.identity import IdentityStatus, InsLookup
from kit.rules import Code
from simulator.rniv.errors import ALREADY_RETRIEVED, ATTRIBUTE_ABSENT, DISCREPANCY
from simulator.rniv.record import Attribute


class Event(StrEnum):
    """What happens to an identity. AGREES, DIFFERS: the traits given, beside those held here."""

    INSI_AGREES = "insi agrees"
    INSI_DIFFERS = "insi differs"
    INSI_NONE = "insi none"
    INSI_SEVERAL = "insi several"
    INSI_FAULT = "insi fault"
    CHECK_AGREES = "check agrees"
    CHECK_DISAGREES = "check disagrees"
    APP_AGREES = "app agrees"
    APP_DIFFERS = "app differs"
    BARCODE_AGREES = "barcode agrees"
    BARCODE_DIFFERS = "barcode differs"
    DOCUMENT_AGREES = "document agrees"
    TRAIT_EDITED = "trait edited"
    DOUBT_RAISED = "doubt raised"
    DOUBTFUL_SET = "doubtful set"
    DOUBTFUL_LIFTED = "doubtful lifted"
    FICTITIOUS_SET = "fictitious set"
    FICTITIOUS_LIFTED = "fictitious lifted"
    HOMONYM_SET = "homonym set"
    HOMONYM_DETECTED = "homonym detected"
    HOMONYM_LIFTED = "homonym lifted"


_PROV, _RECUP = IdentityStatus.PROVISIONAL, IdentityStatus.RETRIEVED
_VALI, _QUAL = IdentityStatus.VALIDATED, IdentityStatus.QUALIFIED
_COLUMNS = (_PROV, _RECUP, _VALI, _QUAL)

_ROWS: dict[Event, tuple[IdentityStatus | Code, ...]] = {
    # from                    PROV    RECUP   VALI   QUAL
    Event.INSI_AGREES:       (_RECUP, _RECUP, _QUAL, _QUAL),
    Event.INSI_DIFFERS:      (_RECUP, _RECUP, DISCREPANCY, _RECUP),  # the check was of other traits
    Event.INSI_NONE:         (_PROV,  _RECUP, _VALI, _QUAL),
    Event.INSI_SEVERAL:      (_PROV,  _RECUP, _VALI, _QUAL),
    Event.INSI_FAULT:        (_PROV,  _RECUP, _VALI, _QUAL),
    Event.CHECK_AGREES:      (_RECUP, _RECUP, _QUAL, _QUAL),  # PROV, VALI: an INS from a datamatrix
    Event.CHECK_DISAGREES:   (_PROV,  _PROV,  _VALI, _VALI),
    Event.APP_AGREES:        (_QUAL,  _QUAL,  _QUAL, _QUAL),  # counts as qualified, no INSi call
    Event.APP_DIFFERS:       (_QUAL,  _QUAL,  DISCREPANCY, _QUAL),
    Event.BARCODE_AGREES:    (_PROV,  _RECUP, _VALI, _QUAL),  # worth nothing before WS_INS3
    Event.BARCODE_DIFFERS:   (_PROV,  ALREADY_RETRIEVED, DISCREPANCY, ALREADY_RETRIEVED),
    Event.DOCUMENT_AGREES:   (_VALI,  _QUAL,  _VALI, _QUAL),
    Event.TRAIT_EDITED:      (_PROV,  _PROV,  _PROV, _PROV),
    Event.DOUBT_RAISED:      (_PROV,  _PROV,  _PROV, _PROV),
    Event.DOUBTFUL_SET:      (_PROV,  _PROV,  _PROV, _PROV),
    Event.DOUBTFUL_LIFTED:   (_PROV,  ATTRIBUTE_ABSENT, ATTRIBUTE_ABSENT, ATTRIBUTE_ABSENT),
    Event.FICTITIOUS_SET:    (_PROV,  _PROV,  _PROV, _PROV),
    Event.FICTITIOUS_LIFTED: (_PROV,  ATTRIBUTE_ABSENT, ATTRIBUTE_ABSENT, ATTRIBUTE_ABSENT),
    Event.HOMONYM_SET:       (_PROV,  _RECUP, _VALI, _QUAL),
    Event.HOMONYM_DETECTED:  (_PROV,  _RECUP, _VALI, _QUAL),
    Event.HOMONYM_LIFTED:    (_PROV,  _RECUP, _VALI, _QUAL),
}  # fmt: skip

EVENT_TRIGGERED_TRANSITIONS: dict[IdentityStatus, dict[Event, IdentityStatus | Code]] = {
    status: {event: row[place] for event, row in _ROWS.items()}
    for place, status in enumerate(_COLUMNS)
}

FROM_INSI = frozenset({Event.INSI_AGREES, Event.INSI_DIFFERS})
FROM_APP = frozenset({Event.APP_AGREES, Event.APP_DIFFERS})
FROM_BARCODE = frozenset({Event.BARCODE_AGREES, Event.BARCODE_DIFFERS})
BRINGS_TRAITS = FROM_INSI | FROM_APP | FROM_BARCODE
CHECKS = frozenset({Event.CHECK_AGREES, Event.CHECK_DISAGREES})
CALLS_INSI = FROM_INSI | CHECKS | {Event.INSI_NONE, Event.INSI_SEVERAL, Event.INSI_FAULT}

# What only a person decides, whatever the status.
BY_A_CLERK = frozenset({
    Event.INSI_DIFFERS, Event.APP_DIFFERS, Event.BARCODE_DIFFERS, Event.DOCUMENT_AGREES,
    Event.TRAIT_EDITED, Event.DOUBT_RAISED, Event.DOUBTFUL_SET, Event.DOUBTFUL_LIFTED,
    Event.FICTITIOUS_SET, Event.FICTITIOUS_LIFTED, Event.HOMONYM_SET, Event.HOMONYM_LIFTED,
})  # fmt: skip

SETS: dict[Event, Attribute] = {
    Event.DOUBTFUL_SET: Attribute.DOUBTFUL,
    Event.FICTITIOUS_SET: Attribute.FICTITIOUS,
    Event.HOMONYM_SET: Attribute.HOMONYM,
    Event.HOMONYM_DETECTED: Attribute.HOMONYM_DETECTED,
}
LIFTS: dict[Event, frozenset[Attribute]] = {
    Event.DOUBTFUL_LIFTED: frozenset({Attribute.DOUBTFUL}),
    Event.FICTITIOUS_LIFTED: frozenset({Attribute.FICTITIOUS}),
    Event.HOMONYM_LIFTED: frozenset({Attribute.HOMONYM, Attribute.HOMONYM_DETECTED}),
}
WITHOUT_PERSON: dict[InsLookup, Event] = {
    InsLookup.NONE: Event.INSI_NONE,
    InsLookup.SEVERAL: Event.INSI_SEVERAL,
}


def next_status(status: IdentityStatus, event: Event) -> IdentityStatus | Code:
    """The status that follows, or the code of the refusal."""
    return EVENT_TRIGGERED_TRANSITIONS[status][event]
