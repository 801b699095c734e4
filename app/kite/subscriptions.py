"""Who follows which instruments, counted, and dealt to as few connections as will carry them."""

from collections.abc import Callable, Iterable, Sequence

from app.kite import limits
from app.kite.ticker import Link, LinkState, Login, SharedBoard, spread

_ORDER = (
    *(LinkState.LOGIN_NEEDED, LinkState.WAITING, LinkState.RECONNECTING, LinkState.MUTE),
    *(LinkState.CONNECTING, LinkState.LIVE, LinkState.STOPPED),
)


class Subscriptions:
    """All links of one account; letting go of one chain never silences another."""

    def __init__(
        self,
        root: str,
        login: Login,
        should_trade: Callable[[], bool],
        connections: int = limits.TICKER_CONNECTIONS,
        tokens_each: int = limits.TICKER_TOKENS,
    ) -> None:
        self.shared = SharedBoard()
        self._root = root
        self._login = login
        self._should_trade = should_trade
        self._connections = connections
        self._tokens_each = tokens_each
        self._users: dict[str, tuple[int, ...]] = {}
        self._links: list[Link] = []

    @property
    def state(self) -> LinkState:
        """That of the link which is worst off; STOPPED without any."""
        states = {link.state for link in self._links} or {LinkState.STOPPED}
        return next(state for state in _ORDER if state in states)

    def follow(self, user: str, tokens: Sequence[int]) -> None:
        """Have these instruments followed for `user`, the first ones first; () lets go of all."""
        if tokens:
            self._users[user] = tuple(tokens)
        else:
            self._users.pop(user, None)
        self._deal()

    def reconnect(self) -> None:
        """Make every connection anew."""
        for link in self._links:
            link.reconnect()

    def close(self) -> None:
        """Hang up everywhere."""
        for link in self._links:
            link.close()
        self._links.clear()

    def _deal(self) -> None:
        parts = spread(_in_turn(self._users.values()), self._connections, self._tokens_each)
        self.shared.widen([token for part in parts for token in part])
        while len(self._links) < len(parts):
            link = Link(self._root, self._login, self.shared, self._should_trade)
            self._links.append(link)
            link.start()
        while len(self._links) > max(len(parts), 1):
            self._links.pop().close()
        for link, part in zip(self._links, parts or [()], strict=False):
            link.follow(part)


def _in_turn(users: Iterable[Sequence[int]]) -> list[int]:
    """One instrument of each user in turn, so that all chains begin at the money."""
    lists = [list(tokens) for tokens in users]
    longest = max(map(len, lists), default=0)
    return [tokens[n] for n in range(longest) for tokens in lists if n < len(tokens)]
