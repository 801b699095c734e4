"""What a collector has done, to be printed when it ends."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(slots=True)
class Counts:
    """Rows and snapshots committed, rows turned away by reason, and what went wrong meanwhile.

    Each figure is written by one thread only.
    """

    snapshots: int = 0
    rows: int = 0
    live_updates: int = 0
    rejected: Counter[str] = field(default_factory=Counter)
    rejected_lines: Mapping[str, list[int]] = field(default_factory=dict)
    refused: Counter[str] = field(default_factory=Counter)
    spooled: int = 0
    unspooled: int = 0
    dropped: int = 0
    unreadable: int = 0
    waiting: int = 0
    lost_connections: int = 0
    stale_periods: int = 0

    def as_json(self) -> dict[str, Any]:
        """The counts as plain values; `stored` and `rejected_rows` are rows.

        `rejected_lines` names the first lines of a recording for each reason.
        """
        return {
            "stored": self.rows,
            "snapshots": self.snapshots,
            "live_updates": self.live_updates,
            "rejected_rows": self.rejected.total(),
            "rejected": dict(sorted(self.rejected.items())),
            "rejected_lines": dict(sorted(self.rejected_lines.items())),
            "refused_snapshots": dict(sorted(self.refused.items())),
            "spooled_snapshots": self.spooled,
            "unspooled_snapshots": self.unspooled,
            "dropped_snapshots": self.dropped,
            "unreadable_snapshots": self.unreadable,
            "waiting_snapshots": self.waiting,
            "lost_connections": self.lost_connections,
            "stale_periods": self.stale_periods,
        }

    def as_text(self) -> str:
        """The counts as a few lines for a person."""
        lines = [f"stored {self.rows:,} rows in {self.snapshots:,} snapshots"]
        if self.live_updates:
            lines.append(f"updated the live edge {self.live_updates:,} times")
        lines.append(f"rejected {self.rejected.total():,} rows")
        lines += [
            f"  {count:,}  {reason}{self._where(reason)}"
            for reason, count in sorted(self.rejected.items())
        ]
        lines += [f"the database refused {n:,}: {why}" for why, n in sorted(self.refused.items())]
        if self.waiting:
            lines.append(f"{self.waiting:,} snapshots wait in the spool for the database")
        if self.dropped:
            lines.append(f"{self.dropped:,} snapshots were dropped, there being no room to wait")
        if self.unreadable:
            lines.append(f"{self.unreadable:,} files of the spool could not be read")
        return "\n".join(lines)

    def _where(self, reason: str) -> str:
        lines = self.rejected_lines.get(reason)
        return f" (first in line {lines[0]:,})" if lines else ""
