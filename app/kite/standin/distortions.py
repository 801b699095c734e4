"""Frames of ticks as they should never be."""

from collections.abc import Sequence

from app.kite.standin.faults import Fault
from app.kite.standin.packets import frame

NO_OBJECTS = ('"heartbeat"', "[1, 2, 3]", "42", "null", "not JSON", "")
"""Texts that a client may not take for a message."""

_LENGTH_AT = 2
_TOO_MUCH = 6
_ODD = b"\0" * 50


def distorted(fault: Fault, found: Sequence[bytes]) -> bytes:
    """The frame of these packets with one thing wrong; a torn one is whole until it is sent."""
    whole = frame(found)
    if fault is Fault.HALF_FRAME:
        return whole[: len(whole) // 2 + 1]
    if fault is Fault.WRONG_COUNT:
        return (len(found) + 3).to_bytes(2, "big") + whole[2:]
    if fault is Fault.WRONG_LENGTH:
        length = int.from_bytes(whole[_LENGTH_AT : _LENGTH_AT + 2], "big") + _TOO_MUCH
        return whole[:_LENGTH_AT] + length.to_bytes(2, "big") + whole[_LENGTH_AT + 2 :]
    if fault is Fault.ODD_LENGTH:
        return frame([found[0][:4] + _ODD[4:], *found])
    return whole
