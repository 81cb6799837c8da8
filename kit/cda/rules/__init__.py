"""Kit, CDA, rules: what a document is refused for by the French header and by its model.

One rule book over a document read once; each finding names its place as a path. Not here: the
schema and the schematrons, which judge entries too (they need an engine of their own), rules of a
service (the DMP wants an id without extension, a type of its own set).
"""

# isort: off
from kit.cda.rules import identification, patient, people, care, body

# isort: on
from kit.cda.document import Cda
from kit.cda.rules.book import NOT_CONFORMANT, book
from kit.rules import Refusal

PARTS = (identification, patient, people, care, body)

__all__ = ["NOT_CONFORMANT", "PARTS", "book", "check"]


def check(document: Cda) -> list[Refusal]:
    """Every rule that a document breaks, in the order of the header; empty when it conforms."""
    return book.findings(document)
