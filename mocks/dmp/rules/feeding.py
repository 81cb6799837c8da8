"""DMP mock, rules: what stands around a lot that is fed, and how its parts are named.

The rule book of TD2.1 is opened here and filled by record, metadata, codes, conformity, agreement
and lot, in the order in which ``submission`` imports them. Not here: any rule.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from kit.cda import Cda, CdaHeader
from kit.pki import Trust
from kit.rules import Finding, RuleBook
from kit.xds import read_dtm
from kit.xds.metadata import Coded, DocumentEntry
from mocks.dmp.messages.submission import ProvidedDocument, ProvidedLot
from mocks.dmp.rules.caller import DmpRecord, DmpUser

submission = RuleBook("TD2.1")

ITI = "ITI TF-3 4.2.4.1"
_OID = re.compile(r"[0-2](\.(0|[1-9]\d*))+")
MAX_OID = 64  # characters; ITI TF-3 4.2.3.1.7, unconfirmed for the DMP


class KnownDocuments(Protocol):
    """What a rule may ask the store."""

    def hashes_of(self, unique_ids: Iterable[str]) -> Mapping[str, str]: ...
    def has_lot(self, unique_id: str) -> bool: ...
    def entry(self, entry_uuid: str) -> DocumentEntry | None: ...


@dataclass(frozen=True, slots=True)
class Policy:
    """What the operator of the bench decided."""

    ins_gate_on: datetime
    lot_signature: str = "strict"
    visibility_cumul: bool = False
    types: str = "strict"
    cda_checks: str = "strict"
    cda_metadata: str = "strict"


@dataclass(frozen=True, slots=True)
class Feeding:
    """Around a lot: who sends it, whose record it goes to (None: unknown), when, what is known.

    matricules: every matricule of the patient, past ones too. signature, broken: what the signature
    of the lot is refused for, and its documents by rule of ``kit.cda``, where they were judged
    before the store was held; None: the rules judge it.
    """

    user: DmpUser
    record: DmpRecord | None
    matricules: frozenset[str]
    known: KnownDocuments
    now: datetime
    trust: Trust
    policy: Policy
    signature: tuple[Finding, ...] | None = None
    broken: Mapping[str, Sequence[Finding]] | None = None


def name_of(item: ProvidedDocument) -> str:
    """How a refusal names a document: its uniqueId, else its id in the message."""
    return item.entry.unique_id or item.entry.entry_uuid


def lot_name(lot: ProvidedLot) -> str:
    """How a refusal names a lot."""
    return lot.submission.lot.unique_id or lot.submission.lot.entry_uuid


def told(code: Coded | None) -> str:
    """A code with its system, as a refusal shows it."""
    return f"{code.code} ({code.system})" if code else ""


def cdas(lot: ProvidedLot) -> Iterator[tuple[ProvidedDocument, CdaHeader]]:
    """The documents of a lot whose CDA header was read."""
    return ((item, item.header) for item in lot.documents if item.header is not None)


def documents(lot: ProvidedLot) -> Iterator[tuple[ProvidedDocument, Cda]]:
    """The documents of a lot that are readable CDA."""
    return ((item, item.cda) for item in lot.documents if item.cda is not None)


def is_oid(text: str) -> bool:
    """Whether ``text`` is an OID in its dotted form, not too long."""
    return len(text) <= MAX_OID and bool(_OID.fullmatch(text))


def is_dtm(text: str) -> bool:
    """Whether ``text`` is a time of XDS."""
    try:
        read_dtm(text)
    except ValueError:
        return False
    return True
