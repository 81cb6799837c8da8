"""Simulator, gateway, messages: what comes in and goes out by MLLP, each with its read and write.

Not here: what is refused (rules), octets of the framing (framing).
"""

from simulator.gateway.messages.acknowledgement import (
    ACCEPTED,
    ERROR,
    REJECT,
    Acknowledgement,
    Problem,
    answer_header,
    code_of,
    problem_of,
    problem_of_reading,
    read_acknowledgement,
    write_acknowledgement,
)
from simulator.gateway.messages.business import (
    DMP_CODES,
    DMP_RECEPTION,
    MSS_READING,
    MSS_RECEPTION,
    SMTP_CODES,
    BusinessAcknowledgement,
    failure,
    read_business,
    write_business,
)
from simulator.gateway.messages.consent import DmpConsent, read_consent
from simulator.gateway.messages.header import PROFILE, UTF8, Header, read_header
from simulator.gateway.messages.reading import read_transmission
from simulator.gateway.messages.segments import Misread, encoded, read_segments
from simulator.gateway.messages.transmission import (
    METADATA,
    Choice,
    DocumentEnvelope,
    MailBody,
    Participant,
    PatientIds,
    SentDocument,
    Transmission,
)
from simulator.gateway.messages.writing import write_transmission

__all__ = [
    "ACCEPTED",
    "DMP_CODES",
    "DMP_RECEPTION",
    "ERROR",
    "METADATA",
    "MSS_READING",
    "MSS_RECEPTION",
    "PROFILE",
    "REJECT",
    "SMTP_CODES",
    "UTF8",
    "Acknowledgement",
    "BusinessAcknowledgement",
    "Choice",
    "DmpConsent",
    "DocumentEnvelope",
    "Header",
    "MailBody",
    "Misread",
    "Participant",
    "PatientIds",
    "Problem",
    "SentDocument",
    "Transmission",
    "answer_header",
    "code_of",
    "encoded",
    "failure",
    "problem_of",
    "problem_of_reading",
    "read_acknowledgement",
    "read_business",
    "read_consent",
    "read_header",
    "read_segments",
    "read_transmission",
    "write_acknowledgement",
    "write_business",
    "write_transmission",
]
