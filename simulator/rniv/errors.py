"""Simulator, RNIV, errors: the table of codes the identity repository refuses with.

The framework numbers its rules and not its refusals: every code is the bench's own. A row marked
``confirmed=False`` rests on a reading of the guide that was not seen. Not here: when (``rules``).
"""

from kit.rules import Code

_AXES = "RNIV"
_ATTRIBUTES = "EXI ID 24 and 26, EXI SI 09, second-hand; INS guide"

# Creating and searching
TRAIT_MISSING = Code(
    "rniv-trait-missing", "an identity is created with its five strict traits", "RNIV"
)
TRAIT_FORM = Code("rniv-trait-form", "a strict trait has not its form", "RNIV; INSi guide")
SEARCH_SHAPE = Code(
    "rniv-search-shape",
    "a search starts with the birth date, then takes at most three letters of a name",
    "identito-na, second-hand; INSi captures",
)
NOT_SEARCHED = Code(
    "rniv-not-searched", "an identity is searched before it is created", "INSi captures"
)
IPP_TAKEN = Code("rniv-ipp-taken", "an IPP is given once", "IHE PAM FR: PID-3, type PI")
USED_NAME_FILLED = Code(
    "rniv-used-name-filled",
    "used name and used first name are typed by a clerk, never filled automatically",
    "guide INS, EXI ID 08, second-hand",
)

# Statuses
DISCREPANCY = Code(
    "rniv-discrepancy",
    "traits checked against a document are not replaced by traits that differ",
    f"{_AXES}: VALI becomes QUAL when INSi gives traits that agree",
)
ALREADY_RETRIEVED = Code(
    "rniv-already-retrieved",
    "an identity whose INS was retrieved takes no other from a datamatrix",
    _AXES,
    confirmed=False,
)
NOTHING_FOUND = Code("rniv-nothing-found", "no matricule with its OID is given", "INS guide")
NOTHING_TO_CHECK = Code(
    "rniv-nothing-to-check", "there is no matricule to check with INSi", "INSi service"
)
CLERK_NEEDED = Code("rniv-clerk-needed", "only a clerk decides this", "RNIV")
QUALIFIED_KEPT = Code(
    "rniv-qualified-kept",
    "a qualified identity is never overwritten without a clerk",
    "choice of the bench, client behaviour",
)
MATRICULE_KEPT_IN = Code(
    "rniv-matricule-kept-in",
    "only a qualified identity carries its matricule outwards",
    "guide INS, EXI ID 29, second-hand; RNIV",
)

# Attributes
CALL_FORBIDDEN = Code(
    "rniv-call-forbidden", "INSi is not called for a doubtful or fictitious identity", _ATTRIBUTES
)
STAYS_PROVISIONAL = Code(
    "rniv-stays-provisional", "a doubtful or fictitious identity stays provisional", _ATTRIBUTES
)
ATTRIBUTES_EXCLUSIVE = Code(
    "rniv-attributes-exclusive", "an identity is doubtful or fictitious, never both", _ATTRIBUTES
)
FICTITIOUS_HOMONYM = Code(
    "rniv-fictitious-homonym",
    "only a doubtful identity combines with homonym",
    "INS guide: one reading of the guide",
    confirmed=False,
)
ATTRIBUTE_ABSENT = Code("rniv-attribute-absent", "the attribute is not set", _ATTRIBUTES)

# Evidence
EVIDENCE_UNKNOWN = Code("rniv-evidence-unknown", "no such code of evidence", "FR Core")
EVIDENCE_TOO_WEAK = Code(
    "rniv-evidence-too-weak",
    "the document does not prove an identity, or not without another proof",
    "FR Core",
)

# Calling INSi
NOT_SENDABLE = Code(
    "rniv-not-sendable", "INSi does not take this trait, and nothing is removed", "INSi guide"
)

# Merging
MERGE_OF_ONE = Code("rniv-merge-of-one", "two identities are needed", "INS guide, DOUB")
MERGE_NOT_ACTIVE = Code("rniv-merge-not-active", "an identity is merged already", "INS guide")
MERGE_NOT_MERGED = Code("rniv-merge-not-merged", "the identity is merged into none", "INS guide")
MERGE_OF_TWO_PERSONS = Code(
    "rniv-merge-of-two-persons",
    "two matricules in force are two persons: merging them is a collision",
    "INS guide, COLP and COLV",
)
MERGE_OF_HOMONYMS = Code(
    "rniv-merge-of-homonyms", "the two were told apart as homonyms", "INS guide, HOMA"
)
MERGE_INTO_LESS = Code(
    "rniv-merge-into-less",
    "the identity that stays is the more trusted one",
    "INS guide; derived from the axes",
    confirmed=False,
)

# Messages received
CODE_UNKNOWN = Code("rniv-code-unknown", "not a code of table 0445", "INS guide; IHE PAM FR")
CODES_CONTRADICT = Code(
    "rniv-codes-contradict", "a doubtful or fictitious identity is not validated", _ATTRIBUTES
)
