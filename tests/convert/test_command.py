"""`python -m db convert`: what it prints, what it refuses, how it is steered."""

import json
import time
from threading import Thread

import psycopg
import pytest
from click.testing import CliRunner, Result
from sqlalchemy import URL

from db import convert
from db.cli.convert import command
from tests.convert import legacy
from tests.convert.legacy import CHAIN, ROWS


class Tool:
    """Runs subcommands against one database."""

    def __init__(self, url: URL, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("db.engine.database_url", lambda: url)

    def __call__(self, *arguments: str) -> Result:
        return CliRunner().invoke(command, arguments, catch_exceptions=True)

    def json(self, *arguments: str):
        result = self(*arguments, "--json")
        assert result.exit_code == 0, result.output
        return json.loads(result.stdout)


@pytest.fixture
def tool(legacy_database: URL, monkeypatch: pytest.MonkeyPatch) -> Tool:
    return Tool(legacy_database, monkeypatch)


def test_plan_tells_what_is_there_and_changes_nothing(
    tool: Tool, session: psycopg.Connection
) -> None:
    before = legacy.definition(session)

    (plan,) = tool.json("plan")

    assert plan["table"] == "public.option_chain_snapshots"
    assert plan["rows"] == ROWS
    assert plan["oldest"] == "2025-12-01 09:15:00"
    assert plan["keys"] == ["option_chain_snapshots_key"]
    assert set(plan["leaves"]) == {
        "option_chain_snapshots_pkey",
        "chain_natural_key",
        "chain_time_exchange_idx",
    }
    assert plan["obstacles"] == []
    assert plan["sample_rows_per_s"] > 0
    assert legacy.definition(session) == before
    assert session.execute("SELECT to_regnamespace('oi_convert')").fetchone() == (None,)


def test_plan_names_what_would_stop_an_upgrade(tool: Tool, session: psycopg.Connection) -> None:
    """Of the table's values and of the database as a whole: the same survey finds it."""
    session.execute(
        """
        UPDATE option_chain_snapshots SET oi = 9000000000000000000 WHERE id = 1;
        CREATE SCHEMA live_edge;
        CREATE TABLE live_edge.mine (id int)
        """
    )
    (plan,) = tool.json("plan", CHAIN)
    said = " ".join(plan["obstacles"])
    assert "1 rows have an open interest, a volume or a price beyond" in said
    assert "The schema live_edge is there" in said

    text = tool("plan").output
    assert "IN THE WAY: 1 rows have an open interest" in text
    assert text.count("IN THE WAY OF ALL: The schema live_edge is there") == 1


def test_plan_compares_what_is_needed_with_what_is_free(
    tool: Tool, monkeypatch: pytest.MonkeyPatch
) -> None:
    (plan,) = tool.json("plan")
    assert plan["free_bytes"] > plan["disk_bytes"]

    monkeypatch.setattr("db.convert.space.free_bytes", lambda connection: 1000)
    (plan,) = tool.json("plan")
    assert "1000 B are free where the server keeps its data" in " ".join(plan["obstacles"])

    monkeypatch.setattr("db.convert.space.free_bytes", lambda connection: None)
    (plan,) = tool.json("plan")
    assert plan["obstacles"] == []
    assert "free: not known from here" in tool("plan").output


def test_plan_names_every_obstacle_and_run_refuses_it(
    tool: Tool, session: psycopg.Connection
) -> None:
    session.execute(
        """
        CREATE TABLE notes (chain INTEGER REFERENCES option_chain_snapshots (id));
        CREATE MATERIALIZED VIEW totals AS SELECT count(*) FROM option_chain_snapshots;
        ALTER TABLE option_chain_snapshots ENABLE ROW LEVEL SECURITY;
        """
    )

    (plan,) = tool.json("plan", CHAIN)
    refused = tool("run", CHAIN)

    text = " ".join(plan["obstacles"])
    assert "Foreign keys refer to it (notes_chain_fkey on notes)" in text
    assert "Materialized views read it (totals)" in text
    assert "Row security is on" in text
    assert isinstance(refused.exception, convert.BlockedError)
    assert not legacy.is_hypertable(session)


def test_rehearsal_does_all_but_the_swap_and_leaves_nothing(
    tool: Tool, session: psycopg.Connection
) -> None:
    before = legacy.definition(session)

    result = tool.json("run", CHAIN, "--rehearse")

    assert result["rows"] == ROWS
    assert result["swap_ms"] is None
    assert legacy.definition(session) == before
    assert session.execute("SELECT to_regclass('oi_convert_new.' || %s)", [CHAIN]).fetchone() == (
        None,
    )
    (report,) = tool.json("status")
    assert report["windows_verified"] == report["windows"] > 0


def test_a_held_swap_waits_for_the_word(
    tool: Tool, session: psycopg.Connection, legacy_database: URL
) -> None:
    running = Thread(target=tool, args=("run", CHAIN, "--hold-swap"))
    running.start()
    _until(legacy_database, "ready")
    session.execute(legacy.save(legacy.FIRST, "NSE", 24050, 77))
    assert not legacy.is_hypertable(session)

    tool("swap", CHAIN)
    running.join()

    assert legacy.is_hypertable(session)
    assert session.execute("SELECT oi FROM option_chain_snapshots WHERE token = 17").fetchall() == [
        (77,)
    ]
    steps = [event["step"] for event in tool.json("status", CHAIN)[0]["events"]]
    assert steps.count("adjust") == 2


def test_limits_set_while_it_runs_stand_in_the_audit_trail(
    tool: Tool, legacy_database: URL
) -> None:
    running = Thread(target=tool, args=("run", CHAIN, "--hold-swap", "--nice", "0"))
    running.start()
    _until(legacy_database, "ready")
    tool("throttle", CHAIN, "--nice", "2")
    tool("throttle", CHAIN)
    tool("swap", CHAIN)
    running.join()

    (report,) = tool.json("status", CHAIN)
    limits = [e["detail"]["throttle"] for e in report["events"] if "throttle" in e["detail"]]
    assert [limit["nice"] for limit in limits] == [0, 2, 0.5]


def test_a_paused_conversion_copies_nothing_until_it_is_resumed(
    tool: Tool, session: psycopg.Connection, legacy_database: URL
) -> None:
    limited = ("run", CHAIN, "--rows-per-second", "600", "--window-rows", "100")
    running = Thread(target=tool, args=limited)
    running.start()
    _until(legacy_database, "copying")
    tool("pause", CHAIN)

    (paused,) = tool.json("status", CHAIN)
    assert paused["paused"]
    assert paused["is_running"]
    assert running.is_alive()
    tool("throttle", CHAIN)
    tool("resume", CHAIN)
    running.join()

    assert legacy.is_hypertable(session)
    assert tool.json("verify", CHAIN) == {"equal": True, "rows": ROWS, "table": CHAIN}


def test_undo_works_before_and_after_finish(tool: Tool, session: psycopg.Connection) -> None:
    before = legacy.checksum(session), legacy.definition(session)

    tool("run", CHAIN)
    tool("undo", CHAIN)
    assert (legacy.checksum(session), legacy.definition(session)) == before

    tool("run", CHAIN)
    tool("finish", CHAIN)
    tool("undo", CHAIN)
    assert (legacy.checksum(session), legacy.definition(session)) == before


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("run", "nothing"), "There is no table nothing in this database."),
        (("swap", CHAIN), f"No conversion of {CHAIN} is open in this database."),
        (("finish", CHAIN), f"No conversion of {CHAIN} is open in this database."),
        (("undo", CHAIN), "was not converted by this program"),
        (("throttle", CHAIN, "--hours", "9 to 5"), "--hours takes two times of day"),
    ],
)
def test_what_makes_no_sense_gets_one_sentence(
    tool: Tool, arguments: tuple[str, ...], sentence: str
) -> None:
    result = tool(*arguments)

    assert result.exit_code != 0
    assert sentence in str(result.exception)


def test_a_second_conversion_of_a_converted_table_is_refused(
    tool: Tool, session: psycopg.Connection
) -> None:
    tool("run", CHAIN)
    tool("finish", CHAIN)

    assert "is a hypertable already" in str(tool("run", CHAIN).exception)


def _until(url: URL, phase: str) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if [report.phase for report in convert.report(url)] == [phase]:
            return
        time.sleep(0.02)
    raise AssertionError(f"the conversion never was {phase}")
