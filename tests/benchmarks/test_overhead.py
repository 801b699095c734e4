"""What timing costs: the same server answers timed and untimed, and ratios are of neighbours."""

from collections.abc import Iterator, Sequence
from contextlib import closing
from typing import Any

import pytest

from app.telemetry import timing
from app.telemetry.recorder import Recorder
from app.telemetry.timing import Operation
from benchmarks.overhead.switched import OFF, ON, SUM, Switched
from benchmarks.overhead.wire import Turn, compared


class Telemetry:
    """As much of a process's telemetry as is asked for here."""

    def __init__(self) -> None:
        self.counted: list[Operation] = []
        self.recorder = Recorder(lambda key: 1.0, [self.counted.extend])

    def enter(self) -> None:
        """Nothing traces."""


@pytest.fixture
def telemetry() -> Iterator[Telemetry]:
    made = Telemetry()
    end = timing.listen(made.recorder.note)
    with closing(made.recorder):
        yield made
    end()


def asked(server: Switched, way: str) -> tuple[Sequence[bytes], dict[str, str]]:
    head: dict[str, str] = {}

    def start(status: str, headers: list[tuple[str, str]], *_: Any) -> Any:
        head.update(headers)

    return list(server({"REQUEST_METHOD": "GET", "HTTP_X_TIMING": way}, start)), head


def test_a_server_times_as_it_is_asked_and_counts_when_it_sums_up(telemetry: Telemetry) -> None:
    def inner(environ: Any, start: Any) -> list[bytes]:
        start("200 OK", [("Content-Length", "5")])
        return [b"hello"]

    server = Switched(inner, telemetry)  # type: ignore[arg-type]
    for way in (OFF, ON):
        body, head = asked(server, way)
        assert (body, "X-Request-ID" in head) == ([b"hello"], True)
    assert telemetry.counted == []
    assert int(asked(server, SUM)[0][0]) > 0
    assert [(each.name, each.size) for each in telemetry.counted] == [("GET (no route)", 5)]


def test_what_timing_costs_is_the_ratio_of_turns_that_stood_beside_each_other() -> None:
    # the machine grows slower, and each pair of turns with it
    plain = [Turn(clock_us=100.0 * n, cpu_us=50.0 * n) for n in range(1, 20)]
    timed = [Turn(clock_us=102.0 * n, cpu_us=51.5 * n) for n in range(1, 20)]
    found = compared(timed, plain)
    assert (found["clock_ratio"], found["cpu_ratio"]) == (1.02, 1.03)
    assert found["cpu_ratio_95"] == [1.03, 1.03]
    assert found["requests_per_s_without"] == 1000
