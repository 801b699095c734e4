"""Requests of any kind, by somebody who is signed in and by a stranger: no 5xx, and no row changes.

The application has the dashboard's rights in the database, and no others.
"""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from typing import Any
from urllib.parse import quote

import orjson
import pytest
import schemathesis
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import strategies as st
from hypothesis.errors import Unsatisfiable
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from sqlalchemy import URL
from werkzeug.datastructures import Headers
from werkzeug.routing import Rule

from app import create_app
from app.web.description.document import document
from db.engine import engine_for
from db.ingest import write_snapshot
from db.roles.declared import WEB
from db.settings import Settings
from tests.fuzz.generated import fuzzed, raw, values, words
from tests.support.databases import DatabaseServer, connection
from tests.web.conftest import OPENING, a_snapshot, kept_sign_in, signed_in

__all__ = ["kept_sign_in"]

KEPT = (
    *("alerts", "alert_events", "paper_orders", "paper_positions", "paper_fills", "site_users"),
    *("option_chain_snapshots", "option_chain_latest", "chain_summary", "predictions"),
    *("paper_trading_metrics", "site_second_factors"),
)
CHECKS = [
    *(not_a_server_error, status_code_conformance, content_type_conformance),
    response_schema_conformance,
]
# what ends the session that asks, what hands a socket over, which a test has not, what says with
# 503 that this process follows no database
LEFT_OUT = ("/logout", "/live", "/login", "/readyz")


@pytest.fixture(scope="module")
def database(server: DatabaseServer) -> Iterator[URL]:
    """A chain, and rows that nobody may change."""
    with server.database("migrated") as url:
        engine = engine_for(url)
        with engine.begin() as session:
            write_snapshot(session, a_snapshot("NSE", OPENING))
        engine.dispose()
        yield url


@pytest.fixture(scope="module")
def application(
    server: DatabaseServer,
    database: URL,
    kept_sign_in: bytes,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Flask]:
    home = tmp_path_factory.mktemp("home")
    (home / "signin").write_bytes(kept_sign_in)
    app = create_app(replace(Settings(), home=home, database_url=server.as_member(WEB, database)))
    yield app
    app.extensions["oi"].close()


@pytest.fixture(scope="module")
def trader(application: Flask) -> FlaskClient:
    return signed_in(application)


def rows(url: URL) -> dict[str, list[Any]]:
    """Every row that is kept."""
    with connection(url) as session:
        return {
            table: session.execute(f"SELECT t::text FROM {table} AS t ORDER BY 1").fetchall()  # noqa: S608
            for table in KEPT
        }


PATH_WORDS = st.one_of(st.sampled_from(["NSE", "BSE", "day", "smile"]), words)
HEADERS = st.dictionaries(
    st.sampled_from(
        [
            *("Accept-Encoding", "If-None-Match", "Origin", "Sec-Fetch-Site", "Content-Type"),
            *("X-Forwarded-For", "X-Forwarded-Proto", "Referer", "User-Agent", "Range"),
        ]
    ),
    words,
    max_size=3,
)
QUERY = st.lists(
    st.tuples(
        st.sampled_from(
            [
                *("exchange", "at", "from", "count", "day", "days", "strike", "strikes", "side"),
                *("around", "with", "limit", "before", "legs", "underlying", "next", "state"),
                "request_token",
            ]
        ),
        words,
    ),
    max_size=4,
)
BODY = st.one_of(
    raw,
    values.map(repr).map(lambda text: text.encode("utf-8", "replace")),
    st.just(b"[" * 60_000),
    st.just(b'{"legs":' * 7000),
    st.dictionaries(
        st.sampled_from(
            [
                *("exchange", "kind", "params", "key", "legs", "order_id", "position_id", "all"),
                *("signal_id", "actual_outcome", "symbol", "quantity", "side", "enabled"),
            ]
        ),
        values,
    ).map(lambda value: repr(value).encode("utf-8", "replace")),
)


