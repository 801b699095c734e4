"""One state of an exchange on its way to the viewers, encoded once however many there are.

There are two forms of each message: with the book of orders, for pages that show it, and without.
"""

from dataclasses import dataclass, field

import orjson

from app.chains.state import ChainState, Order
from app.chains.wire import delta_message, full_body
from app.push.frames import Frame

# what a viewer has: a state it was sent, or the sequence that its page names
Seen = Order | int | None


@dataclass(frozen=True)
class Broadcast:
    """One state of an exchange as frames, each made when the first viewer needs it."""

    state: ChainState
    previous: ChainState | None = None
    _made: dict[tuple[bool, bool], Frame] = field(default_factory=dict, compare=False, repr=False)

    def frame_for(self, seen: Seen, *, book: bool) -> Frame | None:
        """What a viewer lacks who has `seen`; None if nothing."""
        if _shows(self.state, seen):
            return None
        follows = self.previous is not None and _shows(self.previous, seen)
        if (follows, book) not in self._made:
            self._made[follows, book] = self._delta(book) if follows else self._full(book)
        return self._made[follows, book]

    def _full(self, book: bool) -> Frame:
        return Frame(full_body(self.state, book=book).body)

    def _delta(self, book: bool) -> Frame:
        before = self.state if self.previous is None else self.previous
        return Frame(orjson.dumps(delta_message(before.chain, self.state, book=book)))


def _shows(state: ChainState, seen: Seen) -> bool:
    return seen is not None and seen in (state.order, state.chain.sequence)
