"""Pro Santé Connect mock, store: the tables. Secrets are kept as digests, never as they are."""

from __future__ import annotations

import hashlib

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Float,
    Index,
    Integer,
    MetaData,
    String,
    Table,
)

from kit.database import UtcDateTime

metadata = MetaData()
_DIGEST = String(64)


def digest(secret: str) -> str:
    """What is kept of a code, token or cookie."""
    return hashlib.sha256(secret.encode()).hexdigest()


client_table = Table(
    "client",
    metadata,
    Column("sandbox", String(64), primary_key=True),
    Column("id", String(200), primary_key=True),
    Column("description", JSON, nullable=False),
)

login_table = Table(
    "login",
    metadata,
    Column("sandbox", String(64), primary_key=True),
    Column("id", String(64), primary_key=True),
    Column("browser", _DIGEST, nullable=False),
    Column("form_key", String(64), nullable=False),
    Column("asked", JSON, nullable=False),
    Column("national_id", String(32), nullable=False),
    Column("expires_at", UtcDateTime, nullable=False, index=True),
)

session_table = Table(
    "session",
    metadata,
    Column("sandbox", String(64), primary_key=True),
    Column("id", String(64), primary_key=True),
    Column("client_id", String(200), nullable=False),
    Column("national_id", String(32), nullable=False),
    Column("scope", String(2048), nullable=False),
    Column("nonce", String(2048), nullable=False),
    Column("channel", String(16), nullable=False),
    Column("thumbprint", String(64), nullable=False),
    Column("authenticated_at", UtcDateTime, nullable=False),
    Column("has_ended", Boolean, nullable=False),
)

code_table = Table(
    "code",
    metadata,
    Column("sandbox", String(64), primary_key=True),
    Column("digest", _DIGEST, primary_key=True),
    Column("session_id", String(64), nullable=False),
    Column("redirect_uri", String(2000), nullable=False),
    Column("challenge", String(64), nullable=False),
    Column("expires_at", UtcDateTime, nullable=False, index=True),
    Column("is_used", Boolean, nullable=False),
)

token_table = Table(
    "token",
    metadata,
    Column("sandbox", String(64), primary_key=True),
    Column("digest", _DIGEST, primary_key=True),  # of a refresh token, or of an access token's jti
    Column("id", String(64), nullable=False),
    Column("is_access", Boolean, nullable=False),
    Column("session_id", String(64), nullable=False),
    Column("scope", String(2048), nullable=False),  # a refresh may ask for less than the session
    Column("expires_at", UtcDateTime, nullable=False, index=True),
    Column("is_used", Boolean, nullable=False),
    Column("has_ended", Boolean, nullable=False),
    Index("token_by_session", "sandbox", "session_id"),
)

phone_table = Table(
    "phone_request",
    metadata,
    Column("sandbox", String(64), primary_key=True),
    Column("digest", _DIGEST, primary_key=True),  # of the auth_req_id
    Column("id", String(64), nullable=False, unique=True),
    Column("session_id", String(64), nullable=False),
    Column("binding_message", String(200), nullable=False),
    Column("expires_at", UtcDateTime, nullable=False, index=True),
    Column("interval", Integer, nullable=False),
    Column("state", String(16), nullable=False),
    Column("polled_at", UtcDateTime),
)

assertion_table = Table(
    "assertion",
    metadata,
    Column("sandbox", String(64), primary_key=True),
    Column("client_id", String(200), primary_key=True),
    Column("digest", _DIGEST, primary_key=True),
    Column("expires_at", Float, nullable=False),
)

switch_table = Table(
    "switch",
    metadata,
    Column("sandbox", String(64), primary_key=True),
    Column("phone", String(16), nullable=False),
)
