"""Paper trading: what users ordered, at which prices it was filled, and what they hold."""

from sqlalchemy import (
    BIGINT,
    DOUBLE_PRECISION,
    TIMESTAMP,
    Column,
    Date,
    ForeignKey,
    Index,
    Integer,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from db.schema.base import double, market_time, metadata
from db.schema.market_time import MarketTime

# one row an order: `key` is the client's, so that one that comes twice is one order; `asked` is
# what was asked, as JSON; one that is `resting` lapses when the market's clock passes `ends`
paper_orders = Table(
    "paper_orders",
    metadata,
    Column("id", BIGINT, primary_key=True),
    Column("owner", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("asked", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("ends", MarketTime),
    Column(
        "placed_at",
        TIMESTAMP(timezone=True),
        nullable=False,
        server_default=text("clock_timestamp()"),
    ),
    UniqueConstraint("owner", "key"),
)
Index("paper_orders_owner_idx", paper_orders.c.owner, paper_orders.c.placed_at)
Index(
    "paper_orders_resting_idx",
    paper_orders.c.id,
    postgresql_where=text("status = 'resting'::text"),
)

# one row a user and contract: what its fills come to. `exchange` is the key it was last dealt under
paper_positions = Table(
    "paper_positions",
    metadata,
    Column("id", BIGINT, primary_key=True),
    Column("owner", Text, nullable=False),
    Column("symbol", Text, nullable=False),
    Column("expiry", Date, nullable=False),
    Column("exchange", Text, nullable=False),
    Column("strike", DOUBLE_PRECISION, nullable=False),
    Column("option_type", Text, nullable=False),
    Column("lot_size", Integer, nullable=False),
    Column("units", BIGINT, nullable=False),
    double("average_price"),
    Column("realised", DOUBLE_PRECISION, nullable=False),
    market_time("opened"),
    UniqueConstraint("owner", "symbol", "expiry"),
)

# one row a leg that was filled, and what it realised; `units` are signed, prices in INR
paper_fills = Table(
    "paper_fills",
    metadata,
    Column("id", BIGINT, primary_key=True),
    Column("order_id", BIGINT, ForeignKey("paper_orders.id"), nullable=False),
    Column("position_id", BIGINT, ForeignKey("paper_positions.id"), nullable=False),
    Column("owner", Text, nullable=False),
    market_time(),
    Column("units", BIGINT, nullable=False),
    Column("price", DOUBLE_PRECISION, nullable=False),
    Column("realised", DOUBLE_PRECISION, nullable=False),
    Column("reason", Text, nullable=False),
)
Index("paper_fills_owner_idx", paper_fills.c.owner, paper_fills.c.timestamp)
Index("paper_fills_order_idx", paper_fills.c.order_id)
