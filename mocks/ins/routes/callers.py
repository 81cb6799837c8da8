"""INS mock, entry points: who calls, read, told to the journal and judged.

Not here: the rules themselves (``rules``), signatures (``kit.signature``).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime

from kit import soap
from kit.identity import is_finess
from kit.journal import Line
from kit.pki import Trust
from kit.service import Service
from mocks.ins import messages, rules
from mocks.ins.messages import Contexts, Signature
from mocks.ins.routes.dialects import Dialects
from mocks.ins.store import Store

_MESSAGE_ID = re.compile(r"uuid:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


class Callers:
    """Who calls: read from certificate, assertion and contexts, told to the journal, checked."""

    def __init__(
        self, service: Service, store: Store, trust: Callable[[], Trust], dialects: Dialects
    ) -> None:
        self._settings = service.settings
        self._clock = service.clock
        self._store = store
        self._trust = trust
        self._dialects = dialects
        is_checked = service.settings.ins_unofficial_checks
        self._actions = messages.ACTIONS if is_checked else messages.OFFICIAL_ACTIONS

    def identify(self, call: soap.Call) -> rules.Caller:
        """The caller of ``call``. Raises Refused."""
        now, settings = self._clock.now(), self._settings
        caller = read_caller(call, messages.read_signature(call.header, self._trust, now))
        lps = caller.contexts.lps
        self._dialects.choose(lps.idam if lps else "")
        self._tell(call.line, caller)
        policy = rules.Policy(
            settings.ins_software,
            now,
            settings.ins_psc == "accept",
            self._actions,
            settings.ins_card_signer == "strict",
        )
        rules.access.check(caller, policy)
        return caller

    def _tell(self, line: Line, caller: rules.Caller) -> None:
        contexts = caller.contexts
        line.finess = self._finess(caller)
        line.software = contexts.lps.software if contexts.lps else ""
        line.stated_at = _stated_at(contexts) or line.stated_at
        if caller.assertion:
            line.facts["billing_id"] = caller.assertion.attribute("identifiantFacturation")
        if caller.message_id and not _MESSAGE_ID.fullmatch(caller.message_id):
            line.facts.setdefault("lint", []).append("MessageID is not uuid:<UUID>")

    def _finess(self, caller: rules.Caller) -> str:
        """The legal entity: of the certificate, of the assertion's site, or of ``1`` + Emetteur."""
        if caller.finess:
            return caller.finess
        if caller.assertion:
            return self._store.legal_entity(caller.assertion.attribute("identifiantFacturation"))
        lps, bam = caller.contexts.lps, caller.contexts.bam
        sender = (lps.sender if lps else "") or (bam.sender if bam else "")
        return sender[1:] if sender.startswith("1") and is_finess(sender[1:]) else ""


def read_caller(call: soap.Call, signature: Signature) -> rules.Caller:
    """What a call says of who sends it."""
    peer = call.peer
    return rules.Caller(
        listener=call.listener,
        common_name=peer.common_name if peer else "",
        issuer=peer.issuer_common_name if peer else "",
        finess=peer.finess if peer else "",
        assertion=messages.read_assertion(call.header),
        signature=signature,
        contexts=messages.read_contexts(call.header),
        action=call.action,
        message_id=call.message_id,
    )


def _stated_at(contexts: Contexts) -> datetime | None:
    lps, bam = contexts.lps, contexts.bam
    return (lps.stated_at if lps else None) or (bam.stated_at if bam else None)
