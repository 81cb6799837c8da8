"""Banc, feed: existing CDA documents sent to the DMP, as an integrator's software would do it.

One lot a document: metadata derived from the CDA, the lot signed, ITI-41 over mutual TLS, under
an indirect VIHF of an invented establishment; with ``read_back``, ITI-43 under the direct VIHF of
one of its doctors. Nothing is repaired: what the DMP refuses is told as it answered. Not here:
printing (screens), the wire of lots and answers (mocks.dmp.messages).
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from banc.lps import Answered, Lps, Unreachable
from kit import cda
from kit.clock import Clock, bench_clock
from kit.identity import Ins
from kit.rules import Malformed
from kit.settings import Settings
from kit.xds import Coded
from kit.xds.tables import CONTENT_TYPE_SYSTEM
from mocks.dmp import messages

# Kind of stay in the CDA -> contentTypeCode of the lot (JDV_J59): full stay, or outpatient.
ACTIVITIES = {"IMP": "03", "AMB": "07", "EMER": "07", "EXTERNE": "07", "SEANCE": "07"}
OUTPATIENT = "07"
NewUuid = Callable[[], uuid.UUID]
_TOLD = re.compile(  # how a refusal is written in codeContext (kit.rules.Refusal.text)
    r"(?P<meaning>.*?); (?P<rule>[^;]*?)(?:; subject (?P<subject>.*?))?(?:; field (?P<field>.*?))?"
    r"(?:; seen (?P<seen>'.*?'|\".*?\"))?(?:; expected (?P<expected>.*?))? \[(?P<source>[^\]]*)\]",
    re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class FeedResult:
    """What became of one file. identical: after a read-back, whether the same bytes came back."""

    file: Path
    unique_id: str = ""
    type_code: str = ""
    accepted: bool = False
    refusals: tuple[Mapping[str, str], ...] = ()
    note: str = ""
    identical: bool | None = None

    def as_dict(self) -> dict[str, Any]:
        """A flat form for JSON, see docs/json.md."""
        return asdict(self) | {"file": str(self.file), "refusals": list(map(dict, self.refusals))}


def feed(
    files: Iterable[Path],
    settings: Settings,
    *,
    read_back: bool = False,
    is_secure: bool = True,
    clock: Clock | None = None,
    new_uuid: NewUuid = uuid.uuid4,
) -> Iterator[FeedResult]:
    """Send each file in turn; a result as soon as it is known.

    is_secure: False speaks to the plain listener. clock: the bench's own by default.
    """
    at = clock or bench_clock(settings.data_dir)
    lps = Lps.of(settings, at, new_uuid, is_secure=is_secure)
    for file in files:
        yield _fed(lps, file, read_back=read_back)


def _fed(lps: Lps, file: Path, *, read_back: bool) -> FeedResult:
    content = file.read_bytes()
    try:
        header = cda.read_header(content)
    except Malformed as error:
        return FeedResult(file, note=f"not sent, no readable CDA: {error}")
    result = FeedResult(file, header.unique_id, header.code.code if header.code else "")
    if header.patient.ins is None:
        return replace(result, note="not sent: the document carries no INS to open a record with")
    try:
        sent = _sent(lps, header, content, result)
    except Unreachable as error:
        return replace(result, note=str(error))
    except Malformed as error:
        return replace(result, note=f"the answer cannot be read: {error}")
    return _read_back(lps, header.patient.ins, content, sent) if read_back else sent


def _sent(lps: Lps, header: cda.CdaHeader, content: bytes, result: FeedResult) -> FeedResult:
    patient = header.patient.ins
    assert patient is not None
    entry = cda.entry_from_cda(header)
    replaced, note = _replaced(lps, header, patient)
    submission, contents = messages.assemble(
        _identity(lps, header),
        [(entry, content)],
        signer=lps.credentials.sign,
        replaced={entry.entry_uuid: replaced} if replaced else None,
    )
    body, attachments = messages.write_submission(submission, contents)
    refusals = _refusals(lps.feed(body, attachments, patient))
    return replace(result, accepted=not refusals, refusals=refusals, note=note)


def _identity(lps: Lps, header: cda.CdaHeader) -> messages.LotIdentity:
    """The lot is sent by our establishment, whoever wrote the document."""
    stay = header.encounter.code.code if header.encounter and header.encounter.code else ""
    return messages.LotIdentity(
        unique_id=lps.new_oid(),
        signature_unique_id=lps.new_oid(),
        source_id=lps.establishment.oid,
        author=lps.author,
        submitted_at=lps.clock.now(),
        content_type_code=Coded(ACTIVITIES.get(stay, OUTPATIENT), CONTENT_TYPE_SYSTEM),
    )


def _replaced(lps: Lps, header: cda.CdaHeader, patient: Ins) -> tuple[str, str]:
    """EntryUUID of the document this one replaces (TD3.1b), and what to say when there is none."""
    if header.replaces is None:
        return "", ""
    query = messages.write_query(messages.get_documents(header.replaces.text))
    answer = lps.search(query, patient)
    found = () if answer.fault else messages.read_query_response(answer.body).references
    if found:
        return found[0], f"replaces {header.replaces.text}"
    return "", f"sent as a new document: {header.replaces.text}, which it replaces, is unknown"


def _read_back(lps: Lps, patient: Ins, content: bytes, sent: FeedResult) -> FeedResult:
    """Retrieve an accepted document as a doctor would, and compare it byte for byte."""
    if not sent.accepted:
        return sent
    try:
        came, why = _retrieved(lps, patient, sent.unique_id)
    except (Unreachable, Malformed) as error:
        came, why = None, str(error)
    told = "read back, identical" if came == content else "read back, but other bytes"
    note = f"not read back: {why}" if came is None else told
    return replace(sent, identical=came == content, note="; ".join(filter(None, [sent.note, note])))


def _retrieved(lps: Lps, patient: Ins, unique_id: str) -> tuple[bytes | None, str]:
    """The bytes of a document, or why they did not come."""
    answer = lps.retrieve(messages.write_retrieve([messages.DocumentRequest(unique_id)]), patient)
    if answer.fault:
        return None, " | ".join(f"{item.code}: {item.context}" for item in answer.fault)
    retrieved = messages.read_retrieve_response(answer.body, answer.attachments)
    if retrieved.documents:
        return retrieved.documents[0].content, ""
    return None, " | ".join(f"{error.code}: {error.context}" for error in retrieved.errors)


def _refusals(answer: Answered) -> tuple[Mapping[str, str], ...]:
    """Why the lot was refused, () when it was not."""
    if answer.fault:
        return tuple(_refusal(item.code, item.context) for item in answer.fault)
    response = messages.read_registry_response(answer.body)
    if not response.accepted and not response.errors:
        return ({"code": response.status, "rule": "the answer gives no reason"},)
    return tuple(_refusal(error.code, error.context) for error in response.errors)


def _refusal(code: str, context: str) -> Mapping[str, str]:
    """A refusal as read from the answer alone; what has another form stays one sentence."""
    told = _TOLD.fullmatch(context)
    if told is None:
        return {"code": code, "rule": context}
    parts = {name: value for name, value in told.groupdict().items() if value}
    if "seen" in parts:
        parts["seen"] = parts["seen"][1:-1]  # without its quotes
    return {"code": code} | parts
