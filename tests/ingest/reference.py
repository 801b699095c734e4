"""What the live edge must hold, computed in Python from history alone."""

from collections import defaultdict
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, text

HISTORY = text(
    """
    SELECT exchange, "timestamp", strike, option_type, oi, volume, ltp, underlying_price, iv,
           coalesce(expiry, ("timestamp" + time_to_expiry_seconds * INTERVAL '1 s')::date) AS expiry
    FROM option_chain_snapshots
    """
)
SNAPSHOTS = text(
    """
    SELECT exchange, "timestamp", contracts, underlying_price, oi_ce, oi_pe, volume_ce, volume_pe,
           atm_strike, straddle
    FROM snapshots
    """
)
LATEST = text(
    """
    SELECT exchange, strike, option_type, "timestamp", oi, ltp, oi_change_3m, oi_change_5m,
           oi_change_10m, oi_change_15m, oi_change_30m, day_open_oi, prev_close_oi
    FROM option_chain_latest
    """
)
SUMMARY = text(
    """
    SELECT exchange, "timestamp", contracts, oi_known, oi_ce, oi_pe, pcr, max_pain, atm_strike,
           straddle
    FROM chain_summary
    """
)

Chain = dict[tuple[float, str], Any]


def kept(session: Connection) -> dict[str, set[tuple[Any, ...]]]:
    """The live edge as the database keeps it."""
    tables = {"snapshots": SNAPSHOTS, "latest": LATEST, "summary": SUMMARY}
    return {name: set(map(tuple, session.execute(query))) for name, query in tables.items()}


def expected(session: Connection) -> dict[str, set[tuple[Any, ...]]]:
    """The same from history."""
    chains: dict[str, dict[datetime, Chain]] = defaultdict(lambda: defaultdict(dict))
    for row in session.execute(HISTORY):
        chains[row.exchange][row.timestamp][row.strike, row.option_type] = row
    wanted: dict[str, set[tuple[Any, ...]]] = {
        "snapshots": set(),
        "latest": set(),
        "summary": set(),
    }
    for exchange, history in chains.items():
        for moment, chain in history.items():
            wanted["snapshots"].add((exchange, moment, *_totals(chain)))
        newest = max(history)
        wanted["latest"] |= _latest(exchange, newest, history)
        wanted["summary"].add(_summary(exchange, newest, history[newest]))
    return wanted


def _totals(chain: Chain) -> tuple[Any, ...]:
    index = max((row.underlying_price for row in chain.values()), default=None)
    atm = min({strike for strike, _ in chain}, key=lambda strike: (abs(strike - index), strike))
    prices = [
        row.ltp for (strike, _), row in chain.items() if strike == atm and row.ltp is not None
    ]
    sums = [
        _sum(getattr(row, name) for (_, side), row in chain.items() if side == wanted)
        for name in ("oi", "volume")
        for wanted in ("CE", "PE")
    ]
    return (len(chain), index, *sums, atm, sum(prices) if len(prices) == 2 else None)


def _summary(exchange: str, moment: datetime, chain: Chain) -> tuple[Any, ...]:
    contracts, _, oi_ce, oi_pe, _, _, atm, straddle = _totals(chain)
    pcr = oi_pe / oi_ce if oi_ce and oi_pe is not None else None
    known = sum(row.oi is not None for row in chain.values())
    pain = None if None in (oi_ce, oi_pe) else _max_pain(chain)
    return exchange, moment, contracts, known, oi_ce, oi_pe, pcr, pain, atm, straddle


def _max_pain(chain: Chain) -> float | None:
    if not any(row.oi for row in chain.values()):
        return None

    def payout(settlement: float) -> float:
        return sum(
            (row.oi or 0) * max(settlement - strike if side == "CE" else strike - settlement, 0)
            for (strike, side), row in chain.items()
        )

    return min({strike for strike, _ in chain}, key=lambda strike: (payout(strike), strike))


def _latest(
    exchange: str, newest: datetime, history: dict[datetime, Chain]
) -> set[tuple[Any, ...]]:
    midnight = newest.replace(hour=0, minute=0)
    today = [moment for moment in history if midnight <= moment <= newest]
    before = [moment for moment in history if moment < midnight]
    baselines = [_baseline(today, newest, minutes) for minutes in (3, 5, 10, 15, 30)]
    day = [min(today), max(before, default=None)]
    rows = set()
    for key, row in history[newest].items():
        past = [_oi(history, moment, key) for moment in baselines]
        changes = [None if None in (row.oi, oi) else row.oi - oi for oi in past]
        fixed = [_oi(history, moment, key, row.expiry) for moment in day]
        rows.add((exchange, *key, newest, row.oi, row.ltp, *changes, *fixed))
    return rows


def _baseline(moments: list[datetime], newest: datetime, minutes: int) -> datetime | None:
    span = timedelta(minutes=minutes)
    return max((m for m in moments if newest - 2 * span <= m <= newest - span), default=None)


def _oi(
    history: dict[datetime, Chain], moment: datetime | None, key: Any, expiry: Any = None
) -> int | None:
    """Of a strike then; with an `expiry`, of that contract alone."""
    row = history[moment].get(key) if moment is not None else None
    return None if row is None or (expiry and row.expiry != expiry) else row.oi


def _sum(values: Any) -> int | None:
    known = [value for value in values if value is not None]
    return sum(known) if known else None
