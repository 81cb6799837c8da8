"""DMP mock, rules: what a request is refused for, and why. One rule book per transaction.

Pure: no Flask, no XML, no SQL. A rule yields the identifier of each thing it refuses.
submission is filled by record, metadata, codes and lot; tables: value_sets, rights.
"""

from mocks.dmp.rules.caller import DmpUser, user_of
from mocks.dmp.rules.existence import existence
from mocks.dmp.rules.query import Asking, may_show, query
from mocks.dmp.rules.retrieval import Retrieving, retrieval
from mocks.dmp.rules.submission import Feeding, Policy, is_qualified, remarks, submission
from mocks.dmp.rules.update import Updating, update

BOOKS = (existence, submission, query, retrieval, update)

__all__ = [
    "BOOKS",
    "Asking",
    "DmpUser",
    "Feeding",
    "Policy",
    "Retrieving",
    "Updating",
    "existence",
    "is_qualified",
    "may_show",
    "query",
    "remarks",
    "retrieval",
    "submission",
    "update",
    "user_of",
]
