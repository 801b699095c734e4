"""Two runs of the same command, figure by figure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from benchmarks.errors import BenchmarkError

_NOISE = 0.10


@dataclass(frozen=True, slots=True)
class Change:
    """One query in two runs; times in ms, `relative` is b's ratio over a's.

    The ratio compared is after/floor, not after: the floor was measured beside it, so that a
    slower machine does not look like a slower query.
    """

    query: str
    after_a_ms: float
    after_b_ms: float
    floors_a: float
    floors_b: float
    buffers_a: int
    buffers_b: int
    same_shape: bool

    @property
    def relative(self) -> float:
        """How many floors in b for one in a: above 1 is slower."""
        return self.floors_b / self.floors_a

    @property
    def verdict(self) -> str:
        """'slower', 'faster' or 'same' beyond the noise between two runs."""
        if self.relative > 1 + _NOISE:
            return "slower"
        return "faster" if self.relative < 1 - _NOISE else "same"


def changes(a: Mapping[str, Any], b: Mapping[str, Any]) -> Iterator[Change]:
    """The queries that both results hold; raises BenchmarkError when they hold none."""
    old, new = _queries(a), _queries(b)
    shared = [name for name in old if name in new]
    if not shared:
        raise BenchmarkError("These results share no query; compare two results of run, or of all.")
    for name in shared:
        yield _change(old[name], new[name])


def only_in_one(a: Mapping[str, Any], b: Mapping[str, Any]) -> tuple[list[str], list[str]]:
    """The queries that stand in one result only."""
    old, new = _queries(a), _queries(b)
    return [n for n in old if n not in new], [n for n in new if n not in old]


def _queries(document: Mapping[str, Any]) -> Mapping[str, Mapping[str, Any]]:
    parts = document.get("parts", [document])
    runs = [part for part in parts if part.get("command") == "run"]
    return {query["name"]: query for part in runs for query in part.get("queries", ())}


def _change(old: Mapping[str, Any], new: Mapping[str, Any]) -> Change:
    a, b = old["plans"]["after"], new["plans"]["after"]
    return Change(
        query=old["title"],
        after_a_ms=old["after_ms"],
        after_b_ms=new["after_ms"],
        floors_a=old["floors"],
        floors_b=new["floors"],
        buffers_a=a["figures"]["buffers"],
        buffers_b=b["figures"]["buffers"],
        same_shape=a["fingerprint"] == b["fingerprint"],
    )