def asked_of(rule: Rule, texts: list[str]) -> str:
    """A path of a rule, its variables replaced by any text."""
    path = rule.rule
    for _, text in zip(rule._converters, texts, strict=False):
        before, _, after = path.partition("<")
        word = quote(text.encode("utf-8", "surrogatepass"), safe="")
        path = before + word + after.partition(">")[2]
    return path


def test_no_request_fails_or_changes_a_row(
    application: Flask, trader: FlaskClient, database: URL
) -> None:
    rules = [
        rule
        for rule in application.url_map.iter_rules()
        if not rule.rule.startswith(LEFT_OUT) and not rule.websocket
    ]
    stranger = application.test_client()
    before = rows(database)

    @fuzzed(
        0.22,
        150,
        rule=st.sampled_from(rules),
        method=st.sampled_from(["GET", "POST", "PATCH", "DELETE", "PUT", "HEAD", "OPTIONS"]),
        texts=st.lists(PATH_WORDS, min_size=2, max_size=2),
        query=QUERY,
        headers=HEADERS,
        body=BODY,
        is_in=st.booleans(),
    )
    def requests(
        rule: Rule,
        method: str,
        texts: list[str],
        query: list[tuple[str, str]],
        headers: dict[str, str],
        body: bytes,
        is_in: bool,
    ) -> None:
        known = Headers()
        for name, value in headers.items():
            if value.isprintable() and value.isascii():
                known[name] = value
        said = "&".join(
            f"{name}={quote(text.encode('utf-8', 'surrogatepass'))}" for name, text in query
        )
        client = trader if is_in else stranger
        answer = client.open(
            f"{asked_of(rule, texts)}?{said}", method=method, headers=known, data=body
        )
        assert answer.status_code < 500, answer.text
        assert "Traceback" not in answer.text
        if method in ("POST", "PATCH", "DELETE", "PUT"):
            assert answer.status_code >= 300, answer.text

    requests()
    assert rows(database) == before
    assert trader.get("/api/alerts").status_code == 200


@pytest.mark.parametrize("body", [b"[" * 60_000, b'{"legs":' * 7000], ids=["lists", "objects"])
@pytest.mark.parametrize(
    "path",
    [
        *("/api/alerts", "/api/paper/orders", "/api/paper/close", "/api/paper/cancel"),
        *("/api/place_order", "/api/feedback"),
    ],
)
def test_json_that_nests_without_end_is_refused(
    trader: FlaskClient, path: str, body: bytes
) -> None:
    answer = trader.post(path, data=body, content_type="application/json")
    assert answer.status_code == 400


@pytest.fixture(scope="module")
def described(application: Flask) -> Any:
    """The description, as a tool reads it that makes requests of it."""
    told = orjson.loads(orjson.dumps(document(application, "1")))
    told["paths"] = {
        path: operations
        for path, operations in told["paths"].items()
        if path.startswith(("/api/", "/healthz"))
    }
    schema = schemathesis.openapi.from_dict(told)
    schema.app = application
    return schema


@pytest.mark.parametrize("kind", ["positive", "negative"])
def test_every_route_keeps_to_its_description(
    application: Flask, trader: FlaskClient, described: Any, kind: str
) -> None:
    cookie = trader.get_cookie(application.config["SESSION_COOKIE_NAME"])
    assert cookie is not None
    headers = {"Cookie": f"{cookie.key}={cookie.value}"}
    operations = [found.ok() for found in described.get_all_operations()]
    assert len(operations) > 20
    mode = schemathesis.GenerationMode(kind)
    for operation in operations:

        @fuzzed(0.12 / len(operations), 5, case=operation.as_strategy(mode))
        def cases(case: Any) -> None:
            case.validate_response(case.call(headers=headers), checks=CHECKS)

        # nothing can be wrong about a route that takes nothing
        with suppress(Unsatisfiable):
            cases()
