"""Simulator, gateway, errors: the table of codes of an acknowledgement, ERR-3 and ERR-5.

A code from 900 on is told in ERR-5, under 207 in ERR-3. Not here: when a code is used (rules).
"""

from kit.rules import Code

_HL7 = "HL7 v2 table 0357; CI-SIS, HL7v2"
_PFI = "CI-SIS, HL7v2, ERR-5 of the volet, 900 to 906"

SEQUENCE = Code("100", "Segment sequence error", _HL7)
REQUIRED = Code("101", "Required field missing", _HL7)
DATA_TYPE = Code("102", "Data type error", _HL7)
TABLE_VALUE = Code("103", "Table value not found", _HL7)
CARDINALITY = Code("198", "Non-Conformant Cardinality", _HL7)
OTHER = Code("199", "Other HL7 Error", _HL7)
PROFILE = Code("199", "Other HL7 Error", "CI-SIS, HL7v2, MSH-21; the code is unconfirmed", False)
MESSAGE_TYPE = Code("200", "Unsupported message type", _HL7)
EVENT = Code("201", "Unsupported event code", _HL7)
PROCESSING_ID = Code("202", "Unsupported processing id", _HL7)
VERSION = Code("203", "Unsupported version id", _HL7)
DUPLICATE_KEY = Code("205", "Duplicate key identifier", _HL7)
INTERNAL = Code("207", "Application internal error", _HL7)

WRONG_VERSION = Code("900", "Version du document erronée", _PFI)
AUTHOR = Code("901", "Auteur non autorisé", _PFI)
UNKNOWN_PATIENT = Code("902", "Identifiant de patient inconnu", _PFI)
NO_INS = Code("903", "INS absent du document", _PFI)
OTHER_INS = Code("904", "INS différent", _PFI)
INCOMPLETE_INS = Code("905", "INS incomplet", _PFI)
ANOTHER = Code("906", "Autre", _PFI)

# Refused before its content matters: AR. Everything else is AE. Source: HL7 v2 table 0008.
REJECTED = (PROFILE, MESSAGE_TYPE, EVENT, PROCESSING_ID, VERSION)
FIRST_APPLICATION_CODE = 900
