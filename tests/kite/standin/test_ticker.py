"""Ticks as the official KiteTicker reads them, and as they are on the wire."""

import json
import sys
import threading
from datetime import datetime
from pathlib import Path

import pytest

from app.kite.standin import Fault, StandIn
from app.kite.standin.market import Market
from db.market.clock import IST
from tests.kite.standin.conftest import NIFTY, SEED
from tests.kite.standin.rest import fetched
from tests.kite.standin.sockets import (
    Frames,
    OfficialTicker,
    follow,
    options,
    token_of,
    tokens_of,
    until,
)


def test_the_official_ticker_gets_full_ticks_with_the_markets_values(standin: StandIn) -> None:
    wanted = [NIFTY, *options(standin, 2), 2580482]
    with OfficialTicker(standin, standin.sessions.sign_in(), wanted) as official:
        seen: dict[int, dict] = {}
        counts = dict.fromkeys(wanted, 0)
        while min(counts.values()) < 3:
            for tick in official.next("ticks"):
                assert tick["tradable"] is (tick["instrument_token"] != NIFTY)
                if tick["mode"] == "full":
                    counts[tick["instrument_token"]] += 1
                    seen[tick["instrument_token"]] = tick
        standin.order({"order_id": "1", "status": "COMPLETE"})
        assert official.next("order") == {"order_id": "1", "status": "COMPLETE"}
        standin.fault(Fault.DISCONNECT)
        official.next("close")
        official.next("connect")
        assert official.next("ticks")
    for instrument, tick in seen.items():
        _is_the_markets(instrument, tick)


def _is_the_markets(token: int, tick: dict) -> None:
    at = datetime.fromisoformat(tick["exchange_timestamp"]).astimezone(IST)
    state = Market(lambda: at, seed=SEED).state()
    row = state.rows[state.listings.place[token]]
    assert tick["last_price"] == row["ltp"] / 100
    assert tick["ohlc"] == {n: row[n] / 100 for n in ("open", "high", "low", "close")}
    if token == NIFTY:
        return
    assert (tick["oi"], tick["volume_traded"]) == (row["oi"], row["volume"])
    best = tick["depth"]["buy"][0]
    assert best["price"] == row["buy"][0]["price"] / 100
    assert best["quantity"] == row["buy"][0]["quantity"]


def test_the_official_ticker_is_told_403_and_429_and_429_passes(
    standin: StandIn,
) -> None:
    with OfficialTicker(standin, "made-up", [NIFTY]) as official:
        assert "403" in official.next("error")
    standin.fault(Fault.REFUSED)
    with OfficialTicker(standin, standin.sessions.sign_in(), [NIFTY]) as official:
        assert "429" in official.next("error")
        official.next("connect")


def test_each_token_comes_at_once_and_then_when_it_changes(still: StandIn) -> None:
    token = still.sessions.sign_in()
    with Frames.of(still, token) as client:
        [option] = options(still, 1)
        client.ask({"a": "subscribe", "v": [NIFTY, option, 123]})
        client.read_until(lambda: len(client.packets()) == 2)
        assert sorted(len(packet) for packet in client.packets()) == [28, 44]
        client.ask({"a": "mode", "v": ["full", [NIFTY, option]]})
        client.read_until(lambda: len(client.packets()) == 4)
        assert sorted(len(packet) for packet in client.packets()[2:]) == [32, 184]
        client.ask({"a": "mode", "v": ["ltp", [option]]})
        client.read_until(lambda: len(client.packets()) == 5)
        assert len(client.packets()[-1]) == 8
        beats = len(client.binary) - len(client.ticks)
        client.read_until(lambda: len(client.binary) - len(client.ticks) > beats + 1)
        # the clock stands, so that nothing changes: no packet comes, only heartbeats
        assert len(client.packets()) == 5
        assert still.ledger.count(option) == 3
        assert still.ledger.count(123) == 0


def test_what_was_sent_is_what_arrived(standin: StandIn, frames: Frames) -> None:
    wanted = options(standin, 40)
    follow(frames, [NIFTY, *wanted])
    frames.read_until(lambda: len(tokens_of(frames, 184)) > 400)
    standin.fault(Fault.MUTE)
    frames.ping()
    before = frames.pongs
    frames.read_until(lambda: frames.pongs > before)
    arrived = [int.from_bytes(packet[:4], "big") for packet in frames.packets()]
    assert standin.ledger.counts() == {t: arrived.count(t) for t in (NIFTY, *wanted)}
    last = next(p for p in reversed(frames.packets()) if token_of(p) == wanted[0])
    kept = standin.ledger.last(wanted[0])
    assert kept is not None
    assert kept["last_price"] == int.from_bytes(last[4:8], "big") / 100
    assert kept["oi"] == int.from_bytes(last[48:52], "big")


