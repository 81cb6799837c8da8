"""Receipts: what a DSN and an MDN say, whoever wrote them."""

from __future__ import annotations

import pytest

from simulator.gateway.receipts import Receipt, read_receipts

ABOUT, DOCTOR = "<7@ch.formation.mssante.fr>", "adam.hoda@medecin.formation.mssante.fr"


def a_dsn(action: str, diagnostic: str) -> bytes:
    return (
        'Subject: x\r\nContent-Type: multipart/report; report-type=delivery-status; boundary="b"'
        "\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\nvoilà\r\n"
        "--b\r\nContent-Type: message/delivery-status\r\n\r\n"
        "Reporting-MTA: dns; smtp.a.test\r\n\r\n"
        f"Final-Recipient: rfc822; {DOCTOR}\r\nAction: {action}\r\nStatus: 5.1.1\r\n"
        f"Diagnostic-Code: smtp; {diagnostic}\r\n"
        f"\r\n--b\r\nContent-Type: text/rfc822-headers\r\n\r\nMessage-ID: {ABOUT}\r\n\r\n--b--\r\n"
    ).encode()


def an_mdn(disposition: str) -> bytes:
    return (
        "Content-Type: multipart/report; report-type=disposition-notification; boundary=b\r\n\r\n"
        "--b\r\nContent-Type: text/plain\r\n\r\nlu\r\n"
        "--b\r\nContent-Type: message/disposition-notification\r\n\r\n"
        f"Final-Recipient: rfc822; {DOCTOR}\r\nOriginal-Message-ID: {ABOUT}\r\n"
        f"Disposition: {disposition}\r\n\r\n--b--\r\n"
    ).encode()


AUTOMATIC = "automatic-action/MDN-sent-automatically; "
TOLD = [  # notification, receipts
    (a_dsn("delivered", "250 2.0.0 ok"), (Receipt(ABOUT, DOCTOR, False),)),
    (
        a_dsn("failed", "550 5.1.1 no such mailbox"),
        (Receipt(ABOUT, DOCTOR, False, "550", "5.1.1 no such mailbox"),),
    ),
    (a_dsn("delayed", "450"), ()),
    (an_mdn(AUTOMATIC + "processed"), (Receipt(ABOUT, DOCTOR, True),)),
    (an_mdn("manual-action/MDN-sent-manually; displayed"), (Receipt(ABOUT, DOCTOR, True),)),
    (
        an_mdn(AUTOMATIC + "processed/Error: 902^Identifiant de patient inconnu"),
        (Receipt(ABOUT, DOCTOR, True, "902", "Identifiant de patient inconnu"),),
    ),
    (b"Subject: hello\r\n\r\nbody", ()),
    (b"Content-Type: multipart/report; boundary=b\r\n\r\n--b\r\nContent-Type: "
     b"message/delivery-status\r\n\r\n--b--", ()),
    (b"\xff\xfe\x00", ()),
]  # fmt: skip


@pytest.mark.parametrize(("content", "receipts"), TOLD)
def test_a_notification_is_read(content: bytes, receipts: tuple[Receipt, ...]) -> None:
    assert read_receipts(content) == receipts
