"""Whether the disk itself stood: it was asked for something and was done with nothing.

A statement may wait for the disk because much was sent there before it, or because the disk (of a
virtual machine: its host) did nothing for a while. Only the second is nobody's doing here.
https://docs.kernel.org/block/stat.html
"""

import os
import time
from collections.abc import Iterable, Sequence
from pathlib import Path

_BLOCK_DEVICES = Path("/sys/dev/block")
# reads, writes, discards and flushes that are completed
_COMPLETED = (0, 4, 11, 15)
_IN_FLIGHT = 8


class Disk:
    """One block device, from its statistics in sysfs."""

    def __init__(self, statistics: Path) -> None:
        self._statistics = statistics
        self._completed = -1
        self._since = 0.0

    def stood_ms(self) -> float:
        """How long, up to this look, it has completed nothing of what it was asked for."""
        fields = [int(field) for field in self._statistics.read_text(encoding="ascii").split()]
        completed = sum(fields[place] for place in _COMPLETED if place < len(fields))
        now = time.monotonic()
        if not fields[_IN_FLIGHT] or completed != self._completed:
            self._completed, self._since = completed, now
        return (now - self._since) * 1000


def disks(devices: Iterable[int]) -> Sequence[Disk]:
    """The block devices among device numbers as stat(2) gives them."""
    files = (
        _BLOCK_DEVICES / f"{os.major(device)}:{os.minor(device)}" / "stat" for device in devices
    )
    return [Disk(file) for file in files if file.exists()]
