"""What Prometheus reads: right with several workers, named as the files that ship with it say."""

import json
import os
import re
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest
from prometheus_client.mmap_dict import MmapedDict

from app.telemetry import metrics
from app.telemetry.exposed import Exposed, is_this_machine
from app.telemetry.metrics import Reading
from app.telemetry.shared_values import SharedValues
from app.telemetry.timing import Operation
from db.errors import InvalidInputError
from tests.support.disks import small_disk
from tests.support.paths import ROOT

SHIPPED = ROOT / "deploy" / "monitoring"
_NAME = re.compile(r"\boi_\w+")
_WORKER = """
import sys
from app.telemetry import metrics
from app.telemetry.metrics import Reading
from app.telemetry.timing import Operation
metrics.count([Operation("route", "GET /", 0.01, size=100)] * 3)
metrics.show([Reading("oi_viewers", 4)])
import os
print(os.getpid())
"""


def test_operations_become_histograms_and_counters() -> None:
    metrics.count(
        [
            Operation("query", "tests.metrics", 0.004, size=7),
            Operation("query", "tests.metrics", 0.3, failed=True),
        ]
    )
    metrics.show([Reading("oi_pool_connections", 2, ("tests", "used"))])
    text = metrics.exposition().decode()
    assert 'oi_statement_seconds_bucket{le="0.005",statement="tests.metrics"} 1.0' in text
    assert 'oi_statement_seconds_count{statement="tests.metrics"} 2.0' in text
    assert 'oi_statement_failures_total{statement="tests.metrics"} 1.0' in text
    assert 'oi_statement_rows_total{statement="tests.metrics"} 7.0' in text
    assert 'oi_pool_connections{pool="tests",state="used"} 2.0' in text


def test_all_that_is_exported_is_in_the_list_of_names() -> None:
    exported = {line.split("{")[0].split(" ")[0] for line in _series(metrics.exposition().decode())}
    # made by the client library itself
    exported = {name for name in exported if not name.endswith("_created")}
    assert exported <= metrics.names()


def _series(text: str) -> Iterator[str]:
    return (line for line in text.splitlines() if line and not line.startswith("#"))


@pytest.mark.parametrize("file", ["alerts.yml", "grafana-dashboard.json"])
def test_every_metric_that_is_shipped_is_exported(file: str) -> None:
    named = set(_NAME.findall((SHIPPED / file).read_text(encoding="utf-8")))
    assert named
    assert named - metrics.names() == set()


def test_the_dashboard_is_sound() -> None:
    board = json.loads((SHIPPED / "grafana-dashboard.json").read_text(encoding="utf-8"))
    ids = [panel["id"] for panel in board["panels"]]
    assert len(ids) == len(set(ids))
    places = [tuple(panel["gridPos"].values()) for panel in board["panels"]]
    assert len(places) == len(set(places))
    assert all(x + w <= 24 for x, _, w, _ in places)


def test_workers_are_summed_and_one_that_is_gone_keeps_what_it_counted(tmp_path: Path) -> None:
    folder = tmp_path / "metrics"
    (folder / "1").mkdir(parents=True)
    (folder / "1" / "counter_1.db").write_bytes(b"of an earlier server")
    program = f"""
import subprocess, sys
from pathlib import Path
from app.telemetry import metrics
metrics.prepare(Path({str(folder)!r}))
ask = [sys.executable, "-c", {_WORKER!r}]
workers = [subprocess.run(ask, capture_output=True, text=True, check=True) for _ in range(2)]
print(metrics.exposition().decode())
print("---")
metrics.forget(int(workers[0].stdout))
print(metrics.exposition().decode())
"""
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    both, one = done.stdout.split("---")
    for text in (both, one):
        assert 'oi_request_seconds_count{route="GET /"} 6.0' in text
        assert 'oi_response_bytes_total{route="GET /"} 600.0' in text
    assert "oi_viewers 8.0" in both
    assert "oi_viewers 4.0" in one


