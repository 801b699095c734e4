"""The chain of one stored instant, with what history does not hold of it computed anew.

It is what the newest chain was then: totals, PCR, max pain and the changes of open interest follow
the rules of the live edge (`LIVE_EDGE_SQL` in `db/schema/live_edge.py`), greeks and the forward
those of the collector.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from math import nan
from typing import TYPE_CHECKING, Any

from app.chains.carry import carry_before, is_wanted, known_index, options_of
from app.chains.past.moments import Instants, Moment
from app.chains.state import Chain
from db.errors import NotStoredError
from db.market.limits import CHANGE_MINUTES

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from db.queries.chain import LatestOption, StoredOption
    from db.queries.past import Context, ContractOi, Key
    from db.queries.snapshots import Snapshot
    from db.queries.summary import ChainSummary

    OiOf = Mapping[Key, ContractOi]

_US = 1_000_000
# how far back a change of open interest is looked for; exchanges tell it anew every three minutes
_OI_SPAN = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class DayBaselines:
    """Open interest at a day's first snapshot and at the last one before it, with its index."""

    day_open: "OiOf"
    prev_close: "OiOf"
    close_index: float | None


def past_chain(connection: "Connection", moment: Moment, of_day: DayBaselines) -> Chain:
    """The chain of a moment; raises NotStoredError when its rows are gone, ChainFaultError for
    rows of which no page can be made."""
    from db.queries.chain import chain_at
    from db.queries.past import context_at, oi_at, oi_changed
    from db.queries.signals import signal_at
    from db.queries.snapshots import snapshot_at

    exchange, at = moment.exchange, moment.at
    stored = chain_at(connection, exchange, at)
    totals = snapshot_at(connection, exchange, at)
    if not stored or totals is None or totals.timestamp != at:
        raise NotStoredError(f"The chain of {exchange} at {at:%Y-%m-%d %H:%M:%S} is gone.")
    before = _instants_before(moment.instants, at)
    held = oi_at(connection, exchange, sorted(set(before.values())))
    baselines = {n: held.get(instant, {}) for n, instant in before.items()}
    index = known_index(stored)
    carry = carry_before(connection, exchange, at) if is_wanted(at, index) else nan
    computed = _computed(stored, at, _nan(index), carry)
    changed = oi_changed(connection, exchange, max(moment.instants[0], at - _OI_SPAN), at)
    rows = tuple(
        _row(exchange, row, baselines, of_day, computed.of.get((row.strike, row.option_type)))
        for row in stored
    )
    rows = tuple(row._replace(oi_at=changed.get((row.strike, row.option_type))) for row in rows)
    head = _head(moment, rows, totals, context_at(connection, exchange, at), computed.forward)
    chain = Chain(exchange, head, rows, signal_at(connection, exchange, at))
    chain.demand_sound()
    return chain


def day_baselines(connection: "Connection", moment: Moment) -> DayBaselines:
    """What open interest of a moment's day is compared with."""
    from db.queries.past import oi_at
    from db.queries.snapshots import snapshot_at

    exchange, opening = moment.exchange, moment.instants[0]
    day_open = oi_at(connection, exchange, [opening]).get(opening, {})
    close = moment.previous_end
    if close is None:
        return DayBaselines(day_open, {}, None)
    held = oi_at(connection, exchange, [close]).get(close, {})
    totals = snapshot_at(connection, exchange, close)
    return DayBaselines(day_open, held, None if totals is None else totals.underlying_price)


def _instants_before(instants: Instants, at: datetime) -> dict[int, datetime]:
    """By minutes: which instant of the day a change over so many is measured against."""
    from app.analytics.baselines import baseline_position

    found: dict[int, datetime] = {}
    for minutes in CHANGE_MINUTES:
        place = baseline_position(instants, at, minutes)
        if place is not None:
            found[minutes] = instants[place]
    return found


@dataclass(frozen=True, slots=True)
class _Computed:
    """By contract, in the order of `_VALUED`; of contracts without an expiry nothing is."""

    forward: float | None
    of: "Mapping[Key, Sequence[float | None]]"


_VALUED = ("iv_forward", "theoretical_price", "delta", "gamma", "theta", "vega")


def _computed(
    stored: "Sequence[StoredOption]", at: datetime, index: float, carry: float
) -> _Computed:
    import numpy as np

    from app.analytics.valuation import finite, valued

    options = options_of(stored)
    if options is None:
        return _Computed(None, {})
    found = valued(options, at, index, carry)
    greeks = found.greeks
    columns = (
        *(found.iv_forward, found.theoretical_price),
        *(finite(each) for each in (greeks.delta, greeks.gamma, greeks.theta, greeks.vega)),
    )
    values = zip(*(_listed(column) for column in columns), strict=True)
    keys: list[Key] = [
        (strike, "CE" if is_call else "PE")
        for strike, is_call in zip(found.strike.tolist(), found.is_call.tolist(), strict=True)
    ]
    forward = float(np.round(found.forward, 2))
    return _Computed(_known(forward), dict(zip(keys, values, strict=True)))


