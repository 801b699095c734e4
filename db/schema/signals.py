"""What models said of each snapshot, and what came of it."""

from datetime import timedelta

from sqlalchemy import (
    DOUBLE_PRECISION,
    TIMESTAMP,
    Column,
    Index,
    Integer,
    SmallInteger,
    Table,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from db.schema.base import double, doubles, market_time, metadata
from db.schema.market_time import MarketTime
from db.timescale.specs import HypertableSpec, declare

# one row a snapshot that a model was asked about; `width` and `cost_bps` are those of its barriers.
# `outcome` (−1, 0, 1) is what the index did, `feedback` what a trader said that it did
predictions = Table(
    "predictions",
    metadata,
    market_time(),
    Column("exchange", Text, nullable=False),
    Column("model_id", Text, nullable=False),
    Column("signal", Text, nullable=False),
    *(
        Column(name, DOUBLE_PRECISION, nullable=False)
        for name in ("confidence", "p_sell", "p_hold", "p_buy")
    ),
    Column("rationale", Text, nullable=False),
    Column("horizon_s", Integer, nullable=False),
    *doubles("width", "cost_bps", "latency_ms"),
    Column("outcome", SmallInteger),
    double("move"),
    Column("feedback", SmallInteger),
    Column("made_at", TIMESTAMP(timezone=True), nullable=False, server_default=text("now()")),
)
Index("predictions_key", predictions.c.exchange, predictions.c.timestamp.desc(), unique=True)

# one row an exchange key: the newest of those, or why there is none; `drift` holds by input how
# much its population has changed since the model was trained
signal_latest = Table(
    "signal_latest",
    metadata,
    Column("exchange", Text, primary_key=True),
    Column("timestamp", MarketTime),
    Column("model_id", Text),
    Column("signal", Text),
    *doubles("confidence", "p_sell", "p_hold", "p_buy"),
    Column("rationale", Text, nullable=False),
    Column("horizon_s", Integer),
    double("latency_ms"),
    Column("drift", JSONB),
    postgresql_with={"fillfactor": "50"},
)

declare(
    metadata,
    HypertableSpec(table="predictions", time_column="timestamp", chunk_interval=timedelta(days=7)),
)
