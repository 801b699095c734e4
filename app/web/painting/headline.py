"""The head lines and the footer of the first paint, as `front/chain/headline.js` writes them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from app.web.painting import figures
from db.market.limits import SLOW_AFTER_S

Summary = Mapping[str, Any]
Phase = Mapping[str, str]
_QUIET = 0.05


@dataclass(frozen=True, slots=True)
class Fact:
    """What stands in a place of the page, and its classes."""

    text: str
    classes: str = ""


def facts_of(
    summary: Summary | None,
    phase: Phase,
    strikes: int,
    levels: Mapping[tuple[float, str], str],
    *,
    is_silent: bool,
) -> dict[str, Fact]:
    """By the name of their place, the figures around a chain; dashes without one.

    `levels` are the marks of support and resistance by strike and side; of a chain that is
    `is_silent` no signal is told.
    """
    if summary is None:
        dashes = {name: Fact(figures.DASH) for name in (*_FACTS, *_FOOT, "legs", "levels")}
        return {
            **dashes,
            "market_day": Fact(""),
            "day_change": Fact("", "small"),
            "auction": Fact("", "small muted"),
        }
    facts = {name: write(summary) for name, write in _FACTS.items()}
    facts |= {name: Fact(write(summary)) for name, write in _FOOT.items()}
    if is_silent and summary["ml_signal"] is not None:
        facts["signal"] = Fact(f"{figures.DASH}, no signal", "muted")
    facts["legs"] = Fact(f"{strikes} strikes · {_counted(summary) or _all_legs(summary)}")
    facts["levels"] = Fact(f"{_level(levels, 'S1')} / {_level(levels, 'R1')}")
    # of the days before only the script knows
    facts["day_change"] = Fact(figures.DASH, "small muted")
    facts["auction"] = Fact(_index_age(summary, phase), "small muted")
    return facts


def _index_age(summary: Summary, phase: Phase) -> str:
    """What stands beside an index that is older than the chain under it."""
    at, now = summary["underlying_at"], summary["last_update"]
    late_s = (_instant(now) - _instant(at)).total_seconds() if at and now else 0.0
    clock = figures.market_clock(at) if late_s > SLOW_AFTER_S else None
    if _is_auction(summary, phase):
        return "auction" if clock is None else f"auction, last {clock}"
    return "" if clock is None else f"of {clock}, {figures.duration(late_s)} before the chain"


def _level(levels: Mapping[tuple[float, str], str], name: str) -> str:
    return figures.strike(next((key[0] for key, mark in levels.items() if mark == name), None))


def _baseline(summary: Summary) -> Fact:
    """The day that the changes of the day count from, without its year."""
    at = summary["prev_close_at"]
    return Fact(figures.DASH if at is None else figures.market_weekday(at).rpartition(" ")[0])


def _plain(name: str, write: Callable[[Any], str]) -> Callable[[Summary], Fact]:
    return lambda summary: Fact(write(summary[name]))


def _beside_index(name: str) -> Callable[[Summary], Fact]:
    def fact(summary: Summary) -> Fact:
        value, index = summary[name], summary["underlying_price"]
        if value is None or index is None:
            return Fact(figures.price(value))
        return Fact(f"{figures.price(value)} {figures.signed(value - index)}")

    return fact


def _itm(side: str) -> Callable[[Summary], Fact]:
    def fact(summary: Summary) -> Fact:
        change = summary[f"itm_{side}_oi_change"]
        if change is None:
            return Fact(figures.DASH)
        tone = "" if abs(change) < _QUIET else "added" if change > 0 else "closed"
        return Fact(f"{figures.percent(change)} %", tone)

    return fact


def _breadth(summary: Summary) -> Fact:
    calls, puts = (figures.share(summary[f"itm_{side}_breadth"]) for side in ("ce", "pe"))
    return Fact(f"{calls} / {puts}")


def _to_expiry(summary: Summary) -> Fact:
    if not summary["expires_at"] or not summary["last_update"]:
        return Fact(figures.DASH)
    # counted from the chain's own market time, so that it is right for a replayed day too
    left = _instant(summary["expires_at"]) - _instant(summary["last_update"])
    return Fact(figures.remaining(left.total_seconds()))


def _signal(summary: Summary) -> Fact:
    signal, confidence = summary["ml_signal"], summary["ml_confidence"]
    if signal is None:
        why = summary["ml_rationale"].partition(":")[0]
        return Fact(f"{figures.DASH}, {why}", "muted")
    return Fact(signal if confidence is None else f"{signal} {figures.share(confidence)}")


_FACTS: Mapping[str, Callable[[Summary], Fact]] = {
    "underlying_name": _plain("underlying_name", str),
    "underlying_price": _plain("underlying_price", figures.price),
    "future": _beside_index("underlying_future_price"),
    "forward": _beside_index("forward"),
    "vix": _plain("vix", figures.ratio),
    "pcr": _plain("pcr", figures.ratio),
    "pcr_volume": _plain("pcr_volume", figures.ratio),
    "max_pain": _plain("max_pain", figures.strike),
    "itm_ce": _itm("ce"),
    "itm_pe": _itm("pe"),
    "breadth": _breadth,
    "atm_iv": _plain("atm_iv_forward", figures.decimal),
    "straddle": _plain("straddle", figures.price),
    "to_expiry": _to_expiry,
    "baseline": _baseline,
    "signal": _signal,
}
_FOOT: Mapping[str, Callable[[Summary], str]] = {
    "expiry": lambda summary: figures.market_date(summary["expiry"]),
    "market_time": lambda summary: figures.market_clock(summary["last_update"]),
    "market_day": lambda summary: (
        figures.market_date(summary["last_update"]) if summary["last_update"] else ""
    ),
    "sequence": lambda summary: figures.integer(summary["sequence"]),
}


def _is_auction(summary: Summary, phase: Phase) -> bool:
    # a replay's clock is not the one that the phase is of
    present = summary["source"] != "replayed"
    return present and phase["options"] == "open" and phase["index"] == "auction"


def _counted(summary: Summary) -> str:
    known, contracts = summary["oi_known"], summary["contracts"]
    if known is None or known == contracts:
        return ""
    return f"OI of {figures.integer(known)} of {figures.integer(contracts)} legs known"


def _all_legs(summary: Summary) -> str:
    return f"{figures.integer(summary['contracts'])} legs"


def _instant(iso: str) -> datetime:
    return datetime.fromisoformat(iso)
