"""INS mock, errors: the table of codes, one row each.

Two families: the result codes of a business answer (``CodeCR``), and the faults (``siram:Erreur``).
A row marked ``confirmed=False`` is simulated: the real service refuses this too, with a code that
is not published. Not here: when a code is used (``rules``), how it is written (``messages``).
"""

from dataclasses import dataclass

from kit.identity import InsLookup
from kit.rules import Code

_CAPTURED = "INSi captures"
_BENCH = "bench code: the real one is not published, INSi captures"

_CONTACT = "Contactez l'éditeur du progiciel ou votre responsable informatique."
_WRONG_REQUEST = f"Votre demande n'a pas pu être traitée : elle est incorrecte. {_CONTACT}"
_NOT_AUTHORIZED = f"Votre logiciel n'est pas autorisé à appeler ce service. {_CONTACT}"
_NOT_AUTHENTICATED = (
    "Votre authentification n'a pas été acceptée. Vérifiez votre carte ou votre certificat. "
    + _CONTACT
)
_UNAVAILABLE = (
    "Le service est temporairement inaccessible. Veuillez renouveler votre demande "
    "ultérieurement. Si le problème persiste, contactez l'éditeur du progiciel ou votre "
    "responsable informatique."
)


@dataclass(frozen=True, slots=True)
class FaultCode(Code):
    """A code of ``siram:Erreur`` and the SOAP fault around it; ``meaning`` is its own sentence.

    party: ``Sender`` or ``Receiver``. reason: the sentence for the user.
    echoes: whether ``messageID`` repeats the request's.
    is_literal: the sentence was captured, nothing is added to it; any other goes on with the
    refusals, so that the sender can repair.
    outcome: what the journal calls it.
    """

    party: str = "Sender"
    subcode: str = "siram_100"
    severity: str = "erreur"
    reason: str = _WRONG_REQUEST
    echoes: bool = True
    is_literal: bool = False
    outcome: str = "refused"


# Business answers: code and label exactly as captured, no accents
FOUND = Code(InsLookup.FOUND.value, "OK", "INSi captures")
NONE = Code(InsLookup.NONE.value, "Aucune identite trouvee", "INSi captures")
SEVERAL = Code(InsLookup.SEVERAL.value, "Plusieurs identites trouvees", "INSi captures")

# Who calls: the access layer
SOFTWARE_UNKNOWN = FaultCode(
    "desir_550",
    "Le numéro d'autorisation du logiciel (IDAM) est inconnu.",
    f"{_CAPTURED}; the sentences are the bench's",
    reason=_NOT_AUTHORIZED,
    outcome="unauthorized",
)
ACCESS_LEVEL = FaultCode(
    "desir_560",
    "Le niveau d'accès du certificat client est insuffisant.",
    "INSi captures: code reported by integrators, fault not captured",
    confirmed=False,
    reason=_NOT_AUTHENTICATED,
    outcome="unauthorized",
)
ASSERTION_MISSING = FaultCode(
    "desir_520",
    "L'assertion d'authentification est absente ou incomplète.",
    _BENCH,
    confirmed=False,
    reason=_NOT_AUTHENTICATED,
    outcome="unauthorized",
)
ASSERTION_SIGNATURE = FaultCode(
    "desir_521",
    "La signature de l'assertion d'authentification n'est pas valable.",
    _BENCH,
    confirmed=False,
    reason=_NOT_AUTHENTICATED,
    outcome="unauthorized",
)
ASSERTION_ELSEWHERE = FaultCode(
    "desir_523",
    "L'assertion d'authentification est destinée à un autre service.",
    _BENCH,
    confirmed=False,
    reason=_NOT_AUTHENTICATED,
    outcome="unauthorized",
)
ASSERTION_TOO_OLD = FaultCode(
    "desir_522",
    "L'assertion d'authentification n'est plus valable.",
    _BENCH,
    confirmed=False,
    reason=_NOT_AUTHENTICATED,
    outcome="unauthorized",
)

