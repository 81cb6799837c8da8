"""DMP mock, store: the tables. Every row has its sandbox; unique constraints bear a rule's name.

Not here: queries (``documents``).
"""

from sqlalchemy import (
    JSON,
    Column,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from kit.database import UtcDateTime

metadata = MetaData()

lot_table = Table(
    "lot",
    metadata,
    Column("sandbox", String(64), primary_key=True),
    Column("entry_uuid", String(64), primary_key=True),
    Column("unique_id", String(128), nullable=False),
    Column("structure", String(64), nullable=False),
    Column("registered_at", UtcDateTime, nullable=False),
    Column("metadata", JSON, nullable=False),
    UniqueConstraint("sandbox", "unique_id", name="a_lot_is_sent_once"),
)
entry_table = Table(
    "entry",
    metadata,
    Column("seq", Integer, primary_key=True, autoincrement=True),
    Column("sandbox", String(64), nullable=False),
    Column("entry_uuid", String(64), nullable=False),
    Column("unique_id", String(128), nullable=False),
    Column("lot_uuid", String(64), nullable=False),
    Column("matricule", String(64), nullable=False),
    Column("status", String(64), nullable=False),
    Column("type_code", String(64), nullable=False),
    Column("hash", String(64), nullable=False),
    Column("metadata", JSON, nullable=False),
    UniqueConstraint("sandbox", "unique_id", name="a_unique_id_is_used_once"),
    UniqueConstraint("sandbox", "entry_uuid", name="an_entry_uuid_is_used_once"),
    ForeignKeyConstraint(["sandbox", "lot_uuid"], ["lot.sandbox", "lot.entry_uuid"]),
    Index("entry_by_patient", "sandbox", "matricule", "status"),
)
content_table = Table(
    "content",
    metadata,
    Column("sandbox", String(64), primary_key=True),
    Column("unique_id", String(128), primary_key=True),
    Column("bytes", LargeBinary, nullable=False),
    ForeignKeyConstraint(["sandbox", "unique_id"], ["entry.sandbox", "entry.unique_id"]),
)
association_table = Table(
    "association",
    metadata,
    Column("seq", Integer, primary_key=True, autoincrement=True),
    Column("sandbox", String(64), nullable=False),
    Column("kind", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("target", Text, nullable=False),
    Column("metadata", JSON, nullable=False),
    Index("association_by_source", "sandbox", "source"),
    Index("association_by_target", "sandbox", "target"),
)
