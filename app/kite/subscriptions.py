"""Who follows which instruments, counted, and dealt to as few connections as will carry them."""

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from functools import partial

from app.kite import limits
from app.kite.shared import SharedBoard
from app.kite.ticker import Link, LinkState, Login, Waits
from db.errors import OIError

_ORDER = (
    *(LinkState.LOGIN_NEEDED, LinkState.WAITING, LinkState.RECONNECTING, LinkState.MUTE),
    *(LinkState.CONNECTING, LinkState.LIVE, LinkState.STOPPED),
)
_END_S = 12.0
"""Longer than a handshake that nobody answers may take."""


class TooManyInstrumentsError(OIError):
    """More is to be followed than the broker's ticker carries."""


class Subscriptions:
    """All links of one account; letting go of one chain never silences another.

    May be used by any thread. `connections` links carry `tokens_each` instruments at most.
    """

    def __init__(
        self,
        root: str,
        login: Login,
        should_trade: Callable[[], bool],
        *,
        shared: SharedBoard | None = None,
        connections: int = limits.TICKER_CONNECTIONS,
        tokens_each: int = limits.TICKER_TOKENS,
        waits: Waits | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.shared = shared or SharedBoard()
        self._link = partial(Link, root, login, self.shared, should_trade, waits, clock)
        self._connections = connections
        self._tokens_each = tokens_each
        self._lock = threading.Lock()
        self._users: dict[str, tuple[int, ...]] = {}
        self._links: list[Link] = []
        self._idle: list[Link] = []
        self._is_closed = False

    @property
    def state(self) -> LinkState:
        """That of the link which is worst off; STOPPED without any."""
        with self._lock:
            states = {link.state for link in self._links} or {LinkState.STOPPED}
        return next(state for state in _ORDER if state in states)

    def follow(self, user: str, tokens: Sequence[int]) -> None:
        """Have these instruments followed for `user`, the first ones first; () lets go of all.

        Raises TooManyInstrumentsError, and leaves everything as it was, when all links together
        cannot carry what is wanted.
        """
        with self._lock:
            if self._is_closed:
                return
            users = {**self._users, user: tuple(tokens)}
            if not tokens:
                del users[user]
            held = [link.wanted for link in self._links]
            parts = dealt(_in_turn(users.values()), held, self._connections, self._tokens_each)
            self._users = users
            self._deal(parts)

    def reconnect(self) -> None:
        """Make every connection anew."""
        with self._lock:
            for link in self._links:
                link.reconnect()

    def close(self) -> None:
        """Hang up everywhere, for good."""
        with self._lock:
            self._is_closed = True
            ending = [*self._links, *self._idle]
            self._links.clear()
            self._idle.clear()
        for link in ending:
            link.stop()
        for link in ending:
            link.join(_END_S)

    def _deal(self, parts: Sequence[Sequence[int]]) -> None:
        self.shared.widen([token for part in parts for token in part])
        while len(self._links) < len(parts):
            self._links.append(self._link())
            self._links[-1].start()
        for link, part in zip(self._links, parts, strict=True):
            link.follow(part)
        # one is kept, so that a chain which comes back need not wait for a handshake
        idle = [link for link in self._links[1:] if not link.wanted]
        for link in idle:
            link.stop()
            self._links.remove(link)
        self._idle = [link for link in (*self._idle, *idle) if link.is_running]


def dealt(
    tokens: Sequence[int], held: Sequence[Sequence[int]], links: int, most: int
) -> list[tuple[int, ...]]:
    """What each link is to follow: what it does already, and new ones where there is room.

    `tokens` (no doubles) are in the order of their importance, `held` is what each link follows
    now. Raises TooManyInstrumentsError when all links together cannot carry them.
    """
    if len(tokens) > links * most:
        raise TooManyInstrumentsError(
            f"{len(tokens):,} instruments are more than the broker's ticker carries "
            f"({links} connections of {most:,}); follow fewer strikes."
        )
    at = {token: number for number, part in enumerate(held) for token in part}
    parts: list[list[int]] = [[] for _ in held]
    kept = Counter(at[token] for token in tokens if token in at)
    room = [most - kept[number] for number in range(len(held))]
    for token in tokens:
        number = at.get(token)
        if number is None:
            number = next((n for n, left in enumerate(room) if left > 0), len(room))
            if number == len(room):
                parts.append([])
                room.append(most)
            room[number] -= 1
        parts[number].append(token)
    return [tuple(part) for part in parts]


def _in_turn(users: Iterable[Sequence[int]]) -> list[int]:
    """One instrument of each user in turn, each once, so that all chains begin at the money."""
    lists = [list(tokens) for tokens in users]
    longest = max(map(len, lists), default=0)
    turns = (tokens[n] for n in range(longest) for tokens in lists if n < len(tokens))
    return list(dict.fromkeys(turns))
