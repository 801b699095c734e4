"""What one socket follows, and which of it has changed since it was sent."""

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.kite.standin.listing import Listings
from app.kite.standin.market import State
from app.kite.standin.packets import MODES, QUOTE, TICK, Rows, changed

MOST_TOKENS = 3000

Places = NDArray[np.int64]


class Subscriptions:
    """Tokens of a socket with their modes."""

    def __init__(self) -> None:
        self.modes: dict[int, str] = {}
        self._listings: Listings | None = None
        self._last: Rows | None = None
        self._known: NDArray[np.bool_] = np.zeros(0, np.bool_)
        self._places: dict[str, Places] = {}

    def apply(self, message: Any) -> list[int]:
        """Do what a client's message asks; the tokens it wants to see at once.

        Raises ValueError with the broker's words for a message that makes no sense.
        """
        action, value = _parts(message)
        if action == "mode":
            mode, tokens = _mode(value)
            found = [token for token in tokens if token in self.modes]
            self.modes.update(dict.fromkeys(found, mode))
        else:
            found = _tokens(value)
            if action == "subscribe":
                self._subscribe(found)
            else:
                for token in found:
                    self.modes.pop(token, None)
                found = []
        self._places.clear()
        self._forget(found)
        return found

    def due(self, state: State, tokens: Iterable[int] | None = None) -> Iterator[tuple[str, Rows]]:
        """By mode, rows that differ from what was sent last; of all tokens, or of these."""
        self._align(state.listings)
        if self._last is None:
            raise AssertionError("aligned just now")
        only = None if tokens is None else self._listed(tokens)
        for mode, places in self._places.items():
            wanted = places if only is None else np.intersect1d(places, only)
            now = state.rows[wanted]
            is_due = ~self._known[wanted] | changed(now, self._last[wanted], mode)
            if is_due.any():
                yield mode, now[is_due]

    def sent(self, rows: Rows) -> None:
        """These rows have reached the client."""
        if self._listings is None or self._last is None:
            raise AssertionError("only what was due can have been sent")
        places = self._listed(rows["token"].tolist())
        self._last[places] = rows
        self._known[places] = True

    def _subscribe(self, tokens: list[int]) -> None:
        fresh = {token for token in tokens if token not in self.modes}
        if len(self.modes) + len(fresh) > MOST_TOKENS:
            raise ValueError(f"Maximum of {MOST_TOKENS} instruments can be subscribed.")
        self.modes |= dict.fromkeys(fresh, QUOTE)

    def _forget(self, tokens: list[int]) -> None:
        if self._listings is not None:
            self._known[self._listed(tokens)] = False

    def _align(self, listings: Listings) -> None:
        """Tokens of another day's dump stand at other places."""
        if listings is not self._listings:
            self._listings = listings
            self._last = np.zeros(len(listings.rows), TICK)
            self._known = np.zeros(len(listings.rows), np.bool_)
            self._places.clear()
        if not self._places:
            for mode in MODES:
                tokens = [token for token, chosen in self.modes.items() if chosen == mode]
                self._places[mode] = self._listed(tokens)

    def _listed(self, tokens: Iterable[int]) -> Places:
        place = self._listings.place if self._listings else {}
        found = sorted({place[token] for token in tokens if token in place})
        return np.array(found, dtype=np.int64)


def _parts(message: Any) -> tuple[str, Any]:
    if not isinstance(message, dict) or message.get("a") not in (
        "subscribe",
        "unsubscribe",
        "mode",
    ):
        raise ValueError("Invalid message.")
    return message["a"], message.get("v")


def _mode(value: Any) -> tuple[str, list[int]]:
    if not isinstance(value, list) or len(value) != 2 or value[0] not in MODES:
        raise ValueError("Invalid mode.")
    return value[0], _tokens(value[1])


def _tokens(value: Any) -> list[int]:
    if not isinstance(value, list) or not all(type(token) is int for token in value):
        raise ValueError("Invalid tokens.")
    return value
