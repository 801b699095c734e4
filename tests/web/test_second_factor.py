"""A second factor: set up by its user, asked for at every sign-in, each code taken once."""

import html
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import pyotp
import pytest
from click.testing import CliRunner
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import URL

from app.cli.user import command as user_command
from app.web.auth.factors import SecondFactors
from app.web.auth.people import NobodySetError, People
from app.web.database import Database
from db.errors import InvalidInputError, SettingsError
from db.settings import Settings
from tests.support.databases import connection
from tests.web import PASSWORD, USERNAME
from tests.web.conftest import HashesHeld, MakeApp, signed_in
from tests.web.test_sign_in import NOWHERE, sign_in, token
from tests.web.test_users import OTHERS, add, clock, entered, is_in, run, told

__all__ = ["clock", "run"]

PAGE = "/second-factor"
KEY = "of all hosts"
FIRST = 1_795_000_000.0
WRONG = "User name, password or code is not right."


@dataclass
class Phone:
    """An authenticator, and what a user wrote down; codes are those of `now`."""

    secret: str
    now: Callable[[], float]
    recovery: list[str]

    def code(self, later: int = 0) -> str:
        return pyotp.TOTP(self.secret).at(self.now(), counter_offset=later)


class Hour:
    """The time that hosts and phones go by: no code runs out while a machine is busy."""

    def __init__(self) -> None:
        self.now = FIRST

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def hour() -> Hour:
    return Hour()


@pytest.fixture
def host(settings: Settings, make_app: MakeApp, hour: Hour) -> Callable[..., Flask]:
    """Makes a host of those that share a key and a database."""

    def make(**changes: object) -> Flask:
        app = make_app(replace(settings, **{"secret_key": KEY, **changes}))  # type: ignore[arg-type]
        app.extensions["oi"].live.close()
        app.extensions["oi"].factors._clock = hour
        return app

    return make


@pytest.fixture
def app(host: Callable[..., Flask]) -> Flask:
    return host()


def begun(client: FlaskClient, hour: Hour, password: str = OTHERS) -> Phone:
    form = {"csrf": token(client, PAGE), "password": password}
    page = client.post(f"{PAGE}/begin", data=form)
    assert page.status_code == 200
    address = re.search(r'href="(otpauth://[^"]+)"', page.text)
    assert address
    read = pyotp.parse_uri(html.unescape(address[1]))
    return Phone(read.secret, hour, [])


def confirmed(client: FlaskClient, phone: Phone) -> Phone:
    form = {"csrf": token(client, PAGE), "code": phone.code()}
    page = client.post(f"{PAGE}/confirm", data=form)
    assert page.status_code == 200
    phone.recovery = re.findall(r"\d(?:-\d{4}){4}", page.text)
    # the code of the set-up is used up
    phone.now.now += 30
    return phone


def set_up(client: FlaskClient, hour: Hour) -> Phone:
    return confirmed(client, begun(client, hour))


def status(app: Flask, code: str = "", password: str = OTHERS) -> int:
    answer = sign_in(app.test_client(), password, username="nisha", code=code)
    assert answer.status_code != 401 or WRONG in answer.text
    return int(answer.status_code)


def test_it_is_set_up_on_the_page_and_counts_once_a_code_was_given(
    app: Flask, run: CliRunner, hour: Hour, clock: None, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "app.web.auth")
    add(run, "nisha")
    here, there = entered(app, "nisha"), entered(app, "nisha")
    assert "Set it up" in here.get(PAGE).text
    form = {"csrf": token(here, PAGE), "password": "wrong"}
    assert here.post(f"{PAGE}/begin", data=form).status_code == 401
    phone = begun(here, hour)
    # shown once
    assert phone.secret[:4] not in here.get(PAGE).text
    form = {"csrf": token(here, PAGE), "code": phone.code(later=7)}
    assert here.post(f"{PAGE}/confirm", data=form).status_code == 401
    assert status(app) == 302
    confirmed(here, phone)
    assert len(phone.recovery) == 8
    assert [is_in(here), is_in(there)] == [True, False]
    assert "Remove it" in here.get(PAGE).text
    assert "second factor" in told(run, "user", "list")
    assert "nisha set up a second factor from 127.0.0.1; other sessions ended: 2" in caplog.text
    assert phone.secret not in caplog.text


def test_a_password_alone_opens_nothing_and_nobody_learns_that_it_was_right(
    app: Flask, run: CliRunner, hour: Hour
) -> None:
    add(run, "nisha")
    phone = set_up(entered(app, "nisha"), hour)
    assert status(app) == 401
    assert status(app, phone.code(later=7)) == 401
    assert status(app, phone.code(), "wrong") == 401
    # the code beside a wrong password was not used up
    assert status(app, phone.code()) == 302


