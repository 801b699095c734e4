"""Parsers of what a browser or a program sends: a sentence for what is wrong, and no failure."""

from contextlib import suppress
from datetime import datetime
from typing import Any

import orjson
import pytest
from flask import Flask
from hypothesis import strategies as st
from werkzeug.datastructures import Headers

from app.chains.series.asked import Asked
from app.chains.series.kinds import KINDS as SERIES
from app.desk.alerts.rules import KINDS, changed, rule_of
from app.desk.paper.orders import key_of, legs_of, order_of
from app.push.frames import HandshakeError, accept
from app.push.notices import Notice
from app.push.wishes import requested
from app.web.asked import market_moment
from app.web.auth.bearer import session_of
from app.web.auth.destination import is_path_of_this_site
from app.web.factory import build
from app.web.hosts import host_name
from app.web.intake.arriving import Arriving
from app.web.proxies import TrustedProxies, address_of, counted_as
from db.errors import InvalidInputError, SettingsError
from db.setting_list import described
from db.settings import Settings, settings_from
from db.urls import database_url
from tests.fuzz.generated import fuzzed, raw, values, words

NAMES = [setting.name for setting in described()]
LEGACY = [setting.legacy for setting in described() if setting.legacy]
LEG = ("exchange", "symbol", "side", "lots", "limit")


@pytest.fixture(scope="module")
def application(tmp_path_factory: pytest.TempPathFactory) -> Flask:
    return build(Settings(home=tmp_path_factory.mktemp("home")))


@fuzzed(0.04, text=words)
def test_a_host_is_a_name_or_none(text: str) -> None:
    found = host_name(text)
    assert found is None or (found and found == found.lower())


@fuzzed(0.04, text=words)
def test_an_address_is_one_or_none(text: str) -> None:
    assert counted_as(text) == "unknown" or address_of(text) is not None


@fuzzed(0.03, peer=words, told=st.lists(words, max_size=4), scheme=words)
def test_what_proxies_tell_never_fails(peer: str, told: list[str], scheme: str) -> None:
    environ: dict[str, Any] = {
        "REMOTE_ADDR": peer,
        "HTTP_X_FORWARDED_FOR": ",".join(told),
        "HTTP_X_FORWARDED_PROTO": scheme,
        "wsgi.url_scheme": "http",
    }
    TrustedProxies(lambda *_: [], ["0.0.0.0/0", "::/0"])(environ, lambda *_: lambda _: None)
    assert environ["wsgi.url_scheme"] in ("http", "https")
    assert environ["REMOTE_ADDR"] == peer or address_of(environ["REMOTE_ADDR"]) is not None


@fuzzed(0.03, text=words)
def test_a_destination_that_leads_away_is_none(text: str) -> None:
    if is_path_of_this_site(text):
        assert text.startswith("/")
        assert not text.startswith("//")


@fuzzed(0.04, text=words)
def test_a_moment_is_aware_or_refused(text: str) -> None:
    with suppress(InvalidInputError):
        assert market_moment("at", text).tzinfo is not None


@fuzzed(
    0.05,
    asked=st.dictionaries(
        st.sampled_from(["day", "at", "strike", "strikes", "side", "days", "around", "other"]),
        words,
        max_size=5,
    ),
    name=st.sampled_from(sorted(SERIES)),
)
def test_what_is_asked_of_a_series_makes_sense_or_is_refused(
    asked: dict[str, str], name: str
) -> None:
    with suppress(InvalidInputError):
        found = Asked.of(asked, SERIES[name].wanted)
        assert found.at is None or isinstance(found.at, datetime)


@fuzzed(0.04, text=st.one_of(words, values.map(lambda value: repr(value)), raw.map(repr)))
def test_a_message_of_a_page_follows_or_is_refused(text: str) -> None:
    with suppress(InvalidInputError):
        wish = requested(text)
        assert isinstance(wish.book, bool)
        assert all(value is None or isinstance(value, int) for value in wish.follow.values())


@fuzzed(0.03, value=values, book=values)
def test_json_of_a_page_follows_or_is_refused(value: Any, book: Any) -> None:
    with suppress(TypeError):
        text = orjson.dumps({"follow": value, "book": book}).decode()
        with suppress(InvalidInputError):
            requested(text)


@fuzzed(
    0.03,
    given_headers=st.dictionaries(
        st.sampled_from(
            ["Upgrade", "Sec-WebSocket-Version", "Sec-WebSocket-Key", "Sec-WebSocket-Extensions"]
        ),
        st.one_of(
            words,
            st.sampled_from(["websocket", "13", "AAAAAAAAAAAAAAAAAAAAAA=="]),
            words.map(lambda text: f"permessage-deflate; server_max_window_bits={text}"),
            words.map(lambda text: f"permessage-deflate; {text}"),
        ),
    ),
)
def test_a_handshake_is_agreed_or_refused(given_headers: dict[str, str]) -> None:
    headers = Headers()
    for name, value in given_headers.items():
        with suppress(ValueError):
            headers[name] = value
    with suppress(HandshakeError):
        assert accept(headers).answer.count(b"\r\n\r\n") == 1


