"""Paper trading as JSON: plain values, None for unknown."""

from dataclasses import asdict
from math import isfinite
from typing import TYPE_CHECKING, Any

from db.market.clock import IST

if TYPE_CHECKING:
    from app.desk.paper.desk import Desk
    from app.desk.paper.ledger import Placed
    from app.desk.paper.margin import Margin
    from app.desk.paper.marks import Mark
    from app.desk.paper.risk import Outlook, Risk
    from db.queries.paper import PaperFill, PaperOrder

Form = dict[str, Any]

_PAISA = 2


def account(desk: "Desk", owner: str) -> Form:
    """Everything that a page shows of a user's paper trading."""
    from app.desk.paper.resting import legs_asked

    marks = desk.marks(owner)
    history = desk.history(owner, marks)
    today = history.present.astimezone(IST).date()
    return {
        "at": history.present.isoformat(),
        "positions": [position(mark) for mark in marks],
        "mtm": rounded(total_mtm(marks)),
        "realised_today": rounded(sum(day.realised for day in history.days if day.day == today)),
        "risk": [_risk(risk) for risk in desk.risks(marks)],
        "days": [
            {
                "day": day.day.isoformat(),
                "fills": day.fills,
                "realised": rounded(day.realised),
                "open": rounded(day.open),
                "total": rounded(day.total),
                "charges": rounded(day.charges),
                "net": rounded(day.net),
            }
            for day in history.days
        ],
        "resting": [
            {**_order(order, ()), "legs": [asdict(leg) for leg in legs_asked(order.asked)]}
            for order in history.resting
        ],
        "orders": [_order(order, fills) for order, fills in history.orders],
    }


def total_mtm(marks: "tuple[Mark, ...]") -> float | None:
    """What closing all would realise; None while one price is unknown."""
    from app.desk.paper.marks import total

    return total(mark.mtm for mark in marks)


def position(mark: "Mark") -> Form:
    """A position with its mark; prices a unit."""
    held, quote = mark.position, mark.quote
    return {
        "id": held.id,
        "exchange": held.exchange if quote is None else quote.contract.exchange,
        "symbol": held.symbol,
        "expiry": held.expiry.isoformat(),
        "strike": held.strike,
        "option_type": held.option_type,
        "lot_size": held.lot_size,
        "lots": held.units / held.lot_size,
        "units": held.units,
        "average_price": held.average_price,
        "realised": rounded(held.realised),
        "opened": held.opened.isoformat(),
        "exit_price": mark.exit_price,
        "quoted_at": None if quote is None else quote.at.isoformat(),
        "mtm": rounded(mark.mtm),
        "has_expired": mark.has_expired,
        "greeks": asdict(mark.greeks),
    }


def placed(order: "Placed") -> Form:
    """An order with its fills."""
    return {"order": _order(order.order, order.fills), "repeated": order.repeated}


def outlook(found: "Outlook") -> Form:
    """A payoff; an extreme without limit is None, and said to be so."""
    extremes = found.payoff.extremes
    now = found.payoff.now
    return {
        "underlying": found.underlying,
        "index": found.index,
        "expiry": found.expiry.isoformat(),
        "levels": [round(float(level), _PAISA) for level in found.payoff.levels],
        "at_expiry": [rounded(float(value)) for value in found.payoff.at_expiry],
        "now": None if now is None else [rounded(float(value)) for value in now],
        "breakevens": [round(level, _PAISA) for level in extremes.breakevens],
        "most_gain": rounded(extremes.gain),
        "most_loss": rounded(extremes.loss),
        "gain_is_unlimited": not isfinite(extremes.gain),
        "loss_is_unlimited": not isfinite(extremes.loss),
        "margin_estimate": _margin(found.margin),
        "charges": rounded(found.charges),
    }


def _order(order: "PaperOrder", fills: "tuple[PaperFill, ...]") -> Form:
    return {
        "id": order.id,
        "key": order.key,
        "kind": order.kind,
        "status": order.status,
        "ends": None if order.ends is None else order.ends.isoformat(),
        "placed_at": order.placed_at.isoformat(),
        "fills": [
            {
                "position_id": fill.position_id,
                "exchange": fill.exchange,
                "symbol": fill.symbol,
                "side": "B" if fill.units > 0 else "S",
                "lots": abs(fill.units) / fill.lot_size,
                "units": fill.units,
                "price": fill.price,
                "at": fill.timestamp.isoformat(),
                "realised": rounded(fill.realised),
                "reason": fill.reason,
            }
            for fill in fills
        ],
    }


def _risk(risk: "Risk") -> Form:
    return {
        "underlying": risk.underlying,
        **asdict(risk.greeks),
        "margin_estimate": _margin(risk.margin),
    }


def _margin(margin: "Margin | None") -> Form | None:
    if margin is None:
        return None
    return {
        "scan": rounded(margin.scan),
        "exposure": rounded(margin.exposure),
        "total": rounded(margin.total),
        "price_range_pct": round(margin.price_range * 100, 2),
    }


def rounded(value: float | None) -> float | None:
    """Rupees to the paisa; what has no limit is no number."""
    return None if value is None or not isfinite(value) else round(value, _PAISA) + 0.0
