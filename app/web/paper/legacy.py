"""The old system's two routes of paper trading, on the same books."""

from collections.abc import Mapping
from secrets import token_hex
from typing import TYPE_CHECKING, Any

from app.web.paper.forms import rounded, total_mtm
from db.errors import InvalidInputError
from db.market.exchanges import exchange_named
from db.market.limits import PAPER_MOST_LOTS

if TYPE_CHECKING:
    from app.desk.paper.desk import Desk
    from app.desk.paper.marks import Mark
    from app.desk.paper.orders import Order

Form = dict[str, Any]

_NAMES = ("exchange", "symbol", "type", "side", "price", "qty", "key")
_TYPES = ("CE", "PE", "MARKET", "LIMIT")


def order(desk: "Desk", asked: Mapping[str, Any]) -> "Order":
    """The order that the old system's JSON stands for.

    `qty` is in units, `price` what the caller saw; only a `type` of LIMIT makes it a bound. CE and
    PE name the side of the chain, which the symbol does too. Raises InvalidInputError.
    """
    from app.desk.paper.orders import order_of, symbol_of

    strange = sorted(set(asked) - set(_NAMES))
    if strange:
        raise InvalidInputError(f"An order has no {strange[0][:40]!r}.")
    exchange = exchange_named(str(asked.get("exchange", ""))).key
    symbol = symbol_of(asked.get("symbol"))
    kind = _kind(asked.get("type"), symbol)
    lots = _lots(asked.get("qty"), desk.lot(exchange, symbol))
    leg = {"exchange": exchange, "symbol": symbol, "side": asked.get("side"), "lots": lots}
    leg["limit"] = asked.get("price") if kind == "LIMIT" else None
    return order_of({"key": asked.get("key") or f"legacy-{token_hex(12)}", "legs": [leg]})


def placed(desk: "Desk", owner: str, asked: "Order") -> Form:
    """Fill it; what the old system answered then."""
    done = desk.place(owner, asked)
    (fill,) = done.fills
    mark = next((m for m in desk.marks(owner) if m.position.id == fill.position_id), None)
    return {
        "success": True,
        "message": f"{fill.symbol}: {fill.reason}.",
        "position_id": fill.position_id,
        "position": None if mark is None else _position(mark),
    }


def positions(desk: "Desk", owner: str, exchange: str) -> Form:
    """What is open under an exchange key, and what was realised there."""
    exchange_named(exchange)
    marks = tuple(m for m in desk.marks(owner) if m.position.exchange == exchange)
    return {
        "open_positions": [_position(mark) for mark in marks],
        "total_mtm": rounded(total_mtm(marks)),
        "closed_pnl": rounded(desk.realised(owner, exchange)),
    }


def _position(mark: "Mark") -> Form:
    held = mark.position
    return {
        "id": held.id,
        "exchange": held.exchange,
        "symbol": held.symbol,
        "type": held.option_type,
        "side": "B" if held.units > 0 else "S",
        "qty": abs(held.units),
        "entry_price": held.average_price,
        "current_price": mark.exit_price,
        "mtm": rounded(mark.mtm),
        "entry_time": held.opened.isoformat(),
    }


def _kind(value: Any, symbol: str) -> str:
    kind = "MARKET" if value is None else value
    if kind not in _TYPES:
        raise InvalidInputError(f"type must be one of {', '.join(_TYPES)}.")
    if kind in ("CE", "PE") and not symbol.endswith(kind):
        raise InvalidInputError(f"{symbol} is no {kind}.")
    return str(kind)


def _lots(qty: Any, lot: int) -> int:
    if type(qty) is not int or not 0 < qty <= PAPER_MOST_LOTS * lot or qty % lot:
        raise InvalidInputError(f"qty is in units: a multiple of the lot of {lot}.")
    return int(qty // lot)
