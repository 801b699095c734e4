"""What a first visit of the dashboard brings over the wire, for the widest chain there is."""

import random
import re
import time
import zlib
from datetime import UTC, datetime, timedelta
from math import exp
from typing import Any

import pytest
from flask.testing import FlaskClient

from app.chains.state import Chain, ChainState
from app.packing import GZIP
from db.market.limits import CHANGE_MINUTES
from db.queries.chain import LatestOption
from tests.support.chain_states import MARKET_TIME, head, option

_MOST_BYTES = 60_000
# SENSEX at its widest: 176 strikes
_STRIKES = [76_000.0 + 100 * n for n in range(176)]
_MONEY = 84_800.0
_LOT = 20


def _traded(strike: float, side: str, chance: random.Random) -> LatestOption:
    """A contract of which everything is known; far from the money little changes, as on a tape."""
    near = exp(-(((strike - _MONEY) / 2500) ** 2))
    held = int(chance.lognormvariate(6 + 3 * near, 1.2)) + 1
    volatility = 22 - 12 * near + chance.uniform(-0.5, 0.5)
    known: dict[str, Any] = {}
    for minutes in CHANGE_MINUTES:
        changes = chance.random() < 0.15 + 0.8 * near
        change = round(chance.gauss(0, held * minutes / 300)) if changes else 0
        change = max(change, 1 - held)
        known[f"oi_change_{minutes}m"] = change * _LOT
        known[f"pct_change_{minutes}m"] = change / (held - change) * 100 if held > change else None
    price = round(chance.lognormvariate(4, 2) * 20) / 20
    return option(
        strike,
        side,
        held * _LOT,
        exchange="BSE",
        symbol=f"SENSEX26AUG{strike:.0f}{side}",
        ltp=price,
        volume=int(chance.lognormvariate(4 + 8 * near, 1.5)) * _LOT,
        iv=volatility,
        iv_forward=volatility + (0.4 if side == "CE" else -0.6),
        theoretical_price=round(price * chance.uniform(0.97, 1.03), 2),
        delta=1 / (1 + exp((strike - _MONEY) / 600)) - (side == "PE"),
        prev_close_oi=int(held * chance.uniform(0.5, 1.5)) * _LOT,
        oi_at=datetime(2026, 8, 3, 5, tzinfo=UTC) - timedelta(seconds=chance.randrange(1800)),
        **known,
    )


def widest() -> ChainState:
    """352 contracts, as varied as those of the simulated market, and a little more."""
    chance = random.Random(1)  # noqa: S311 - figures, no secrets
    rows = tuple(_traded(strike, side, chance) for strike in _STRIKES for side in ("CE", "PE"))
    money = {"atm_strike": _MONEY, "underlying_price": 84_812.35, "max_pain": 84_500.0}
    chain = Chain("BSE", head(7, "BSE", contracts=len(rows), timestamp=MARKET_TIME, **money), rows)
    return ChainState(chain, time.monotonic(), 0.2)


def wire_bytes(client: FlaskClient, path: str, encodings: str) -> tuple[int, bytes]:
    """How much comes over the wire with an answer, its headers too, and its body."""
    answer = client.get(path, headers={"Accept-Encoding": encodings})
    assert answer.status_code == 200
    assert "Content-Encoding" in answer.headers
    return len(answer.data) + len(str(answer.headers)), answer.data


def test_a_first_load_of_the_widest_chain_is_under_sixty_kilobytes(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    state = widest()
    assert len(state.chain.rows) == 352
    services = client.application.extensions["oi"]
    monkeypatch.setattr(services.states, "current", lambda _: state)
    page_bytes, packed = wire_bytes(client, "/?exchange=BSE", "gzip")
    page = zlib.decompress(packed, GZIP).decode()
    assert page.count("<tr data-strike=") == len(_STRIKES)
    needed = set(re.findall(r'(?:modulepreload" href|module" src)="(/assets/[^"]+)"', page))
    assert needed
    asset_bytes = [wire_bytes(client, path, "br")[0] for path in needed]
    assert page_bytes + sum(asset_bytes) < _MOST_BYTES, (page_bytes, asset_bytes)
