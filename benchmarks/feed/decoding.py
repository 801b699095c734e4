"""How fast the ticker's packets are decoded."""

import time
from typing import Any

import numpy as np

from app.kite import packets
from app.kite.board import Board

_TOKENS, _FRAME_PACKETS, _ROUNDS = 9_000, 400, 40


def decoding() -> dict[str, float]:
    """How fast full packets of three connections' instruments are decoded by one core."""
    tokens = (np.arange(1, _TOKENS + 1) << 8) + 2
    board = Board(tokens.tolist())
    rounds = [_frames(tokens, at) for at in range(1, _ROUNDS + 1)]
    began = time.process_time()
    taken = sum(board.decode(frame).taken for frames in rounds for frame in frames)
    passed_s = time.process_time() - began
    per_s = taken / passed_s
    return {
        "decode_packets_per_s": round(per_s),
        "decode_9000_core_share": _TOKENS / per_s,
    }


def _frames(tokens: "np.ndarray[Any, Any]", at: int) -> list[bytes]:
    layout = np.dtype([("length", ">u2"), ("packet", packets.LAYOUTS[packets.FULL])])
    rows = np.zeros(len(tokens), layout)
    rows["length"] = packets.FULL
    rows["packet"]["token"] = tokens
    for name in ("last_price", "close", "volume", "oi"):
        rows["packet"][name] = at * 5 + np.arange(len(tokens))
    rows["packet"]["exchange_time"] = at
    parts = [rows[first : first + _FRAME_PACKETS] for first in range(0, len(rows), _FRAME_PACKETS)]
    return [len(part).to_bytes(2, "big") + part.tobytes() for part in parts]
