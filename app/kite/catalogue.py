"""The day's dump of instruments, fetched once, kept on disk, and the chains that follow from it."""

import contextlib
import gzip
import logging
import time
from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime
from pathlib import Path

from app.kite.errors import BrokerError
from app.kite.instruments import Dump, accepted, parsed
from app.kite.listing import Listing, listed
from db.backoff import Backoff
from db.errors import OIError
from db.market import calendar
from db.market.clock import IST
from db.market.exchanges import Exchange

_LOG = logging.getLogger("oi.kite")
_KEPT_DAYS = 5
_SHOWN = 5
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 5.0, 300.0

Fetch = Callable[[], str]
Store = Callable[[date, Dump], None]


class Catalogue:
    """Listings of any moment from the newest dump that is sound.

    `fetch` asks the broker for the dump's text, `store` is told of each day's dump once. A day
    whose dump cannot be had, or has shrunk by much, goes on with the last one; asking goes on.
    """

    def __init__(
        self,
        fetch: Fetch,
        folder: Path,
        exchanges: Iterable[Exchange],
        store: Store | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._fetch = fetch
        self._folder = folder
        self._exchanges = tuple(exchanges)
        self._store = store
        self._clock = clock
        self._dump: Dump | None = None
        self._day: date | None = None
        self._ask_after = 0.0
        self._pauses = Backoff(_FIRST_PAUSE_S, _LONGEST_PAUSE_S)
        self._listings: Mapping[str, Listing] = {}
        self._until: datetime | None = None

    def at(self, moment: datetime) -> Mapping[str, Listing]:
        """The chain of each key; the same object until something about it changes.

        Raises BrokerError while no dump at all is to be had.
        """
        day = moment.astimezone(IST).date()
        if day != self._day and self._clock() >= self._ask_after:
            self._renew(day)
        if self._dump is None:
            raise BrokerError("There is no dump of instruments yet, so nothing can be followed.")
        if self._until is None or moment >= self._until:
            self._listings = listed(self._dump, self._exchanges, moment)
            ends = [calendar.expiry_instant(each.expiry) for each in self._listings.values()]
            self._until = min((end for end in ends if end > moment), default=None)
        return self._listings

    def _renew(self, day: date) -> None:
        if self._dump is None:
            self._dump = self._newest_kept()
        kept = self._kept(day)
        try:
            dump = kept if kept is not None else self._fetched(day)
        except OIError as error:
            self._ask_after = self._clock() + self._pauses.next_s()
            _LOG.warning("%s", error)
            return
        self._pauses.reset()
        self._dump, self._day, self._until = dump, day, None
        if self._store is not None:
            self._store(day, dump)

    def _fetched(self, day: date) -> Dump:
        text = self._fetch()
        dump = accepted(parsed(text), self._dump)
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

    def _kept(self, day: date) -> Dump | None:
        return _read(self._path(day))

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


def _read(path: Path) -> Dump | None:
    try:
        return parsed(gzip.decompress(path.read_bytes()).decode())
    except FileNotFoundError:
        return None
    except (OSError, EOFError, ValueError, OIError) as error:
        _LOG.warning("%s cannot be read (%s); asking the broker again", path, error)
        return None
