"""DMP mock, messages, PDSm: the FHIR face of the DMP (Partage de documents de santé en mobilité).

datatypes, people and references: values, contained resources, who is named; document_reference and
submission_set: an entry and a lot, both ways; provide (ITI-65) and simplified (ITI-105): what is
deposited; search (ITI-66, ITI-67), patch, capability, record (TD0.2); outcome: refusals. Not here:
the store and the rules, which are those of the XDS side.
"""

from mocks.dmp.messages.pdsm.capability import write_capability_statement
from mocks.dmp.messages.pdsm.document_reference import (
    Described,
    Face,
    Relation,
    binary_url,
    read_document_reference,
    write_document_reference,
)
from mocks.dmp.messages.pdsm.outcome import SUBJECT, in_fhir, write_refusals
from mocks.dmp.messages.pdsm.patch import (
    PATCH_TYPE,
    Operation,
    Visible,
    applied,
    read_patch,
    visible,
    write_archived,
    write_labels,
    write_status,
)
from mocks.dmp.messages.pdsm.provide import (
    FhirLot,
    read_provide_bundle,
    read_superseding,
    write_provide_bundle,
    write_provided,
)
from mocks.dmp.messages.pdsm.record import write_record
from mocks.dmp.messages.pdsm.references import entry_uuid_of, resource_id
from mocks.dmp.messages.pdsm.search import (
    MAX_COUNT,
    Search,
    asks_for_folders,
    asks_for_lots,
    meets,
    patient_of,
    read_search,
    stored_query,
)
from mocks.dmp.messages.pdsm.simplified import read_simplified, write_simplified
from mocks.dmp.messages.pdsm.submission_set import read_submission_set, write_submission_set

# Below the host. No endpoint of the real DMP is documented: the bench's choice.
PATH = "/si-dmp-server/v2/fhir"
# Headers of the bench, for what a token and a certificate do not say.
USER_HEADER, PURPOSE_HEADER = "Banc-User", "Banc-Purpose-Of-Use"
# (interaction, resource type) -> transaction, as the journal calls it.
TRANSACTIONS = {
    ("BATCH", ""): "ITI-65",
    ("CREATE", "DocumentReference"): "ITI-105",
    ("SEARCH", "DocumentReference"): "ITI-67",
    ("SEARCH-BY-POST", "DocumentReference"): "ITI-67",
    ("SEARCH", "List"): "ITI-66",
    ("SEARCH-BY-POST", "List"): "ITI-66",
    ("READ", "Binary"): "ITI-68",
    ("READ", "DocumentReference"): "PDSM.READ",
    ("READ", "List"): "PDSM.READ",
    ("VREAD", "DocumentReference"): "PDSM.HISTORY",
    ("HISTORY", "DocumentReference"): "PDSM.HISTORY",
    ("PATCH", "DocumentReference"): "PDSM.PATCH",
    ("SEARCH", "Patient"): "PDSM.TD0.2",
}
# Those that file documents, as TD2.1 does.
DEPOSITS = ("ITI-65", "ITI-105")

__all__ = [
    "DEPOSITS",
    "MAX_COUNT",
    "PATCH_TYPE",
    "PATH",
    "PURPOSE_HEADER",
    "SUBJECT",
    "TRANSACTIONS",
    "USER_HEADER",
    "Described",
    "Face",
    "FhirLot",
    "Operation",
    "Relation",
    "Search",
    "Visible",
    "applied",
    "asks_for_folders",
    "asks_for_lots",
    "binary_url",
    "entry_uuid_of",
    "in_fhir",
    "meets",
    "patient_of",
    "read_document_reference",
    "read_patch",
    "read_provide_bundle",
    "read_search",
    "read_simplified",
    "read_submission_set",
    "read_superseding",
    "resource_id",
    "stored_query",
    "visible",
    "write_archived",
    "write_capability_statement",
    "write_document_reference",
    "write_labels",
    "write_provide_bundle",
    "write_provided",
    "write_record",
    "write_refusals",
    "write_simplified",
    "write_status",
    "write_submission_set",
]
