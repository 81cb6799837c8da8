"""Kit, XDS vocabulary: every URN of the ebXML metadata, by name.

Not here: code systems of a country's documents (tables.py) and the objects (metadata.py).
Sources: ITI TF-3 4.2 (schemes, identifiers, associations, statuses); CI-SIS, Partage de
documents de santé (the two statuses beginning with urn:asip).
"""

from __future__ import annotations

# --- document entry (fiche) -------------------------------------------------------------------
# ExtrinsicObject/@objectType: a stable document, bytes and all.
STABLE_DOCUMENT = "urn:uuid:7edca82f-054d-47f2-a032-9b2a5b5186c1"
# Classification holding one author of a document: person, institution, role, specialty.
DOCUMENT_AUTHOR = "urn:uuid:93606bcf-9494-43ec-9b4e-a7748d1a838d"
# classCode: the coarse kind (report, summary, imaging ...).
DOCUMENT_CLASS_CODE = "urn:uuid:41a5887f-8865-4c09-adf7-e362475b143a"
# typeCode: the precise kind (discharge letter, operation report ...).
DOCUMENT_TYPE_CODE = "urn:uuid:f0306f51-975f-434e-a61c-c59651d33983"
# confidentialityCode: who may see the document; several values.
DOCUMENT_CONFIDENTIALITY_CODE = "urn:uuid:f4f85eac-e6cb-4883-b524-f2705394840f"
# formatCode: the technical model the bytes follow.
DOCUMENT_FORMAT_CODE = "urn:uuid:a09d5840-386c-46f2-b5ad-9c3699a4309d"
# eventCodeList: acts, diagnoses, modalities; several values.
DOCUMENT_EVENT_CODE = "urn:uuid:2c6b8cb7-8b2a-4051-b291-b1ae6a575ef4"
# healthcareFacilityTypeCode: the sort of structure where care was given.
DOCUMENT_FACILITY_CODE = "urn:uuid:f33fb8ac-18af-42cc-ae0e-ed0b0bdb91e1"
# practiceSettingCode: the setting of the act (establishment, ambulatory, home ...).
DOCUMENT_PRACTICE_CODE = "urn:uuid:cccf5598-8b07-4b77-a05e-ae952c785ead"
# External identifier: the patient a document is about.
DOCUMENT_PATIENT_ID = "urn:uuid:58a6f841-87b3-4a3e-92fd-a8ffeff98427"
# External identifier: the document's own OID, given by its author's software for ever.
DOCUMENT_UNIQUE_ID = "urn:uuid:2e82c1f6-a085-4c72-9da3-8640a32e42ab"

# --- submission set (lot de soumission) -------------------------------------------------------
# Classification node that says: this RegistryPackage is a submission set.
SUBMISSION_SET_NODE = "urn:uuid:a54d6aa5-d40d-43f9-88c5-b4633d873bdd"
# Classification node that says: this RegistryPackage is a folder (classeur).
FOLDER_NODE = "urn:uuid:d9d542f3-6cc4-48b6-8870-ea235fbc94c2"
# Classification holding one author of the lot.
LOT_AUTHOR = "urn:uuid:a7058bb9-b4e4-4307-ba5b-e3f0ab85e12d"
# contentTypeCode: the care event that made the lot.
LOT_CONTENT_TYPE_CODE = "urn:uuid:aa543740-bdda-424e-8c96-df4873be8500"
# External identifier: the patient the lot is about.
LOT_PATIENT_ID = "urn:uuid:6b5aea1a-874d-4603-a4bc-96a0a7b38446"
# External identifier: the OID of the sending software.
LOT_SOURCE_ID = "urn:uuid:554ac39e-e3fe-47fe-b233-965d2a147832"
# External identifier: the lot's own OID.
LOT_UNIQUE_ID = "urn:uuid:96fdda7c-d067-4183-912e-bf5ee74998a8"

# --- associations -----------------------------------------------------------------------------
# The lot holds a document (its own, or one already registered).
HAS_MEMBER = "urn:oasis:names:tc:ebxml-regrep:AssociationType:HasMember"
# A new document replaces an older one, which becomes Deprecated.
RPLC = "urn:ihe:iti:2007:AssociationType:RPLC"
# A document completes another (addendum).
APND = "urn:ihe:iti:2007:AssociationType:APND"
# A document is another form of a document.
XFRM = "urn:ihe:iti:2007:AssociationType:XFRM"
# A signature document signs a lot or a document.
SIGNS = "urn:ihe:iti:2007:AssociationType:signs"
# Metadata update: an entry's availability status changes.
UPDATE_AVAILABILITY_STATUS = "urn:ihe:iti:2010:AssociationType:UpdateAvailabilityStatus"
# Value of the slot SubmissionSetStatus: the member was made by this lot, or only referred to.
SUBMISSION_SET_STATUS = "SubmissionSetStatus"
ORIGINAL, REFERENCE = "Original", "Reference"

# --- availability statuses --------------------------------------------------------------------
# The document is current.
APPROVED = "urn:oasis:names:tc:ebxml-regrep:StatusType:Approved"
# The document was replaced.
DEPRECATED = "urn:oasis:names:tc:ebxml-regrep:StatusType:Deprecated"
# The entry was sent and is not yet current.
SUBMITTED = "urn:oasis:names:tc:ebxml-regrep:StatusType:Submitted"
# The document is put aside by a professional (archivé).
ARCHIVED = "urn:asip:ci-sis:2010:StatusType:Archived"
# The document is deleted, logically (supprimé).
DELETED = "urn:asip:ci-sis:2010:StatusType:Deleted"

# --- reference identifiers --------------------------------------------------------------------
# Slot of an entry: identifiers of orders, accessions, studies the document refers to.
REFERENCE_ID_LIST = "urn:ihe:iti:xds:2013:referenceIdList"
# Fifth component of a reference: an accession number.
REFERENCE_ACCESSION = "urn:ihe:iti:xds:2013:accession"
# Fifth component of a reference: an order.
REFERENCE_ORDER = "urn:ihe:iti:xds:2013:order"
# Fifth component of a reference: a DICOM StudyInstanceUID.
REFERENCE_STUDY = "urn:ihe:iti:xds:2016:studyInstanceUID"
