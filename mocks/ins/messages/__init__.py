"""INS messages: what goes over the wire, one dataclass each, with its reader and its writer."""

from mocks.ins.messages.assertion import (
    Assertion,
    Signature,
    read_assertion,
    read_signature,
    write_assertion,
)
from mocks.ins.messages.contexts import (
    BamContext,
    Contexts,
    LpsContext,
    read_action,
    read_contexts,
    write_contexts,
)
from mocks.ins.messages.dialects import DIALECTS, Dialect, write_answer
from mocks.ins.messages.faults import (
    Erreur,
    InsFault,
    InsFaultStyle,
    read_error,
    write_error,
    write_fault,
)
from mocks.ins.messages.persons import Correction, read_correction, write_person
from mocks.ins.messages.search import (
    ACTION,
    ACTIONS,
    BODY,
    Individual,
    SearchRequest,
    SearchResult,
    read_search_request,
    read_search_result,
    write_search_request,
    write_search_result,
)

__all__ = [
    "ACTION",
    "ACTIONS",
    "BODY",
    "DIALECTS",
    "Assertion",
    "BamContext",
    "Contexts",
    "Correction",
    "Dialect",
    "Erreur",
    "Individual",
    "InsFault",
    "InsFaultStyle",
    "LpsContext",
    "SearchRequest",
    "SearchResult",
    "Signature",
    "read_action",
    "read_assertion",
    "read_contexts",
    "read_correction",
    "read_error",
    "read_search_request",
    "read_search_result",
    "read_signature",
    "write_answer",
    "write_assertion",
    "write_contexts",
    "write_error",
    "write_fault",
    "write_person",
    "write_search_request",
    "write_search_result",
]
