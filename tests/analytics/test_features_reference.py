"""Each column of ml_features against a slow reading of its definition, on chains with holes."""

from math import isnan, nan

import numpy as np
import pytest

from app.analytics.black_scholes import greeks
from app.analytics.features import ChainFigures, features
from db.schema import ml_features

SEED = 20261126
STEP = 50.0
YEARS = 5 / 365
# what no feed brings, and what is beside the features
ELSEWHERE = {"timestamp", "exchange", "created_at", "feature_payload", "news_sentiment_score"}


def chains(count: int) -> ChainFigures:
    """So many instants of one chain; some of everything is unknown."""
    rng = np.random.default_rng(SEED)
    strikes = np.arange(25_000.0, 27_050.0, STEP)
    strike = rng.permutation(np.tile(strikes, 2))
    is_call = np.zeros(len(strike), dtype=bool)
    for each in strikes:
        is_call[rng.choice(np.flatnonzero(strike == each))] = True
    shape = count, len(strike)
    index = 26_000 + 100 * rng.normal(size=count)
    volatility = np.abs(0.10 - 0.02 * (strike - 26_000) / 500 + 0.004 * rng.normal(size=shape))

    def some(values: np.ndarray, share: float = 0.05) -> np.ndarray:
        return np.where(rng.random(values.shape) < share, nan, values)

    volatility = some(volatility)
    return ChainFigures(
        strike=strike,
        is_call=is_call,
        oi=some(rng.integers(0, 5000, shape) * 65.0),
        oi_before=some(rng.integers(0, 5000, shape) * 65.0),
        volume=some(rng.integers(0, 50_000, shape) * 65.0),
        volatility=volatility,
        greeks=greeks(is_call, index[:, None], strike, YEARS, volatility),
        underlying=index,
        future=some(index + 90, 0.2),
        future_oi=some(rng.integers(1, 9, count) * 1e6, 0.2),
        future_oi_before=some(rng.integers(0, 9, count) * 1e6, 0.2),
        vix=some(12 + rng.normal(size=count), 0.2),
        hours_to_expiry=rng.uniform(1, 200, count),
        step=STEP,
    )


