"""Faults on demand, on the wire and in answers."""

import csv
import json
from typing import Any

import pytest

from app.kite.standin import Fault, StandIn
from tests.kite.standin.conftest import NIFTY
from tests.kite.standin.rest import fetched, is_refused
from tests.kite.standin.sockets import (
    Frames,
    follow,
    options,
    packets_of,
    token_of,
    tokens_of,
    until,
)


def test_mute_is_heartbeats_only_and_silent_is_nothing(standin: StandIn, frames: Frames) -> None:
    follow(frames, options(standin, 5))
    frames.read_until(lambda: len(frames.ticks) > 5)
    standin.fault(Fault.MUTE)
    frames.ping()
    frames.read_until(lambda: frames.pongs == 1)
    ticks, all_frames = len(frames.ticks), len(frames.binary)
    frames.read_until(lambda: len(frames.binary) == all_frames + 2)
    assert len(frames.ticks) == ticks


def test_silent_is_nothing_at_all_though_the_connection_stays(
    standin: StandIn, frames: Frames
) -> None:
    one, other = options(standin, 2)
    follow(frames, [one])
    frames.read_until(lambda: tokens_of(frames, 184))
    standin.fault(Fault.SILENT)
    frames.ping()
    frames.ask({"a": "subscribe", "v": [other]})
    until(lambda: other in standin.tickers[0].subscriptions.modes)
    standin.clear()
    frames.read_until(lambda: other in [token_of(packet) for packet in frames.packets()])
    # what was asked meanwhile was read and not answered
    assert frames.pongs == 0
    assert not frames.closed


@pytest.mark.parametrize("fault", [Fault.HALF_FRAME, Fault.WRONG_LENGTH, Fault.WRONG_COUNT])
def test_a_spoiled_frame_cannot_be_read_and_the_next_one_can(
    standin: StandIn, frames: Frames, fault: Fault
) -> None:
    follow(frames, options(standin, 5))
    frames.read_until(lambda: len(tokens_of(frames, 184)) > 5)
    standin.fault(fault)
    until(lambda: standin.ledger.distorted[fault])
    seen = standin.ledger.ticks
    frames.read_until(lambda: standin.ledger.ticks > seen + 10)
    frames.ping()
    frames.read_until(lambda: frames.pongs)
    broken = [frame for frame in frames.ticks if not _is_sound(frame)]
    assert len(broken) == 1
    assert sum(len(packets_of(f)) for f in frames.ticks if f is not broken[0]) >= seen


def _is_sound(frame: bytes) -> bool:
    try:
        packets_of(frame)
    except AssertionError:
        return False
    return True


def test_an_odd_length_is_one_more_packet_in_a_sound_frame(
    standin: StandIn, frames: Frames
) -> None:
    follow(frames, options(standin, 5))
    standin.fault(Fault.ODD_LENGTH)
    frames.read_until(lambda: any(len(packet) == 50 for packet in frames.packets()))
    assert [len(packet) for packet in frames.packets()].count(50) == 1


def test_a_torn_frame_is_the_end_of_its_connection(standin: StandIn, frames: Frames) -> None:
    follow(frames, options(standin, 5))
    frames.read_until(lambda: frames.ticks)
    standin.fault(Fault.TORN_FRAME)
    frames.read_until(lambda: False)
    assert frames.closed
    assert standin.ledger.distorted[Fault.TORN_FRAME] == 1
    until(lambda: standin.connections == 0)


def test_an_older_time_follows_a_newer_one(standin: StandIn, frames: Frames) -> None:
    follow(frames, options(standin, 5))
    frames.read_until(lambda: len(tokens_of(frames, 184)) > 5)
    standin.fault(Fault.OUT_OF_ORDER)
    until(lambda: standin.ledger.distorted[Fault.OUT_OF_ORDER])
    seen = standin.ledger.ticks
    frames.read_until(lambda: standin.ledger.ticks > seen + 5)
    newest: dict[int, int] = {}
    older = 0
    for packet in frames.packets():
        if len(packet) == 184:
            at, token = int.from_bytes(packet[60:64], "big"), token_of(packet)
            older += at < newest.get(token, 0)
            newest[token] = max(at, newest.get(token, 0))
    assert older == 1


