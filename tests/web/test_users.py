"""Users of the database: who they are, what they may do, and sessions that end everywhere."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import URL, text

from app.cli.sessions import command as sessions_command
from app.cli.user import command as user_command
from app.web.auth import keeper as keeping
from app.web.auth.factors import SecondFactors
from app.web.auth.keeper import SessionKeeper
from app.web.auth.people import People
from app.web.database import Database
from db import engine as engines
from db.engine import engine_for
from db.errors import DatabaseUnavailableError, InvalidInputError
from db.settings import Settings
from db.settings import settings as environment_settings
from tests.web import PASSWORD, USERNAME
from tests.web.conftest import MakeApp, signed_in
from tests.web.test_sign_in import NOWHERE, sign_in, token

OTHERS = "another horse, another battery"


@pytest.fixture
def run(home: Path, database: URL, monkeypatch: pytest.MonkeyPatch) -> Iterator[CliRunner]:
    """A runner of commands whose settings name the test's database."""
    url = database.set(drivername="postgresql").render_as_string(hide_password=False)
    monkeypatch.setenv("OI_HOME", str(home))
    monkeypatch.setenv("OI_DATABASE_URL", url)
    caches = (environment_settings, engines.write_engine, engines.newest_engine)
    for cache in caches:
        cache.cache_clear()
    yield CliRunner()
    for cached in (engines.write_engine, engines.newest_engine):
        cached().dispose()
    for cache in caches:
        cache.cache_clear()


