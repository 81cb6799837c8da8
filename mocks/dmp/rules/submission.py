"""DMP mock, rules: what a lot of documents is refused for (ITI-41, TD2.1), put together.

The imports fill the rule book; their order is the order in which refusals are reported.
"""

# isort: off
from mocks.dmp.rules import record, metadata, codes, conformity, agreement, lot

# isort: on
from mocks.dmp.messages.submission import ProvidedLot
from mocks.dmp.rules.agreement import agreement_remarks, remarks
from mocks.dmp.rules.codes import type_remarks
from mocks.dmp.rules.conformity import broken_by, conformity_remarks
from mocks.dmp.rules.feeding import Feeding, Policy, submission
from mocks.dmp.rules.lot import signature_findings
from mocks.dmp.rules.record import is_qualified

PARTS = (record, metadata, codes, conformity, agreement, lot)

__all__ = [
    "PARTS",
    "Feeding",
    "Policy",
    "broken_by",
    "is_qualified",
    "leniencies",
    "remarks",
    "signature_findings",
    "submission",
    "type_remarks",
]


def leniencies(lot: ProvidedLot, policy: Policy) -> list[str]:
    """What this bench lets pass and a strict one refuses; for the journal."""
    return [
        *(type_remarks(lot) if policy.types != "strict" else ()),
        *(conformity_remarks(lot) if policy.cda_checks == "warn" else ()),
        *(agreement_remarks(lot, policy) if policy.cda_metadata != "strict" else ()),
    ]
