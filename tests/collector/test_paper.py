"""A collector looks after paper orders that rest, whether or not anybody has a page open."""

import threading
from pathlib import Path

from sqlalchemy import Engine, text

from app.collector import Collector, CollectorOptions
from app.desk.paper.desk import Desk
from app.desk.paper.orders import Leg, Order
from app.desk.paper.reading import EngineBooks, StoredQuotes
from app.feeds.simulate.feed import SimulateFeed
from tests.support.waiting import eventually

NEVER, ALWAYS = 0.05, 100_000.0


def test_an_order_that_is_touched_is_filled_without_a_page(engine: Engine, tmp_path: Path) -> None:
    options = CollectorOptions(spool=tmp_path)
    collector = Collector(engine, SimulateFeed(exchanges=("NSE",)), options)
    running = threading.Thread(target=collector.run)
    running.start()
    try:
        eventually(lambda: at_the_money(engine) is not None)
        leg = Leg("NSE", at_the_money(engine) or "", "B", 1, limit=NEVER)
        order = Order("rests-until-touched", (leg,), rests=True)
        placed = Desk(EngineBooks(engine), StoredQuotes(engine)).place("trader", order)
        assert placed.order.status == "resting"
        with engine.begin() as connection:
            raised = "UPDATE paper_orders SET asked = replace(asked, :never, :always)"
            connection.execute(text(raised), {"never": f"{NEVER}", "always": f"{ALWAYS}"})
        eventually(lambda: status(engine) == "filled")
    finally:
        collector.stop()
        running.join()


def at_the_money(engine: Engine) -> str | None:
    """The call that is nearest to the index, once it is quoted on both sides."""
    with engine.connect() as connection:
        found: str | None = connection.scalar(
            text(
                "SELECT symbol FROM option_chain_latest WHERE option_type = 'CE' "
                "AND best_bid > 0 AND best_ask > best_bid "
                "ORDER BY abs(strike - underlying_price) LIMIT 1"
            )
        )
        return found


def status(engine: Engine) -> str | None:
    with engine.connect() as connection:
        found: str | None = connection.scalar(text("SELECT status FROM paper_orders"))
        return found
