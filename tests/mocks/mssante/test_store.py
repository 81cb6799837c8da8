"""The MSSanté store on SQLite and on PostgreSQL: boxes, UIDs that never come twice, changes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from sqlalchemy import func, select

from kit.clock import FixedClock
from kit.database import Database
from kit.service import create_service
from kit.settings import Settings
from mocks.mssante.messages.mime import read_parts
from mocks.mssante.store import FolderStore, MailStore, Space, changes, metadata
from mocks.mssante.store.tables import content_table
from tests.mocks.mssante.builders import DOCTOR, SENDER, a_box, a_correspondent, a_text_mail
from tests.postgresql import database_settings


@dataclass
class Store:
    database: Database
    mails: MailStore
    clock: FixedClock
    settings: Settings

    def box(self, address: str = DOCTOR) -> FolderStore:
        return FolderStore(self.database, self.clock, address)

    def deliver(self, *addresses: str, count: int = 1) -> list[int]:
        raw = a_text_mail(SENDER, DOCTOR)
        delivered = [
            self.mails.deliver(raw, read_parts(raw), addresses or (DOCTOR,)) for _ in range(count)
        ]
        return [item[0].uid for item in delivered]

    def contents(self) -> int:
        with self.database.reading() as connection:
            return int(connection.execute(select(func.count(content_table.c.id))).scalar_one())


@pytest.fixture(params=["sqlite", "postgresql"])
def store(request: pytest.FixtureRequest, settings: Settings, clock: FixedClock) -> Iterator[Store]:
    with database_settings(request.param, settings) as chosen:
        service = create_service("mssante", chosen, clock)
        service.create_tables(metadata)
        yield Store(service.database, MailStore(service.database, clock), clock, chosen)
        service.database.close()


def test_a_mailbox_is_created_once_and_deleted_with_its_mail(store: Store) -> None:
    box = a_box()
    assert store.mails.register(box)
    assert not store.mails.register(box)
    assert store.mails.mailbox(box.address) == box
    store.deliver(box.address)
    assert store.mails.counts() == {box.address: 1}
    assert store.mails.remove(box.address)
    assert not store.mails.remove(box.address)
    assert (store.mails.mailboxes(), store.mails.counts(), store.contents()) == ([], {}, 0)


def test_the_bytes_of_a_mail_to_many_are_kept_once(store: Store) -> None:
    raw = a_text_mail(SENDER, DOCTOR)
    store.mails.deliver(raw, read_parts(raw), [DOCTOR, SENDER, DOCTOR], trace=b"X: y\r\n")
    assert store.contents() == 1
    folder = store.box(SENDER).find("INBOX")
    assert folder is not None
    assert store.box(SENDER).raw(folder, 1) == b"X: y\r\n" + raw
    message = next(iter(store.box(SENDER).messages(folder, [1])))
    assert message.size_bytes == len(raw) + 6
    assert message.header == b"X: y\r\n" + raw[: raw.index(b"\r\n\r\n") + 4]
    assert message.internal_at == store.clock.now()


def test_a_uid_never_comes_twice(store: Store) -> None:
    assert store.deliver(count=3) == [1, 2, 3]
    box = store.box()
    folder = box.find("INBOX")
    assert folder is not None
    box.change_flags(folder, [2, 3], "+", frozenset({"\\Deleted"}))
    assert box.expunge(folder) == 2
    assert box.expunge(folder) == 0
    assert (box.uids(folder), store.contents()) == ([1], 1)
    assert store.deliver() == [4]


def test_a_session_sees_what_changed_since_it_looked(store: Store) -> None:
    store.deliver(count=2)
    box = store.box()
    folder = box.open("INBOX")
    assert folder is not None
    first, count, change = box.seen(folder)
    assert ([item.uid for item in first], count) == ([1, 2], 2)
    assert box.seen(folder, above=change) == ([], -1, change)
    box.change_flags(folder, [1], "+", frozenset({"\\Seen"}))
    again, count, later = box.seen(folder, above=change)
    assert ([(item.uid, item.flags) for item in again], count) == ([(1, {"\\Seen"})], 2)
    assert changes(store.database, [folder.id]) == {folder.id: later}
    assert box.unseen(folder) == 1
    assert box.delete("INBOX")
    assert box.seen(folder, above=later) == ([], 0, later)


def test_recent_is_told_to_one_session(store: Store) -> None:
    store.deliver()
    looked, first, second = (
        store.box().open("INBOX", take_recent=take) for take in (False, True, True)
    )
    assert looked
    assert first
    assert second
    assert (looked.recent_from, first.recent_from, second.recent_from) == (1, 1, 2)


def test_folders_are_renamed_copied_into_and_deleted(store: Store) -> None:
    store.deliver()
    box = store.box()
    inbox = box.find("INBOX")
    assert inbox is not None
    assert box.create("Sent")
    assert not box.create("Sent")
    assert box.copy(inbox, [1], "Sent")
    assert not box.copy(inbox, [1], "None")
    assert not box.rename("Sent", "INBOX")
    assert box.rename("Sent", "Archives")
    assert box.subscribe("Archives", wanted=False)
    assert [(item.name, item.subscribed) for item in box.folders()] == [
        ("Archives", False), ("INBOX", True),
    ]  # fmt: skip
    assert store.contents() == 1
    assert box.delete("INBOX")
    assert store.contents() == 1
    assert box.delete("Archives")
    assert not box.delete("Archives")
    assert store.contents() == 0


def test_flags_that_look_alike_are_told_apart(store: Store) -> None:
    store.deliver()
    box = store.box()
    inbox = box.find("INBOX")
    assert inbox is not None
    box.change_flags(inbox, [1], "=", frozenset({"Deleted", "xSeen_%"}))
    assert box.unseen(inbox) == 1
    assert box.expunge(inbox) == 0


def test_boxes_of_another_sandbox_are_out_of_sight(store: Store) -> None:
    other = MailStore(store.database, store.clock, sandbox="other")
    assert other.register(a_box())
    assert store.mails.mailbox(a_box().address) is None
    raw = a_text_mail(SENDER, DOCTOR)
    other.deliver(raw, read_parts(raw), [DOCTOR])
    assert store.box().find("INBOX") is None
    assert other.counts() == {DOCTOR: 1}


def test_the_space_opens_derived_and_created_boxes_with_the_password(store: Store) -> None:
    space = Space(store.settings, store.mails)
    box = a_box(address=f"nouveau@{a_correspondent().rpartition('@')[2]}")
    assert store.mails.register(box)
    assert space.open(box.address.upper(), "banc") == box
    assert space.open(box.address, "") is None
    assert space.open("nobody@x.test", "banc") is None
    found = space.open(a_correspondent(), "banc")
    assert found is not None
    assert space.finess_of(box.address) == box.finess
    assert box in space.mailboxes()
    assert (space.is_derived(a_correspondent()), space.is_derived(box.address)) == (True, False)