def _row(
    exchange: str,
    row: "StoredOption",
    baselines: "Mapping[int, OiOf]",
    of_day: DayBaselines,
    computed: Sequence[float | None] | None,
) -> "LatestOption":
    from db.queries.chain import LatestOption, expiry_of

    key = (row.strike, row.option_type)
    given = row._asdict() | {"exchange": exchange, "expiry": expiry_of(row)}
    for minutes in CHANGE_MINUTES:
        before = _held(baselines.get(minutes, {}).get(key))
        given[f"oi_change_{minutes}m"] = _difference(row.oi, before)
        percent = f"pct_change_{minutes}m"
        # what its writer stored stands: it may have remembered more than history holds
        if given[percent] is None:
            given[percent] = _percent(row.oi, before)
    given["day_open_oi"] = _held(of_day.day_open.get(key), given["expiry"])
    given["prev_close_oi"] = _held(of_day.prev_close.get(key), given["expiry"])
    given.update(zip(_VALUED, computed or (None,) * len(_VALUED), strict=True))
    return LatestOption(**given)


def _held(then: "ContractOi | None", expiry: date | None = None) -> int | None:
    """OI of a strike then; None where it was listed for another expiry, another contract."""
    if then is None or (expiry and then.expiry and then.expiry != expiry):
        return None
    return then.oi


def _head(
    moment: Moment,
    rows: "Sequence[LatestOption]",
    totals: "Snapshot",
    context: "Context",
    forward: float | None,
) -> "ChainSummary":
    from db.queries.summary import ChainSummary

    atm, straddle = _at_the_money(rows, totals)
    told = context.told
    return ChainSummary(
        exchange=moment.exchange,
        timestamp=moment.at,
        sequence=int(moment.at.timestamp() * _US),
        updated_at=moment.at,
        age_s=None,
        contracts=len(rows),
        oi_known=sum(row.oi is not None for row in rows),
        expiry=min((row.expiry for row in rows if row.expiry is not None), default=None),
        atm_strike=atm,
        underlying_price=known_index(rows),
        straddle=straddle,
        atm_iv=_mean(row.iv for row in rows if row.strike == atm),
        forward=forward,
        atm_iv_forward=_iv_at(rows, forward),
        **_of_open_interest(rows, totals),
        **{name: getattr(context, name) for name in _CONTEXT},
        future_symbol=told.future_symbol,
        context_at=moment.at,
        day_open_at=moment.instants[0],
        prev_close_at=moment.previous_end,
        source=told.source,
        underlying_at=told.underlying_at,
        lot_size=told.lot_size,
    )


_CONTEXT = (
    *("future_price", "future_oi", "vix", "itm_oi_ce_pct_change", "itm_oi_pe_pct_change"),
    *("percent_oichange_fut_3m", "atm_shift_intensity", "itm_ce_breadth", "itm_pe_breadth"),
)


def _at_the_money(
    rows: "Sequence[LatestOption]", totals: "Snapshot"
) -> tuple[float | None, float | None]:
    """The strike at the money and its straddle: where the chain's writer saw it, who may have known
    more than the index; of a writer that named none, or several, the one nearest to the index."""
    seen = {row.strike for row in rows if row.moneyness == "ATM"}
    if len(seen) != 1 or totals.atm_strike in seen:
        return totals.atm_strike, totals.straddle
    (atm,) = seen
    prices = [row.ltp for row in rows if row.strike == atm and row.ltp is not None]
    return atm, sum(prices) if len(prices) == 2 else None


def _iv_at(rows: "Sequence[LatestOption]", forward: float | None) -> float | None:
    """On the forward, at the strike nearest to it."""
    if forward is None:
        return None
    nearest = min((abs(row.strike - forward), row.strike) for row in rows)[1]
    return _mean(row.iv_forward for row in rows if row.strike == nearest)


def _of_open_interest(rows: "Sequence[LatestOption]", totals: "Snapshot") -> dict[str, Any]:
    import numpy as np

    from app.analytics.open_interest import max_pain

    strike = np.array([row.strike for row in rows])
    is_call = np.array([row.option_type == "CE" for row in rows])
    oi = np.array([row.oi for row in rows], dtype=np.float64)
    return {
        "oi_ce": totals.oi_ce,
        "oi_pe": totals.oi_pe,
        "volume_ce": totals.volume_ce,
        "volume_pe": totals.volume_pe,
        "pcr": _ratio(totals.oi_pe, totals.oi_ce),
        "pcr_volume": _ratio(totals.volume_pe, totals.volume_ce),
        "max_pain": _known(float(max_pain(strike, is_call, oi))),
    }


def _difference(now: int | None, before: int | None) -> int | None:
    return None if now is None or before is None else now - before


def _percent(now: int | None, before: int | None) -> float | None:
    return (now - before) / before * 100 if now is not None and before else None


def _ratio(puts: int | None, calls: int | None) -> float | None:
    return puts / calls if puts is not None and calls else None


def _mean(values: "Iterator[float | None]") -> float | None:
    known = [value for value in values if value is not None]
    return sum(known) / len(known) if known else None


def _listed(column: Any) -> list[float | None]:
    return [_known(value) for value in column.tolist()]


def _nan(value: float | None) -> float:
    return float("nan") if value is None else value


def _known(value: float) -> float | None:
    return value if value == value else None
