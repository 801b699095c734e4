"""The parts of the push of one process, put together."""

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from app.chains.feeds import Feeds
from app.chains.states import ChainStates
from app.chains.wire import Ages, Clock, clock_message
from app.push.follower import Follower
from app.push.hub import Hub
from app.push.lacking import LackWatch
from app.push.reader import Reader
from app.push.sessions import SessionWatch

if TYPE_CHECKING:
    from sqlalchemy import URL

_READ_PATIENCE_S = 1.0


class Live:
    """Hub, reader, follower and the watches; unstarted until somebody needs them.

    `lacks` says what the server has to do without, in a sentence; it may wait a little. None where
    there is nothing that could lack.
    """

    def __init__(
        self,
        url: "Callable[[], URL]",
        states: ChainStates,
        feeds: Feeds,
        is_open: Callable[[str], bool],
        build: Callable[[], str],
        lacks: Callable[[], str | None] | None = None,
    ) -> None:
        self._states = states
        self._feeds = feeds
        self._build = build
        self.hub = Hub(self._refresh, self._clock)
        self._lacks = None if lacks is None else LackWatch(lacks, self.hub.remind_all)
        self._reader = Reader(states, feeds, self.hub)
        self._follower = Follower(url, states, self.hub, self._reader)
        self._sessions = SessionWatch(self.hub, is_open)

    def start(self) -> None:
        """Begin to follow the database; does nothing when it already does."""
        self._follower.start()
        self._sessions.start()
        if self._lacks is not None:
            self._lacks.start()

    @property
    def lacking(self) -> str | None:
        """What the server does without, as it was seen last."""
        return None if self._lacks is None else self._lacks.sentence

    @property
    def is_closed(self) -> bool:
        """Whether it was ended, and starts no more."""
        return self._follower.is_closed

    def close(self) -> None:
        """End all threads and let all viewers go."""
        self._follower.close()
        self._sessions.close()
        if self._lacks is not None:
            self._lacks.close()
        self._reader.close(_READ_PATIENCE_S)
        self.hub.close()

    def _clock(self, ages_s: Ages, problem: str | None) -> Clock:
        feeds = self._feeds.words(ages_s)
        return clock_message(ages_s, problem, feeds, self._build(), self.lacking)

    def _refresh(self, exchanges: Iterable[str]) -> None:
        """Publish what is known to be the newest at once, and let the rest be read."""
        for exchange in exchanges:
            state = self._states.fresh(exchange)
            if state is None:
                self._reader.want((exchange,))
            else:
                self.hub.publish(state)
