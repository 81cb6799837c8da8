"""Kit, SOAP 1.2: envelopes, faults, and the port that turns a message into a call and back.

Not here: any operation; multipart (mtom), assertions (vihf).
"""

from kit.soap.envelope import ANONYMOUS, Envelope, read_envelope, write_envelope
from kit.soap.faults import FaultStyle, SoapFault
from kit.soap.port import SOAP_TYPE, Call, Operation, Port, Reply

__all__ = [
    "ANONYMOUS",
    "SOAP_TYPE",
    "Call",
    "Envelope",
    "FaultStyle",
    "Operation",
    "Port",
    "Reply",
    "SoapFault",
    "read_envelope",
    "write_envelope",
]
