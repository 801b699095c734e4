"""What routes take beside their path, by endpoint: words of the address, and bodies.

The routes check all of it themselves; this tells it to programs.
"""

from collections.abc import Mapping
from typing import Any

from app.desk.alerts.rules import KINDS, MOST_COOLDOWN_S
from app.desk.paper.orders import KEY, PRICE_LIMIT, SYMBOL
from app.web.asked import LONGEST
from db.market.limits import (
    CHANGE_MINUTES,
    MOST_DAYS,
    MOST_FRAMES,
    MOST_STRIKES,
    PAPER_MOST_LEGS,
    PAPER_MOST_LOTS,
)

Schema = dict[str, Any]

_MOST_ID = 2**63 - 1
_TEXT: Schema = {"type": "string"}
_MOMENT: Schema = {"type": "string", "maxLength": LONGEST, "examples": ["2026-08-03T11:00:00"]}
_DAY: Schema = {"type": "string", "format": "date", "examples": ["2026-08-03"]}
_STRIKE: Schema = {"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 1e7}
_KEY: Schema = {"type": "string", "pattern": f"^{KEY.pattern}$"}
_SYMBOL: Schema = {"type": "string", "pattern": f"^{SYMBOL.pattern}$"}


def _whole(low: int, high: int) -> Schema:
    return {"type": "integer", "minimum": low, "maximum": high}


def _object(properties: Mapping[str, Schema], *required: str) -> Schema:
    return {"type": "object", "properties": dict(properties), "required": list(required)}


def _form(*required: str) -> Schema:
    return _object(dict.fromkeys(required, _TEXT), *required)


_LEG = _object(
    {
        "exchange": _TEXT,
        "symbol": _SYMBOL,
        "side": {"enum": ["B", "S"]},
        "lots": _whole(1, PAPER_MOST_LOTS),
        "limit": {"type": ["number", "null"], "exclusiveMinimum": 0, "maximum": PRICE_LIMIT},
    },
    *("exchange", "symbol", "side", "lots"),
)
_RULE = {
    "params": {"type": "object"},
    "repeats": {"type": "boolean"},
    "cooldown_s": _whole(0, MOST_COOLDOWN_S),
}
_SERIES: dict[str, Schema] = {
    "day": _DAY,
    "at": _MOMENT,
    "strike": _STRIKE,
    "strikes": _TEXT,
    "side": {"enum": ["CE", "PE"]},
    "days": _whole(1, MOST_DAYS),
    "around": _whole(1, MOST_STRIKES),
}
_NEXT = {"next": {"type": "string", "maxLength": 2000}}

QUERIES: Mapping[str, Mapping[str, Schema]] = {
    "pages.dashboard": {"exchange": _TEXT, "at": _MOMENT},
    "auth.login": _NEXT,
    "api.state": {"book": {"enum": ["0", "1"]}},
    "api.data": {"strikes": _whole(1, MOST_STRIKES)},
    "api.chain_as_csv": {"at": _MOMENT},
    "past.as_of": {"at": _MOMENT, "from": _MOMENT, "count": _whole(1, MOST_FRAMES)},
    "past.moments": {"day": _DAY},
    "series.series": _SERIES,
    "series.series_as_csv": _SERIES,
    "compared.comparison": {
        "with": {"enum": [*map(str, CHANGE_MINUTES), "close"]},
        "at": _MOMENT,
    },
    "compared.breaches": {"at": _MOMENT},
    "alerts.events": {"limit": _whole(1, 200), "before": _whole(0, _MOST_ID)},
    "paper.payoff": {"underlying": _TEXT, "legs": _TEXT},
    "signals.signals": {"at": _MOMENT},
    "viewing.live": {"follow": _TEXT},
    "broker.callback": {"state": _TEXT, "request_token": _TEXT, "status": _TEXT},
}
"""By endpoint, what may stand behind the `?` of its address; all of it may be left out."""

FORMS: Mapping[str, Schema] = {
    "auth.sign_in": _object(
        dict.fromkeys(("csrf", "username", "password", "code"), _TEXT),
        *("csrf", "username", "password"),
    ),
    "factor.begin": _form("csrf", "password"),
    "factor.confirm": _form("csrf", "code"),
    "factor.remove": _form("csrf", "password", "code"),
    "kite.begin": _form("csrf"),
    "auth.sign_out": _form("csrf"),
    "auth.sign_out_everywhere": _form("csrf"),
    "broker.login": _form("csrf"),
}
"""Bodies of a page's own forms; `csrf` is a word that the page holds."""

_LEGS: Schema = {"type": "array", "items": _LEG, "minItems": 1, "maxItems": PAPER_MOST_LEGS}

BODIES: Mapping[str, Schema] = {
    "alerts.make": _object(
        {"exchange": _TEXT, "kind": {"enum": list(KINDS)}, **_RULE}, "exchange", "kind", "params"
    ),
    "alerts.change": _object({"enabled": {"type": "boolean"}, **_RULE}),
    "paper.place": _object(
        {"key": _KEY, "legs": _LEGS, "rests": {"type": "boolean"}}, "key", "legs"
    ),
    "paper.close": _object(
        {"key": _KEY, "position_id": _whole(1, _MOST_ID), "all": {"const": True}}, "key"
    ),
    "paper.cancel": _object({"order_id": _whole(1, _MOST_ID)}, "order_id"),
    "paper.place_order": _object({}),
    "signals.feedback": _object(
        {"exchange": _TEXT, "signal_id": _MOMENT, "actual_outcome": {"enum": [-1, 0, 1]}},
        *("exchange", "signal_id", "actual_outcome"),
    ),
}
"""Bodies of JSON."""
