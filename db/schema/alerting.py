"""What traders want to be told of, what they were told, and when somebody last looked."""

from sqlalchemy import (
    BIGINT,
    DOUBLE_PRECISION,
    TIMESTAMP,
    Boolean,
    Column,
    Index,
    Integer,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from db.schema.base import metadata
from db.schema.market_time import MarketTime

# one row a rule of a user; `state` is what was found at the last look that changed anything, and
# `revision` counts these: of several who look at once, one takes the step to the next
alerts = Table(
    "alerts",
    metadata,
    Column("id", BIGINT, primary_key=True),
    Column("owner", Text, nullable=False),
    Column("exchange", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("params", JSONB, nullable=False),
    Column("enabled", Boolean, nullable=False, server_default=text("true")),
    Column("repeats", Boolean, nullable=False, server_default=text("true")),
    Column("cooldown_s", Integer, nullable=False),
    Column("state", JSONB),
    Column("revision", BIGINT, nullable=False, server_default=text("0")),
    Column("fired_at", TIMESTAMP(timezone=True)),
    Column("created_at", TIMESTAMP(timezone=True), nullable=False, server_default=text("now()")),
)
Index("alerts_owner_idx", alerts.c.owner)

# one row each time a rule told something; it outlives the rule. The newest of each user are kept,
# `MOST_ALERT_EVENTS` of them: whoever adds one takes away the oldest.
alert_events = Table(
    "alert_events",
    metadata,
    Column("id", BIGINT, primary_key=True),
    Column("owner", Text, nullable=False),
    Column("alert_id", BIGINT, nullable=False),
    Column("revision", BIGINT, nullable=False),
    Column("exchange", Text, nullable=False),
    Column("kind", Text, nullable=False),
    # false: it was so already when watching began, which is said and rings nothing
    Column("fired", Boolean, nullable=False),
    Column("told_at", TIMESTAMP(timezone=True), nullable=False, server_default=text("now()")),
    # the chain as of then: its instant of market time and its place among all states
    Column("timestamp", MarketTime),
    Column("sequence", BIGINT),
    Column("value", DOUBLE_PRECISION),
    Column("message", Text, nullable=False),
    UniqueConstraint("alert_id", "revision"),
)
Index("alert_events_owner_idx", alert_events.c.owner, alert_events.c.id)

# one row an exchange key: when its rules were last looked at, by whichever collector
alert_looks = Table(
    "alert_looks",
    metadata,
    Column("exchange", Text, primary_key=True),
    Column("looked_at", TIMESTAMP(timezone=True), nullable=False),
    postgresql_with={"fillfactor": "50"},
)
