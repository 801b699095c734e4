"""Print one exchange's chain as the API answers it."""

import click

from db.market.exchanges import EXCHANGES


@click.command
@click.argument("exchange")
@click.option("--json", "as_json", is_flag=True, help="The whole answer of /api/data/EXCHANGE.")
@click.option(
    "--strikes",
    type=click.IntRange(1, 500),
    default=None,
    help="Only so many strikes either side of the one at the money.",
)
def command(exchange: str, as_json: bool, strikes: int | None) -> None:
    """Print one exchange's chain, from the database alone.

    EXCHANGE is NSE, BSE, NSE_MONTHLY or BANKNIFTY_MONTHLY.
    """
    from datetime import UTC, datetime

    from app.chains.legacy import exchange_payload
    from app.chains.states import encode
    from app.web.database import Database
    from db.market.exchanges import exchange_named
    from db.settings import settings

    exchange_named(exchange)
    with Database(settings(), explicit=False).newest() as connection:
        payload = exchange_payload(connection, exchange, strikes=strikes, now=datetime.now(UTC))
    click.echo(encode(payload) if as_json else _headline(payload))


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
