"""Pauses between attempts: longer each time, and never in step with anybody else's."""

import random


class Backoff:
    """Doubles from `first_s` to `longest_s`; each pause is between half of that and all of it.

    Many who wait for the same thing would otherwise all come back at the same moment
    (https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/).
    """

    def __init__(self, first_s: float, longest_s: float) -> None:
        self._first_s = first_s
        self._longest_s = longest_s
        self._full_s = first_s

    def next_s(self) -> float:
        """How long to wait before the next attempt, in seconds."""
        pause_s = self._full_s * random.uniform(0.5, 1.0)  # noqa: S311  # no secret
        self._full_s = min(2 * self._full_s, self._longest_s)
        return pause_s

    def reset(self) -> None:
        """Begin anew with the shortest pause: an attempt succeeded."""
        self._full_s = self._first_s
