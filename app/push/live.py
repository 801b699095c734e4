"""The parts of the push of one process, put together."""

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from app.chains.feeds import Feeds
from app.chains.states import ChainStates
from app.push.follower import Follower
from app.push.hub import Hub
from app.push.reader import Reader
from app.push.sessions import SessionWatch

if TYPE_CHECKING:
    from sqlalchemy import URL

_READ_PATIENCE_S = 1.0


class Live:
    """Hub, reader, follower and the watch on sessions; unstarted until somebody needs them."""

    def __init__(
        self,
        url: "Callable[[], URL]",
        states: ChainStates,
        feeds: Feeds,
        is_open: Callable[[str], bool],
        build: Callable[[], str],
    ) -> None:
        self._states = states
        self.hub = Hub(self._refresh, feeds.words, build)
        self._reader = Reader(states, feeds, self.hub)
        self._follower = Follower(url, states, self.hub, self._reader)
        self._sessions = SessionWatch(self.hub, is_open)

    def start(self) -> None:
        """Begin to follow the database; does nothing when it already does."""
        self._follower.start()
        self._sessions.start()

    @property
    def is_closed(self) -> bool:
        """Whether it was ended, and starts no more."""
        return self._follower.is_closed

    def close(self) -> None:
        """End all threads and let all viewers go."""
        self._follower.close()
        self._sessions.close()
        self._reader.close(_READ_PATIENCE_S)
        self.hub.close()

    def _refresh(self, exchanges: Iterable[str]) -> None:
        """Publish what is known to be the newest at once, and let the rest be read."""
        for exchange in exchanges:
            state = self._states.fresh(exchange)
            if state is None:
                self._reader.want((exchange,))
            else:
                self.hub.publish(state)
