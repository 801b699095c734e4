"""The chains as the monitoring page sees them: how old, and whether a collector is behind each."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from app.web.monitoring.ages import ought_to_be_new
from app.web.monitoring.view import View
from db.market.exchanges import EXCHANGES, Exchange
from db.market.limits import SLOW_AFTER_S, STALE_AFTER_S

if TYPE_CHECKING:
    from db.queries.feeds import CollectorLease

_LEASE_LOST_S = 5.0


@dataclass(frozen=True, slots=True)
class Chain:
    """A key's chain; `age_s` is None where there is none yet, `source` where nobody says."""

    exchange: Exchange
    age_s: float | None
    source: str | None
    lease: "CollectorLease | None"

    @property
    def is_of_now(self) -> bool:
        """Whether it ought to be renewed each second: it was lately, or the market is open."""
        return self.age_s is not None and ought_to_be_new(self.age_s, self.source)

    @property
    def is_led(self) -> bool:
        """Whether a collector has renewed its lease lately."""
        return self.lease is not None and self.lease.renewed_s < _LEASE_LOST_S

    @property
    def word(self) -> str:
        """How it is."""
        if self.age_s is None or not self.is_of_now:
            return "–"
        if self.age_s > STALE_AFTER_S:
            return "failing"
        return "slow" if self.age_s > SLOW_AFTER_S else "ok"


def chains(view: View) -> Iterator[Chain]:
    """Those of which anything is known, aged by how long ago that was read."""
    part = view.parts["collectors"]
    if part.value is None:
        return
    ages, leases = part.value["ages"], part.value["leases"]
    for key, exchange in EXCHANGES.items():
        if key in ages or key in leases:
            known = ages.get(key)
            age_s = None if known is None else known.age_s + (part.age_s or 0.0)
            source = None if known is None else known.source
            yield Chain(exchange, age_s, source, leases.get(key))
