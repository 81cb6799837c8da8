"""MSSanté mock, errors: the table of codes, one row each, used nowhere else spelled out.

An SMTP code is spelled ``basic enhanced`` (RFC 5321, RFC 3463), an IMAP one as its response code
(RFC 5530), a compliance one by the number of the rule. Not here: when they are used (rules).
"""

from __future__ import annotations

from kit.rules import Code

REFERENTIAL = "MSSanté clients"
TRUST_SPACE = "MSSanté operators"

# SMTP: who speaks
TLS_FIRST = Code("530 5.7.0", "STARTTLS must come first", "RFC 3207 §4; " + REFERENTIAL)
NOT_AUTHENTICATED = Code("530 5.7.0", "authentication required", "RFC 4954 §6")
WRONG_CREDENTIALS = Code("535 5.7.8", "authentication credentials invalid", "RFC 4954 §6")
NOT_THE_SENDER = Code("553 5.7.1", "the sender is not the authenticated mailbox", "RFC 6409 §6.1")

BUSY = Code("451 4.3.2", "the operator is busy, try again", "RFC 5321 §4.2.3; RFC 3463 §3.4")

# SMTP: recipients
UNKNOWN_MAILBOX = Code("550 5.1.1", "no such mailbox", "RFC 5321 §4.2.3; RFC 3463 §3.2")
OUTSIDE_TRUST_SPACE = Code("554 5.7.1", "domain not in the trust list", TRUST_SPACE)
TOO_MANY_RECIPIENTS = Code("452 4.5.3", "too many recipients", "RFC 5321 §4.5.3.1.10")
BAD_ADDRESS = Code("501 5.1.3", "malformed address", "RFC 5321 §4.1.2")
BAD_PARAMETER = Code("501 5.5.4", "malformed parameter", "RFC 3461 §4; RFC 5321 §4.1.1.11")

# SMTP: the message
TOO_LARGE = Code("552 5.3.4", "message larger than the operator accepts", "RFC 1870 §6.1")
BARE_LINE_END = Code("550 5.6.0", "a lone CR or LF in the message", "RFC 5321 §2.3.8")
LINE_TOO_LONG = Code("550 5.6.0", "a line longer than 998 octets", "RFC 5322 §2.1.1")
NUL_IN_MESSAGE = Code("550 5.6.0", "a NUL octet in the message", "RFC 5322 §2.2, §3.5")
BAD_HEADER = Code("550 5.6.0", "the header cannot be read", "RFC 5322 §3.6")
UNSAFE_ATTACHMENT = Code("554 5.7.1", "an archive that is dangerous to open", "Banc", False)
MALFORMED_MESSAGE = Code("550 5.6.0", "the message cannot be read", "RFC 5322; RFC 2045")

# Bounces of the citizen's operator (status of the notification, RFC 3464)
CITIZEN_UNKNOWN = Code("550 5.1.1", "patient unknown", "Mon espace santé mail §6")
CITIZEN_BAD_ADDRESS = Code("550 5.1.3", "invalid address", "Mon espace santé mail §6")
CITIZEN_CLOSED = Code("550 5.2.1", "messaging closed", "Mon espace santé mail §6")
CITIZEN_TOO_LARGE = Code("552 5.3.4", "message over 25 MB", "Mon espace santé mail §6")

# IMAP (RFC 5530, RFC 3501)
IMAP_PRIVACY = Code("PRIVACYREQUIRED", "STARTTLS must come first", "RFC 5530 §3")
IMAP_AUTHENTICATION = Code("AUTHENTICATIONFAILED", "credentials invalid", "RFC 5530 §3")
IMAP_BUSY = Code("UNAVAILABLE", "the server is busy, try again", "RFC 5530 §3")
IMAP_NONEXISTENT = Code("NONEXISTENT", "no such folder", "RFC 5530 §3")
IMAP_ALREADY_EXISTS = Code("ALREADYEXISTS", "the folder exists", "RFC 5530 §3")
IMAP_CANNOT = Code("CANNOT", "the server does not do this", "RFC 5530 §3")
IMAP_TRY_CREATE = Code("TRYCREATE", "no such folder to write to", "RFC 3501 §7.1")
IMAP_READ_ONLY = Code("READ-ONLY", "the folder is open for reading", "RFC 3501 §7.1")
IMAP_BAD_CHARSET = Code("BADCHARSET (UTF-8 US-ASCII)", "unknown charset", "RFC 3501 §6.4.4")
IMAP_SYNTAX = Code("CLIENTBUG", "the command cannot be read", "RFC 3501 §9; RFC 5530 §3")

# API
API_BAD_REQUEST = Code("bad_request", "the request cannot be read", "Banc", False)
API_NOT_FOUND = Code("not_found", "no such mailbox or message", "Banc", False)
API_EXISTS = Code("mailbox_exists", "the address is taken", "MSSanté mailbox API: address is a key")
API_BAD_ADDRESS = Code("bad_address", "not an address of the trust space", TRUST_SPACE)
API_BAD_MAILBOX = Code("bad_mailbox", "the mailbox is incomplete", "MSSanté mailbox API")
API_DERIVED = Code("mailbox_of_the_world", "a mailbox of the invented country stays", "Banc", False)

# Compliance of a document message: counted, never refused
ONE_PATIENT = Code("ECO.2.1.1", "one message, one patient", REFERENTIAL)
ATTACHMENT_SET = Code("ECO.2.1.1", "IHE_XDM.zip and a PDF copy of each document", REFERENTIAL)
SUBJECT_FORMAT = Code("ECO.2.1.3", "subject XDM/1.0/DDM+…", REFERENTIAL)
PDF_NAME = Code("ECO.2.1.6", "name of the PDF copy", REFERENTIAL, False)
MESSAGE_ID = Code("ECO.2.2.1", "Message-ID", REFERENTIAL)
THREADING = Code("ECO.2.2.2", "In-Reply-To and References", REFERENTIAL)
TEXT_FORMAT = Code("ECO.2.2.3", "text parts in UTF-8", REFERENTIAL)
QUALIFIED_CITIZEN = Code("ECO.2.2.6", "a patient's address needs a qualified INS", REFERENTIAL)
SENDER_NAME = Code("ECO.2.2.7", "display name of the sender", REFERENTIAL)
CLOSING = Code("ECO.2.2.8", "X-MSS-MES", "CI-SIS, HL7v2")
CODE_CDA = Code("ECO.2.4.1", "X-MSS-CODECDA", REFERENTIAL)
HEADER_INS = Code("ECO.2.4.2", "X-MSS-INS", REFERENTIAL)
HEADER_NIL = Code("ECO.2.4.3", "X-MSS-NIL", REFERENTIAL)
RECEIPT_ADDRESS = Code("MDN", "where the receipt is to go", "RFC 8098 §2.1")
UNREADABLE_ARCHIVE = Code("XDM", "the archive cannot be read", "IHE ITI TF-2 3.32", False)