def told(run: CliRunner, *arguments: str) -> str:
    group = user_command if arguments[0] == "user" else sessions_command
    result = run.invoke(group, arguments[1:], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output


def add(run: CliRunner, name: str, role: str = "viewer") -> None:
    told(run, "user", "add", name, "--role", role, "--password", OTHERS)


@pytest.fixture
def app(settings: Settings, make_app: MakeApp) -> Flask:
    made = make_app(settings)
    made.extensions["oi"].live.close()
    return made


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every question about a session goes to the database."""
    monkeypatch.setattr(keeping, "_HOLDS_S", 0.0)


def entered(app: Flask, name: str, password: str = OTHERS) -> FlaskClient:
    client = app.test_client()
    assert sign_in(client, password, username=name).status_code == 302
    return client


def is_in(client: FlaskClient) -> bool:
    return client.get("/api/alerts").status_code == 200


def test_users_sign_in_and_the_sign_in_that_was_set_before_opens_nothing_more(
    app: Flask, run: CliRunner, clock: None
) -> None:
    before = signed_in(app)
    assert is_in(before)
    add(run, "nisha")
    assert not is_in(before)
    assert sign_in(app.test_client()).status_code == 401
    assert is_in(entered(app, "nisha"))
    for name, password in (("nisha", "wrong"), ("nobody", OTHERS), ("ni\0sha", OTHERS)):
        assert sign_in(app.test_client(), password, username=name).status_code == 401


def test_a_viewer_cannot_log_in_at_the_broker_and_an_admin_can(
    settings: Settings, make_app: MakeApp, run: CliRunner
) -> None:
    add(run, "nisha")
    add(run, "asha", "admin")
    app = make_app(replace(settings, kite_api_key="key"))
    app.extensions["oi"].live.close()
    viewer, admin = entered(app, "nisha"), entered(app, "asha")
    assert "/broker/login" not in viewer.get("/broker").text
    form = {"csrf": token(viewer, "/logout")}
    assert viewer.post("/broker/login", data=form).status_code == 403
    assert viewer.get("/broker/callback?status=success&request_token=a").status_code == 403
    form = {"csrf": token(admin, "/broker")}
    assert admin.post("/broker/login", data=form).status_code == 302


def test_the_owner_changes_users_where_others_reach_the_dashboard_too(
    run: CliRunner, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    # the settings of a pod are those of all of them
    monkeypatch.setenv("OI_HOST", "0.0.0.0")  # noqa: S104  # nothing listens
    monkeypatch.setenv("OI_TRUSTED_PROXIES", "10.0.0.0/8")
    add(run, "nisha")
    assert "nisha" in told(run, "user", "list")
    assert caplog.records == []


def test_the_account_of_pages_changes_no_user(
    run: CliRunner, as_web: URL, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = as_web.set(drivername="postgresql").render_as_string(hide_password=False)
    monkeypatch.setenv("OI_DATABASE_URL", url)
    with pytest.raises(InvalidInputError, match="for the owner of the database to change"):
        add(run, "nisha")


@pytest.mark.parametrize(
    "command",
    [
        ("user", "disable", "nisha"),
        ("user", "passwd", "nisha", "--password", "a third one, a third"),
        ("sessions", "revoke", "nisha"),
        ("sessions", "revoke", "--all"),
    ],
)
def test_a_command_ends_the_sessions_of_a_user(
    app: Flask, run: CliRunner, clock: None, command: tuple[str, ...]
) -> None:
    add(run, "nisha")
    client = entered(app, "nisha")
    assert is_in(client)
    told(run, *command)
    assert not is_in(client)


def test_a_disabled_user_is_refused_until_enabled(app: Flask, run: CliRunner) -> None:
    add(run, "nisha")
    told(run, "user", "disable", "nisha")
    assert sign_in(app.test_client(), OTHERS, username="nisha").status_code == 401
    assert "disabled" in told(run, "user", "list")
    told(run, "user", "enable", "nisha")
    assert is_in(entered(app, "nisha"))


def test_signing_out_everywhere_ends_every_device_of_that_user_alone(
    app: Flask, run: CliRunner, clock: None
) -> None:
    for name in ("nisha", "asha"):
        add(run, name)
    here, there, other = (entered(app, name) for name in ("nisha", "nisha", "asha"))
    assert here.post("/logout/everywhere", data={"csrf": ""}).status_code == 400
    form = {"csrf": token(here, "/logout")}
    assert here.post("/logout/everywhere", data=form).status_code == 302
    assert [is_in(client) for client in (here, there, other)] == [False, False, True]


def test_a_session_holds_on_every_host_and_a_replayed_cookie_of_an_ended_one_on_none(
    settings: Settings, make_app: MakeApp, tmp_path: Path, run: CliRunner, clock: None
) -> None:
    add(run, "nisha")
    key = replace(settings, secret_key="of all hosts")  # noqa: S106
    first = make_app(key)
    second = make_app(replace(key, home=tmp_path / "other"))
    for app in (first, second):
        app.extensions["oi"].live.close()
    client = entered(first, "nisha")
    cookie = client.get_cookie("oi_session_5050")
    assert cookie is not None
    elsewhere = second.test_client()
    elsewhere.set_cookie("oi_session_5050", cookie.value)
    assert is_in(elsewhere)
    client.get("/logout", headers={"Sec-Fetch-Site": "same-origin"})
    for app in (first, second):
        replayed = app.test_client()
        replayed.set_cookie("oi_session_5050", cookie.value)
        assert not is_in(replayed)


@pytest.mark.parametrize("column", ["seen_at", "opened_at"])
def test_a_session_ends_when_idle_and_at_its_limit_in_any_case(
    app: Flask, settings: Settings, database: URL, clock: None, column: str
) -> None:
    client = signed_in(app)
    engine = engine_for(database)
    aged = {
        "seen_at": "UPDATE site_sessions SET seen_at = seen_at - make_interval(secs => :age)",
        "opened_at": "UPDATE site_sessions SET opened_at = opened_at - make_interval(secs => :age)",
    }
    limits = {"seen_at": settings.session_idle_s, "opened_at": settings.session_lifetime_s}
    for age, holds in ((limits[column] - 60, True), (120, False)):
        with engine.begin() as connection:
            # seen just now: only this column ages
            connection.execute(text("UPDATE site_sessions SET seen_at = clock_timestamp()"))
            connection.execute(text(aged[column]), {"age": age if holds else limits[column] + age})
        assert is_in(client) is holds
    engine.dispose()


def test_the_table_does_not_tell_what_a_browser_holds(app: Flask, database: URL) -> None:
    client = signed_in(app)
    with client.session_transaction() as kept:
        sid = kept["sid"]
    engine = engine_for(database)
    with engine.connect() as connection:
        row = connection.execute(text("SELECT digest, username, address FROM site_sessions")).one()
    engine.dispose()
    assert row.username == USERNAME
    assert row.address == "127.0.0.1"
    assert sid not in row.digest


def test_while_the_database_is_away_the_last_word_holds_for_minutes(
    app: Flask, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = signed_in(app)
    with client.session_transaction() as kept:
        sid = kept["sid"]
    now = [0.0]
    away = Database(settings, explicit=True)
    people = People(settings, away, SecondFactors(away, str, lasts=True))
    files = app.extensions["oi"].sessions._files
    keeper = SessionKeeper(settings, away, people, files, clock=lambda: now[0])
    assert keeper.is_open(sid)
    away.close()
    monkeypatch.setattr(away, "_settings", replace(settings, database_url=NOWHERE))
    for now[0] in (4.0, 60.0, 299.0):
        assert keeper.is_open(sid)
    now[0] = 310.0
    with pytest.raises(DatabaseUnavailableError):
        keeper.is_open(sid)
    assert keeper.known_person_of("invented") is None


@pytest.mark.parametrize(
    "arguments",
    [
        ("add", "nisha", "--password", OTHERS),
        ("add", " ", "--password", OTHERS),
        ("add", "x" * 65, "--password", OTHERS),
        ("add", "new\n", "--password", "short"),
        ("add", "newcomer", "--password", "newcomer!"),
        ("passwd", "nisha", "--password", "password1"),
        ("passwd", "nobody", "--password", OTHERS),
        ("disable", "nobody"),
        ("enable", "nobody"),
    ],
)
def test_unfit_input_is_one_sentence_and_changes_nothing(
    run: CliRunner, arguments: tuple[str, ...]
) -> None:
    add(run, "nisha")
    before = told(run, "user", "list")
    result = run.invoke(user_command, arguments)
    assert isinstance(result.exception, InvalidInputError)
    assert told(run, "user", "list") == before


def test_revoking_needs_a_name_or_everybody(run: CliRunner) -> None:
    for arguments in (("revoke",), ("revoke", "nisha", "--all")):
        assert isinstance(run.invoke(sessions_command, arguments).exception, InvalidInputError)
    assert "No session is open." in told(run, "sessions", "list")


def test_open_sessions_are_listed_with_where_they_come_from(app: Flask, run: CliRunner) -> None:
    signed_in(app)
    listed = told(run, "sessions", "list")
    assert USERNAME in listed
    assert "127.0.0.1" in listed
    assert PASSWORD not in listed


def test_what_told_of_the_first_password_is_gone_with_the_first_user(
    app: Flask, run: CliRunner, home: Path, kept_sign_in: bytes
) -> None:
    hint = "Printed where the demo runs."
    client = app.test_client()
    assert hint in client.get("/login").text

    add(run, "asha")

    assert hint not in client.get("/login").text
    # another host has a file of its own, and hears of it from the database
    (home / "signin").write_bytes(kept_sign_in)
    app.extensions["oi"].people._ask_at = 0.0
    client.get("/login").close()
    page = client.get("/login").text
    assert hint not in page
    assert f'value="{USERNAME}"' not in page
    assert is_in(entered(app, "asha"))
