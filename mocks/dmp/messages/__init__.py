"""DMP mock, messages: what is said on the wire, read and written in pairs.

One module a transaction. The mock's only public face: the simulator and the load tests write
with it what the mock reads.
"""

from mocks.dmp.messages.assembling import LotIdentity, assemble, lot_of_update
from mocks.dmp.messages.existence import (
    EXISTENCE,
    VALID,
    Existence,
    ExistenceQuery,
    Record,
    read_existence,
    read_existence_response,
    write_existence,
    write_existence_failure,
    write_existence_response,
)
from mocks.dmp.messages.query import (
    STORED_QUERY,
    Found,
    Parameter,
    StoredQuery,
    find_documents,
    get_documents,
    read_query,
    read_query_response,
    write_found,
    write_query,
    write_query_failure,
)
from mocks.dmp.messages.response import (
    RegistryError,
    RegistryResponse,
    read_registry_response,
    write_failure,
    write_success,
)
from mocks.dmp.messages.retrieval import (
    REPOSITORY_UNIQUE_ID,
    RETRIEVE,
    DocumentRequest,
    Retrieved,
    RetrievedDocument,
    read_retrieve,
    read_retrieve_response,
    write_retrieve,
    write_retrieved,
)
from mocks.dmp.messages.security import read_security, write_security
from mocks.dmp.messages.submission import (
    PROVIDE_AND_REGISTER,
    ProvidedDocument,
    ProvidedLot,
    read_submission,
    write_submission,
)
from mocks.dmp.messages.update import (
    UPDATE,
    StatusChange,
    Update,
    deletion,
    read_update,
    write_update,
)

# Paths below the host, and WS-Addressing actions, of dmp.md 2.
BASE = "/si-dmp-server/v2/services"
PATIENTS, REGISTRY, REPOSITORY = f"{BASE}/patients", f"{BASE}/registry", f"{BASE}/repository"
TD0_2, TD0_2_ANSWER = "urn:hl7-org:v3:PRPA_IN201307UV02", "urn:hl7-org:v3:PRPA_IN201308UV02"
ITI_41 = "urn:ihe:iti:2007:ProvideAndRegisterDocumentSet-b"
ITI_41_ANSWER = f"{ITI_41}Response"
ITI_18 = "urn:ihe:iti:2007:RegistryStoredQuery"
ITI_18_ANSWER = f"{ITI_18}Response"
ITI_43 = "urn:ihe:iti:2007:RetrieveDocumentSet"
ITI_43_ANSWER = f"{ITI_43}Response"
ITI_57 = "urn:ihe:iti:2010:UpdateDocumentSet"
ITI_57_ANSWER = f"{ITI_57}-Response"

__all__ = [
    "BASE",
    "EXISTENCE",
    "ITI_18",
    "ITI_18_ANSWER",
    "ITI_41",
    "ITI_41_ANSWER",
    "ITI_43",
    "ITI_43_ANSWER",
    "ITI_57",
    "ITI_57_ANSWER",
    "PATIENTS",
    "PROVIDE_AND_REGISTER",
    "REGISTRY",
    "REPOSITORY",
    "REPOSITORY_UNIQUE_ID",
    "RETRIEVE",
    "STORED_QUERY",
    "TD0_2",
    "TD0_2_ANSWER",
    "UPDATE",
    "VALID",
    "DocumentRequest",
    "Existence",
    "ExistenceQuery",
    "Found",
    "LotIdentity",
    "Parameter",
    "ProvidedDocument",
    "ProvidedLot",
    "Record",
    "RegistryError",
    "RegistryResponse",
    "Retrieved",
    "RetrievedDocument",
    "StatusChange",
    "StoredQuery",
    "Update",
    "assemble",
    "deletion",
    "find_documents",
    "get_documents",
    "lot_of_update",
    "read_existence",
    "read_existence_response",
    "read_query",
    "read_query_response",
    "read_registry_response",
    "read_retrieve",
    "read_retrieve_response",
    "read_security",
    "read_submission",
    "read_update",
    "write_existence",
    "write_existence_failure",
    "write_existence_response",
    "write_failure",
    "write_found",
    "write_query",
    "write_query_failure",
    "write_retrieve",
    "write_retrieved",
    "write_security",
    "write_submission",
    "write_success",
    "write_update",
]