class Slow:
    """One instant, contract by contract."""

    def __init__(self, state: ChainFigures, i: int, recent: np.ndarray) -> None:
        self.state, self.i = state, i
        self.recent = recent[i].tolist()
        self.spot = float(state.underlying[i])
        self.atm = min(sorted(set(state.strike.tolist())), key=lambda k: abs(k - self.spot))

    def of(self, name: str, j: int) -> float:
        return float(getattr(self.state, name)[self.i, j])

    def legs(self, side: str) -> list[int]:
        return [j for j, call in enumerate(self.state.is_call) if call == (side == "ce")]

    def in_the_money(self, side: str) -> list[int]:
        """ATM and five strikes below it for calls, above it for puts."""
        sign = -1 if side == "ce" else 1
        away = {j: sign * (float(self.state.strike[j]) - self.atm) for j in self.legs(side)}
        return [j for j, points in away.items() if 0 <= points <= 5 * STEP]

    def total(self, name: str, legs: list[int]) -> float:
        known = [self.of(name, j) for j in legs if not isnan(self.of(name, j))]
        return sum(known) if known else nan

    def ratio(self, name: str, legs: "dict[str, list[int]]") -> float:
        calls, puts = self.total(name, legs["ce"]), self.total(name, legs["pe"])
        return puts / calls if calls > 0 else nan

    def changes(self, side: str) -> list[tuple[float, float]]:
        """(change in percent, OI) of those in the money of which both moments are known."""
        found = []
        for j in self.in_the_money(side):
            now, before = self.of("oi", j), self.of("oi_before", j)
            if not isnan(now) and before > 0:
                found.append(((now / before - 1) * 100, now))
        return found

    def breadth(self, side: str) -> float:
        changes = self.changes(side)
        return sum(change > 0 for change, _ in changes) / len(changes) if changes else nan

    def weighted(self, side: str) -> float:
        changes = self.changes(side)
        held = sum(oi for _, oi in changes)
        return sum(change * oi for change, oi in changes) / held if held else nan

    def exposure(self, greek: str, scale: float) -> float:
        """Dealers hold the calls and owe the puts."""
        values = getattr(self.state.greeks, greek)[self.i]
        parts = [
            float(values[j]) * (1 if self.state.is_call[j] else -1) * self.of("oi", j) * scale
            for j in range(len(self.state.strike))
        ]
        return sum(part for part in parts if not isnan(part))

    def flip(self) -> float:
        gamma = self.state.greeks.gamma[self.i]
        by_strike: dict[float, float] = {}
        for j, strike in enumerate(self.state.strike.tolist()):
            part = float(gamma[j]) * (1 if self.state.is_call[j] else -1) * self.of("oi", j)
            by_strike[strike] = by_strike.get(strike, 0.0) + (0.0 if isnan(part) else part)
        summed, strongest, found = 0.0, 0.0, nan
        for strike in sorted(by_strike):
            before, summed = summed, summed + by_strike[strike]
            if before * summed < 0 and abs(summed - before) > strongest:
                strongest, found = abs(summed - before), strike
        return found

    def skew(self) -> float:
        smile = []
        for strike in sorted(set(self.state.strike.tolist())):
            call, put = (
                next(j for j in self.legs(side) if self.state.strike[j] == strike)
                for side in ("ce", "pe")
            )
            up, down = (abs(float(self.state.greeks.delta[self.i, j])) for j in (call, put))
            level = (down * self.of("volatility", call) + up * self.of("volatility", put)) / (
                up + down
            )
            if not isnan(level):
                smile.append(((up + 1 - down) / 2, level))

        def at(wanted: float) -> float:
            last = max((k for k, (delta, _) in enumerate(smile) if delta >= wanted), default=None)
            after = [(d, v) for k, (d, v) in enumerate(smile) if last is not None and k > last]
            if last is None or not after:
                return nan
            (high, first), (low, second) = smile[last], after[0]
            share = (high - wanted) / (high - low)
            return first + share * (second - first) if high - low <= 0.3 else nan

        return (at(0.75) - at(0.25)) / at(0.5)

    def shift(self) -> float:
        moved = [
            abs(round(b / STEP) - round(a / STEP))
            for a, b in zip(self.recent, self.recent[1:], strict=False)
        ]
        mean = float(moved[0])
        for each in moved[1:]:
            mean = 2 / 11 * each + (1 - 2 / 11) * mean
        return min(1.0, mean / 10)

    def future(self, name: str) -> float:
        return float(getattr(self.state, name)[self.i])

    def all(self) -> dict[str, float]:
        sides = {side: self.legs(side) for side in ("ce", "pe")}
        inside = {side: self.in_the_money(side) for side in ("ce", "pe")}
        now, before = self.future("future_oi"), self.future("future_oi_before")
        return {
            "pcr_total_oi": self.ratio("oi", sides),
            "pcr_itm_oi": self.ratio("oi", inside),
            "pcr_total_volume": self.ratio("volume", sides),
            "futures_premium": self.future("future") - self.spot,
            "time_to_expiry_hours": self.future("hours_to_expiry"),
            "vix": self.future("vix"),
            "underlying_price": self.spot,
            "underlying_future_price": self.future("future"),
            "underlying_future_oi": now,
            "total_itm_oi_ce": self.total("oi", inside["ce"]),
            "total_itm_oi_pe": self.total("oi", inside["pe"]),
            "atm_shift_intensity": self.shift(),
            "itm_ce_breadth": self.breadth("ce"),
            "itm_pe_breadth": self.breadth("pe"),
            "percent_oichange_fut_3m": (now / before - 1) * 100 if before > 0 else nan,
            "itm_oi_ce_pct_change_3m_wavg": self.weighted("ce"),
            "itm_oi_pe_pct_change_3m_wavg": self.weighted("pe"),
            "net_gamma_exposure": self.exposure("gamma", self.spot**2 / 100),
            "dealer_vanna_exposure": self.exposure("vanna", self.spot),
            "dealer_charm_exposure": self.exposure("charm", self.spot),
            "gamma_flip_level": self.flip(),
            "iv_skew": self.skew(),
            **{
                f"{side}_volume_to_oi_ratio": self.total("volume", legs) / self.total("oi", legs)
                for side, legs in sides.items()
            },
        }


def test_every_column_is_what_a_slow_reading_of_its_definition_gives() -> None:
    state = chains(40)
    rng = np.random.default_rng(SEED + 1)
    recent = 26_000 + 120 * rng.normal(size=(40, 10))
    made = features(state, recent)
    assert set(made) == {column.name for column in ml_features.c} - ELSEWHERE
    known = dict.fromkeys(made, 0)
    for i in range(40):
        for name, wanted in Slow(state, i, recent).all().items():
            found = float(made[name][i])
            assert found == pytest.approx(wanted, rel=1e-9, nan_ok=True), (name, i)
            known[name] += not isnan(wanted)
    assert min(known.values()) > 0, known
