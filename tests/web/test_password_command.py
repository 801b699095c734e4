"""`python -m app password` sets the sign-in that opens the dashboard."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from app.cli.password import command
from app.web.auth import signin
from db.errors import InvalidInputError
from db.settings import Settings, settings
from tests.web import PASSWORD


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setenv("OI_HOME", str(tmp_path))
    monkeypatch.delenv("OI_PASSWORD_HASH", raising=False)
    monkeypatch.setenv("OI_USERNAME", "nisha")
    settings.cache_clear()
    yield tmp_path
    settings.cache_clear()


def test_what_was_set_opens(home: Path) -> None:
    result = CliRunner().invoke(command, input=f"{PASSWORD}\n{PASSWORD}\n")
    assert result.exit_code == 0
    assert PASSWORD not in result.output
    known = signin.configured(Settings(home=home))
    assert known is not None
    assert known.accepts("nisha", PASSWORD)
    assert not known.accepts("trader", PASSWORD)


def test_a_short_password_is_refused(home: Path) -> None:
    result = CliRunner().invoke(command, input="short\nshort\n")
    assert isinstance(result.exception, InvalidInputError)
    assert "at least 8 characters" in str(result.exception)
    assert not signin.exists(home)


def test_one_that_is_soon_guessed_is_refused_and_goes_on_where_it_holds_already(
    home: Path,
) -> None:
    arguments = ["--password", "nisha12345"]
    assert isinstance(CliRunner().invoke(command, arguments).exception, InvalidInputError)
    assert not signin.exists(home)
    signin.write(home, "nisha", "nisha12345")
    assert CliRunner().invoke(command, arguments).exit_code == 0


def test_the_sign_in_that_opens_nothing_says_so(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OI_SECOND_FACTOR", "required")
    settings.cache_clear()
    said = CliRunner().invoke(command, ["--password", PASSWORD])
    assert said.exit_code == 0
    assert "opens nothing" in said.output


def test_the_same_once_more_leaves_sessions_as_they_are(home: Path) -> None:
    arguments = ["--password", PASSWORD]
    assert CliRunner().invoke(command, arguments).exit_code == 0
    before = signin.proof_of(Settings(home=home), "nisha")
    assert "holds already" in CliRunner().invoke(command, arguments).output
    assert signin.proof_of(Settings(home=home), "nisha") == before
    CliRunner().invoke(command, ["--password", f"{PASSWORD}!"])
    assert signin.proof_of(Settings(home=home), "nisha") != before


def test_a_damaged_sign_in_is_written_anew_and_a_hint_goes(home: Path) -> None:
    for before in (b"{", None):
        if before is None:
            signin.write(home, "nisha", PASSWORD, hint="in a file")
        else:
            (home / "signin").write_bytes(before)
        assert CliRunner().invoke(command, ["--password", PASSWORD]).exit_code == 0
        known = signin.configured(Settings(home=home))
        assert known is not None
        assert known.hint is None
        assert known.accepts("nisha", PASSWORD)
