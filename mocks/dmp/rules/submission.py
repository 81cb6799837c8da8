"""DMP mock, rules: what a lot of documents is refused for (ITI-41, TD2.1), put together.

The imports fill the rule book; their order is the order in which refusals are reported.
"""

# isort: off
from mocks.dmp.rules import record, metadata, codes, lot

# isort: on
from mocks.dmp.rules.codes import type_remarks
from mocks.dmp.rules.feeding import Feeding, Policy, submission
from mocks.dmp.rules.lot import remarks, signature_findings
from mocks.dmp.rules.record import is_qualified

PARTS = (record, metadata, codes, lot)

__all__ = [
    "PARTS",
    "Feeding",
    "Policy",
    "is_qualified",
    "remarks",
    "signature_findings",
    "submission",
    "type_remarks",
]
