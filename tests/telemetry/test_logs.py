"""A log line bears the request that it belongs to; as JSON where that is wanted."""

import json
import logging

import pytest

from app.telemetry import logs


@pytest.fixture
def logger() -> logging.Logger:
    """One whose lines go where the test says and nowhere else."""
    made = logging.Logger("oi.tests", logging.INFO)
    made.propagate = False
    return made


def test_a_line_names_its_request(
    capsys: pytest.CaptureFixture[str], logger: logging.Logger
) -> None:
    logger.addHandler(logs.handler("text"))
    token = logs.request_id.set("ab12-3")
    logger.warning("slow %s", "thing")
    logs.request_id.reset(token)
    logger.info("nobody's")
    first, second = capsys.readouterr().err.splitlines()
    assert first.endswith(" WARNING [ab12-3] slow thing")
    assert second.endswith(" INFO nobody's")


def test_json_lines_hold_time_level_logger_request_and_traceback(
    capsys: pytest.CaptureFixture[str], logger: logging.Logger
) -> None:
    logger.addHandler(logs.handler("json"))
    token = logs.request_id.set("ab12-3")
    try:
        raise ValueError("it failed")
    except ValueError:
        logger.exception("no %s", "luck")
    logs.request_id.reset(token)
    (line,) = capsys.readouterr().err.splitlines()
    found = json.loads(line)
    assert (found["level"], found["logger"], found["message"]) == ("ERROR", "oi.tests", "no luck")
    assert found["request_id"] == "ab12-3"
    assert "ValueError: it failed" in found["exc_info"]
    assert found["time"]
