"""Who writes each chain, what its feed is at, and the contracts the exchanges listed."""

from sqlalchemy import (
    BIGINT,
    DOUBLE_PRECISION,
    TIMESTAMP,
    Column,
    Date,
    Index,
    Integer,
    PrimaryKeyConstraint,
    Table,
    Text,
    text,
)

from db.schema.base import metadata

# one row an exchange key: the collector that may write it, until it has not renewed for seconds;
# `term` grows with each change of hands, and who holds an older one may write no more
collector_leases = Table(
    "collector_leases",
    metadata,
    Column("exchange", Text, primary_key=True),
    Column("holder", Text, nullable=False),
    Column("term", BIGINT, nullable=False, server_default=text("1")),
    Column("renewed_at", TIMESTAMP(timezone=True), nullable=False),
    postgresql_with={"fillfactor": "50"},
)

# one row an exchange key: what the feed is at, in a word and a sentence for people
feed_states = Table(
    "feed_states",
    metadata,
    Column("exchange", Text, primary_key=True),
    Column("state", Text, nullable=False),
    Column("sentence", Text),
    Column("changed_at", TIMESTAMP(timezone=True), nullable=False),
    Column("seen_at", TIMESTAMP(timezone=True), nullable=False),
    postgresql_with={"fillfactor": "50"},
)

# one row a contract and stretch of days on which its facts were the same; `last_day` is the last
# day on which the dump held it so
instruments = Table(
    "instruments",
    metadata,
    Column("exchange", Text, nullable=False),
    Column("symbol", Text, nullable=False),
    Column("first_day", Date, nullable=False),
    Column("last_day", Date, nullable=False),
    Column("token", BIGINT, nullable=False),
    Column("underlying", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("expiry", Date),
    Column("strike", DOUBLE_PRECISION, nullable=False),
    Column("lot_size", Integer, nullable=False),
    Column("tick_size", DOUBLE_PRECISION, nullable=False),
    PrimaryKeyConstraint("exchange", "symbol", "first_day"),
)
Index("instruments_underlying_idx", instruments.c.underlying, instruments.c.last_day)
