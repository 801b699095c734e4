"""Series beside the chain: features, volatility, macro signals, depth, paper trading."""

from datetime import timedelta

from sqlalchemy import BOOLEAN, Column, Index, Integer, Table, Text, text

from db.schema.base import double, doubles, market_time, metadata, numbered, stamped
from db.timescale.specs import HypertableSpec, declare

FEATURE_COLUMNS = (
    "pcr_total_oi",
    "pcr_itm_oi",
    "pcr_total_volume",
    "futures_premium",
    "time_to_expiry_hours",
    "vix",
    "underlying_price",
    "underlying_future_price",
    "underlying_future_oi",
    "total_itm_oi_ce",
    "total_itm_oi_pe",
    "atm_shift_intensity",
    "itm_ce_breadth",
    "itm_pe_breadth",
    "percent_oichange_fut_3m",
    "itm_oi_ce_pct_change_3m_wavg",
    "itm_oi_pe_pct_change_3m_wavg",
)
LATER_FEATURE_COLUMNS = (
    "dealer_vanna_exposure",
    "dealer_charm_exposure",
    "net_gamma_exposure",
    "gamma_flip_level",
    "ce_volume_to_oi_ratio",
    "pe_volume_to_oi_ratio",
    "news_sentiment_score",
    "iv_skew",
)

ml_features = Table(
    "ml_features",
    metadata,
    market_time(),
    Column("exchange", Text, nullable=False),
    *doubles(*FEATURE_COLUMNS),
    stamped(),
    Column("feature_payload", Text),
    *doubles(*LATER_FEATURE_COLUMNS),
)
Index(
    "ml_features_key",
    ml_features.c.exchange,
    ml_features.c.timestamp.desc(),
    unique=True,
)

vix_term_structure = Table(
    "vix_term_structure",
    metadata,
    numbered("vix_term_structure"),
    market_time(),
    Column("exchange", Text, nullable=False),
    *doubles(
        "front_month_price",
        "next_month_price",
        "contango_pct",
        "backwardation_pct",
        "current_vix",
        "realized_vol",
        "vix_ma_5d",
        "vix_ma_20d",
        "vix_trend_1d",
        "vix_trend_5d",
    ),
    Column("source", Text),
    stamped(),
)
Index("vix_term_structure_timestamp_idx", vix_term_structure.c.timestamp.desc())

macro_signals = Table(
    "macro_signals",
    metadata,
    numbered("macro_signals"),
    market_time(),
    Column("exchange", Text, nullable=False),
    *doubles(
        "fii_flow",
        "dii_flow",
        "fii_dii_net",
        "usdinr",
        "usdinr_trend",
        "crude_price",
        "crude_trend",
        "banknifty_correlation",
        "macro_spread",
        "risk_on_score",
    ),
    Column("metadata", Text),
    double("news_sentiment_score"),
    Column("news_sentiment_summary", Text),
    stamped(),
)

order_book_depth_snapshots = Table(
    "order_book_depth_snapshots",
    metadata,
    numbered("order_book_depth_snapshots"),
    market_time(),
    Column("exchange", Text, nullable=False),
    *doubles("depth_buy_total", "depth_sell_total", "depth_imbalance_ratio"),
    Column("source", Text),
    stamped(),
)

paper_trading_metrics = Table(
    "paper_trading_metrics",
    metadata,
    numbered("paper_trading_metrics"),
    market_time(),
    Column("exchange", Text, nullable=False),
    Column("executed", BOOLEAN, nullable=False),
    Column("reason", Text),
    Column("signal", Text),
    double("confidence"),
    Column("quantity_lots", Integer),
    double("pnl"),
    Column("constraint_violation", BOOLEAN, server_default=text("false")),
    stamped(),
)

for _table in (macro_signals, order_book_depth_snapshots, paper_trading_metrics):
    Index(
        f"{_table.name}_exchange_timestamp_idx",
        _table.c.exchange,
        _table.c.timestamp.desc(),
    )

declare(
    metadata,
    *(
        HypertableSpec(table=_table.name, time_column="timestamp", chunk_interval=timedelta(days=7))
        for _table in (
            ml_features,
            vix_term_structure,
            macro_signals,
            order_book_depth_snapshots,
            paper_trading_metrics,
        )
    ),
)
