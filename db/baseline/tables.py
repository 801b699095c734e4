"""The legacy tables exactly; nothing here changes any more."""

from typing import Any

from sqlalchemy import (
    BIGINT,
    BOOLEAN,
    DOUBLE_PRECISION,
    TIMESTAMP,
    Column,
    Index,
    Integer,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
    text,
)

# PostgreSQL's own name, cut to 63 bytes
CHAIN_KEY = "option_chain_snapshots_timestamp_exchange_strike_option_typ_key"

metadata = MetaData(naming_convention={"pk": "%(table_name)s_pkey"})


def _doubles(*names: str) -> list[Column[Any]]:
    return [Column(name, DOUBLE_PRECISION) for name in names]


def _texts(*names: str) -> list[Column[Any]]:
    return [Column(name, Text) for name in names]


def _required(name: str, type_: Any = Text) -> Column[Any]:
    return Column(name, type_, nullable=False)


def _instant() -> list[Column[Any]]:
    return [_required("timestamp", TIMESTAMP), _required("exchange")]


def _id() -> Column[Any]:
    return Column("id", Integer, primary_key=True)


def _stamped(name: str = "created_at") -> Column[Any]:
    return Column(name, TIMESTAMP, server_default=text("now()"))


option_chain_snapshots = Table(
    "option_chain_snapshots",
    metadata,
    _id(),
    *_instant(),
    _required("strike", DOUBLE_PRECISION),
    _required("option_type"),
    _required("symbol"),
    Column("oi", BIGINT),
    *_doubles("ltp"),
    _required("token", BIGINT),
    *_doubles("underlying_price"),
    *_texts("moneyness"),
    Column("time_to_expiry_seconds", Integer),
    *_doubles("pct_change_3m", "pct_change_5m", "pct_change_10m", "pct_change_15m"),
    *_doubles("pct_change_30m", "iv"),
    Column("volume", BIGINT),
    *_doubles("best_bid", "best_ask", "bid_quantity", "ask_quantity", "spread"),
    *_doubles("order_book_imbalance"),
    _stamped(),
    _stamped("updated_at"),
    UniqueConstraint("timestamp", "exchange", "strike", "option_type", name=CHAIN_KEY),
)

ml_features = Table(
    "ml_features",
    metadata,
    *_instant(),
    *_doubles("pcr_total_oi", "pcr_itm_oi", "pcr_total_volume", "futures_premium"),
    *_doubles("time_to_expiry_hours", "vix", "underlying_price", "underlying_future_price"),
    *_doubles("underlying_future_oi", "total_itm_oi_ce", "total_itm_oi_pe"),
    *_doubles("atm_shift_intensity", "itm_ce_breadth", "itm_pe_breadth"),
    *_doubles("percent_oichange_fut_3m", "itm_oi_ce_pct_change_3m_wavg"),
    *_doubles("itm_oi_pe_pct_change_3m_wavg"),
    _stamped(),
    *_texts("feature_payload"),
    *_doubles("dealer_vanna_exposure", "dealer_charm_exposure", "net_gamma_exposure"),
    *_doubles("gamma_flip_level", "ce_volume_to_oi_ratio", "pe_volume_to_oi_ratio"),
    *_doubles("news_sentiment_score"),
    PrimaryKeyConstraint("timestamp", "exchange"),
)

exchange_metadata = Table(
    "exchange_metadata",
    metadata,
    Column("exchange", Text, primary_key=True),
    _required("last_update_time", TIMESTAMP),
    *_doubles("last_atm_strike", "last_underlying_price", "last_future_price"),
    Column("last_future_oi", BIGINT),
    _stamped("updated_at"),
)

training_batches = Table(
    "training_batches",
    metadata,
    _id(),
    _required("exchange"),
    _required("start_timestamp", TIMESTAMP),
    _required("end_timestamp", TIMESTAMP),
    *_texts("model_hash", "artifact_path", "csv_path", "parquet_path", "metadata"),
    _stamped(),
    *_texts("dataset_version"),
)

vix_term_structure = Table(
    "vix_term_structure",
    metadata,
    _id(),
    *_instant(),
    *_doubles("front_month_price", "next_month_price", "contango_pct", "backwardation_pct"),
    *_doubles("current_vix", "realized_vol", "vix_ma_5d", "vix_ma_20d"),
    *_doubles("vix_trend_1d", "vix_trend_5d"),
    *_texts("source"),
    _stamped(),
)

macro_signals = Table(
    "macro_signals",
    metadata,
    _id(),
    *_instant(),
    *_doubles("fii_flow", "dii_flow", "fii_dii_net", "usdinr", "usdinr_trend"),
    *_doubles("crude_price", "crude_trend", "banknifty_correlation", "macro_spread"),
    *_doubles("risk_on_score"),
    *_texts("metadata"),
    *_doubles("news_sentiment_score"),
    *_texts("news_sentiment_summary"),
    _stamped(),
)

order_book_depth_snapshots = Table(
    "order_book_depth_snapshots",
    metadata,
    _id(),
    *_instant(),
    *_doubles("depth_buy_total", "depth_sell_total", "depth_imbalance_ratio"),
    *_texts("source"),
    _stamped(),
)

paper_trading_metrics = Table(
    "paper_trading_metrics",
    metadata,
    _id(),
    *_instant(),
    _required("executed", BOOLEAN),
    *_texts("reason", "signal"),
    *_doubles("confidence"),
    Column("quantity_lots", Integer),
    *_doubles("pnl"),
    Column("constraint_violation", BOOLEAN, server_default=text("false")),
    _stamped(),
)

for _table in (option_chain_snapshots, ml_features):
    Index(f"{_table.name}_timestamp_exchange_idx", _table.c.timestamp, _table.c.exchange)
Index(
    "training_batches_exchange_start_timestamp_idx",
    training_batches.c.exchange,
    training_batches.c.start_timestamp,
)
Index("vix_term_structure_timestamp_idx", vix_term_structure.c.timestamp.desc())
for _table in (macro_signals, order_book_depth_snapshots, paper_trading_metrics):
    Index(f"{_table.name}_exchange_timestamp_idx", _table.c.exchange, _table.c.timestamp.desc())