def test_a_wrong_code_costs_what_a_wrong_password_costs(
    app: Flask, run: CliRunner, hour: Hour, held: HashesHeld
) -> None:
    add(run, "nisha")
    phone = set_up(entered(app, "nisha"), hour)
    people = app.extensions["oi"].people
    guesses = {
        "of six digits": [phone.code(later=7), "", "not a code"],
        "of recovery": [f"1{'0' * 16}", f"9{'0' * 16}"],
    }
    for codes in guesses.values():
        costs = []
        for code in codes:
            for name, password in (("nisha", OTHERS), ("nisha", "wrong"), ("nobody", OTHERS)):
                held.clear()
                assert people.accepts(name, password, code) is None
                costs.append(dict(held))
        assert costs == costs[:1] * len(costs)


def test_a_code_is_taken_once_on_all_hosts_together(
    host: Callable[..., Flask], run: CliRunner, hour: Hour, tmp_path: Path
) -> None:
    first, second = host(), host(home=tmp_path / "other")
    add(run, "nisha")
    phone = set_up(entered(first, "nisha"), hour)
    code, before = phone.code(), phone.code(later=-1)
    assert [status(first, each) for each in (code, code)] == [302, 401]
    assert [status(second, each) for each in (code, before)] == [401, 401]
    hour.now += 30
    assert status(second, phone.code()) == 302


def test_of_two_hosts_that_hold_the_same_code_one_takes_it(
    host: Callable[..., Flask], run: CliRunner, hour: Hour, tmp_path: Path
) -> None:
    apps = host(), host(home=tmp_path / "other")
    add(run, "nisha")
    phone = set_up(entered(apps[0], "nisha"), hour)
    each_hosts: list[SecondFactors] = [app.extensions["oi"].factors for app in apps]
    row = each_hosts[0].of("nisha")
    assert row is not None
    for code in (phone.code(), phone.recovery[2]):
        # both have looked at it before either takes it
        spent = [factors.held_against("nisha", row, code) for factors in each_hosts]
        assert all(spent)
        taken = zip(each_hosts, spent, strict=True)
        assert [factors.spend("nisha", row, each) for factors, each in taken] == [True, False]


def test_a_recovery_code_is_taken_once(app: Flask, run: CliRunner, hour: Hour) -> None:
    add(run, "nisha")
    client = entered(app, "nisha")
    phone = set_up(client, hour)
    second, third = phone.recovery[1:3]
    answers = [status(app, code) for code in (second, second, third.replace("-", ""))]
    assert answers == [302, 401, 302]
    assert "6 of 8 recovery codes are left" in client.get(PAGE).text


def test_guesses_of_codes_count_as_those_of_passwords(
    app: Flask, run: CliRunner, hour: Hour
) -> None:
    add(run, "nisha")
    phone = set_up(entered(app, "nisha"), hour)
    guesses = [status(app, f"{number}{'0' * 16}") for number in range(3)]
    guesses += [status(app, phone.code(later=number)) for number in (7, 8, 0)]
    assert guesses == [401] * 5 + [429]


def test_guesses_at_its_page_close_the_door_and_the_page_says_so(
    app: Flask, run: CliRunner, hour: Hour
) -> None:
    add(run, "nisha")
    client = entered(app, "nisha")
    form = {"csrf": token(client, PAGE), "password": "wrong"}
    answers = [client.post(f"{PAGE}/begin", data=form) for _ in range(6)]
    assert [answer.status_code for answer in answers] == [401] * 5 + [429]
    assert 0 < int(answers[-1].headers["Retry-After"]) <= 60
    assert "Too many attempts" in answers[-1].text
    assert f'action="{PAGE}/begin"' in answers[-1].text


def test_it_is_removed_by_who_has_password_and_code(
    app: Flask, run: CliRunner, hour: Hour, clock: None
) -> None:
    add(run, "nisha")
    client = entered(app, "nisha")
    phone = set_up(client, hour)
    for password, code in ((OTHERS, phone.code(later=7)), ("wrong", phone.code())):
        form = {"csrf": token(client, PAGE), "password": password, "code": code}
        assert client.post(f"{PAGE}/remove", data=form).status_code == 401
    assert status(app) == 401
    form = {"csrf": token(client, PAGE), "password": OTHERS, "code": phone.code()}
    assert "Set it up" in client.post(f"{PAGE}/remove", data=form).text
    assert is_in(client)
    assert status(app) == 302


def test_the_operator_takes_a_lost_one_away(
    app: Flask, run: CliRunner, hour: Hour, clock: None
) -> None:
    add(run, "nisha")
    client = entered(app, "nisha")
    set_up(client, hour)
    told(run, "user", "drop-factor", "nisha")
    assert not is_in(client)
    assert status(app) == 302
    for name in ("nisha", "nobody"):
        refused = run.invoke(user_command, ["drop-factor", name])
        assert isinstance(refused.exception, InvalidInputError)


