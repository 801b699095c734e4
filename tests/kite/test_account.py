"""Logging in at the stand-in and asking it, within its limits and when it refuses."""

import logging
import subprocess
import sys
from pathlib import Path

import pytest
from kiteconnect import KiteConnect

from app.kite import secrets
from app.kite.account import Account, account_of
from app.kite.client import BrokerClient
from app.kite.errors import BrokerError, LoginNeededError
from app.kite.fetching import _WORKERS
from app.kite.login import login_address
from app.kite.session import SessionStore
from app.kite.standin import Fault, StandIn
from db.errors import InvalidInputError, SettingsError
from db.settings import Settings
from tests.kite.standin.rest import login
from tests.support.paths import ROOT

KEY = "a key of these tests"


@pytest.fixture
def store(tmp_path: Path) -> SessionStore:
    return SessionStore(tmp_path, KEY)


@pytest.fixture
def account(standin: StandIn, store: SessionStore) -> Account:
    return Account("standin", "standin-secret", store, standin.url)


def request_token(standin: StandIn) -> str:
    from app.cli.kite import request_token

    return request_token(login(standin))


def test_a_login_is_exchanged_kept_and_used(standin: StandIn, account: Account) -> None:
    with pytest.raises(LoginNeededError, match="python -m app kite login"):
        account.ask(BrokerClient.profile)
    assert account.credentials() is None
    session = account.exchange(request_token(standin))
    assert session.user_id == "SI0001"
    assert account.ask(BrokerClient.profile)["user_name"] == "Stand In"
    known = account.credentials()
    assert known is not None
    assert known.access_token not in repr(known)


def test_what_a_person_brought_is_exchanged_on_the_next_look(
    standin: StandIn, account: Account, store: SessionStore
) -> None:
    store.bring(request_token(standin))
    known = account.credentials()
    assert known is not None
    store.bring("used-up-or-made-up")
    assert account.credentials() == known
    assert account.problem is not None
    assert "Token is invalid" in account.problem


def test_of_two_who_log_in_at_once_the_last_one_counts(standin: StandIn, account: Account) -> None:
    first, second = request_token(standin), request_token(standin)
    account.exchange(first)
    account.exchange(second)
    assert account.ask(BrokerClient.profile)["user_id"] == "SI0001"


def test_a_session_that_is_refused_is_asked_no_more_until_a_new_login(
    standin: StandIn, account: Account
) -> None:
    account.exchange(request_token(standin))
    before = account.credentials()
    standin.fault(Fault.EXPIRED)
    with pytest.raises(LoginNeededError, match="log in there again"):
        account.ask(BrokerClient.profile)
    assert account.credentials() is None
    account.exchange(request_token(standin))
    after = account.credentials()
    assert before is not None
    assert after is not None
    assert after.version != before.version
    assert account.ask(BrokerClient.profile)["user_id"] == "SI0001"


def test_too_many_requests_wait_and_go_on(standin: StandIn) -> None:
    client = BrokerClient("standin", standin.sessions.sign_in(), standin.url, wait_s=0.01)
    standin.fault(Fault.TOO_MANY, times=2)
    assert client.profile()["user_id"] == "SI0001"
    standin.fault(Fault.TOO_MANY, times=100)
    with pytest.raises(BrokerError, match="asks to wait"):
        client.profile()


def test_a_broker_that_fails_or_is_not_there_is_one_sentence(standin: StandIn) -> None:
    client = BrokerClient("standin", standin.sessions.sign_in(), standin.url, wait_s=0.01)
    standin.fault(Fault.SERVER_ERROR)
    with pytest.raises(BrokerError, match="The broker refused"):
        client.profile()
    standin.stop()
    with pytest.raises(BrokerError, match="does not answer"):
        client.profile()


def test_the_login_page_is_the_brokers_or_the_one_that_was_set() -> None:
    assert login_address("abc") == "https://kite.zerodha.com/connect/login?api_key=abc&v=3"
    assert login_address("abc") == KiteConnect("abc").login_url()
    own = login_address("abc", "http://127.0.0.1:1/connect/login")
    assert own.startswith("http://127.0.0.1:1/connect/login?api_key=abc")


def test_missing_credentials_are_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="OI_KITE_API_KEY and OI_KITE_API_SECRET"):
        account_of(Settings(home=tmp_path), lambda *_: KEY)


