"""One state of an exchange on its way to the viewers, encoded once however many there are."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from app.chains.states import ChainState
from app.chains.wire import LiveView, delta_message, full_message
from app.push.frames import Frame


@dataclass(frozen=True)
class Broadcast:
    """One state of an exchange as frames, each made when the first viewer needs it."""

    state: ChainState
    view: LiveView
    previous: LiveView | None

    @classmethod
    def after(cls, last: "Broadcast | None", state: ChainState) -> "Broadcast":
        """The broadcast that follows `last`."""
        return cls(state, LiveView.of(state), last.view if last else None)

    @property
    def identity(self) -> Any:
        """Tells this state from others."""
        return self.view.identity

    @cached_property
    def full(self) -> Frame:
        """The whole state."""
        return Frame(full_message(self.view))

    @cached_property
    def delta(self) -> Frame:
        """What leads here from the state before."""
        return Frame(delta_message(self.previous or self.view, self.view))

    def frame_for(self, seen: Any) -> Frame:
        """What a viewer needs whose last state was `seen`."""
        follows = self.previous is not None and seen == self.previous.identity
        return self.delta if follows else self.full