def test_a_quote_which_has_no_time_is_never_told_as_an_older_one(
    standin: StandIn, frames: Frames
) -> None:
    wanted = options(standin, 5)
    standin.fault(Fault.OUT_OF_ORDER)
    frames.ask({"a": "subscribe", "v": wanted})
    frames.read_until(lambda: len(tokens_of(frames, 44)) > 10)
    assert standin.faults.holds(Fault.OUT_OF_ORDER)
    frames.ask({"a": "mode", "v": ["full", wanted]})
    frames.read_until(lambda: len(tokens_of(frames, 184)) > 5)
    assert not standin.faults.holds(Fault.OUT_OF_ORDER)


def test_texts_that_are_no_objects_reach_every_socket(standin: StandIn, frames: Frames) -> None:
    standin.fault(Fault.TEXT)
    standin.fault(Fault.TEXT, value="[")
    frames.read_until(lambda: "[" in frames.texts)
    assert {'"heartbeat"', "[1, 2, 3]", "42", "not JSON", ""} <= set(frames.texts)


def test_an_expired_session_cuts_the_sockets_and_refuses_new_ones(
    standin: StandIn, frames: Frames, token: str
) -> None:
    standin.fault(Fault.EXPIRED)
    frames.read_until(lambda: False)
    assert frames.closed
    with Frames.of(standin, token) as again:
        assert again.refused == 403
    with Frames.of(standin, standin.sessions.sign_in()) as fresh:
        assert fresh.opened


def test_one_connection_too_many_on_demand(standin: StandIn, token: str) -> None:
    standin.fault(Fault.REFUSED)
    with Frames.of(standin, token) as refused:
        assert refused.refused == 429
    with Frames.of(standin, token) as welcome:
        assert welcome.opened


def test_faults_of_http_come_once_or_until_they_are_cleared(still: StandIn, kite: Any) -> None:
    still.fault(Fault.TOO_MANY, times=2)
    for _ in range(2):
        is_refused(kite.profile, 429)
    still.fault(Fault.SERVER_ERROR, value=503)
    is_refused(kite.profile, 503)
    kite.profile()
    still.fault(Fault.SLOW, value=0.01)
    kite.profile()
    still.fault(Fault.EXPIRED)
    is_refused(kite.profile, 403)


@pytest.mark.parametrize(
    ("fault", "holds"),
    [
        (Fault.BAD_ROW, lambda rows: any(row["instrument_token"][0] == "x" for row in rows)),
        (Fault.EXTRA_COLUMN, lambda rows: all("isin" in row for row in rows)),
        (Fault.EMPTY_EXPIRY, lambda rows: any(_without_expiry(row) for row in rows)),
        (Fault.SHORT_DUMP, lambda rows: 100 < len(rows) < 300),
        (Fault.EMPTY_DUMP, lambda rows: rows == []),
    ],
)
def test_the_dump_can_be_spoiled(still: StandIn, fault: Fault, holds: Any) -> None:
    def rows() -> list[dict[str, str]]:
        return list(csv.DictReader(fetched(still, "instruments").decode().splitlines()))

    assert not holds(rows())
    still.fault(fault)
    assert holds(rows())
    still.clear()
    assert not holds(rows())


def _without_expiry(row: dict[str, str]) -> bool:
    return row["instrument_type"] in ("CE", "PE") and not row["expiry"]


def _asked(standin: StandIn, method: str, path: str, body: object = None) -> Any:
    answer = json.loads(fetched(standin, f"standin/{path}", method, body))
    return answer["data"] if answer["status"] == "success" else answer["message"]


def test_faults_can_be_set_from_another_process(still: StandIn) -> None:
    wish = {"fault": "index_zero", "seconds": 600}
    assert _asked(still, "POST", "fault", wish) == {"faults": ["index_zero"]}
    place = still.market.listings().place[NIFTY]
    assert still.market.state().rows["ltp"][place] == 0
    assert _asked(still, "DELETE", "fault/index_zero") == {"faults": []}
    assert still.market.state().rows["ltp"][place] > 0
    assert "Unknown fault 'rain'; known are mute" in _asked(
        still, "POST", "fault", {"fault": "rain"}
    )
    assert _asked(still, "POST", "fault", [1]) == "The body must be a JSON object."
    assert _asked(still, "GET", "sent")["ticks"] == 0
    assert _asked(still, "GET", "nothing") == "Route not found"
