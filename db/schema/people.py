"""Who may sign in, who has, and who tries to."""

from sqlalchemy import (
    ARRAY,
    BIGINT,
    DOUBLE_PRECISION,
    TIMESTAMP,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    Table,
    Text,
    text,
)

from db.schema.base import metadata

_NOW = text("clock_timestamp()")

# one row a user; of the password an argon2 hash alone. One who is disabled keeps what is theirs
site_users = Table(
    "site_users",
    metadata,
    Column("name", Text, primary_key=True),
    Column("password_hash", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("disabled", Boolean, nullable=False, server_default=text("false")),
    Column("created_at", TIMESTAMP(timezone=True), nullable=False, server_default=_NOW),
)

# one row a user who has set up a second factor, or has begun to: `secret` is sealed, no code opens
# anything before it is `confirmed_at`; `last_step` is that of the newest code that was taken, so
# that none is taken twice; of a recovery code an argon2 hash, NULL once it is used
site_second_factors = Table(
    "site_second_factors",
    metadata,
    Column("name", Text, ForeignKey("site_users.name", ondelete="CASCADE"), primary_key=True),
    Column("secret", Text, nullable=False),
    Column("confirmed_at", TIMESTAMP(timezone=True)),
    Column("last_step", BIGINT, nullable=False, server_default=text("0")),
    Column("recovery", ARRAY(Text), nullable=False, server_default=text("'{}'::text[]")),
)

# one row a session: `digest` is of the secret that the browser holds, `proof` of the password that
# opened it; `seen_at` moves once a minute at most
site_sessions = Table(
    "site_sessions",
    metadata,
    Column("digest", Text, primary_key=True),
    Column("username", Text, nullable=False),
    Column("proof", Text, nullable=False),
    Column("address", Text),
    Column("opened_at", TIMESTAMP(timezone=True), nullable=False, server_default=_NOW),
    Column("seen_at", TIMESTAMP(timezone=True), nullable=False, server_default=_NOW),
    postgresql_with={"fillfactor": "50"},
)
Index("site_sessions_username_idx", site_sessions.c.username)

# one row an address or a digest of a user name that signing in failed with lately, or that tries at
# the moment: the clock is the database's, in seconds since 1970; `pending` are the ends of tries
site_attempts = Table(
    "site_attempts",
    metadata,
    Column("name", Text, primary_key=True),
    Column("failures", Integer, nullable=False),
    Column("closed_until", DOUBLE_PRECISION, nullable=False),
    Column("last_at", DOUBLE_PRECISION, nullable=False),
    Column("pending", ARRAY(DOUBLE_PRECISION), nullable=False),
    postgresql_with={"fillfactor": "50"},
)
Index("site_attempts_last_idx", site_attempts.c.last_at)
