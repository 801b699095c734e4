"""Says how many inputs were tried, and fails a run that was to try more."""

import pytest

from tests.fuzz.generated import TRIED, WANTED


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    if WANTED and exitstatus == pytest.ExitCode.OK and TRIED.total() < WANTED:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if not TRIED:
        return
    terminalreporter.section("generated inputs")
    for kind, count in sorted(TRIED.items()):
        terminalreporter.line(f"{count:7,}  {kind}")
    wanted = f" of at least {WANTED:,}" if WANTED else ""
    terminalreporter.line(f"{TRIED.total():7,}  in all{wanted}")
