"""MSSanté mock, entry points over HTTP: mailboxes, their messages, the trust list.

Each one reads, checks, stores, answers. Not here: mail itself (``smtp``, ``imap``).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import timedelta
from functools import wraps
from typing import Any

from flask import Blueprint, Response, jsonify, request

from kit import control
from kit.journal import Line
from kit.rules import Code, Malformed, Refusal, Refused
from kit.service import Service, listener_of, raw_request, raw_response
from mocks.mssante import errors, rules
from mocks.mssante.messages.mail import read_mail
from mocks.mssante.messages.mailboxes import read_mailbox
from mocks.mssante.messages.trust_list import TrustList, write_trust_list
from mocks.mssante.store import Folder, FolderStore, MailStore, Space, StoredMessage

MAX_PAGE = 500
INBOX = "INBOX"

_STATUS = {
    errors.API_BAD_REQUEST: 400,
    errors.API_BAD_ADDRESS: 422,
    errors.API_BAD_MAILBOX: 422,
    errors.API_NOT_FOUND: 404,
    errors.API_EXISTS: 409,
    errors.API_DERIVED: 409,
}

Route = Callable[..., Response]


def blueprint(service: Service, mails: MailStore, space: Space) -> Blueprint:
    """The endpoints of the mock."""
    bp = Blueprint("mssante", __name__)
    _mailboxes(bp, space)
    _changes(bp, _recorder(service), mails, space)
    _messages(bp, service, space)
    _trust_list(bp, space)
    return bp


def _mailboxes(bp: Blueprint, space: Space) -> None:
    @bp.get("/mailboxes")
    def mailboxes() -> Response:
        """Every professional mailbox; ``kind`` and ``domain`` narrow the list."""
        kind, domain = request.args.get("kind", ""), request.args.get("domain", "").lower()
        start, size = _number("offset", 0), min(_number("limit", MAX_PAGE), MAX_PAGE)
        found = [
            box
            for box in space.mailboxes()
            if kind in ("", box.kind) and (not domain or box.address.endswith(f"@{domain}"))
        ]
        page = [box.as_dict() for box in found[start : start + size]]
        return jsonify({"total": len(found), "mailboxes": page})

    @bp.get("/mailboxes/<address>")
    def mailbox(address: str) -> Response:
        """One mailbox, a citizen's too."""
        found = space.mailbox(address.lower())
        return jsonify(found.as_dict()) if found else _missing(address)


def _changes(
    bp: Blueprint, recorded: Callable[[Route], Route], mails: MailStore, space: Space
) -> None:
    @bp.post("/mailboxes")
    @recorded
    def create(line: Line) -> Response:
        """Create a mailbox (BAL); its password is the one of every mailbox."""
        mailbox = read_mailbox(request.get_json(silent=True))
        line.finess, line.facts["mailbox"] = mailbox.finess, mailbox.as_dict()
        rules.mailbox.check(mailbox, space)
        if not mails.register(mailbox):  # the store's unique key is the last guard of that rule
            raise Refused([_refusal(errors.API_EXISTS, mailbox.address)])
        answer = jsonify(mailbox.as_dict())
        answer.status_code, answer.headers["Location"] = 201, f"/mailboxes/{mailbox.address}"
        return answer

    @bp.delete("/mailboxes/<address>")
    @recorded
    def delete(line: Line, address: str) -> Response:
        """Delete a created mailbox and its messages."""
        address = address.lower()
        line.facts["mailbox"] = {"address": address}
        if space.is_derived(address):
            raise Refused([_refusal(errors.API_DERIVED, address)])
        if not mails.remove(address):
            raise Refused([_refusal(errors.API_NOT_FOUND, address)])
        return Response(status=204)


def _messages(bp: Blueprint, service: Service, space: Space) -> None:
    def opened(address: str) -> tuple[FolderStore, Folder | None] | None:
        if space.mailbox(address.lower()) is None:
            return None
        store = FolderStore(service.database, service.clock, address.lower())
        return store, store.find(request.args.get("folder", INBOX))

    @bp.get("/mailboxes/<address>/messages")
    def messages(address: str) -> Response:
        """The messages of a folder (``folder``, INBOX by default), from UID ``after`` on."""
        found = opened(address)
        if found is None:
            return _missing(address)
        store, folder = found
        after, size = _number("after", 0), min(_number("limit", MAX_PAGE), MAX_PAGE)
        uids = [uid for uid in store.uids(folder) if uid > after] if folder else []
        listed = [_summary(row) for row in store.messages(folder, uids[:size])] if folder else []
        return jsonify({"address": address.lower(), "total": len(uids), "messages": listed})

    @bp.get("/mailboxes/<address>/messages/<int:uid>")
    def message(address: str, uid: int) -> Response:
        """One message as it was delivered (message/rfc822); reading here leaves it unseen."""
        found = opened(address)
        raw = found[0].raw(found[1], uid) if found and found[1] and uid < 2**31 else None
        if raw is None:
            return _missing(f"{address} {uid}")
        return Response(raw, mimetype="message/rfc822")


def _trust_list(bp: Blueprint, space: Space) -> None:
    @bp.get("/listeblanchemssante.xml")
    def trust_list() -> Response:
        """The trust list (liste blanche); a client that has this edition is told so (304)."""
        domains = space.domains()
        edition = max(domain.updated_at for domain in domains)
        answer = Response(write_trust_list(TrustList(edition, domains)), mimetype="text/xml")
        answer.set_etag(hashlib.sha256(answer.get_data()).hexdigest())
        answer.last_modified = edition
        answer.cache_control.max_age = int(timedelta(hours=1).total_seconds())
        answer.make_conditional(request)
        return answer


def _recorder(service: Service) -> Callable[[Route], Route]:
    """A route whose exchange is one line of the journal, and whose refusals are answered."""

    def recorded(route: Route) -> Route:
        @wraps(route)
        def run(**values: str) -> Response:
            told = raw_request(request, request.get_data())
            listener = listener_of(request.environ)
            journal = service.journal
            with journal.record("mssante", "API.MAILBOX", told, listener=listener) as line:
                answer = _answer(route, line, values)
                line.answer = raw_response(answer)
            return answer

        return run

    return recorded


def _answer(route: Route, line: Line, values: dict[str, str]) -> Response:
    try:
        return route(line, **values)
    except Refused as error:
        line.refuse(error.refusals)
        text = " | ".join(refusal.text for refusal in error.refusals)
        return control.error(_STATUS[error.refusals[0].code], text, exchange=line.id)
    except Malformed as error:
        line.malformed(error, errors.API_BAD_REQUEST.code)
        return control.error(400, error.why, where=error.where, exchange=line.id)


def _refusal(code: Code, subject: str) -> Refusal:
    return Refusal(code, code.meaning, code.source, subject, home=errors.__package__)


def _missing(what: str) -> Response:
    return control.error(404, errors.API_NOT_FOUND.meaning, where=what[:300])


def _number(name: str, default: int) -> int:
    text = request.args.get(name, str(default))
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else default


def _summary(row: StoredMessage) -> dict[str, Any]:
    mail, _ = read_mail(row.header)
    return {
        "uid": row.uid,
        "flags": sorted(row.flags),
        "received_at": row.internal_at.isoformat(),
        "size_bytes": row.size_bytes,
        "from": [sender.address for sender in mail.senders],
        "subject": mail.subject,
        "message_id": mail.message_id,
        "date": mail.date.isoformat() if mail.date else "",
        "x_mss": dict(mail.x_mss),
    }
