"""At which moments a migration is killed: by chance, over all revisions of all ways to come."""

import random
from collections.abc import Mapping, Sequence

from benchmarks.parts.migrating import Kill, Verb

Way = tuple[Verb, Sequence[str]]

_ROWS_PER_S = 90_000.0
"""What a conversion is expected to copy before one was measured."""
_PASSES: Mapping[str, float] = {
    "0004_chain_hypertable": 1.0,
    "0007_live_edge": 0.3,
    "0009_contract_rollups": 0.3,
}
"""Revisions that go through all rows on the way up: their time as a share of the conversion's."""
_SHORT_S = 0.3
_EVEN = 0.3
"""Share of the kills that falls on all revisions alike; the others fall by how long they take."""


def expected_s(way: Way, rows: int, rows_per_s: float | None, copies: bool) -> list[float]:
    """How long each revision of a way is expected to take, in s.

    `copies`: the way down copies every row, because the replaced tables were dropped.
    """
    verb, revisions = way
    conversion_s = rows / (rows_per_s or _ROWS_PER_S)
    shares = dict(_PASSES) if verb == "upgrade" else {}
    if verb == "downgrade" and copies:
        shares["0004_chain_hypertable"] = _PASSES["0004_chain_hypertable"]
    return [max(_SHORT_S, shares.get(name, 0.0) * conversion_s) for name in revisions]


def drawn(
    chance: random.Random,
    ways: Sequence[Way],
    kills: int,
    rows: int,
    rows_per_s: float | None,
    copies: bool,
) -> list[Kill]:
    """Draw `kills` moments over the ways ahead; those that fall on the first of them, in order."""
    expected = [expected_s(way, rows, rows_per_s, copies) for way in ways]
    places = [(way, place) for way, each in enumerate(expected) for place in range(len(each))]
    weights = [_weight(expected, *place) for place in places]
    chosen = chance.choices(places, weights, k=kills)
    return sorted(
        Kill(place, chance.uniform(0.0, expected[way][place])) for way, place in chosen if way == 0
    )


def _weight(expected: Sequence[Sequence[float]], way: int, place: int) -> float:
    total_s = sum(map(sum, expected))
    count = sum(map(len, expected))
    return (1 - _EVEN) * expected[way][place] / total_s + _EVEN / count
