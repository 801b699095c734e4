"""Conversion under traffic and kills, small; and what the traffic counts."""

import json
import subprocess
import sys

from benchmarks.converting import histogram
from benchmarks.traffic import Traffic


def test_the_histogram_counts_every_statement_once():
    traffic = Traffic(write_ms=[0.5, 1.0, 2.0, 5000.0], read_ms=[29.0, 31.0])
    counts = histogram(traffic)
    assert sum(counts.values()) == 6
    assert counts["≤ 1"] == 2
    assert counts["≤ 30"] == 1
    assert counts["≤ 100"] == 1
    assert counts["more"] == 1


def test_a_killed_conversion_keeps_every_row_both_ways(server, tmp_path):
    file = tmp_path / "convert.json"
    url = server.admin_url.set(drivername="postgresql").render_as_string(hide_password=False)
    done = subprocess.run(
        [
            *(sys.executable, "-m", "benchmarks", "convert", "--url", url, "--kills", "1"),
            *("--days", "1", "--strikes", "5", "--json", str(file), "--out", str(tmp_path)),
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    document = json.loads(file.read_text())
    for way in (document, document["downgrade"]):
        assert (way["rows_lost"], way["rows_doubled"]) == (0, 0)
        assert way["writes"]["count"] > 0
        assert way["statements_failed"] == 0, way["failures"]
