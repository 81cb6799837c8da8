"""DMP mock, store: the tables. Every row has its sandbox; unique constraints bear a rule's name.

Not here: queries (``documents``).
"""

from sqlalchemy import (
    JSON,
    Boolean,
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
from kit.xds import vocabulary

metadata = MetaData()

lot_table = Table(
    "lot",
    metadata,
    Column("sandbox", String(64), primary_key=True),
    Column("entry_uuid", String(64), primary_key=True),
    Column("unique_id", String(128), nullable=False),
    Column("matricule", String(64), nullable=False),
    Column("structure", String(64), nullable=False),
    Column("submission_time", String(14), nullable=False),
    Column("registered_at", UtcDateTime, nullable=False),
    Column("metadata", JSON, nullable=False),
    UniqueConstraint("sandbox", "unique_id", name="a_lot_is_sent_once"),
    Index("lot_by_patient", "sandbox", "matricule", "submission_time"),
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
    Column("bytes", LargeBinary, nullable=False),  # last: who reads what is before pays nothing
    UniqueConstraint("sandbox", "unique_id", name="a_unique_id_is_used_once"),
    UniqueConstraint("sandbox", "entry_uuid", name="an_entry_uuid_is_used_once"),
    ForeignKeyConstraint(["sandbox", "lot_uuid"], ["lot.sandbox", "lot.entry_uuid"]),
    Index("entry_by_patient", "sandbox", "matricule", "status"),
)
association_table = Table(
    "association",
    metadata,
    Column("seq", Integer, primary_key=True, autoincrement=True),
    Column("sandbox", String(64), nullable=False),
    Column("matricule", String(64), nullable=False),
    Column("kind", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("target", Text, nullable=False),
    Column("metadata", JSON, nullable=False),
    Index("association_by_patient", "sandbox", "matricule"),
)
# A new version of an entry takes over its links to others; two of three rows are memberships.
for _end in ("source", "target"):
    _others = association_table.c.kind != vocabulary.HAS_MEMBER
    Index(f"association_by_{_end}", association_table.c.sandbox, association_table.c[_end],
          sqlite_where=_others, postgresql_where=_others)  # fmt: skip
# What the patient of a record decided; without a row the invented country says.
record_table = Table(
    "record",
    metadata,
    Column("sandbox", String(64), primary_key=True),
    Column("matricule", String(64), primary_key=True),
    Column("state", String(16), nullable=False),
    Column("kept", JSON, nullable=False),
    Column("closed_at", UtcDateTime),
)
authorization_table = Table(
    "dmp_authorization",
    metadata,
    Column("sandbox", String(64), primary_key=True),
    Column("matricule", String(64), primary_key=True),
    Column("holder", String(128), primary_key=True),
    Column("holder_type", String(16), nullable=False),
    Column("mode", String(16), nullable=False),
    Column("role", String(32), nullable=False),
    Column("family", Text, nullable=False),
    Column("given", Text, nullable=False),
    Column("specialty", String(64), nullable=False),
    Column("structure", String(64), nullable=False),
    Column("started_at", UtcDateTime, nullable=False),
    Column("acted_at", UtcDateTime, nullable=False),
    Index("authorization_by_holder", "sandbox", "holder"),
)
access_table = Table(
    "access",
    metadata,
    Column("seq", Integer, primary_key=True, autoincrement=True),
    Column("sandbox", String(64), nullable=False),
    Column("matricule", String(64), nullable=False),
    Column("unique_id", String(128), nullable=False),
    Column("title", Text, nullable=False),
    Column("who", String(128), nullable=False),
    Column("name", Text, nullable=False),
    Column("structure", String(64), nullable=False),
    Column("access_mode", String(32), nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("action", String(16), nullable=False),
    Column("is_secret", Boolean, nullable=False),
    Index("access_by_patient", "sandbox", "matricule"),
)
# Former versions of an entry: a metadata update gives it a new entryUUID.
version_table = Table(
    "entry_version",
    metadata,
    Column("sandbox", String(64), primary_key=True),
    Column("entry_uuid", String(64), primary_key=True),
    Column("unique_id", String(128), nullable=False),
    Column("metadata", JSON, nullable=False),
    Index("version_by_document", "sandbox", "unique_id"),
)
# When the versions after the first came; the first came with its lot.
change_table = Table(
    "entry_change",
    metadata,
    Column("sandbox", String(64), primary_key=True),
    Column("entry_uuid", String(64), primary_key=True),
    Column("changed_at", UtcDateTime, nullable=False),
)
