"""The command line: every command explains itself, bad input gets one sentence."""

import json
import subprocess
import sys

import pytest
from click.testing import CliRunner

from benchmarks.cli import group
from benchmarks.errors import BenchmarkError
from benchmarks.workloads import WORKLOADS
from benchmarks.workloads.names import NAMES
from tests.benchmarks.test_report import document

COMMANDS = group.list_commands(None)
MEASURING = [name for name in COMMANDS if name not in ("compare", "plans", "report")]


def run(*arguments):
    return subprocess.run(
        [sys.executable, "-m", "benchmarks", *arguments],
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_explains_itself(name):
    outcome = CliRunner().invoke(group, [name, "--help"])
    assert outcome.exit_code == 0
    assert "--json" in outcome.output


@pytest.mark.parametrize("name", MEASURING)
def test_every_measuring_command_documents_its_keys(name):
    assert "Keys of --json" in CliRunner().invoke(group, [name, "--help"]).output


def test_the_names_on_the_command_line_are_those_of_the_workloads():
    assert tuple(WORKLOADS) == NAMES


_NOWHERE = ("run", "--url", "postgresql://127.0.0.1:1/x")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["run", "--days", "0", "--url", "postgresql://127.0.0.1:1/x"], "--days must be 1 to 500"),
        (["run", "--url", "mysql://x/y"], "must be a postgresql:// URL"),
        (["run", "--url", "nonsense"], "is not a database URL"),
        (["run", "--url", "postgresql://127.0.0.1:1/x"], "No database answers at 127.0.0.1:1"),
        (["report", "/nowhere"], "does not exist"),
        (["run", "--query", "nothing"], "is not one of"),
        # told before anything is asked of a server, and not once all is measured
        ([*_NOWHERE, "--out", "/proc/there"], "/proc/there takes no results"),
        ([*_NOWHERE, "--json", "/proc/there/x.json"], "/proc/there takes no results"),
        (["check", *_NOWHERE[1:], "--baseline", "README.md"], "README.md is not JSON"),
        (["check", *_NOWHERE[1:], "--update", "--baseline", "/proc/x/y"], "/proc/x takes no"),
        (["all", *_NOWHERE[1:], "--readme", "SECURITY.md"], "has no lines"),
        (["plans", "--database", "oi_gemini"], "--database is not a database URL"),
        (["signals", "--end", "0001-01-01"], "is not in 1990 to 2100"),
        (["report", "package.json"], "is no result of this suite"),
    ],
)
def test_bad_input_gets_one_sentence_and_a_failure(arguments, sentence):
    done = run(*arguments)
    assert done.returncode != 0
    assert sentence in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("other", ["compare", "plans"])
def test_what_another_command_wrote_is_no_result_of_a_run(tmp_path, other):
    file = tmp_path / f"{other}.json"
    file.write_text('{"schema_version": 1, "plans": {}, "changes": []}')
    for arguments in (["report", str(file)], ["compare", str(file), str(file)]):
        outcome = CliRunner().invoke(group, arguments)
        assert isinstance(outcome.exception, BenchmarkError)
        assert "is no result of a run: it has no command" in str(outcome.exception)


@pytest.mark.parametrize("broken", [{"queries": [{}]}, {"queries": None}, {"machine": {}}])
def test_a_result_that_is_not_whole_is_said_to_be_that(tmp_path, broken):
    file = tmp_path / "result.json"
    file.write_text(json.dumps({**document(), **broken}))
    outcome = CliRunner().invoke(group, ["report", str(file)])
    assert isinstance(outcome.exception, BenchmarkError)
    assert "is not whole" in str(outcome.exception)


def test_a_run_on_a_real_server_measures_compares_and_reports(server, tmp_path):
    file = tmp_path / "run.json"
    url = server.admin_url.set(drivername="postgresql").render_as_string(hide_password=False)
    done = run(
        *("run", "--url", url, "--days", "1", "--strikes", "5", "--rounds", "1"),
        *("--query", "latest_chain", "--query", "pcr_minutes", "--query", "contract_bars"),
        *("--json", str(file), "--out", str(tmp_path)),
    )
    assert done.returncode == 0, done.stderr
    document = json.loads(file.read_text())
    assert [query["name"] for query in document["queries"]] == [
        "latest_chain",
        "pcr_minutes",
        "contract_bars",
    ]
    for query in document["queries"]:
        assert query["same_rows"], query["difference"]
        assert query["rows"] > 0
        assert min(query["before_ms"], query["after_ms"], query["floor_ms"]) > 0
        split = query["split"]["after"]
        assert min(split["running_ms"], split["python_ms"]) > 0
        assert split["planning_ms"] > 0 or split["kept"]
        assert split["round_trips_ms"] == split["statements"] * document["round_trip_ms"]
        assert min(query["first_ms"], query["unprepared_ms"], query["call_ms"]) > 0
        assert document["pooler"]["missing"] or query["pooler_ms"] > 0
    assert document["servers"][0]["edition"] == server.edition
    [folder] = [path for path in tmp_path.iterdir() if path.is_dir()]
    assert {path.name for path in folder.iterdir()} == {"result.json", "report.md", "report.html"}
    assert run("compare", str(folder), str(file)).returncode == 0
