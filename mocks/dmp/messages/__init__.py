"""DMP mock, messages: what is said on the wire, read and written in pairs.

One module a transaction. The mock's only public face: the simulator and the load tests write
with it what the mock reads.
"""

from mocks.dmp.messages.assembling import LotIdentity, assemble, lot_of_update
from mocks.dmp.messages.calculated import INS_C, calculated
from mocks.dmp.messages.demographics import (
    FIND_PATIENT,
    LAST_AUTHORIZATION,
    LAST_DOCUMENT,
    PATIENT_LIST,
    ListedRecord,
    ListQuery,
    PatientMatch,
    PatientQuery,
    read_patient_list,
    read_patient_list_response,
    read_patient_query,
    read_patients_found,
    write_patient_list,
    write_patient_list_failure,
    write_patient_list_response,
    write_patient_query,
    write_patients_failure,
    write_patients_found,
)
from mocks.dmp.messages.existence import (
    EXISTENCE,
    READ_RECORD,
    VALID,
    Existence,
    ExistenceQuery,
    read_existence,
    read_existence_response,
    write_existence,
    write_existence_failure,
    write_existence_response,
)
from mocks.dmp.messages.habilitation import (
    LIST_AUTHORIZATIONS,
    SET_AUTHORIZATION,
    Authorization,
    AuthorizationChange,
    Status,
    read_list_authorizations,
    read_set_authorization,
    read_status,
    write_habilitation_failure,
    write_list_authorizations,
    write_list_authorizations_response,
    write_set_authorization,
    write_set_authorization_response,
)
from mocks.dmp.messages.hl7 import Header
from mocks.dmp.messages.query import (
    STORED_QUERY,
    Found,
    Parameter,
    StoredQuery,
    find_documents,
    find_submission_sets,
    get_associations,
    get_documents,
    get_documents_and_associations,
    read_query,
    read_query_response,
    write_found,
    write_query,
    write_query_failure,
)
from mocks.dmp.messages.record import Access, PatientRecord, Representative
from mocks.dmp.messages.registration import Record
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
from mocks.dmp.messages.revision import (
    CREATION,
    REVISION,
    Revised,
    Revision,
    read_revised,
    read_revision,
    write_revised,
    write_revision,
    write_revision_failure,
)
from mocks.dmp.messages.security import read_security, write_security
from mocks.dmp.messages.submission import (
    PROVIDE_AND_REGISTER,
    ProvidedDocument,
    ProvidedLot,
    read_document,
    read_submission,
    write_submission,
)
from mocks.dmp.messages.update import (
    UPDATE,
    StatusChange,
    Update,
    archiving,
    deletion,
    read_update,
    unarchiving,
    with_visibility,
    write_update,
    write_visibility,
)

# Paths below the host, and WS-Addressing actions, of DMP examples.
BASE = "/si-dmp-server/v2/services"
PATIENTS, REGISTRY, REPOSITORY = f"{BASE}/patients", f"{BASE}/registry", f"{BASE}/repository"
PATIENTS_PDQ, PATIENTS_SPECIFIC = f"{BASE}/patientsPDQ", f"{BASE}/patientsSpecific"
HABILITATIONS = f"{BASE}/habilitations"
TD0_3 = "urn:si-dmp-habilitations:HabilitationsEndPoint:setAuthorization"
TD1_6 = "urn:si-dmp-habilitations:HabilitationsEndPoint:listAuthorizationByPatient"
TD0_4 = "urn:si-dmp-patients:PatientSpecificEndPoint:patientList"
TD0_5, TD0_5_ANSWER = "urn:hl7-org:v3:PRPA_IN201305UV02", "urn:hl7-org:v3:PRPA_IN201306UV02"
TD1_1 = "urn:hl7-org:v3:PRPA_IN201311UV02"
TD1_1_ANSWER = "urn:hl7-org:v3:PRPA_IN201311ResponseUV02"
REVISE, REVISE_ANSWER = (
    "urn:hl7-org:v3:PRPA_IN201314UV02",
    "urn:hl7-org:v3:PRPA_IN201314ResponseUV02",
)
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
    "CREATION",
    "EXISTENCE",
    "FIND_PATIENT",
    "HABILITATIONS",
    "INS_C",
    "ITI_18",
    "ITI_18_ANSWER",
    "ITI_41",
    "ITI_41_ANSWER",
    "ITI_43",
    "ITI_43_ANSWER",
    "ITI_57",
    "ITI_57_ANSWER",
    "LAST_AUTHORIZATION",
    "LAST_DOCUMENT",
    "LIST_AUTHORIZATIONS",
    "PATIENTS",
    "PATIENTS_PDQ",
    "PATIENTS_SPECIFIC",
    "PATIENT_LIST",
    "PROVIDE_AND_REGISTER",
    "READ_RECORD",
    "REGISTRY",
    "REPOSITORY",
    "REPOSITORY_UNIQUE_ID",
    "RETRIEVE",
    "REVISE",
    "REVISE_ANSWER",
    "REVISION",
    "SET_AUTHORIZATION",
    "STORED_QUERY",
    "TD0_2",
    "TD0_2_ANSWER",
    "TD0_3",
    "TD0_4",
    "TD0_5",
    "TD0_5_ANSWER",
    "TD1_1",
    "TD1_1_ANSWER",
    "TD1_6",
    "UPDATE",
    "VALID",
    "Access",
    "Authorization",
    "AuthorizationChange",
    "DocumentRequest",
    "Existence",
    "ExistenceQuery",
    "Found",
    "Header",
    "ListQuery",
    "ListedRecord",
    "LotIdentity",
    "Parameter",
    "PatientMatch",
    "PatientQuery",
    "PatientRecord",
    "ProvidedDocument",
    "ProvidedLot",
    "Record",
    "RegistryError",
    "RegistryResponse",
    "Representative",
    "Retrieved",
    "RetrievedDocument",
    "Revised",
    "Revision",
    "Status",
    "StatusChange",
    "StoredQuery",
    "Update",
    "archiving",
    "assemble",
    "calculated",
    "deletion",
    "find_documents",
    "find_submission_sets",
    "get_associations",
    "get_documents",
    "get_documents_and_associations",
    "lot_of_update",
    "read_document",
    "read_existence",
    "read_existence_response",
    "read_list_authorizations",
    "read_patient_list",
    "read_patient_list_response",
    "read_patient_query",
    "read_patients_found",
    "read_query",
    "read_query_response",
    "read_registry_response",
    "read_retrieve",
    "read_retrieve_response",
    "read_revised",
    "read_revision",
    "read_security",
    "read_set_authorization",
    "read_status",
    "read_submission",
    "read_update",
    "unarchiving",
    "with_visibility",
    "write_existence",
    "write_existence_failure",
    "write_existence_response",
    "write_failure",
    "write_found",
    "write_habilitation_failure",
    "write_list_authorizations",
    "write_list_authorizations_response",
    "write_patient_list",
    "write_patient_list_failure",
    "write_patient_list_response",
    "write_patient_query",
    "write_patients_failure",
    "write_patients_found",
    "write_query",
    "write_query_failure",
    "write_retrieve",
    "write_retrieved",
    "write_revised",
    "write_revision",
    "write_revision_failure",
    "write_security",
    "write_set_authorization",
    "write_set_authorization_response",
    "write_submission",
    "write_success",
    "write_update",
    "write_visibility",
]
