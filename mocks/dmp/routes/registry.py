"""DMP mock, entry points of ``/registry``: search (TD3.1) and update (TD3.3)."""

from __future__ import annotations

from collections.abc import Iterable

from kit import soap
from kit.soap import Call
from kit.xds.metadata import DocumentEntry
from kit.xml import Element
from mocks.dmp import messages, rules
from mocks.dmp.messages import StoredQuery, Update
from mocks.dmp.messages.query import LEAF_CLASS
from mocks.dmp.routes import accesses, noting
from mocks.dmp.routes.desk import Dmp
from mocks.dmp.rules import DmpUser
from mocks.dmp.store import Documents


def add(port: soap.Port, dmp: Dmp) -> None:
    """The operations of the registry."""

    @port.operation(
        messages.STORED_QUERY,
        transaction="TD3.1",
        action=messages.ITI_18,
        reply_action=messages.ITI_18_ANSWER,
    )
    def stored_query(call: Call) -> Element:
        """ITI-18, TD3.1 and TD3.1b: find documents, lots, associations (recherche)."""
        query = messages.read_query(call.body)
        call.line.transaction = "TD3.1b" if query.is_reference_search else "TD3.1"
        noting.remark(call.line, rules.remarks_on(query))
        with dmp.store.open(call.line.sandbox) as documents:
            return _found(dmp, call, query, documents)

    @port.operation(
        messages.UPDATE,
        transaction="TD3.3",
        action=messages.ITI_57,
        reply_action=messages.ITI_57_ANSWER,
    )
    def update_document_set(call: Call) -> Element:
        """ITI-57, TD3.3a to d: mask, show, delete, archive documents."""
        update = messages.read_update(call.body)
        noting.stated(call.line, update.lot.submission_time)
        matricules = dmp.matricules(call.sender.patient_id)
        cumul = dmp.policy.visibility_cumul
        with dmp.store.open(call.line.sandbox) as documents:
            call.line.transaction = rules.transaction_of(update, documents)
            user = dmp.known(call.sender, documents)
            rules.update.check(update, rules.Updating(user, documents, matricules, cumul))
            targets = _targets(update, documents)
            call.line.facts[_FACTS[call.line.transaction]] = [item.unique_id for item in targets]
            accesses.note(dmp, call.line, user, documents, targets)
            now = dmp.service.clock.now()
            documents.change(
                update,
                structure=call.sender.structure,
                at=now,
                renews=dmp.service.settings.dmp_status_versions,
            )
        return messages.write_success()


_FACTS = {"TD3.3a": "masking", "TD3.3b": "shown", "TD3.3c": "deleted", "TD3.3d": "archiving"}


def _targets(update: Update, documents: Documents) -> list[DocumentEntry]:
    """What an update changes."""
    named: Iterable[str] = (
        *(change.entry_uuid for change in update.changes),
        *(entry.entry_uuid for entry in update.entries),
    )
    found = (documents.entry(name) for name in named)
    return [entry for entry in found if entry]


def _found(dmp: Dmp, call: Call, query: StoredQuery, documents: Documents) -> Element:
    """The answer to a query the rules let pass: what this user may see of it."""
    user = dmp.known(call.sender, documents)
    record = dmp.record(dmp.patient(user.patient_id), documents)
    rules.query.check(query, rules.Asking(user, record))
    if not query.is_reference_search:
        accesses.note(dmp, call.line, user, documents)
    matricules = dmp.matricules(user.patient_id)
    entries = [
        *(item for item in documents.find(query, matricules) if rules.may_show(item, user)),
        *_former(query, matricules, user, documents),
    ]
    lots, links = documents.find_lots(query, matricules), documents.links(query, matricules)
    count = len(entries) + len(lots) + len(links)
    if query.return_type == LEAF_CLASS:
        rules.results.check(count, dmp.service.settings.dmp_max_results)
    call.line.facts["found"] = count
    return messages.write_found(entries, query.return_type, lots, links)


def _former(
    query: StoredQuery, matricules: frozenset[str], user: DmpUser, documents: Documents
) -> list[DocumentEntry]:
    """Former versions a query asks for, of documents whose current version the user may see."""
    found = []
    for item in documents.versions.find(query, matricules):
        current = documents.entry_of(item.unique_id)
        if current is not None and rules.may_show(current, user):
            found.append(item)
    return found
