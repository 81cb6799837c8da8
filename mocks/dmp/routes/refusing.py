"""DMP mock, entry points: a refused request in the form of its own transaction.

Not here: what is refused (``rules``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from kit.rules import Refusal
from kit.soap import Call, Reply
from kit.xml import Element
from mocks.dmp import messages
from mocks.dmp.routes.desk import Dmp

_Write = Callable[[Call, Iterable[Refusal], str], Element | Reply]


def _status(call: Call, told: Iterable[Refusal], _: str) -> Element:
    return messages.write_habilitation_failure(str(call.body.tag), told)


def _revision(call: Call, told: Iterable[Refusal], at: str) -> Element:
    return messages.write_revision_failure(call.body, told, at=at)


def _existence(call: Call, told: Iterable[Refusal], at: str) -> Element:
    return messages.write_existence_failure(messages.read_existence(call.body), told, at=at)


FORMS: dict[str, _Write] = {
    messages.STORED_QUERY: lambda _, told, __: messages.write_query_failure(told),
    messages.RETRIEVE: lambda _, told, __: Reply(*messages.write_retrieved((), told)),
    messages.EXISTENCE: _existence,
    messages.SET_AUTHORIZATION: _status,
    messages.LIST_AUTHORIZATIONS: _status,
    messages.PATIENT_LIST: lambda _, told, __: messages.write_patient_list_failure(told),
    messages.FIND_PATIENT: lambda call, told, at: messages.write_patients_failure(
        call.body, told, at=at
    ),
    messages.CREATION: _revision,
    messages.REVISION: _revision,
}


def write_refusals(dmp: Dmp, call: Call, refusals: Iterable[Refusal]) -> Element | Reply:
    """The answer to a refused request; ebXML where the transaction has no form of its own."""
    write = FORMS.get(str(call.body.tag))
    return write(call, refusals, dmp.now) if write else messages.write_failure(refusals)
