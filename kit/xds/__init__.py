"""Kit, XDS: the metadata of shared documents, read and written in one place for DMP and MSSanté.

vocabulary.py names every URN; hl7.py the identifiers and names inside values; metadata.py the
objects; reading.py and writing.py the ebXML wire; tables.py the French codes of documents.
Not here: rules on values, queries, the SOAP transactions.
"""

from kit.xds.hl7 import (
    PS_OID,
    Cx,
    Xcn,
    Xon,
    national_person,
    national_structure,
    read_dtm,
    write_dtm,
)
from kit.xds.metadata import (
    Association,
    Author,
    Coded,
    DocumentEntry,
    Slot,
    Submission,
    SubmissionSet,
    member_of,
    replacement_of,
    signature_of,
)
from kit.xds.reading import (
    read_association,
    read_extrinsic_object,
    read_ins,
    read_registry_package,
    read_submit_objects,
    upgrade_ebrim2,
)
from kit.xds.tables import class_of, document_type, format_of
from kit.xds.writing import (
    write_association,
    write_extrinsic_object,
    write_registry_package,
    write_slot,
    write_submit_objects,
)

__all__ = [
    "PS_OID",
    "Association",
    "Author",
    "Coded",
    "Cx",
    "DocumentEntry",
    "Slot",
    "Submission",
    "SubmissionSet",
    "Xcn",
    "Xon",
    "class_of",
    "document_type",
    "format_of",
    "member_of",
    "national_person",
    "national_structure",
    "read_association",
    "read_dtm",
    "read_extrinsic_object",
    "read_ins",
    "read_registry_package",
    "read_submit_objects",
    "replacement_of",
    "signature_of",
    "upgrade_ebrim2",
    "write_association",
    "write_dtm",
    "write_extrinsic_object",
    "write_registry_package",
    "write_slot",
    "write_submit_objects",
]
