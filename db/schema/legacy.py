"""Legacy tables that stay plain: a row an exchange, a row a training run."""

from sqlalchemy import BIGINT, TIMESTAMP, Column, Index, Integer, Table, Text

from db.schema.base import doubles, metadata, stamped
from db.schema.market_time import MarketTime

exchange_metadata = Table(
    "exchange_metadata",
    metadata,
    Column("exchange", Text, primary_key=True),
    Column("last_update_time", MarketTime, nullable=False),
    *doubles("last_atm_strike", "last_underlying_price", "last_future_price"),
    Column("last_future_oi", BIGINT),
    stamped("updated_at"),
)

training_batches = Table(
    "training_batches",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("exchange", Text, nullable=False),
    Column("start_timestamp", TIMESTAMP, nullable=False),
    Column("end_timestamp", TIMESTAMP, nullable=False),
    Column("model_hash", Text),
    Column("artifact_path", Text),
    Column("csv_path", Text),
    Column("parquet_path", Text),
    Column("metadata", Text),
    stamped(),
    Column("dataset_version", Text),
)

Index(
    "training_batches_exchange_start_timestamp_idx",
    training_batches.c.exchange,
    training_batches.c.start_timestamp,
)