def test_a_full_disk_ends_no_process_that_counts(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", 1) as disk:
        program = f"""
import os, sys
from pathlib import Path
from app.telemetry import metrics
from app.telemetry.timing import Operation
def fill():
    with open({str(disk / "filling")!r}, "ab", buffering=0) as file:
        try:
            while True:
                file.write(bytes(4096))
        except OSError:
            pass
metrics.prepare(Path({str(disk / "metrics")!r}))
if sys.argv[1] == "full":
    fill()
metrics.count([Operation("route", "GET /", 0.01)])
fill()
for number in range(500):
    metrics.count([Operation("route", f"GET /{{number}}", 0.01)])
print(metrics.exposition().decode())
"""
        for before in ("full", "growing"):
            (disk / "filling").unlink(missing_ok=True)
            done = subprocess.run(
                [sys.executable, "-c", program, before],
                cwd=ROOT,
                capture_output=True,
                text=True,
                check=True,
                env={**os.environ, "PYTHONPATH": str(ROOT)},
            )
            # what has no room is told of nowhere, rather than in part
            assert "oi_request_seconds_count" not in done.stdout
            assert "/metrics lacks what this process counts" in done.stderr


def test_values_outgrow_their_first_file(tmp_path: Path) -> None:
    shared = SharedValues(str(tmp_path / "counter_1.db"))
    for number in range(2000):
        shared.write_value(f"{number} of many", float(number), 0.0)
    again = MmapedDict.read_all_values_from_file(str(tmp_path / "counter_1.db"))
    assert [value for _, value, _, _ in again] == [float(number) for number in range(2000)]
    shared.close()


def test_servers_in_containers_that_share_a_folder_count_each_for_itself(tmp_path: Path) -> None:
    program = f"""
import sys
from pathlib import Path
from app.telemetry import metrics
from app.telemetry.timing import Operation
metrics.prepare(Path({str(tmp_path)!r}))
metrics.count([Operation("route", "GET /", 0.01)] * int(sys.argv[1]))
print("counted", flush=True)
sys.stdin.readline()
print(metrics.exposition().decode())
"""
    with ExitStack() as stack:
        servers = []
        for times in ("3", "5"):
            server = subprocess.Popen(
                [sys.executable, "-c", program, times],
                cwd=ROOT,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
                env={**os.environ, "PYTHONPATH": str(ROOT)},
            )
            servers.append((times, stack.enter_context(server)))
            assert server.stdout
            assert server.stdout.readline() == "counted\n"
        for times, server in servers:
            told = server.communicate("\n")[0]
            assert f'oi_request_seconds_count{{route="GET /"}} {times}.0' in told


def asked(port: int, path: str = "/metrics", **headers: str) -> tuple[int, bytes]:
    request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read()


def test_a_collector_answers_on_a_port_of_its_own() -> None:
    with closing(Exposed(lambda: b"oi_x 1\n", "0.0.0.0", 0)) as server:  # noqa: S104
        assert asked(server.port) == (200, b"oi_x 1\n")
        assert asked(server.port, "/other")[0] == 404
        # without a token it listens on this machine alone
        assert server.address == "127.0.0.1"
        # nor does a page read it that a browser here was led to under a name of its own
        assert asked(server.port, Host=f"rebound.example.org:{server.port}")[0] == 403


@pytest.mark.parametrize(
    ("host", "is_it"),
    [
        *(("127.0.0.1:5050", True), ("localhost", True), ("LOCALHOST:9464", True)),
        *(("[::1]:5050", True), ("[::1]", True), ("127.0.0.2", True)),
        *(("oi.example.org", False), ("", False), ("192.0.2.1:5050", False)),
        *(("localhost.example.org", False), ("127.0.0.1.example.org:80", False)),
    ],
)
def test_a_name_is_this_machines_own_or_not(host: str, is_it: bool) -> None:
    assert is_this_machine(host) is is_it


def test_a_collector_with_a_token_answers_who_has_it() -> None:
    with closing(Exposed(lambda: b"oi_x 1\n", "127.0.0.1", 0, "a-token")) as server:
        assert asked(server.port)[0] == 403
        assert asked(server.port, Authorization="Bearer no")[0] == 403
        assert asked(server.port, Authorization="Bearer a-token")[0] == 200


def test_a_port_that_is_taken_gets_one_sentence() -> None:
    with (
        closing(Exposed(lambda: b"", "127.0.0.1", 0)) as first,
        pytest.raises(InvalidInputError, match="OI_COLLECTOR_METRICS_PORT chooses another port"),
    ):
        Exposed(lambda: b"", "127.0.0.1", first.port)
