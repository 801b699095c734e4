"""The broker's feed put together: account, instruments, ticker."""

from collections.abc import Iterable
from datetime import date
from typing import TYPE_CHECKING

from app.feeds.kite import KiteFeed
from app.kite.account import Account
from app.kite.catalogue import Catalogue, Store
from app.kite.client import BrokerClient
from app.kite.instruments import Dump
from app.kite.session import broker_folder
from app.kite.subscriptions import Subscriptions
from app.telemetry.timing import timed
from db.market.exchanges import EXCHANGES
from db.market.ticks import Source
from db.market.trading import options_trade
from db.settings import Settings

if TYPE_CHECKING:
    from sqlalchemy import Engine

_STORED_SEGMENTS = ("NFO-OPT", "NFO-FUT", "BFO-OPT", "BFO-FUT")


def broker_catalogue(
    settings: Settings, account: Account, engine: "Engine", keys: Iterable[str] = EXCHANGES
) -> Catalogue:
    """The broker's instruments: asked for each day, kept in OI_HOME and in the database.

    It tells the chains of these exchange keys.
    """
    return Catalogue(
        lambda: account.ask(BrokerClient.instruments),
        broker_folder(settings),
        [EXCHANGES[key] for key in keys],
        storing(engine),
    )


@timed("configure feed")
def broker_feed(
    settings: Settings, account: Account, catalogue: Catalogue, source: Source = "live"
) -> KiteFeed:
    """The chains of the catalogue's exchange keys from the broker's ticker.

    A `source` that is not live trades at any hour: a stand-in's market.
    """
    subscriptions = Subscriptions(
        settings.kite_ticker_root,
        account.credentials,
        options_trade if source == "live" else lambda: True,
    )
    return KiteFeed(
        subscriptions,
        catalogue,
        source=source,
        keys=catalogue.keys,
        login_problem=lambda: account.problem,
    )


def storing(engine: "Engine") -> Store:
    """Keeps the derivatives of each day's dump, on a short connection of its own."""

    def store(day: date, dump: Dump) -> None:
        from db.engine import connected
        from db.ingest.instruments import ListedContract, store_instruments

        contracts = [
            ListedContract(
                exchange=each.exchange,
                symbol=each.symbol,
                token=each.token,
                underlying=each.name,
                kind=each.kind,
                expiry=each.expiry,
                strike=each.strike,
                lot_size=each.lot_size,
                tick_size=each.tick_size,
            )
            for each in dump.instruments
            if each.segment in _STORED_SEGMENTS
        ]
        with connected(engine) as connection, connection.begin():
            store_instruments(connection, day, contracts)

    return store