# What is asked: envelope, contexts, body
MALFORMED = FaultCode(
    "desir_500",
    "Le message ne peut pas être lu.",
    _BENCH,
    confirmed=False,
    outcome="malformed",
)
CONTEXT = FaultCode(
    "desir_510",
    "Un en-tête obligatoire est absent ou incorrect.",
    _BENCH,
    confirmed=False,
)
ACTION_UNKNOWN = FaultCode(
    "desir_511", "L'action demandée n'est pas connue.", _BENCH, confirmed=False
)
BATCH_UNKNOWN = FaultCode("insi_121", "Le lot demandé n'existe pas.", _BENCH, confirmed=False)
BATCH_TOO_LARGE = FaultCode(
    "insi_122", "Le lot contient trop d'identités.", _BENCH, confirmed=False
)
LEXICAL = FaultCode(
    "insi_110",
    "Les traits d'identité transmis ne respectent pas les règles de saisie.",
    _BENCH,
    confirmed=False,
)

# The service itself
SEARCH_FAILED = FaultCode(
    "insi_102",
    "L'appel au service de recherche avec les traits d'identité renvoie une erreur technique.",
    _CAPTURED,
    party="Receiver",
    subcode="siram_40",
    severity="fatal",
    reason=_UNAVAILABLE,
    echoes=False,
    is_literal=True,
)
VITALE_FAILED = FaultCode(
    "insi_101",
    "L'appel au service de recherche avec la carte Vitale renvoie une erreur technique.",
    "INSi captures: by symmetry with insi_102, unconfirmed",
    confirmed=False,
    party="Receiver",
    subcode="siram_40",
    severity="fatal",
    reason=_UNAVAILABLE,
    echoes=False,
    is_literal=True,
)
CHECK_FAILED = FaultCode(
    "insi_103",
    "L'appel au service de vérification renvoie une erreur technique.",
    "bench code, by symmetry with insi_102",
    confirmed=False,
    party="Receiver",
    subcode="siram_40",
    severity="fatal",
    reason=_UNAVAILABLE,
    echoes=False,
    is_literal=True,
)
UNAVAILABLE = FaultCode(
    "desir_598",
    "La base du banc de test est occupée ; rien n'a été fait.",
    "bench code: our own database",
    confirmed=False,
    party="Receiver",
    subcode="siram_40",
    reason=_UNAVAILABLE,
    outcome="unauthorized",
)
QUOTA = FaultCode(
    "desir_590",
    "Le nombre d'appels autorisés est dépassé.",
    _BENCH,
    confirmed=False,
    party="Receiver",
    subcode="siram_40",
    reason=_UNAVAILABLE,
)
INTERNAL = FaultCode(
    "desir_599",
    "Anomalie interne du banc de test.",
    "bench code: our own bug",
    confirmed=False,
    party="Receiver",
    subcode="siram_40",
    severity="fatale",
    reason=_UNAVAILABLE,
    outcome="bug",
)

# Checks (WS_INS3 to WS_INS5): codes and labels are the bench's, INSi service
AGREES = Code("00", "OK", "bench label, unconfirmed", confirmed=False)
DISAGREES = Code("01", "Identite non concordante", "bench label, unconfirmed", confirmed=False)
DEPOSITED = Code("00", "Lot depose", "bench label, unconfirmed", confirmed=False)
IN_PROGRESS = Code("03", "Lot en cours de traitement", "bench code, unconfirmed", confirmed=False)

FAULTS: dict[str, FaultCode] = {
    row.code: row for row in list(globals().values()) if isinstance(row, FaultCode)
}
RESULTS: dict[str, Code] = {row.code: row for row in (FOUND, NONE, SEVERAL)}


def unlisted(code: str) -> FaultCode:
    """The row of a code that someone injects and no row names: the service is unavailable."""
    return FaultCode(
        code,
        "Défaut injecté par le banc de test.",
        _BENCH,
        confirmed=False,
        party="Receiver",
        subcode="siram_40",
        reason=_UNAVAILABLE,
    )
