"""Kit, vihf: the table of codes a VIHF is refused with.

The guide's annex is not public: ``DMPSim`` marks a name of ours, ``confirmed=False`` a name or a
trigger nobody outside has seen. Source: DMP errors.
"""

from kit.rules import Code

_BENCH = "bench code: the real name is not published"

SAML_VERSION = Code(
    "DMPSimVihfVersion", "La version du VIHF n'est pas acceptée", _BENCH, confirmed=False
)
SIGNATURE = Code(
    "DMPSimVihfSignature", "La signature du VIHF est invalide", _BENCH, confirmed=False
)
INVALID_CERTIFICATE = Code(
    "DMPInvalidCertificate",
    "Le certificat ayant signé le VIHF est invalide",
    "DMP errors: live observation, third party",
)
UNTRUSTED_CERTIFICATE = Code(
    "DMPInvalidCertificate",
    "Le certificat ayant signé le VIHF est invalide",
    "DMP errors: the code was seen for another reason",
    confirmed=False,
)
LEGAL_PERSON = Code(
    "DMPSimStructureMismatch",
    "Erreur d'authentification de la personne morale",
    "DMP errors: the text is confirmed by third parties, the code is ours",
    confirmed=False,
)
CALLER = Code(
    "DMPSimCallerMismatch",
    "L'émetteur du VIHF n'est pas le porteur du certificat",
    _BENCH,
    confirmed=False,
)
INSTANT = Code(
    "DMPSimVihfExpired", "Le VIHF n'est pas dans sa période de validité", _BENCH, confirmed=False
)
ATTRIBUTE = Code(
    "DMPSimVihfAttribute", "Un attribut du VIHF est absent ou invalide", _BENCH, confirmed=False
)
PATIENT = Code(
    "DMPSimVihfPatient", "L'identifiant du patient du VIHF est invalide", _BENCH, confirmed=False
)
HOMOLOGATION = Code(
    "DMPSimUnknownHomologation",
    "Le numéro d'homologation du logiciel n'est pas reconnu",
    _BENCH,
    confirmed=False,
)
