"""DMP mock, entry points of the FHIR face: the versions of a document (vread, history).

All of them bear the id of the current one and tell their own entryUUID as an identifier. A version
is for whom may read the document as it is now and as it was then. Not here: reads (``finding``).
Source: FHIR R4, RESTful API 3.1.0.3 (vread) and 3.1.0.13 (history).
"""

from __future__ import annotations

from datetime import UTC, datetime

from kit.fhir import Call, Page, Port, Reply, Resource, page_links
from kit.fhir.bundle import write_history
from kit.fhir.search import read_period
from kit.rules import Malformed
from kit.xds.metadata import DocumentEntry
from mocks.dmp import messages, rules
from mocks.dmp.messages import pdsm
from mocks.dmp.routes.desk import Dmp
from mocks.dmp.routes.pdsm.finding import (
    document_shown,
    missing,
    readable,
    version_headers,
    whole_number,
)
from mocks.dmp.routes.pdsm.refusing import told

_START = datetime(1, 1, 1, tzinfo=UTC)


def add(port: Port, dmp: Dmp) -> None:
    """What a document was."""

    @port.interaction("VREAD", "DocumentReference")
    def vread(call: Call) -> Reply:
        """One version of a fiche."""
        for shown in _versions(dmp, call):
            if shown["meta"]["versionId"] == call.target.version:
                return Reply(shown, headers=version_headers(shown))
        name = f"{call.target.resource_id}/_history/{call.target.version}"
        with told():
            raise missing(name, "the version exists")

    @port.interaction("HISTORY", "DocumentReference")
    def history(call: Call) -> Reply:
        """Every version of a fiche, the newest first."""
        since = _since(call)
        shown = [item for item in _versions(dmp, call) if _updated(item) >= since]
        shown.reverse()
        count = min(
            whole_number(call.parameter("_count"), "_count", pdsm.MAX_COUNT), pdsm.MAX_COUNT
        )
        offset = whole_number(call.parameter("_offset"), "_offset", 0)
        page = Page(tuple(shown[offset : offset + count]), (), len(shown), offset, count)
        links = page_links(page, url=call.url, parameters=call.parameters)
        call.line.facts["found"] = len(shown)
        return Reply(write_history(page, base_url=call.base_url, links=links, change="PATCH"))


def _versions(dmp: Dmp, call: Call) -> list[Resource]:
    """The versions that the caller may read, the current one last. Raises Refused."""
    with dmp.store.open(call.line.sandbox) as documents, told():
        current, user = readable(dmp, call, documents)
        assert isinstance(current, DocumentEntry)
        former = documents.versions.of(current.unique_id)
        seen = [entry for entry in (*former, current) if rules.may_show(entry, user)]
        query = messages.get_associations(*(entry.entry_uuid for entry in seen))
        links = documents.links(query, dmp.matricules(user.patient_id))
        face = pdsm.Face(call.base_url)
        return [
            document_shown(entry, face, documents, links, name=current.entry_uuid) for entry in seen
        ]


def _updated(resource: Resource) -> datetime:
    return datetime.fromisoformat(resource["meta"]["lastUpdated"])


def _since(call: Call) -> datetime:
    """The start of ``_since``. Raises Malformed when it is no time."""
    text = next(iter(call.parameter("_since")), "")
    try:
        return read_period(text)[0] if text else _START
    except ValueError as error:
        raise Malformed("_since", str(error)) from None
