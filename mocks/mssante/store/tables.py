"""MSSanté mock, store: the tables, and the insert of both databases.

The bytes of a mail are kept once, whatever the number of boxes it is in. Not here: any query.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    UniqueConstraint,
)
from sqlalchemy.dialects import postgresql, sqlite

from kit.database import UtcDateTime

INBOX = "INBOX"
CHUNK = 500  # values in one IN (…)

metadata = MetaData()

mailbox_table = Table(
    "mailbox",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("sandbox", String(64), nullable=False),
    Column("address", String(254), nullable=False),
    Column("kind", String(8), nullable=False),
    Column("description", String(200), nullable=False),
    Column("finess", String(200), nullable=False),
    Column("service", String(200), nullable=False),
    Column("rpps", String(200), nullable=False),
    UniqueConstraint("sandbox", "address"),
)

folder_table = Table(
    "folder",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("sandbox", String(64), nullable=False),
    Column("address", String(254), nullable=False),
    Column("name", String(200), nullable=False),
    Column("uid_validity", Integer, nullable=False),
    Column("next_uid", Integer, nullable=False),
    Column("recent_from", Integer, nullable=False),
    Column("change", Integer, nullable=False),  # grows with every change: what IDLE asks
    Column("subscribed", Integer, nullable=False),
    UniqueConstraint("sandbox", "address", "name"),
)

content_table = Table(
    "mail_content",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("sandbox", String(64), nullable=False),
    Column("raw", LargeBinary, nullable=False),  # zlib
    Column("header", LargeBinary, nullable=False),
    Column("envelope", LargeBinary, nullable=False),  # IMAP text, written at delivery
    Column("structure", LargeBinary, nullable=False),
    Column("size_bytes", Integer, nullable=False),
)

message_table = Table(
    "message",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("sandbox", String(64), nullable=False),
    Column("folder_id", Integer, ForeignKey("folder.id", ondelete="CASCADE"), nullable=False),
    Column("uid", Integer, nullable=False),
    Column("content_id", Integer, ForeignKey("mail_content.id"), nullable=False, index=True),
    Column("flags", String(400), nullable=False),
    Column("internal_at", UtcDateTime, nullable=False),
    Column("change", Integer, nullable=False),
    UniqueConstraint("folder_id", "uid"),
    Index("message_by_change", "folder_id", "change"),
)


def upsert(dialect: str, table: Table) -> Any:
    """An INSERT that knows ON CONFLICT, of the database in use."""
    if dialect == "postgresql":
        return postgresql.insert(table)
    return sqlite.insert(table)