def test_where_all_must_have_one_nothing_else_is_open_before(
    host: Callable[..., Flask], run: CliRunner, hour: Hour, clock: None
) -> None:
    add(run, "nisha")
    app = host(second_factor="required")
    client = entered(app, "nisha")
    with client.session_transaction() as kept:
        sid = kept["sid"]
    sessions = app.extensions["oi"].sessions
    assert client.get("/").location == client.get("/broker").location == PAGE
    for path in ("/api/alerts", "/live?follow=NSE"):
        assert client.get(path).status_code == 403
    assert not sessions.is_open(sid)
    assert "This server asks everybody for one" in client.get(PAGE).text
    set_up(client, hour)
    assert is_in(client)
    assert client.get(PAGE).status_code == 200
    # a session of before the setting is led there, too
    with client.session_transaction() as kept:
        assert sessions.is_open(kept["sid"])


def test_where_all_must_have_one_the_sign_in_without_users_opens_nothing(
    host: Callable[..., Flask], clock: None
) -> None:
    before = signed_in(host())
    cookie = before.get_cookie("oi_session_5050")
    assert cookie is not None
    app = host(second_factor="required")
    kept = app.test_client()
    kept.set_cookie("oi_session_5050", cookie.value)
    assert not is_in(kept)
    page = app.test_client().get("/login").text
    assert "python -m app user add NAME" in page
    assert "python -m app password" not in page
    assert sign_in(app.test_client()).status_code == 503


@pytest.mark.parametrize(("required", "opens"), [("optional", True), ("required", False)])
def test_without_its_database_the_sign_in_set_here_holds_unless_all_must_have_a_factor(
    settings: Settings, required: str, opens: bool
) -> None:
    away = Database(replace(settings, database_url=NOWHERE), explicit=True)
    factors = SecondFactors(away, lambda: KEY, lasts=True)
    people = People(replace(settings, second_factor=required), away, factors)
    if opens:
        assert people.accepts(USERNAME, PASSWORD) is not None
    else:
        with pytest.raises(NobodySetError):
            people.accepts(USERNAME, PASSWORD)


def test_whom_the_broker_names_is_asked_for_none_here(settings: Settings) -> None:
    listed = replace(settings, second_factor="required", kite_users=("AB1234",))
    database = Database(listed, explicit=True)
    people = People(listed, database, SecondFactors(database, lambda: KEY, lasts=True))
    person = people.of_broker("AB1234")
    assert person is not None
    assert not person.lacks_factor


def test_the_sign_in_set_here_can_have_none(app: Flask) -> None:
    client = signed_in(app)
    assert "has no second factor" in client.get(PAGE).text
    # its form is on no page for them
    form = {"csrf": token(client, "/logout"), "password": PASSWORD}
    assert client.post(f"{PAGE}/begin", data=form).status_code == 403


def test_nothing_is_changed_without_the_pages_token(
    app: Flask, run: CliRunner, database: URL
) -> None:
    add(run, "nisha")
    client = entered(app, "nisha")
    for step in ("begin", "confirm", "remove"):
        form = {"csrf": "", "password": OTHERS, "code": "000000"}
        assert client.post(f"{PAGE}/{step}", data=form).status_code == 400
    with connection(database) as session:
        assert session.execute("SELECT FROM site_second_factors").fetchall() == []


def test_the_table_tells_neither_secret_nor_recovery_codes(
    app: Flask, run: CliRunner, hour: Hour, database: URL
) -> None:
    add(run, "nisha")
    phone = set_up(entered(app, "nisha"), hour)
    with connection(database) as session:
        (kept,) = session.execute("SELECT f::text FROM site_second_factors AS f").fetchone()
    assert phone.secret not in kept
    assert not any(code in kept or code.replace("-", "") in kept for code in phone.recovery)


def test_a_host_of_another_key_takes_no_code_and_its_log_says_why(
    host: Callable[..., Flask], run: CliRunner, hour: Hour, caplog: pytest.LogCaptureFixture
) -> None:
    add(run, "nisha")
    phone = set_up(entered(host(), "nisha"), hour)
    other = host(secret_key=f"not {KEY}")
    assert status(other, phone.code()) == 401
    assert "kept under another OI_SECRET_KEY" in caplog.text
    assert status(other, phone.recovery[0]) == 302


def test_nothing_is_sealed_with_a_key_that_ends_with_the_process(settings: Settings) -> None:
    database = Database(settings, explicit=True)
    with pytest.raises(SettingsError, match="OI_SECRET_KEY"):
        SecondFactors(database, lambda: KEY, lasts=False).begun("nisha")


def test_the_login_page_asks_for_a_code_as_devices_fill_it_in_and_not_of_a_first_visitor(
    app: Flask, run: CliRunner
) -> None:
    assert 'name="code"' not in app.test_client().get("/login").text
    add(run, "nisha")
    page = app.test_client().get("/login").text
    assert re.search(r'name="code" inputmode="numeric" autocomplete="one-time-code"', page)
