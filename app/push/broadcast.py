"""One state of an exchange on its way to the viewers, encoded once however many there are."""

from dataclasses import dataclass
from functools import cached_property

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

    @cached_property
    def full(self) -> Frame:
        """The whole state."""
        return Frame(full_body(self.state).body)

    @cached_property
    def delta(self) -> Frame:
        """What leads here from the state before."""
        before = self.state if self.previous is None else self.previous
        return Frame(orjson.dumps(delta_message(before.chain, self.state)))

    def frame_for(self, seen: Seen) -> Frame | None:
        """What a viewer lacks who has `seen`; None if nothing."""
        if _shows(self.state, seen):
            return None
        follows = self.previous is not None and _shows(self.previous, seen)
        return self.delta if follows else self.full


def _shows(state: ChainState, seen: Seen) -> bool:
    return seen is not None and seen in (state.order, state.chain.sequence)
