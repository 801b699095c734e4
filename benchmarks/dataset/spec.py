"""How big a history is, and on which days it lies."""

from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from functools import cached_property

from benchmarks.errors import BenchmarkError
from db.market.exchanges import EXCHANGES

FULL_WIDTH = 0
SESSION_OPEN, SESSION_CLOSE = time(9, 15), time(15, 30)
_FULL_STRIKES = {"NSE": 113, "BSE": 155, "NSE_MONTHLY": 123, "BANKNIFTY_MONTHLY": 167}
_MAX_DAYS, _MAX_CADENCE_S, _MIN_STRIKES = 500, 30, 5


@dataclass(frozen=True)
class DatasetSpec:
    """The size of a history; equal specs give equal bytes.

    `strikes` is the width of each chain, or FULL_WIDTH for what the exchanges list (113 to 167);
    `cadence_s` the seconds between snapshots of 09:15–15:30 IST; `end` the last trading day.
    """

    days: int = 10
    strikes: int = 41
    cadence_s: int = 30
    end: date = date(2026, 8, 28)
    seed: int = 1

    def __post_init__(self) -> None:
        if not 1 <= self.days <= _MAX_DAYS:
            raise BenchmarkError(f"--days must be 1 to {_MAX_DAYS}, not {self.days}.")
        if not 1 <= self.cadence_s <= _MAX_CADENCE_S:
            raise BenchmarkError(
                f"--cadence must be 1 to {_MAX_CADENCE_S} s, not {self.cadence_s}."
            )
        widest = max(_FULL_STRIKES.values())
        if self.strikes != FULL_WIDTH and not _MIN_STRIKES <= self.strikes <= widest:
            raise BenchmarkError(
                f"--strikes must be {_MIN_STRIKES} to {widest}, or 0 for full-width chains, "
                f"not {self.strikes}."
            )

    @cached_property
    def trading_days(self) -> tuple[date, ...]:
        """The last `days` weekdays up to `end`, ascending."""
        return tuple(reversed([weekday_before(self.end, back) for back in range(self.days)]))

    @property
    def snapshots_per_day(self) -> int:
        """Instants a day and exchange: the session's seconds by the cadence."""
        return int((_seconds(SESSION_CLOSE) - _seconds(SESSION_OPEN)) // self.cadence_s)

    @property
    def last_instant(self) -> datetime:
        """The newest market time in the history (naive IST)."""
        opened = datetime.combine(self.trading_days[-1], SESSION_OPEN)
        return opened + timedelta(seconds=(self.snapshots_per_day - 1) * self.cadence_s)

    @property
    def rows(self) -> int:
        """Rows of option_chain_snapshots."""
        a_snapshot = sum(2 * self.strikes_of(exchange) for exchange in EXCHANGES)
        return a_snapshot * self.snapshots_per_day * self.days

    def strikes_of(self, exchange: str) -> int:
        """The number of strikes of one exchange's chain."""
        return self.strikes or _FULL_STRIKES[exchange]

    def sized(self, rows: int) -> "DatasetSpec":
        """The same history with as many trading days as come closest to `rows`."""
        a_day = replace(self, days=1).rows
        return replace(self, days=min(_MAX_DAYS, max(1, round(rows / a_day))))


def last_session(today: date) -> date:
    """The newest weekday before `today`."""
    return weekday_before(today - timedelta(days=1), 0)


def weekday_before(day: date, back: int) -> date:
    """The weekday that lies `back` weekdays before `day`, or before the Friday before it."""
    day -= timedelta(days=max(0, day.weekday() - 4))
    weeks, rest = divmod(back, 5)
    day -= timedelta(weeks=weeks)
    return day - timedelta(days=rest + (2 if rest > day.weekday() else 0))


def expiry_of(exchange: str, day: date) -> date:
    """The expiry of the chain that trades on `day`: Tuesday weekly (BSE Thursday), else the
    last Tuesday of the month, as the exchanges set them in 2026 (holidays left out)."""
    if EXCHANGES[exchange].is_weekly:
        wanted = 3 if EXCHANGES[exchange].options_segment == "BFO" else 1
        return day + timedelta(days=(wanted - day.weekday()) % 7)
    last = _last_tuesday(day.year, day.month)
    if last >= day:
        return last
    following = day.replace(day=1) + timedelta(days=32)
    return _last_tuesday(following.year, following.month)


def _last_tuesday(year: int, month: int) -> date:
    following = date(year + month // 12, month % 12 + 1, 1)
    last = following - timedelta(days=1)
    return last - timedelta(days=(last.weekday() - 1) % 7)


def _seconds(moment: time) -> int:
    return moment.hour * 3600 + moment.minute * 60 + moment.second
