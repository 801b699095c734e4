"""What was read lately: made once for a crowd, kept for a while, the least used given up first."""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

from app.cache.flight import SingleFlight

ValueT = TypeVar("ValueT")


class Kept(Generic[ValueT]):
    """At most `most` values by key. May be used by any thread."""

    def __init__(self, most: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._most = most
        self._clock = clock
        self._lock = threading.Lock()
        self._flights: SingleFlight[ValueT] = SingleFlight()
        self._values: OrderedDict[Hashable, tuple[float, Hashable, ValueT]] = OrderedDict()

    def get(
        self, key: Hashable, keep_s: float, make: Callable[[], ValueT], of: Hashable = None
    ) -> ValueT:
        """The value of `key`, made anew when it was made more than `keep_s` seconds ago.

        So it is when what it was made `of` is another by now.
        """

        def renew() -> ValueT:
            made_at = self._clock()
            made = make()
            with self._lock:
                self._values[key] = made_at, of, made
                self._values.move_to_end(key)
                while len(self._values) > self._most:
                    self._values.popitem(last=False)
            return made

        with self._lock:
            kept = self._values.get(key)
            if kept is not None:
                made_at, made_of, found = kept
                is_current = made_of == of and self._clock() - made_at < keep_s
                # what was unknown may be known by now
                if found is not None and is_current:
                    self._values.move_to_end(key)
                    return found
        return self._flights.do((key, of), renew)

    def __len__(self) -> int:
        return len(self._values)
