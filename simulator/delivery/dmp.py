"""Simulator, delivery, DMP: test of existence, feeding, look-up of a reference, deletion.

Mutual TLS, signed VIHF, signed lots over MTOM. What the service is too busy for, and what gets no
answer, may be tried again; the rest is final. Not here: when (rounds).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from kit import mtom, xds
from kit.cda import entry_from_cda
from kit.identity import Ins
from kit.rules import Malformed
from kit.soap import write_envelope
from kit.world import Professional
from kit.xds.metadata import Coded, DocumentEntry, Submission
from kit.xds.tables import CONTENT_TYPE_SYSTEM
from kit.xml import Element
from mocks.dmp import messages
from simulator.delivery import Attempt, NoAnswer, Outcome, Stamp
from simulator.delivery.sender import Sender
from simulator.delivery.wire import SoapAnswer, Wire
from simulator.streams import oid, uuid

TD0_2, TD2_1, TD3_1B, TD3_3C = "TD0.2", "TD2.1", "TD3.1b", "TD3.3c"
# Codes that say "later", not "no". Source: ITI TF-3 table 4.2.4.1-2.
BUSY = frozenset({"XDSRepositoryBusy", "XDSRegistryBusy", "XDSRepositoryOutOfResources",
                  "XDSRegistryOutOfResources"})  # fmt: skip
NO_ANSWER, FOUND_LATER = "NO_ANSWER", "FOUND_BY_TD3.1b"
LOT_ARC, SIGNATURE_ARC, SOFTWARE_ARC = "13", "14", "15"  # below the OID of the establishment
FULL_STAY = Coded("03", CONTENT_TYPE_SYSTEM, "Hospitalisation complète")
OUTPATIENT = Coded("07", CONTENT_TYPE_SYSTEM, "Soins externes")
ENTRY = "Document01"


@dataclass(frozen=True, slots=True)
class Deposit:
    """A lot of one document, signed: the same bytes however often it is sent.

    is_secret: sent by a connection the representatives of a minor are not told.
    """

    unique_id: str
    document_unique_id: str
    patient_id: Ins
    doctor: Professional
    submission: Submission
    contents: Mapping[str, bytes]
    is_secret: bool = False


class DmpClient:
    """The DMP as one establishment uses it."""

    def __init__(self, sender: Sender, wire: Wire) -> None:
        self.sender = sender
        self._wire = wire

    def deposit(
        self,
        cda: bytes,
        doctor: Professional,
        stamp: Stamp,
        *,
        patient_id: Ins,
        entry: DocumentEntry | None = None,
        replaces: str = "",
        is_full_stay: bool = True,
        activity: Coded | None = None,
        is_secret: bool = False,
    ) -> Deposit:
        """A signed lot ready to send.

        entry: metadata in place of those derived from the document. replaces: entryUUID of the
        document it replaces. activity: contentTypeCode of the lot, before ``is_full_stay``.
        """
        described = entry or entry_from_cda(cda, entry_uuid=ENTRY)
        described = replace(described, patient_id=described.patient_id or patient_id)
        root = self.sender.establishment.oid
        identity = messages.LotIdentity(
            unique_id=oid(stamp.stream, f"{root}.{LOT_ARC}"),
            signature_unique_id=oid(stamp.stream, f"{root}.{SIGNATURE_ARC}"),
            source_id=f"{root}.{SOFTWARE_ARC}",
            author=self.sender.author_of_lots(doctor),
            submitted_at=stamp.at,
            content_type_code=activity or (FULL_STAY if is_full_stay else OUTPATIENT),
        )
        submission, contents = messages.assemble(
            identity,
            [(described, cda)],
            signer=self.sender.credentials.sign,
            replaced={ENTRY: replaces} if replaces else None,
        )
        return Deposit(
            identity.unique_id, described.unique_id, patient_id, doctor, submission, contents,
            is_secret,
        )  # fmt: skip

    async def exists(
        self, patient_id: Ins, doctor: Professional, stamp: Stamp
    ) -> tuple[Attempt, messages.Record | None]:
        """TD0.2: the patient's record, None when there is none."""
        query = messages.ExistenceQuery(
            patient_id,
            message_id=uuid(stamp.stream),
            sent_at=xds.write_dtm(stamp.at),
            sender_oid=f"{self.sender.establishment.oid}.{SOFTWARE_ARC}",
            sender_name=self.sender.software.name,
        )
        body = messages.write_existence(query)
        try:
            answer = await self._call(messages.PATIENTS, messages.TD0_2, body, patient_id,
                                      doctor, stamp)  # fmt: skip
            if answer.is_fault:
                return _faulted(TD0_2, answer), None
            said = messages.read_existence_response(answer.body)
        except (NoAnswer, Malformed) as error:
            return _unanswered(TD0_2, error), None
        if said.error_code:
            return _judged(TD0_2, said.error_code, said.error_text), None
        code = said.query_response
        if said.record is not None and not said.record.is_open:
            code = "CLOSED"
        return Attempt(TD0_2, Outcome.DELIVERED, code), said.record

    async def feed(self, deposit: Deposit, stamp: Stamp) -> Attempt:
        """TD2.1: send a lot."""
        body, attachments = messages.write_submission(deposit.submission, deposit.contents)
        try:
            answer = await self._call(
                messages.REPOSITORY, messages.ITI_41, body, deposit.patient_id, deposit.doctor,
                stamp, attachments, is_secret=deposit.is_secret,
            )  # fmt: skip
            found = _registered(TD2_1, answer)
        except (NoAnswer, Malformed) as error:
            found = _unanswered(TD2_1, error)
        return replace(found, reference=deposit.unique_id)

    async def reference(
        self, unique_id: str, patient_id: Ins, doctor: Professional, stamp: Stamp
    ) -> tuple[Attempt, str]:
        """TD3.1b: the entryUUID of a document known by its uniqueId, "" when it is not there."""
        body = messages.write_query(messages.get_documents(unique_id))
        try:
            answer = await self._call(messages.REGISTRY, messages.ITI_18, body, patient_id,
                                      doctor, stamp)  # fmt: skip
            if answer.is_fault:
                return _faulted(TD3_1B, answer), ""
            found = messages.read_query_response(answer.body)
        except (NoAnswer, Malformed) as error:
            return _unanswered(TD3_1B, error), ""
        if found.errors:
            return _judged(TD3_1B, found.errors[0].code, found.errors[0].context), ""
        entry_uuid = found.references[0] if found.references else ""
        return Attempt(TD3_1B, Outcome.DELIVERED, "" if entry_uuid else "NONE"), entry_uuid

    async def delete(
        self, entry_uuid: str, patient_id: Ins, doctor: Professional, stamp: Stamp
    ) -> Attempt:
        """TD3.3c: delete a document of the establishment."""
        root = self.sender.establishment.oid
        identity = messages.LotIdentity(
            unique_id=oid(stamp.stream, f"{root}.{LOT_ARC}"),
            signature_unique_id="",
            source_id=f"{root}.{SOFTWARE_ARC}",
            author=self.sender.author_of_lots(doctor),
            submitted_at=stamp.at,
        )
        lot = messages.lot_of_update(identity, patient_id)
        body = messages.write_update(lot, [messages.deletion(entry_uuid)])
        try:
            answer = await self._call(messages.REGISTRY, messages.ITI_57, body, patient_id,
                                      doctor, stamp)  # fmt: skip
            return _registered(TD3_3C, answer)
        except (NoAnswer, Malformed) as error:
            return _unanswered(TD3_3C, error)

    async def _call(
        self,
        path: str,
        action: str,
        body: Element,
        patient_id: Ins,
        doctor: Professional,
        stamp: Stamp,
        attachments: Mapping[str, bytes] | None = None,
        *,
        is_secret: bool = False,
    ) -> SoapAnswer:
        vihf = self.sender.vihf(patient_id, doctor, stamp, is_secret=is_secret)
        security = messages.write_security(vihf)
        message_id = f"urn:uuid:{uuid(stamp.stream)}"
        envelope = write_envelope(
            body, action=action, message_id=message_id, header_blocks=[security]
        )
        content_type = ""
        if attachments:
            boundary = f"banc-{uuid(stamp.stream)}"
            content_type, envelope = mtom.write_multipart(
                envelope, attachments, boundary=boundary, action=action
            )
        return await self._wire.soap(path, envelope, action=action, content_type=content_type)


def _registered(transaction: str, answer: SoapAnswer) -> Attempt:
    """What a registry answered to a lot."""
    if answer.is_fault:
        return _faulted(transaction, answer)
    response = messages.read_registry_response(answer.body)
    if response.accepted:
        return Attempt(transaction, Outcome.DELIVERED)
    first = response.errors[0] if response.errors else None
    code, text = (first.code, first.context) if first else (response.status, "")
    return _judged(transaction, code, text)


def _judged(transaction: str, code: str, text: str) -> Attempt:
    outcome = Outcome.FAILED if code in BUSY else Outcome.REFUSED
    return Attempt(transaction, outcome, code, text)


def _faulted(transaction: str, answer: SoapAnswer) -> Attempt:
    """A fault of the sender is final; one of the receiver is not."""
    is_ours = answer.party == "Sender" and answer.subcode not in BUSY
    outcome = Outcome.REFUSED if is_ours else Outcome.FAILED
    return Attempt(transaction, outcome, answer.subcode or answer.party, answer.reason)


def _unanswered(transaction: str, error: Exception) -> Attempt:
    return Attempt(transaction, Outcome.FAILED, NO_ANSWER, str(error))
