"""What a page is sent of the past: one moment, a run of them, and what there is to choose from."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any

from app.cache import Cache, Region
from app.chains.bodies import Encoded, Packed
from app.chains.history import History
from app.chains.past.chain import DayBaselines, day_baselines, past_chain
from app.chains.past.moments import CLOSED_S, Instants, Moment, Moments
from app.chains.state import Chain
from app.chains.wire import delta_between, full_message, phases
from db.market.calendar import Instrument, session, usual_session
from db.market.clock import IST
from db.market.exchanges import EXCHANGES, exchange_named

if TYPE_CHECKING:
    from db.queries.past import StoredDay

STATUS = "past"

# a snapshot of today may still be corrected by rows that come late
_TODAY_S = 5.0
# what a contract takes in memory: its row with all that is made of it, and its OI of a moment
_ROW_BYTES, _OI_BYTES, _DATE_BYTES = 4096, 400, 64
# a chain weighs as much as two dozen bodies
_SHARE = 0.25
_FOR_GOOD_S = float("inf")
_MS = timedelta(milliseconds=1)


class Past:
    """Answers for all viewers of a process; a crowd at one moment makes one read."""

    def __init__(self, source: History, cache: Cache, moments: Moments | None = None) -> None:
        self._source = source
        self._moments = moments or Moments(source, cache)
        self._bodies = cache.bodies("as of")
        self._chains: Region[Chain] = cache.values("past chains", _weight_of_chain, _SHARE)
        self._baselines: Region[DayBaselines] = cache.values("baselines", _weight_of_baselines)
        self._expiries: Region[date | None] = cache.values("expiries", lambda _: _DATE_BYTES)

    def moment(self, exchange: str, at: datetime) -> Moment:
        """The newest stored moment at or before `at` (aware).

        Raises InvalidInputError for an unknown exchange, NotStoredError where there is none, and
        the errors of a missing database.
        """
        exchange_named(exchange)
        return self._moments.found(exchange, at)

    def body(self, moment: Moment) -> Packed:
        """The whole chain of a moment with the ways from there."""
        ways = self._moments.ways(moment)
        key = (moment.exchange, moment.at, repr(ways))

        def make() -> bytes:
            message = full_message(self.chain(moment), STATUS)
            return Packed.of({**message, "moment": self._told(moment, ways)}).kept

        return Packed(self._bodies.get(key, _keep_s(moment), make))

    def chain(self, moment: Moment) -> Chain:
        """The chain of a moment."""

        def read() -> Chain:
            of_day = self._of_day(moment)
            with self._source.history() as connection:
                return past_chain(connection, moment, of_day)

        return self._chains.get((moment.exchange, moment.at), _keep_s(moment), read)

    def run(self, moment: Moment, count: int) -> Encoded:
        """A moment and those that follow, up to `count`: the first whole, then what changes."""
        frames: list[dict[str, Any]] = []
        shown: Chain | None = None
        for each in self._moments.following(moment, count):
            chain = self.chain(each)
            message = (
                full_message(chain, STATUS)
                if shown is None
                else delta_between(shown, chain, STATUS)
            )
            frames.append({**message, "moment": self._told(each, self._moments.ways(each))})
            shown = chain
        return Encoded.of({"exchange": moment.exchange, "frames": frames})

    def _told(self, moment: Moment, ways: Mapping[str, Any]) -> dict[str, Any]:
        """What a page is told of a moment beside its chain."""
        close = moment.previous_end
        return {
            "at": moment.at.isoformat(),
            "phase": phases(moment.at),
            "previous_close": self._of_day(moment).close_index,
            "previous_close_day": None if close is None else close.date().isoformat(),
            **ways,
        }

    def days(self, exchange: str) -> Encoded:
        """The stored days, each with its first and last instant, and whether it is archived."""
        from db.queries.past import first_outside_archive

        exchange_named(exchange)
        days = self._moments.days(exchange)
        with self._source.history() as connection:
            bound = first_outside_archive(connection, exchange)
        return Encoded.of(
            {
                "exchange": exchange,
                "days": [
                    {
                        "day": day.day.isoformat(),
                        "first": day.start.isoformat(),
                        "last": day.end.isoformat(),
                        "snapshots": day.snapshots,
                        "archived": bound is None or day.end < bound,
                    }
                    for day in days
                ],
            }
        )

    def instants(self, exchange: str, day: date) -> Encoded:
        """The instants of a day and its session's bounds, in ms since its midnight in IST."""
        exchange_named(exchange)
        instants = self._moments.day(exchange, day)
        return Encoded.of(
            {
                "exchange": exchange,
                "day": day.isoformat(),
                **_bounds(day, instants),
                "instants": [_ms(instant) for instant in instants],
            }
        )

    def expiries(self, exchange: str) -> Encoded:
        """Every stored expiry of the underlying: which chain held it last, from when until when.

        One is current that the newest stored day of its chain is of.
        """
        underlying = exchange_named(exchange).underlying_symbol
        keys = [e.key for e in EXCHANGES.values() if e.underlying_symbol == underlying]
        found: dict[date, dict[str, Any]] = {}
        for key in sorted(keys, key=lambda each: each != exchange):
            for expiry, held in self._held(key):
                entry = _expiry_entry(key, expiry, held, self._moments.days(key)[-1])
                known = found.get(expiry)
                if known is None or entry["last"] > known["last"]:
                    found[expiry] = entry
        listed = [found[expiry] for expiry in sorted(found)]
        return Encoded.of({"exchange": exchange, "underlying": underlying, "expiries": listed})

    def _held(self, exchange: str) -> "Iterable[tuple[date, list[StoredDay]]]":
        from db.queries.past import expiry_at

        by_expiry: dict[date, list[StoredDay]] = {}
        for day in self._moments.days(exchange):

            def read(day: "StoredDay" = day) -> date | None:
                with self._source.history() as connection:
                    return expiry_at(connection, exchange, day.end)

            # today's end is another with each snapshot: its contracts may change until it is over
            expiry = self._expiries.get((exchange, day), _FOR_GOOD_S, read)
            if expiry is not None:
                by_expiry.setdefault(expiry, []).append(day)
        return by_expiry.items()

    def _of_day(self, moment: Moment) -> DayBaselines:
        def read() -> DayBaselines:
            with self._source.history() as connection:
                return day_baselines(connection, moment)

        key = (moment.exchange, moment.at.date(), moment.instants[0], moment.previous_end)
        return self._baselines.get(key, CLOSED_S, read)


