"""`python -m app collect` as a person runs it."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from sqlalchemy import URL, Engine, text

from db.market.clock import market_now
from tests.support.leases import led
from tests.support.paths import ROOT
from tests.support.waiting import eventually

HEADER = (
    "timestamp,exchange,token,expiry,strike,option_type,ltp,oi,volume,"
    "underlying_price,future_price,future_oi"
)
GOOD = (
    "2025-12-04T12:{minute}:00+05:30,NSE,{token},2025-12-09,{strike},{side},124.5,7500,100,"
    "26000.95,26142.9,15"
)
BAD = [
    "not a time,NSE,1,2025-12-09,26000,CE,1,1,1,,,",
    "2025-12-04T12:36:00+05:30,NYSE,1,2025-12-09,26000,CE,1,1,1,,,",
    "2025-12-04T12:36:00+05:30,NSE,1,2025-12-09,,CE,1,1,1,,,",
    "2025-12-04T12:36:00+05:30,NSE,1,2025-12-09,26000,XX,1,1,1,,,",
    "2025-12-04T12:36:00+05:30,NSE,1,2025-12-09,26000,CE,-1,1,1,,,",
    "2025-12-04T12:36:00+05:30,NSE,1,2025-12-09,26000,CE,1,-1,1,,,",
    "2025-12-04T12:36:00+05:30,NSE,1,2025-12-09,26000,CE,1,-1,1,,,",
]

NOWHERE = URL.create("postgresql", host="127.0.0.1", port=1, database="oi")


def environment(database: URL, home: Path) -> dict[str, str]:
    url = database.render_as_string(hide_password=False)
    return {**os.environ, "OI_DATABASE_URL": url, "OI_HOME": str(home)}


def collect(database: URL, home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "app", "collect", *arguments],
        cwd=ROOT,
        env=environment(database, home),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    """Eight good rows at two instants, and one for each kind of nonsense."""
    good = [
        GOOD.format(minute=minute, token=int(strike) * 2 + (side == "PE"), strike=strike, side=side)
        for minute in (35, 36)
        for strike in ("25950", "26000")
        for side in ("CE", "PE")
    ]
    path = tmp_path / "tape.csv"
    path.write_text("\n".join([HEADER, *good, *BAD]) + "\n", encoding="utf-8")
    return path


def test_a_replay_ends_by_itself_and_prints_what_it_stored_and_rejected(
    as_writer: URL, engine: Engine, recording: Path, tmp_path: Path
) -> None:
    arguments = ("--feed", "replay", "--file", str(recording), "--speed", "max")
    done = collect(as_writer, tmp_path, *arguments, "--json")
    assert done.returncode == 0, done.stderr
    counts = json.loads(done.stdout)
    assert (counts["stored"], counts["snapshots"], counts["rejected_rows"]) == (8, 2, 7)
    assert counts["rejected_lines"]["negative open interest"] == [15, 16]
    assert counts["rejected"] == {
        "negative open interest": 2,
        "negative price": 1,
        "no strike": 1,
        "option type is neither CE nor PE": 1,
        "timestamp is not one": 1,
        "unknown exchange": 1,
    }
    with engine.connect() as connection:
        assert connection.scalar(text("SELECT count(*) FROM option_chain_snapshots")) == 8
        assert connection.scalar(text("SELECT count(*) FROM ml_features")) == 2
        assert connection.scalar(text("SELECT last_atm_strike FROM exchange_metadata")) == 26_000


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_simulated_market_runs_until_it_is_told_to_stop(
    as_writer: URL, engine: Engine, tmp_path: Path, number: signal.Signals
) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "app", "collect", "--feed", "simulate", "--json"],
        cwd=ROOT,
        env=environment(as_writer, tmp_path),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        _wait_until_four_chains_are_shown(engine)
        process.send_signal(number)
        output, errors = process.communicate(timeout=60)
    finally:
        process.kill()
    assert process.returncode == 0, errors
    assert "Traceback" not in errors
    counts = json.loads(output)
    assert counts["live_updates"] + counts["snapshots"] >= 4
    assert counts["rejected_rows"] == 0


def test_collectors_of_different_keys_share_a_database_each_with_a_spool_of_its_own(
    as_writer: URL, engine: Engine, tmp_path: Path
) -> None:
    shares = {"one": ("BSE", "NSE"), "two": ("BANKNIFTY_MONTHLY",)}
    running = []
    try:
        for home, keys in shares.items():
            chosen = [word for key in keys for word in ("--exchange", key)]
            running.append(
                subprocess.Popen(
                    [sys.executable, "-m", "app", "collect", "--feed", "simulate", *chosen],
                    cwd=ROOT,
                    env=environment(as_writer, tmp_path / home),
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                )
            )
        eventually(lambda: _shown_keys(engine) == {"BANKNIFTY_MONTHLY", "BSE", "NSE"})
        with engine.connect() as connection:
            rows = connection.execute(text("SELECT exchange, holder FROM collector_leases")).all()
        holder = {exchange: name for exchange, name in rows}
        assert holder["BSE"] == holder["NSE"] != holder["BANKNIFTY_MONTHLY"]
        assert len(holder) == 3
    finally:
        for each in running:
            each.kill()
            each.wait()


def _shown_keys(engine: Engine) -> set[str]:
    with engine.connect() as connection:
        return set(connection.scalars(text("SELECT exchange FROM chain_summary")))


def _wait_until_four_chains_are_shown(engine: Engine) -> None:
    deadline = time.monotonic() + 90
    while time.monotonic() < deadline:
        with engine.connect() as connection:
            if connection.scalar(text("SELECT count(*) FROM chain_summary")) == 4:
                return
        time.sleep(0.2)
    raise AssertionError("the live edge never showed four chains")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("--feed", "replay"), "needs either --file CSV or --day"),
        (("--feed", "replay", "--file", "none.csv"), "Cannot read none.csv"),
        (("--feed", "simulate", "--file", "x.csv"), "belong to --feed replay"),
        (("--feed", "replay", "--file", "x.csv", "--speed", "fast"), "neither a positive number"),
        (("--feed", "replay", "--file", "x.csv", "--speed", "-1"), "neither a positive number"),
        (("--feed", "telepathy"), "'telepathy' is not one of"),
        (("--feed", "replay", "--file", "pyproject.toml"), "has no column timestamp"),
        (("--feed", "replay", "--file", "tests"), "Cannot read tests: Is a directory"),
        (("--feed", "replay", "--file", ""), "Cannot read .: Is a directory"),
        (("--feed", "replay", "--file", "/dev/null"), "has no column timestamp"),
        (("--feed", "replay", "--file", "/dev/zero"), "is not a CSV file of text: line 1"),
        (("--feed", "replay", "--file", sys.executable), "python"),
        (("--feed", "replay", "--file", "x" * 5_000), "File name too long"),
        (("--feed", "replay", "--file", "x.csv", "--day", "2025-12-04"), "needs either --file"),
        (("--feed", "replay", "--day", "2025-13-45"), "does not match the format"),
        (("--feed", "replay", "--day", "yesterday"), "does not match the format"),
        (("--feed", "replay", "--file", "x.csv", "--speed", "0"), "neither a positive number"),
        (("--feed", "replay", "--file", "x.csv", "--speed", "nan"), "neither a positive number"),
        (("--feed", "replay", "--file", "x.csv", "--speed", "inf"), "neither a positive number"),
        (("--feed", "replay", "--file", "x.csv", "--speed", "1e999"), "neither a positive"),
        (("--feed", "replay", "--file", "x.csv", "--speed", "2", "--as-now"), "no faster than"),
        (("--feed", "simulate", "--as-now"), "belong to --feed replay"),
        (("--feed", "simulate", "--exchange", "NYSE"), "Unknown exchange 'NYSE'; known are"),
        (("--feed", "replay", "--file", "x", "--exchange", "NSE"), "a replay is played whole"),
        (("--feed", "simulate", "--seed", "-1"), "not in the range"),
        (("--feed", "simulate", "--seed", "many"), "not a valid integer"),
    ],
)
def test_a_wrong_choice_is_one_sentence_and_a_failure(
    tmp_path: Path, arguments: tuple[str, ...], sentence: str
) -> None:
    done = collect(NOWHERE, tmp_path, *arguments)
    assert done.returncode == 2
    assert sentence in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


@pytest.mark.parametrize("day", ["2001-01-01", "0001-01-01", "9999-12-31"])
def test_a_day_without_history_is_one_sentence(as_writer: URL, tmp_path: Path, day: str) -> None:
    done = collect(as_writer, tmp_path, "--feed", "replay", "--day", day)
    assert done.returncode == 2
    assert f"holds no snapshot of {day}" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_database_that_is_down_is_one_sentence(tmp_path: Path, recording: Path) -> None:
    done = collect(NOWHERE, tmp_path, "--feed", "replay", "--file", str(recording))
    assert done.returncode == 1
    assert done.stderr.count("does not answer") == 1
    assert "Traceback" not in done.stderr


def test_a_chain_that_a_live_collector_writes_is_one_sentence(
    as_writer: URL, engine: Engine, recording: Path, tmp_path: Path
) -> None:
    with led(engine, "NSE", "somewhere:1:x"):
        done = collect(as_writer, tmp_path, "--feed", "replay", "--file", str(recording))
    assert done.returncode == 1
    assert done.stderr.count("A live collector (somewhere:1:x) writes NSE") == 1
    assert "Traceback" not in done.stderr


def test_each_reason_is_printed_with_its_first_line(
    as_writer: URL, recording: Path, tmp_path: Path
) -> None:
    arguments = ("--feed", "replay", "--file", str(recording), "--speed", "max")
    done = collect(as_writer, tmp_path, *arguments)
    assert "2  negative open interest (first in line 15)" in done.stdout


def test_a_stored_day_is_replayed_into_the_present(
    as_writer: URL, engine: Engine, tmp_path: Path
) -> None:
    path = tmp_path / "two_seconds.csv"
    rows = [
        GOOD.format(minute="35", token=token, strike=strike, side="CE").replace(":00+", f":{s}+")
        for s in ("00", "01")
        for token, strike in ((1, 25_950), (2, 26_000))
    ]
    path.write_text("\n".join([HEADER, *rows]) + "\n", encoding="utf-8")
    first = collect(as_writer, tmp_path, "--feed", "replay", "--file", str(path), "--speed", "max")
    assert first.returncode == 0, first.stderr
    assert "stored 4 rows in 2 snapshots" in first.stdout
    begun = market_now().replace(microsecond=0, tzinfo=None)
    again = collect(as_writer, tmp_path, "--feed", "replay", "--day", "2025-12-04", "--as-now")
    assert again.returncode == 0, again.stderr
    with engine.connect() as connection:
        rows = connection.execute(
            text(
                "SELECT timestamp >= :begun, count(*), min(oi), min(time_to_expiry_seconds)"
                " FROM option_chain_snapshots GROUP BY 1 ORDER BY 1"
            ),
            {"begun": begun},
        ).all()
    past, present = rows
    assert (past.count, present.count) == (4, 4)
    assert present[2] == 7_500
    assert present[3] > 0
