"""INS mock, store, tables: corrections, merges, shapes, lots under check, calls counted.

Not here: who reads and writes them.
"""

from sqlalchemy import JSON, Column, Index, Integer, MetaData, String, Table

from kit.database import UtcDateTime

metadata = MetaData()

correction_table = Table(
    "correction",
    metadata,
    Column("sandbox", String(64), primary_key=True),
    Column("origin", String(15), primary_key=True),  # matricule the person was born with here
    Column("matricule", String(15), nullable=False),
    Column("oid", String(64), nullable=False),
    Column("birth_name", String(200), nullable=False),
    Column("first_names", JSON, nullable=False),
    Column("sex", String(1), nullable=False),
    Column("birth_date", String(10), nullable=False),
    Column("birth_place", String(5), nullable=False),
    Column("history", JSON, nullable=False),
    Index("correction_by_birth", "sandbox", "birth_date", "sex"),
    Index("correction_by_matricule", "sandbox", "matricule"),
)

merge_table = Table(
    "merge",
    metadata,
    Column("sandbox", String(64), primary_key=True),
    Column("origin", String(15), primary_key=True),  # of the identity that is no more
    Column("into", String(15), nullable=False),  # origin of the one that remains
)

shape_table = Table(
    "shape",
    metadata,
    Column("sandbox", String(64), primary_key=True),
    Column("matricule", String(15), primary_key=True),
    Column("order", String(16), nullable=False),
    Column("keys", String(16), nullable=False),
)

batch_table = Table(
    "batch",
    metadata,
    Column("sandbox", String(64), primary_key=True),
    Column("id", String(36), primary_key=True),
    Column("owner", String(200), nullable=False),
    Column("ready_at", UtcDateTime, nullable=False),
    Column("requests", JSON, nullable=False),
    Column("codes", JSON, nullable=True),  # null until somebody fetches what is ready
)

quota_table = Table(
    "quota",
    metadata,
    Column("sandbox", String(64), primary_key=True),
    Column("idam", String(200), primary_key=True),
    Column("minute", String(16), primary_key=True),
    Column("calls", Integer, nullable=False),
)