def _keep_s(moment: Moment) -> float:
    return CLOSED_S if moment.is_closed else _TODAY_S


def _weight_of_chain(chain: Chain) -> int:
    return _ROW_BYTES * len(chain.rows)


def _weight_of_baselines(found: DayBaselines) -> int:
    return _OI_BYTES * (len(found.day_open) + len(found.prev_close))


def _expiry_entry(
    key: str, expiry: date, held: "list[StoredDay]", newest: "StoredDay"
) -> dict[str, Any]:
    return {
        "expiry": expiry.isoformat(),
        "exchange": key,
        "first": held[0].start.isoformat(),
        "last": held[-1].end.isoformat(),
        "is_current": held[-1].day == newest.day,
    }


def _bounds(day: date, instants: Instants) -> dict[str, Any]:
    """The options' session, widened to what is stored beyond it, and the index's auction."""
    options = session(day) or usual_session(day)
    index = session(day, Instrument.INDEX) or usual_session(day, Instrument.INDEX)
    has_auction = index.prints > index.closes
    return {
        "opens": min(_ms(options.opens), _ms(instants[0])),
        "closes": max(_ms(options.closes), _ms(instants[-1])),
        "auction": [_ms(index.closes), _ms(index.prints)] if has_auction else None,
    }


def _ms(at: datetime) -> int:
    """Since midnight, up to the next whole one: the newest moment by then is that very one."""
    since = at - datetime.combine(at.date(), time.min, IST)
    return -(-since // _MS)
