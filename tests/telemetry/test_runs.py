"""What commands of the administrator did is kept: how long it took, and what failed."""

import logging
from collections.abc import Sequence

import pytest
from sqlalchemy import URL, Engine

from db.cli.maintain import command as maintain
from db.errors import InvalidInputError, OIError
from db.queries.performance import CommandRun, command_runs, latest_samples
from db.roles.declared import WEB
from db.runs import noted, noted_at
from tests.support.databases import DatabaseServer, connection


def runs(engine: Engine) -> Sequence[CommandRun]:
    with engine.connect() as reading:
        return command_runs(reading, 10)


def samples(engine: Engine) -> dict[str, tuple[int, int, int | None]]:
    with engine.connect() as reading:
        found = latest_samples(reading)
    return {each.name: (each.operations, each.failures, each.size) for each in found}


def test_a_run_leaves_a_sample_and_stands_as_the_newest_of_its_name(engine: Engine) -> None:
    for rows in (7, 5):
        with noted(engine, "archive option_chain_snapshots") as run:
            run.size = rows
    (found,) = runs(engine)
    assert (found.name, found.size) == ("archive option_chain_snapshots", 5)
    assert (found.has_failed, found.problem) == (False, None)
    assert found.took_ms >= 0
    assert samples(engine) == {"archive option_chain_snapshots": (2, 0, 12)}


def test_what_failed_is_kept_with_its_reason_also_after_a_run_that_did_not(engine: Engine) -> None:
    with pytest.raises(OIError, match="disk"), noted(engine, "backup"):
        raise OIError("The disk is full.\nMore of it.")
    (failed,) = runs(engine)
    assert (failed.has_failed, failed.problem) == (True, "The disk is full.")
    assert samples(engine) == {"backup": (1, 1, None)}
    with noted(engine, "backup"):
        pass
    (found,) = runs(engine)
    assert (found.has_failed, found.problem) == (False, "The disk is full.")
    assert found.failed_at == failed.failed_at


def test_a_run_that_was_interrupted_has_failed(database: URL, engine: Engine) -> None:
    with pytest.raises(KeyboardInterrupt), noted_at(database, "convert t"):
        raise KeyboardInterrupt
    assert runs(engine)[0].problem == "KeyboardInterrupt"


def test_what_refuses_its_input_has_not_run(engine: Engine) -> None:
    with pytest.raises(InvalidInputError), noted(engine, "import t"):
        raise InvalidInputError("no")
    assert runs(engine) == ()


def test_an_older_schema_and_who_may_not_write_are_no_failure(
    server: DatabaseServer, database: URL, engine: Engine, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "oi.runs")
    with noted_at(server.as_member(WEB, database), "backup"):
        pass
    assert runs(engine) == ()
    with connection(database) as session:
        session.execute("DROP TABLE command_runs")
    with noted(engine, "backup"):
        pass
    assert caplog.messages == []


def test_maintenance_tells_how_many_policies_ran_and_which_failed(
    database: URL, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("db.engine.direct_engine", lambda: engine)
    with connection(database) as session:
        session.execute("UPDATE timescale_engine.policy SET next_run = 'infinity'")
        session.execute(
            "INSERT INTO timescale_engine.policy (kind, target, config, schedule_interval) "
            "VALUES ('refresh', 'public.gone', '{}', INTERVAL '1 day')"
        )
    for _ in range(2):
        with pytest.raises(SystemExit):
            maintain.main(args=[], prog_name="maintain")
    (found,) = runs(engine)
    # the second time nothing was due, of which there is no sample
    assert (found.name, found.size, found.has_failed) == ("maintain", 0, False)
    assert str(found.problem).startswith("1 of 1 policies failed: refresh of public.gone: ")
    assert samples(engine) == {"maintain": (1, 1, 1)}