def test_nobody_hears_of_a_token_after_unsubscribing(standin: StandIn, frames: Frames) -> None:
    one, other = options(standin, 2)
    follow(frames, [one, other])
    frames.read_until(lambda: {one, other} <= set(tokens_of(frames, 184)))
    frames.ask({"a": "unsubscribe", "v": [one]})
    frames.ping()
    frames.read_until(lambda: frames.pongs)
    sent = standin.ledger.count(one)
    seen = standin.ledger.count(other)
    frames.read_until(lambda: standin.ledger.count(other) > seen + 3)
    assert standin.ledger.count(one) == sent


def test_the_packet_on_subscribing_on_a_sunday_is_as_old_as_the_last_session() -> None:
    sunday = datetime(2026, 8, 23, 12, 0, tzinfo=IST)
    with StandIn(now=lambda: sunday, seed=SEED, interval_s=0.05) as closed:
        with Frames.of(closed, closed.sessions.sign_in()) as client:
            [option] = options(closed, 1)
            follow(client, [option])
            client.read_until(lambda: tokens_of(client, 184))
            packet = next(p for p in client.packets() if len(p) == 184)
        friday = datetime(2026, 8, 21, 15, 39, 59, tzinfo=IST)
        assert int.from_bytes(packet[60:64], "big") == friday.timestamp()


def test_a_fourth_connection_and_a_wrong_token_are_refused(standin: StandIn, token: str) -> None:
    clients = [Frames.of(standin, token) for _ in range(3)]
    assert all(client.opened for client in clients)
    fourth, stranger = Frames.of(standin, token), Frames.of(standin, "made-up")
    assert (fourth.refused, stranger.refused) == (429, 403)
    clients.pop().close()
    until(lambda: standin.connections == 2)
    clients.append(Frames.of(standin, token))
    assert clients[-1].opened
    for client in (*clients, fourth, stranger):
        client.close()


def test_no_more_than_3000_tokens_fit_on_a_connection(standin: StandIn, frames: Frames) -> None:
    frames.ask({"a": "subscribe", "v": list(range(3000))})
    frames.ask({"a": "subscribe", "v": [NIFTY]})
    frames.read_until(lambda: any('"error"' in text for text in frames.texts))
    assert "Maximum of 3000" in frames.texts[-1]
    frames.ask({"a": "subscribe", "v": list(range(3000))})
    frames.ask({"a": "unsubscribe", "v": [1]})
    follow(frames, [NIFTY])
    frames.read_until(lambda: tokens_of(frames, 32))
    assert tokens_of(frames, 32)


@pytest.mark.parametrize(
    "message", ["no JSON", "[]", '{"a": "buy"}', {"a": "subscribe", "v": "x"}, {"a": "mode"}]
)
def test_a_message_that_makes_no_sense_is_answered_so(
    frames: Frames, message: str | dict[str, object]
) -> None:
    frames.ask(message)
    frames.read_until(lambda: len(frames.texts) == 2)
    assert json.loads(frames.texts[1])["type"] == "error"


@pytest.mark.skipif(sys.platform != "linux", reason="counts descriptors in /proc")
def test_clients_that_come_and_go_leave_nothing(standin: StandIn, token: str) -> None:
    def descriptors() -> int:
        return len(list(Path("/proc/self/fd").iterdir()))

    wanted = options(standin, 5)
    counts = []
    for _ in range(30):
        with Frames.of(standin, token) as client:
            follow(client, wanted)
            client.read_until(lambda client=client: client.ticks)
        fetched(standin, "instruments/BFO")
        until(lambda: standin.connections == 0)
        until(lambda: "process_request_thread" not in " ".join(map(str, threading.enumerate())))
        counts.append(descriptors())
    assert counts[0] == counts[-1]


def test_a_stopped_stand_in_leaves_no_thread_and_starts_again(token: str, standin: StandIn) -> None:
    with Frames.of(standin, token) as client:
        follow(client, options(standin, 5))
        client.read_until(lambda: client.ticks)
        standin.stop()
        client.read_until(lambda: False)
        assert client.closed
    assert standin.connections == 0
    assert not [t for t in threading.enumerate() if "kite-standin" in t.name]
    standin.start()
    with Frames.of(standin, token) as again:
        assert again.opened
