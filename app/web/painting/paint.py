"""Everything that the first paint shows, of the very messages that the page is given with it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from app.web.painting import figures
from app.web.painting.headline import Fact, facts_of
from app.web.painting.levels import levels_of
from app.web.painting.table import EMPTY, Table, table_of
from app.web.painting.verdict import Market, Verdict, market_of, verdict_of
from db.market.limits import ITM_CHANGE_MINUTES

Message = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Paint:
    """What the template writes."""

    table: Table
    facts: dict[str, Fact]
    market: Market
    verdict: Verdict
    title: str
    day: str
    """The day of the figures as YYYY-MM-DD; empty without one."""

    @property
    def itm_minutes(self) -> int:
        """The span of the change in the money."""
        return ITM_CHANGE_MINUTES

    @property
    def longest(self) -> str:
        """The texts that columns must fit, as JSON."""
        return orjson.dumps(self.table.longest).decode()


def first_paint(
    first: Message | None, clock: Message, problem: str | None, exchange: str, label: str
) -> Paint:
    """The dashboard of an exchange, of a full and a clock message (`app/chains/wire.py`)."""
    summary = None if first is None else first["summary"]
    market = market_of(summary, clock["phase"])
    verdict = verdict_of(
        summary,
        market,
        clock["ages"].get(exchange),
        problem,
        clock["feeds"].get(exchange),
        label,
    )
    strikes = 0 if first is None else _count(first)
    return Paint(
        table=EMPTY if first is None or _is_bare(first) else _table(first),
        facts=facts_of(
            summary,
            clock["phase"],
            strikes,
            {} if first is None else _levels(first),
            is_silent=verdict.is_silent,
        ),
        market=market,
        verdict=verdict,
        title=_title(summary, market, verdict, label),
        day=((summary or {}).get("last_update") or "")[:10],
    )


def _is_bare(first: Message) -> bool:
    """Whether nothing has arrived yet."""
    return first["summary"]["updated_at"] is None


def _table(first: Message) -> Table:
    return table_of(first["summary"], first["fields"], first["legs"])


def _levels(first: Message) -> dict[tuple[float, str], str]:
    strike, side, oi = (list(first["fields"]).index(name) for name in ("strike", "side", "oi"))
    held = {(leg[strike], leg[side]): leg[oi] for leg in first["legs"]}
    return levels_of(first["summary"], held)


def _count(first: Message) -> int:
    at = list(first["fields"]).index("strike")
    return len({leg[at] for leg in first["legs"]})


def _title(summary: Mapping[str, Any] | None, market: Market, verdict: Verdict, label: str) -> str:
    price = label if summary is None else f"{figures.price(summary['underlying_price'])} {label}"
    return " · ".join(filter(None, (verdict.prefix, market.words, price, "OI Gemini")))
