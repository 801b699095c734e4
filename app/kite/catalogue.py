"""The day's dump of instruments, fetched once, kept on disk, and the chains that follow from it."""

import contextlib
import gzip
import logging
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime, timedelta
from pathlib import Path

from app.kite.errors import BrokerError, LoginNeededError
from app.kite.instruments import Dump, accepted, alive, parsed
from app.kite.listing import Listing, listed
from app.telemetry.timing import timed
from db.backoff import Backoff
from db.errors import OIError
from db.market import calendar
from db.market.clock import IST
from db.market.exchanges import Exchange

_LOG = logging.getLogger("oi.kite")
_KEPT_DAYS = 5
_SHOWN = 5
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 5.0, 300.0
_LOGIN_PAUSE_S = 1.0
_LOOK_AGAIN = timedelta(minutes=1)
_RENEWED_AT = timedelta(hours=8, minutes=30)
"""After midnight: when the broker's dump of the day is there."""

Fetch = Callable[[], str]
Store = Callable[[date, Dump], None]
Run = Callable[[Callable[[], None]], None]


def in_background(work: Callable[[], None]) -> None:
    """Run it in a thread of its own, which ends with the process at the latest."""
    threading.Thread(target=work, name="instruments", daemon=True).start()


class Catalogue:
    """Listings of any moment from the newest dump that is sound; whoever asks never waits.

    `fetch` asks the broker for the dump's text, `store` is told of each day's dump once; both run
    by `run`, in the background. A day whose dump cannot be had, or has shrunk by much, goes on
    with the last one; asking goes on.
    """

    def __init__(
        self,
        fetch: Fetch,
        folder: Path,
        exchanges: Iterable[Exchange],
        store: Store | None = None,
        *,
        run: Run = in_background,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._fetch = fetch
        self._folder = folder
        self._exchanges = tuple(exchanges)
        self._store = store
        self._run = run
        self._clock = clock
        self._lock = threading.Lock()
        self._is_working = False
        self._dump: Dump | None = None
        self._day: date | None = None
        self._stored: date | None = None
        self._needs_login = False
        self._problem = "The dump of instruments is not here yet, so nothing can be followed."
        self._ask_after = 0.0
        self._pauses = Backoff(_FIRST_PAUSE_S, _LONGEST_PAUSE_S)
        self._listed_of: Dump | None = None
        self._listings: Mapping[str, Listing] = {}
        self._until: datetime | None = None

    def at(self, moment: datetime) -> Mapping[str, Listing]:
        """The chain of each key; the same object until something about it changes.

        Raises BrokerError while no dump at all is to be had, LoginNeededError where that is why.
        """
        self._have_renewed(day_of_dump(moment))
        with self._lock:
            dump, problem, needs_login = self._dump, self._problem, self._needs_login
        if dump is None:
            raise LoginNeededError(problem) if needs_login else BrokerError(problem)
        if dump is not self._listed_of or self._until is None or moment >= self._until:
            self._listings = listed(dump, self._exchanges, moment)
            self._listed_of = dump
            ends = [calendar.expiry_instant(each.expiry) for each in self._listings.values()]
            later = [end for end in ends if end > moment]
            self._until = min(later, default=moment + _LOOK_AGAIN)
        return self._listings

    @property
    def keys(self) -> tuple[str, ...]:
        """The exchange keys whose chains it tells."""
        return tuple(each.key for each in self._exchanges)

    @property
    def dump(self) -> Dump | None:
        """The newest dump that is sound; None while none is to be had."""
        with self._lock:
            return self._dump

    def _have_renewed(self, day: date) -> None:
        with self._lock:
            is_done = self._day == day and (self._store is None or self._stored == day)
            if is_done or self._is_working or self._clock() < self._ask_after:
                return
            self._is_working = True
        self._run(lambda: self._renew(day))

    def _renew(self, day: date) -> None:
        try:
            if self._day != day:
                self._take(day, self._found(day))
            if self._store is not None and self._dump is not None:
                self._store(day, self._dump)
                self._stored = day
            self._pauses.reset()
        except Exception as error:
            self._put_off(error)
        finally:
            with self._lock:
                self._is_working = False

    def _take(self, day: date, dump: Dump) -> None:
        with self._lock:
            self._dump, self._day = dump, day

    def _put_off(self, error: Exception) -> None:
        needs_login = isinstance(error, LoginNeededError)
        if not isinstance(error, OIError):
            _LOG.error("the dump of instruments cannot be taken up", exc_info=error)
        elif not needs_login:
            _LOG.warning("%s", error)
        pause_s = _LOGIN_PAUSE_S if needs_login else self._pauses.next_s()
        with self._lock:
            self._needs_login = needs_login
            self._problem = f"{error} Until then nothing can be followed."
            self._ask_after = self._clock() + pause_s

    @timed("load instruments")
    def _found(self, day: date) -> Dump:
        """The day's dump, kept or fetched; what is kept of an earlier day is shown meanwhile."""
        kept = _read(self._path(day))
        if kept is not None:
            return kept
        last = self._dump or self._newest_kept()
        if last is not None and self._dump is None:
            with self._lock:
                self._dump = last
        text = self._fetch()
        dump = accepted(parsed(text), alive(last, day) if last else None)
        for row in dump.quarantined[:_SHOWN]:
            _LOG.warning("line %d of the dump is set aside: %s", row.line, row.reason)
        _LOG.info("instruments of %s: %s rows", day, f"{len(dump):,}")
        # a disk without room costs the copy, not the day
        with contextlib.suppress(OSError):
            self._keep(day, text)
        return dump

    def _keep(self, day: date, text: str) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        draft = self._path(day).with_suffix(".partial")
        draft.write_bytes(gzip.compress(text.encode(), compresslevel=4))
        draft.replace(self._path(day))
        for old in self._files()[:-_KEPT_DAYS]:
            old.unlink(missing_ok=True)

    def _newest_kept(self) -> Dump | None:
        for path in reversed(self._files()):
            found = _read(path)
            if found is not None:
                return found
        return None

    def _files(self) -> list[Path]:
        return sorted(self._folder.glob("instruments-*.csv.gz"))

    def _path(self, day: date) -> Path:
        return self._folder / f"instruments-{day}.csv.gz"


def day_of_dump(moment: datetime) -> date:
    """The day whose dump holds: the broker makes it anew at half past eight in the morning.

    https://kite.trade/docs/connect/v3/market-quotes/#instruments
    """
    return (moment.astimezone(IST) - _RENEWED_AT).date()


def _read(path: Path) -> Dump | None:
    try:
        return parsed(gzip.decompress(path.read_bytes()).decode())
    except FileNotFoundError:
        return None
    except (OSError, EOFError, ValueError, OIError) as error:
        _LOG.warning("%s cannot be read (%s); asking the broker again", path, error)
        return None
