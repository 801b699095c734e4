"""Print one exchange's chain as the API answers it."""

import click

from db.market.exchanges import EXCHANGES
from db.market.limits import MOST_STRIKES


@click.command
@click.argument("exchange")
@click.option("--json", "as_json", is_flag=True, help="The whole answer of /api/data/EXCHANGE.")
@click.option(
    "--strikes",
    type=click.IntRange(1, MOST_STRIKES),
    default=None,
    help="Only so many strikes either side of the one at the money.",
)
def command(exchange: str, as_json: bool, strikes: int | None) -> None:
    """Print one exchange's chain, from the database alone.

    EXCHANGE is a key of the table of exchanges: NSE, BSE, … and those of OI_EXCHANGES_FILE.
    """
    from app.chains.legacy import body, payload
    from app.chains.newest import read_state
    from app.web.database import Database
    from db.market.exchanges import exchange_named
    from db.settings import settings

    exchange_named(exchange)
    with Database(settings(), explicit=False, by_operator=True).newest() as connection:
        state = read_state(connection, exchange)
    click.echo(body(state, strikes).body if as_json else _headline(payload(state)))


def _headline(payload: dict[str, object]) -> str:
    names = {
        "underlying_price": "index",
        "atm_strike": "ATM strike",
        "pcr": "PCR",
        "max_pain": "max pain",
        "expiry": "expiry",
        "last_update": "market time",
        "status": "status",
    }
    shown = [f"{'exchange':12} {payload['exchange']} ({EXCHANGES[str(payload['exchange'])].label})"]
    for name, label in names.items():
        value = payload[name]
        shown.append(f"{label:12} {'–' if value is None else value}")
    return "\n".join(shown)
