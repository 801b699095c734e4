"""Rollups against a direct GROUP BY, whatever writers, refreshes, drops and crashes do."""

import json
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from benchmarks.cli.equivalence import command
from benchmarks.equivalence.actions import (
    EXCHANGES,
    ROLLUPS,
    SPAN,
    Abort,
    Change,
    Copy,
    DropChunks,
    History,
    Kill,
    Move,
    Overlap,
    Refresh,
    RefreshWindow,
    Remove,
    Truncate,
    Write,
    random_history,
)
from benchmarks.equivalence.player import Player
from benchmarks.equivalence.playground import playground
from tests.support.databases import DatabaseServer

exchanges = st.sampled_from(EXCHANGES)
rollups = st.sampled_from(ROLLUPS)
times = st.integers(0, SPAN - 1)
rows = st.lists(
    st.tuples(exchanges, times, st.integers(0, 99), st.integers(0, 400).map(lambda n: n / 4)),
    min_size=1,
    max_size=8,
    unique_by=lambda row: row[:2],
).map(tuple)
actions = st.one_of(
    st.builds(Write, rows),
    st.builds(Copy, rows),
    st.builds(Change, exchanges, times, times, st.integers(0, 99)),
    st.builds(Move, exchanges, times, times, st.integers(1, 20)),
    st.builds(Remove, exchanges, times, times),
    st.builds(Refresh, rollups),
    st.builds(RefreshWindow, rollups, times, times).filter(lambda a: a.first <= a.last),
    st.builds(DropChunks, times),
    st.builds(Truncate),
    st.builds(Abort, rows, rollups),
    st.builds(Kill, rollups),
    st.builds(Overlap, rows, rollups),
)
histories = st.lists(actions, min_size=1, max_size=12).map(tuple)


@pytest.fixture(scope="module")
def player(server: DatabaseServer) -> Iterator[Player]:
    """One playground a server: histories follow each other in time, so none disturbs the next."""
    with playground([server.admin_url]) as (player, _):
        yield player


@settings(
    max_examples=30,
    deadline=None,
    print_blob=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(history=histories)
def test_rollups_read_as_a_direct_group_by_does(player: Player, history: History) -> None:
    assert player.play(history) == []


def test_random_histories_of_the_benchmark_find_no_difference(player: Player) -> None:
    seed = Random().getrandbits(32)  # noqa: S311
    source = Random(seed)  # noqa: S311
    for _ in range(10):
        history = random_history(source)
        assert player.play(history) == [], f"seed {seed}"


def test_the_command_writes_what_it_found(server: DatabaseServer, tmp_path: Path) -> None:
    outcome = tmp_path / "equivalence.json"
    url = server.admin_url.render_as_string(hide_password=False)
    with pytest.raises(SystemExit) as ended:
        command.main(["--url", url, "--histories", "2", "--seed", "3", "--json", str(outcome)])
    assert ended.value.code == 0
    found = json.loads(outcome.read_text(encoding="utf-8"))
    assert (found["histories"], found["differences"], found["seed"]) == (2, 0, 3)
    assert found["editions"] == [server.edition]