@fuzzed(0.03, payload=st.one_of(words, values.map(repr)))
def test_what_is_announced_is_a_notice_or_none(payload: str) -> None:
    found = Notice.heard(payload)
    assert found is None or isinstance(found.topic, str)


@fuzzed(
    0.04,
    value=st.one_of(
        values,
        st.fixed_dictionaries(
            {"exchange": st.just("NSE"), "kind": st.sampled_from(sorted(KINDS)), "params": values},
            optional={"repeats": values, "cooldown_s": values},
        ),
    ),
)
def test_a_rule_is_sound_or_refused(value: Any) -> None:
    with suppress(InvalidInputError):
        rule = rule_of(value)
        assert rule.kind in KINDS
        changed(rule, {"params": value})


@fuzzed(
    0.04,
    value=st.one_of(
        values,
        st.fixed_dictionaries({"key": st.just("key-of-an-order"), "legs": values}),
        st.fixed_dictionaries(
            {
                "key": st.just("key-of-an-order"),
                "legs": st.lists(st.dictionaries(st.sampled_from(LEG), values), max_size=3),
            }
        ),
    ),
)
def test_an_order_is_sound_or_refused(value: Any) -> None:
    for read in (order_of, legs_of, key_of):
        with suppress(InvalidInputError):
            read(value)


def test_a_cookie_is_a_session_of_this_site_or_none(application: Flask) -> None:
    name = application.config["SESSION_COOKIE_NAME"]

    @fuzzed(0.03, text=st.one_of(words, raw.map(lambda each: each.decode("latin-1"))))
    def cookies(text: str) -> None:
        assert session_of(application, text) is None
        assert session_of(application, f"{name}={text}") is None

    cookies()


def cut(data: bytes, places: list[int]) -> list[bytes]:
    """The same bytes in pieces, as a network may bring them."""
    ends = sorted({place % (len(data) + 1) for place in places})
    return [data[a:b] for a, b in zip([0, *ends], [*ends, len(data)], strict=True)]


@fuzzed(
    0.05,
    parts=st.lists(
        st.one_of(
            raw,
            st.sampled_from(
                [
                    *(b"\r\n", b"\r\n\r\n", b"GET / HTTP/1.1", b"Host: a", b"Content-Length: 5"),
                    *(b"Content-Length: -1", b"Content-Length: 99999999999", b"content-length :1"),
                    *(b"Transfer-Encoding: chunked", b"Expect: 100-continue", b"\r\n5\r\nabcde"),
                ]
            ),
        ),
        max_size=8,
    ),
    places=st.lists(st.integers(0, 2000), max_size=6),
)
def test_how_a_request_is_cut_into_packets_changes_nothing(
    parts: list[bytes], places: list[int]
) -> None:
    data = b"".join(parts)
    whole, pieces = Arriving(), Arriving()
    whole.add(data)
    for piece in cut(data, places):
        if pieces.refusal is None:
            pieces.add(piece)
    assert pieces.refusal == whole.refusal
    assert whole.refusal or (pieces.is_whole, pieces.data) == (whole.is_whole, whole.data)


@fuzzed(
    0.06,
    environ=st.dictionaries(
        st.sampled_from([*NAMES, *LEGACY, "OI_TRACKER_DB_HOST", "OI_TRACKER_DB_PORT"]),
        st.one_of(words, words.map(lambda text: f"postgresql://{text}@host/{text}")),
        max_size=4,
    ),
)
def test_settings_are_read_or_one_is_named(environ: dict[str, str]) -> None:
    said = ""
    try:
        found = settings_from(environ)
    except SettingsError as error:
        said = str(error)
    else:
        assert "***" in repr(found) or not (found.secret_key or found.database_url)
    assert not said or any(name in said for name in environ)


@fuzzed(
    0.03,
    text=st.one_of(
        words,
        words.map(lambda text: f"postgresql://{text}"),
        st.tuples(words, words, words).map(lambda each: "postgresql://{}:{}@h/{}".format(*each)),
    ),
)
def test_an_address_of_a_database_is_one_or_refused_without_being_repeated(text: str) -> None:
    said = ""
    try:
        database_url(text, "OI_DATABASE_URL")
    except SettingsError as error:
        said = str(error)
    assert len(text) < 15 or text not in said