@pytest.mark.parametrize(
    ("answer", "found"),
    [
        (
            "http://127.0.0.1:5050/broker/callback?request_token=abc1&action=login&status=success",
            "abc1",
        ),
        ("  abc1\n", "abc1"),
        ("https://x/?status=success&request_token=abc1#", "abc1"),
    ],
)
def test_the_request_token_is_found_in_what_was_pasted(answer: str, found: str) -> None:
    from app.cli.kite import request_token

    assert request_token(answer) == found


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        ("https://x/?status=error&request_token=abc1", "did not succeed"),
        ("https://x/?status=success", "no request_token"),
        ("", "no request_token"),
    ],
)
def test_an_answer_without_one_says_what_to_do(answer: str, sentence: str) -> None:
    from app.cli.kite import request_token

    with pytest.raises(InvalidInputError, match=sentence):
        request_token(answer)


@pytest.fixture
def environment(standin: StandIn, tmp_path: Path) -> dict[str, str]:
    """What a program needs to speak to the stand-in."""
    return {
        "OI_HOME": str(tmp_path),
        "OI_KITE_API_KEY": "standin",
        "OI_KITE_API_SECRET": "standin-secret",
        "OI_KITE_ROOT": standin.url,
        "OI_KITE_TICKER_ROOT": standin.ws_url,
        "OI_KITE_LOGIN_URL": f"{standin.url}/connect/login",
    }


def run(environment: dict[str, str], *arguments: str, said: str = "") -> tuple[int, str, str]:
    done = subprocess.run(
        [sys.executable, "-m", "app", *arguments],
        cwd=ROOT,
        env=environment,
        input=said,
        capture_output=True,
        text=True,
    )
    return done.returncode, done.stdout, done.stderr


def test_a_person_logs_in_from_a_terminal(standin: StandIn, environment: dict[str, str]) -> None:
    code, out, _ = run(environment, "kite", "status")
    assert (code, "Nobody is logged in" in out) == (0, True)
    code, out, err = run(environment, "kite", "login", said=login(standin) + "\n")
    assert (code, err) == (0, "")
    assert f"{standin.url}/connect/login?api_key=standin" in out
    assert "SI0001 is logged in" in out
    code, out, _ = run(environment, "kite", "status")
    assert "accepts it, for Stand In" in out
    standin.fault(Fault.EXPIRED)
    code, out, _ = run(environment, "kite", "status")
    assert "log in there again" in out


def test_a_wrong_secret_is_one_sentence(standin: StandIn, environment: dict[str, str]) -> None:
    environment["OI_KITE_API_SECRET"] = "wrong"  # noqa: S105 - of this test
    code, _, err = run(environment, "kite", "login", said=login(standin) + "\n")
    assert code == 1
    assert err.startswith("Error: The broker refused the session (Invalid `checksum`")
    assert err.count("\n") == 1


@pytest.mark.parametrize("arguments", [("collect", "--feed", "kite"), ("kite", "login")])
def test_without_credentials_one_sentence_says_what_to_set(
    environment: dict[str, str], arguments: tuple[str, ...]
) -> None:
    del environment["OI_KITE_API_SECRET"]
    code, _, err = run(environment, *arguments)
    assert code == 2
    # whoever runs it as root is told that before
    *_, said = [line for line in err.splitlines() if "This runs as root" not in line]
    assert "set them to those of your app at https://developers.kite.trade" in said
    assert err.count("Error: ") == 1


def _debugged_profile(client: BrokerClient) -> object:
    client._client.debug = True
    return client.profile()


def test_no_log_line_holds_a_token_even_when_the_client_debugs(
    standin: StandIn, account: Account, capsys: pytest.CaptureFixture[str]
) -> None:
    root = logging.getLogger()
    handler = logging.StreamHandler(sys.stderr)
    level, handlers = root.level, root.handlers[:]
    root.handlers[:] = [handler]
    root.setLevel(logging.DEBUG)
    try:
        secrets.install()
        logging.getLogger("kiteconnect.connect").setLevel(logging.DEBUG)
        account.exchange(request_token(standin))
        account.ask(_debugged_profile)
    finally:
        root.handlers[:] = handlers
        root.setLevel(level)
        secrets.install()
    known = account.credentials()
    assert known is not None
    said = capsys.readouterr().err
    assert "Authorization" in said
    assert known.access_token not in said
    assert "standin-secret" not in said


def test_requests_to_the_broker_go_over_a_connection_that_is_kept(
    standin: StandIn, account: Account
) -> None:
    account.exchange(request_token(standin))
    for _ in range(5):
        account.ask(BrokerClient.profile)
    used = account.ask(lambda client: client._client.reqsession.get_adapter(standin.url))
    pools = used.poolmanager.pools
    assert [pools[key].num_connections for key in pools.keys()] == [1]  # noqa: SIM118
    # the real broker is asked over https, by as many as fetch candles at once
    pooled = account.ask(lambda client: client._client.reqsession.get_adapter("https://broker"))
    assert (pooled._pool_connections, pooled._pool_maxsize) == (1, _WORKERS)
