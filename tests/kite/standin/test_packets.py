"""Packets are the broker's, byte by byte, and the official client reads them."""

import base64
import json
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from app.kite.standin.packets import FULL, LTP, MODES, QUOTE, TICK, changed, frame, packets
from tests.kite.standin.sockets import officially_decoded

OPTION, INDEX = 11_416_834, 256_265


def row(token: int = OPTION, **values: int) -> "np.ndarray[Any, np.dtype[np.void]]":
    rows = np.zeros(1, TICK)
    rows["token"] = token
    for number, name in enumerate(TICK.names[1:17]):  # type: ignore[index]
        rows[name] = values.get(name, 1000 + number)
    for side, start in (("buy", 100), ("sell", 200)):
        for level in range(5):
            rows[side][0, level] = (start + level, 1000 + level, level + 1, 0)
    return rows


def of_sample(sample: dict[str, Any]) -> "np.ndarray[Any, np.dtype[np.void]]":
    def paise(price: float) -> int:
        return round(price * 100)

    rows = np.zeros(1, TICK)
    rows["token"], rows["ltp"] = sample["instrument_token"], paise(sample["last_price"])
    rows["last_quantity"], rows["volume"] = sample["last_quantity"], sample["volume"]
    rows["average"] = paise(sample["average_price"])
    rows["buy_quantity"], rows["sell_quantity"] = sample["buy_quantity"], sample["sell_quantity"]
    for name, price in sample["ohlc"].items():
        rows[name] = paise(price)
    for ours, theirs in (("last_trade_time", "last_trade_time"), ("exchange_time", "timestamp")):
        if theirs in sample:
            rows[ours] = int(datetime.fromisoformat(sample[theirs]).timestamp())
    for side, levels in sample.get("depth", {}).items():
        for number, level in enumerate(levels):
            price = paise(level["price"])
            rows[side][0, number] = (level["quantity"], price, level["orders"], 0)
    return rows


@pytest.mark.parametrize("mode", [QUOTE, FULL])
def test_the_published_samples_are_made_byte_by_byte(samples: Path, mode: str) -> None:
    sample = json.loads((samples / f"ticker_{mode}.json").read_text())
    published = base64.b64decode((samples / f"ticker_{mode}.packet").read_text())
    assert packets(of_sample(sample), mode) == [published]


def test_lengths_are_those_of_the_mode_and_the_kind() -> None:
    rows = np.concatenate([row(OPTION), row(INDEX)])
    lengths = {mode: [len(packet) for packet in packets(rows, mode)] for mode in MODES}
    assert lengths == {LTP: [8, 8], QUOTE: [44, 28], FULL: [184, 32]}


def test_the_official_client_reads_every_length() -> None:
    rows = np.concatenate([row(OPTION), row(INDEX, ltp=2_500_005, close=2_490_000)])
    frames = [frame(packets(rows, mode)) for mode in MODES]
    ltp, quote, full = officially_decoded(frames)
    assert [tick["last_price"] for tick in ltp] == [10.0, 25_000.05]
    assert [tick["mode"] for tick in full] == ["full", "full"]
    option, index = full
    assert (option["oi"], option["oi_day_high"], option["oi_day_low"]) == (1011, 1012, 1013)
    assert (option["last_trade_time"], option["exchange_timestamp"]) == (1010, 1014)
    assert option["ohlc"] == {"open": 10.06, "high": 10.07, "low": 10.08, "close": 10.09}
    assert option["depth"]["sell"][4] == {"quantity": 204, "price": 10.04, "orders": 5}
    assert (option["tradable"], index["tradable"]) == (True, False)
    assert index["ohlc"] == quote[1]["ohlc"]
    assert index["ohlc"] == {"open": 10.06, "high": 10.07, "low": 10.08, "close": 24_900.0}
    assert index["exchange_timestamp"] == 1014


def test_a_change_is_what_its_mode_shows_and_never_a_time_alone() -> None:
    before = row()
    later = row(last_trade_time=9, exchange_time=9)
    with_oi, with_price = row(oi=9), row(ltp=9)
    assert [bool(changed(later, before, mode)[0]) for mode in MODES] == [False] * 3
    assert [bool(changed(with_oi, before, mode)[0]) for mode in MODES] == [False, False, True]
    assert [bool(changed(with_price, before, mode)[0]) for mode in MODES] == [True] * 3


def test_a_frame_holds_no_more_than_its_count_can_say() -> None:
    with pytest.raises(ValueError, match="65535 packets"):
        frame([b"x"] * 65_536)
