"""What is followed: who asks for which exchanges, the newest broadcast of each, and its trouble."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from app.chains.state import ChainState
from app.push.broadcast import Broadcast
from app.push.viewer import Viewer
from app.push.wishes import Follow


@dataclass
class Topic:
    """One exchange; `problem` stands until the next state of it arrives.

    `aged` is the newest broadcast's state as it was read last, which knows its age best.
    """

    latest: Broadcast | None = None
    aged: ChainState | None = None
    problem: str | None = None
    viewers: set[Viewer] = field(default_factory=set)

    def take(self, state: ChainState) -> bool:
        """Go on to a state; one that was overtaken on its way here is left out.

        Whether it follows another one, so that viewers wait for it.
        """
        self.problem = None
        if self.aged is None or state.order >= self.aged.order:
            self.aged = state
        if self.latest is None:
            self.latest = Broadcast(state)
            return False
        is_next = state.order > self.latest.state.order
        if is_next:
            self.latest = Broadcast(state, self.latest.state)
        return is_next

    def age_s(self) -> float | None:
        """How old is what this topic shows."""
        return None if self.aged is None else self.aged.age_s()


class Topics:
    """All that anybody follows; used by the hub's thread alone."""

    def __init__(self) -> None:
        self._topics: dict[str, Topic] = {}

    def __getitem__(self, exchange: str) -> Topic:
        return self._topics.setdefault(exchange, Topic())

    def watched(self) -> frozenset[str]:
        """The exchanges somebody follows."""
        return frozenset(name for name, topic in self._topics.items() if topic.viewers)

    def follow(self, viewer: Viewer, wanted: Follow) -> None:
        """Let a viewer follow these and nothing else."""
        self.leave(viewer)
        viewer.begin(wanted)
        for exchange in wanted:
            self[exchange].viewers.add(viewer)

    def leave(self, viewer: Viewer) -> None:
        """Let a viewer follow nothing."""
        for exchange in viewer.seen:
            self[exchange].viewers.discard(viewer)

    def problem(self, exchanges: Iterable[str]) -> str | None:
        """What stands in the way of any of these."""
        return next((found for name in exchanges if (found := self[name].problem)), None)

    def ages_s(self, exchanges: Iterable[str]) -> dict[str, float | None]:
        """How old each of these is."""
        return {name: self[name].age_s() for name in exchanges}
