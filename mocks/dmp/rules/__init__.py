"""DMP mock, rules: what a request is refused for, and why. One rule book per transaction.

Pure: no Flask, no XML, no SQL. A rule yields the identifier of each thing it refuses.
submission is filled by record, metadata, codes, conformity, agreement and lot; tables: value_sets,
rights.
"""

from mocks.dmp.rules.access import authorization_of, standing_of
from mocks.dmp.rules.administration import (
    Administering,
    authorization,
    authorized,
    find_patient,
    patient_list,
    revision,
)
from mocks.dmp.rules.caller import DmpUser, Standing, user_of
from mocks.dmp.rules.existence import existence
from mocks.dmp.rules.pdsm import patch as fhir_patch
from mocks.dmp.rules.pdsm import provide as fhir_provide
from mocks.dmp.rules.pdsm import search as fhir_search
from mocks.dmp.rules.pdsm_caller import fhir_caller
from mocks.dmp.rules.query import Asking, is_masked, may_show, query, remarks_on, results
from mocks.dmp.rules.record import minor_remarks
from mocks.dmp.rules.retrieval import Retrieving, retrieval
from mocks.dmp.rules.submission import (
    Feeding,
    Policy,
    broken_by,
    is_qualified,
    leniencies,
    remarks,
    signature_findings,
    submission,
    type_remarks,
)
from mocks.dmp.rules.update import Updating, transaction_of, update

BOOKS = (
    authorization, patient_list, find_patient, existence, revision, authorized, submission, query,
    retrieval, update, results, fhir_caller, fhir_provide, fhir_search, fhir_patch,
)  # fmt: skip

__all__ = [
    "BOOKS",
    "Administering",
    "Asking",
    "DmpUser",
    "Feeding",
    "Policy",
    "Retrieving",
    "Standing",
    "Updating",
    "authorization",
    "authorization_of",
    "authorized",
    "broken_by",
    "existence",
    "find_patient",
    "is_masked",
    "is_qualified",
    "leniencies",
    "may_show",
    "minor_remarks",
    "patient_list",
    "query",
    "remarks",
    "remarks_on",
    "results",
    "retrieval",
    "revision",
    "signature_findings",
    "standing_of",
    "submission",
    "transaction_of",
    "type_remarks",
    "update",
    "user_of",
]
