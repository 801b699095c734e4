"""The figures that rules are about, read from the newest chain; unknown is None."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from app.desk.alerts.judging import Figures
from app.desk.alerts.rules import ON_OLD_DATA, Rule
from db.market.calendar import Phase, phase
from db.market.exchanges import EXCHANGES
from db.market.limits import FEED_LOST_RINGS_AFTER_S, STALE_AFTER_S

if TYPE_CHECKING:
    from db.queries.chain import LatestOption
    from db.queries.feeds import FeedState
    from db.queries.summary import ChainSummary

NOBODY = "no collector"


@dataclass(frozen=True, slots=True)
class Sight:
    """What is known of an exchange at one moment, all of one snapshot of the database.

    Many rules are about the same changes: `changes` keeps those that were read of the rows.
    """

    exchange: str
    now: datetime
    head: "ChainSummary | None" = None
    rows: "Sequence[LatestOption]" = ()
    feed: "FeedState | None" = None
    changes: dict[tuple[object, ...], Figures] = field(default_factory=dict, compare=False)

    @property
    def is_fresh(self) -> bool:
        """Whether the chain is of now; of an older one nothing rings but its age."""
        age_s = None if self.head is None else self.head.age_s
        return age_s is not None and age_s <= STALE_AFTER_S

    @property
    def expiry(self) -> str | None:
        """The day that the chain's contracts expire on."""
        known = None if self.head is None else self.head.expiry
        return None if known is None else known.isoformat()


def needs_rows(rule: Rule) -> bool:
    """Whether a rule is about contracts rather than the head line."""
    return rule.kind == "oi_change" or "strike" in rule.params


def figures(rule: Rule, sight: Sight) -> Figures:
    """The figures of a rule by what each is of; `{"": None}` where nothing is known."""
    if rule.kind not in ON_OLD_DATA and not sight.is_fresh:
        return {"": None}
    if "expiry" in rule.params and rule.params["expiry"] != sight.expiry:
        return {"": None}
    if rule.kind == "oi_change":
        return _changes(rule, sight)
    if needs_rows(rule):
        return {"": _of_contract(rule, sight)}
    return {"": _of_feed(rule, sight) if rule.kind in ON_OLD_DATA else _of_head(rule, sight)}


def _of_head(rule: Rule, sight: Sight) -> float | None:
    head = sight.head
    if head is None:
        return None
    found: float | None = getattr(head, _HEAD[rule.kind])
    return found


# the page's own figures: IV is that on the forward
_HEAD = {
    "pcr": "pcr",
    "max_pain": "max_pain",
    "price": "underlying_price",
    "iv": "atm_iv_forward",
    "straddle": "straddle",
}
_CONTRACT = {"price": "ltp", "iv": "iv_forward"}


def _of_contract(rule: Rule, sight: Sight) -> float | None:
    wanted = (rule.params["strike"], rule.params["side"])
    found: float | None = next(
        (
            getattr(row, _CONTRACT[rule.kind])
            for row in sight.rows
            if (row.strike, row.option_type) == wanted
        ),
        None,
    )
    return found


def _changes(rule: Rule, sight: Sight) -> Figures:
    params = rule.params
    stem = "pct_change" if params["unit"] == "percent" else "oi_change"
    name = f"{stem}_{params['minutes']}m"
    key = (name, *(params.get(part) for part in ("strike", "side", "within")))
    if key not in sight.changes:
        chosen = [row for row in sight.rows if _is_meant(rule, row, sight)]
        sight.changes[key] = {
            f"{row.strike:g} {row.option_type}": getattr(row, name) for row in chosen
        }
    return sight.changes[key]


def _is_meant(rule: Rule, row: "LatestOption", sight: Sight) -> bool:
    params = rule.params
    if params.get("side", row.option_type) != row.option_type:
        return False
    if params.get("strike", row.strike) != row.strike:
        return False
    if "within" not in params:
        return True
    atm = None if sight.head is None else sight.head.atm_strike
    step = EXCHANGES[sight.exchange].strike_step
    return atm is not None and abs(row.strike - atm) <= params["within"] * step


def _of_feed(rule: Rule, sight: Sight) -> float | None:
    if rule.kind == "age":
        # between sessions nothing new is no news
        is_session = phase(sight.now) is not Phase.CLOSED
        return sight.head.age_s if is_session and sight.head is not None else None
    if sight.feed is None:
        return None
    is_lost = sight.feed.unheard_s > FEED_LOST_RINGS_AFTER_S
    return float((NOBODY if is_lost else sight.feed.state) == rule.params["word"])
