"""Logging in with the official client, and who is turned away."""

import hashlib
import json
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from app.kite.standin import StandIn
from app.kite.standin.limits import HISTORICAL, OTHER, QUOTE, Limits
from app.kite.standin.sessions import Account, Sessions
from tests.kite.standin.conftest import NIFTY, SEED, WEDNESDAY
from tests.kite.standin.rest import client, is_refused, login


def test_the_login_of_the_official_client_goes_all_the_way(still: StandIn) -> None:
    kite = client(still)
    kite._default_login_uri = f"{still.url}/connect/login"
    assert kite.login_url().startswith(still.url)
    back = login(still, redirect_params="state=abc%26x")
    fields = urllib.parse.parse_qs(urllib.parse.urlsplit(back).query)
    assert back.startswith(still.sessions.account.redirect_url)
    assert (fields["status"], fields["state"]) == (["success"], ["abc&x"])
    session = kite.generate_session(fields["request_token"][0], still.sessions.account.api_secret)
    assert session["login_time"] == WEDNESDAY.replace(tzinfo=None)
    assert kite.profile()["user_id"] == session["user_id"] == still.sessions.account.user_id
    assert kite.invalidate_access_token() is True
    is_refused(kite.profile, 403)
    kite.reqsession.close()


def test_answers_have_the_fields_of_the_published_samples(
    still: StandIn, kite: Any, samples: Path
) -> None:
    def sample(name: str) -> Any:
        return json.loads((samples / name).read_text())["data"]

    token = still.sessions.login(still.sessions.account.api_key).partition("request_token=")[2]
    session = client(still).generate_session(token, still.sessions.account.api_secret)
    assert session.keys() == sample("generate_session.json").keys()
    kite.set_access_token(session["access_token"])
    assert kite.profile().keys() == sample("profile.json").keys()
    option = still.market.listings().rows[500]
    quote = kite.quote(option.full_name)[option.full_name]
    assert quote.keys() == sample("quote.json")["NSE:INFY"].keys()
    assert quote["depth"]["buy"][0].keys() == {"price", "quantity", "orders"}


def test_a_request_token_is_used_once_and_only_with_the_right_checksum(still: StandIn) -> None:
    kite, secret = client(still), still.sessions.account.api_secret
    token = login(still).partition("request_token=")[2]
    assert is_refused(lambda: kite.generate_session(token, "wrong"), 403) == "TokenException"
    assert kite.generate_session(token, secret)["access_token"]
    assert is_refused(lambda: kite.generate_session(token, secret), 403) == "TokenException"
    kite.reqsession.close()


def test_request_tokens_age_and_a_new_session_ends_the_one_before() -> None:
    now = [0.0]
    sessions = Sessions(Account(), lambda: WEDNESDAY, clock=lambda: now[0])
    account = sessions.account

    def exchange(token: str) -> str:
        text = f"{account.api_key}{token}{account.api_secret}"
        checksum = hashlib.sha256(text.encode()).hexdigest()
        return str(sessions.exchange(account.api_key, token, checksum)["access_token"])

    old, fresh = (sessions.login(account.api_key).partition("request_token=")[2] for _ in range(2))
    first = exchange(fresh)
    sessions.demand(account.api_key, first)
    now[0] = 301.0
    with pytest.raises(Exception, match="invalid or has expired"):
        exchange(old)
    second = exchange(sessions.login(account.api_key).partition("request_token=")[2])
    sessions.demand(account.api_key, second)
    with pytest.raises(Exception, match="Incorrect"):
        sessions.demand(account.api_key, first)


def test_without_a_session_nothing_but_the_dump_is_given(still: StandIn) -> None:
    stranger = client(still, "made-up")
    hooked: list[bool] = []
    stranger.set_session_expiry_hook(lambda: hooked.append(True))
    for call in (
        stranger.profile,
        stranger.orders,
        lambda: stranger.quote("NSE:NIFTY 50"),
        lambda: stranger.historical_data(NIFTY, "2026-08-18", "2026-08-18", "minute"),
    ):
        assert is_refused(call, 403) == "TokenException"
    assert len(hooked) == 4
    assert len(stranger.instruments()) > 1500
    stranger.reqsession.close()


@pytest.mark.parametrize(("kind", "most"), [(QUOTE, 1), (HISTORICAL, 3), (OTHER, 10)])
def test_one_request_too_many_in_a_second_waits_for_the_next(kind: str, most: int) -> None:
    now = [0.0]
    limits = Limits(clock=lambda: now[0])
    for _ in range(most):
        limits.take("key", kind)
    with pytest.raises(Exception, match="Too many requests"):
        limits.take("key", kind)
    limits.take("another key", kind)
    now[0] = 1.0
    limits.take("key", kind)


def test_the_official_client_is_told_429() -> None:
    with StandIn(now=lambda: WEDNESDAY, seed=SEED) as standin:
        standin.rest.limits._clock = lambda: 0.0
        kite = client(standin, standin.sessions.sign_in())
        kite.ltp("NSE:NIFTY 50")
        assert is_refused(lambda: kite.ltp("NSE:NIFTY 50"), 429) == "NetworkException"
        kite.reqsession.close()


def test_orders_are_read_and_never_placed(kite: Any) -> None:
    assert kite.orders() == []
    order = ("regular", "NFO", "NIFTY26AUGFUT", "BUY", 65, "NRML", "MARKET")
    assert is_refused(lambda: kite.place_order(*order), 400) == "OrderException"
