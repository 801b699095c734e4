"""Binary frames of the ticker decoded into arrays."""

import base64
import struct

import numpy as np
import pytest

from app.kite import board as reasons
from app.kite.board import Board

NIFTY_CE, NIFTY_PE, INDEX = 0x3A2C02, 0x3A2D02, 256265
# a quote of the broker's documentation
SAMPLE = "AAY6AQACZroAAAAHAAJlbQASMhcAA+m7AAWKAQACZPMAAmc8AAJhyQACZGw="


def full(token: int, price: int, *, oi: int, at: int, volume: int = 650, bid: int = 0) -> bytes:
    head = struct.pack(
        ">IiIiIIIiiiiIIIII",
        *(token, price, 65, price, volume, 0, 0, price, price, price, price - 500),
        *(at, oi, oi, oi, at),
    )
    levels = struct.pack(">IiHH", 130 if bid else 0, bid, 1, 0) + bytes(12 * 4)
    return head + levels + bytes(12 * 5)


def quote(token: int, price: int, volume: int = 650) -> bytes:
    return struct.pack(
        ">IiIiIIIiiii", token, price, 65, price, volume, 0, 0, price, price, price, price
    )


def index(token: int, price: int, at: int | None = None) -> bytes:
    body = struct.pack(">Iiiiiii", token, price, price, price, price, price, 0)
    return body if at is None else body + struct.pack(">I", at)


def framed(*bodies: bytes, count: int | None = None) -> bytes:
    parts = b"".join(struct.pack(">H", len(body)) + body for body in bodies)
    return struct.pack(">H", len(bodies) if count is None else count) + parts


def place(board: Board, token: int) -> int:
    return int(board.places(np.array([token]))[0])


def test_every_length_is_taken_in() -> None:
    board = Board([NIFTY_CE, NIFTY_PE, INDEX])
    decoded = board.decode(
        framed(
            full(NIFTY_CE, 10_025, oi=7_500, at=1_000, bid=10_000),
            index(INDEX, 2_600_095, at=1_001),
            struct.pack(">Ii", NIFTY_PE, 9_930),
        )
    )
    assert (decoded.taken, decoded.refused) == (3, {})
    ce, pe, nifty = (place(board, token) for token in (NIFTY_CE, NIFTY_PE, INDEX))
    assert board.last_price[[ce, pe, nifty]].tolist() == [100.25, 99.30, 26_000.95]
    assert (board.oi[ce], board.volume[ce], board.bid[ce]) == (7_500, 650, 100.0)
    assert np.isnan(board.ask[ce])
    assert board.oi[pe] == -1
    assert board.exchange_time[[ce, nifty]].tolist() == [1_000, 1_001]


def test_a_sample_of_the_broker_decodes_to_its_values() -> None:
    body = base64.b64decode(SAMPLE)
    board = Board([408065])
    assert board.decode(framed(body)).taken == 1
    assert (board.last_price[0], board.close[0], board.volume[0]) == (1573.7, 1567.8, 1_192_471)


def test_oi_stays_when_a_packet_without_one_follows() -> None:
    board = Board([NIFTY_CE])
    board.decode(framed(full(NIFTY_CE, 10_000, oi=7_500, at=1_000)))
    board.decode(framed(quote(NIFTY_CE, 10_100, volume=700)))
    assert (board.oi[0], board.last_price[0], board.volume[0]) == (7_500, 101.0, 700)


def test_nothing_goes_back_in_exchange_time() -> None:
    board = Board([NIFTY_CE])
    board.decode(framed(full(NIFTY_CE, 10_000, oi=7_500, at=1_000)))
    decoded = board.decode(framed(full(NIFTY_CE, 9_000, oi=7_000, at=999)))
    assert decoded.refused == {reasons.OLDER: 1}
    assert (board.oi[0], board.last_price[0]) == (7_500, 100.0)


def test_the_last_of_an_instrument_repeated_in_a_frame_counts() -> None:
    board = Board([NIFTY_CE])
    packets = [full(NIFTY_CE, 10_000 + n, oi=n, at=1_000 + n) for n in (1, 3, 2)]
    decoded = board.decode(framed(*packets))
    assert (board.oi[0], board.exchange_time[0]) == (3, 1_003)
    assert decoded.refused == {reasons.OLDER: 1}


def test_a_price_of_zero_is_none() -> None:
    board = Board([INDEX])
    board.decode(framed(index(INDEX, 0, at=1_000)))
    assert np.isnan(board.last_price[0])
    board.decode(framed(index(INDEX, 2_600_000, at=1_001)))
    board.decode(framed(index(INDEX, 0, at=1_002)))
    assert board.last_price[0] == 26_000.0


def test_the_time_of_oi_is_that_of_its_last_change() -> None:
    board = Board([NIFTY_CE])
    for oi, at in ((7_500, 1_000), (7_500, 1_060), (7_600, 1_120), (7_600, 1_180)):
        board.decode(framed(full(NIFTY_CE, 10_000, oi=oi, at=at)))
    assert (board.oi_time[0], board.exchange_time[0]) == (1_120, 1_180)


@pytest.mark.parametrize(
    ("frame", "taken", "reason"),
    [
        (framed(full(1, 1, oi=1, at=1)), 0, reasons.UNKNOWN_TOKEN),
        (framed(bytes(50), quote(NIFTY_CE, 100)), 1, reasons.UNKNOWN_LENGTH),
        (framed(quote(NIFTY_CE, 100), quote(NIFTY_CE, 101))[:-3], 1, reasons.CUT_FRAME),
        (framed(quote(NIFTY_CE, 100), count=4), 1, reasons.WRONG_COUNT),
        (framed(quote(NIFTY_CE, 100), count=0), 1, reasons.WRONG_COUNT),
    ],
)
def test_what_cannot_be_read_is_counted_and_the_rest_used(
    frame: bytes, taken: int, reason: str
) -> None:
    decoded = Board([NIFTY_CE]).decode(frame)
    assert (decoded.taken, dict(decoded.refused)) == (taken, {reason: 1})


@pytest.mark.parametrize("frame", [b"", b"\0", b"\0\0"])
def test_a_heartbeat_brings_nothing(frame: bytes) -> None:
    decoded = Board([NIFTY_CE]).decode(frame)
    assert (decoded.taken, decoded.refused) == (0, {})


def test_any_bytes_are_survived() -> None:
    seed = 11
    random = np.random.default_rng(seed)
    board = Board([NIFTY_CE, INDEX])
    for _ in range(2_000):
        board.decode(random.bytes(int(random.integers(0, 400))))
    good = bytearray(framed(*(full(NIFTY_CE, 100, oi=1, at=n) for n in range(4))))
    for _ in range(2_000):
        good[int(random.integers(len(good)))] = int(random.integers(256))
        board.decode(bytes(good))


def test_a_board_of_other_tokens_keeps_what_is_known() -> None:
    board = Board([NIFTY_CE, INDEX])
    board.decode(framed(full(NIFTY_CE, 10_000, oi=7_500, at=1_000)))
    wider = board.with_tokens([NIFTY_PE, NIFTY_CE])
    assert wider.oi[place(wider, NIFTY_CE)] == 7_500
    assert wider.oi[place(wider, NIFTY_PE)] == -1
    assert place(wider, INDEX) == -1
