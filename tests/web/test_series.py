"""Series over HTTP: JSON and CSV, unchanged ones not sent twice, nonsense refused."""

import csv
import gzip
import io

import pytest
from flask.testing import FlaskClient

from app.chains.series.kinds import KINDS
from tests.web.conftest import Store

DAY = {"strike": "26000", "side": "CE", "strikes": "25900,26100", "day": "2026-08-03"}


@pytest.fixture
def stored(client: FlaskClient, store: Store) -> FlaskClient:
    """A client of a database that holds two days."""
    for minute in (0, 1, 3, 24 * 60):
        store(minute=minute, index=26_000.0 + minute % 1440)
    return client


def test_the_day_has_a_point_a_minute(stored: FlaskClient) -> None:
    series = stored.get("/api/series/NSE/day?day=2026-08-03").json
    assert series["day"] == "2026-08-03"
    assert series["minutes"] == ["09:15", "09:16", "09:18"]
    assert (series["open"], series["close"]) == ("09:15", "15:40")
    assert series["pcr"] == [2.0, 2.0, 2.0]
    assert (series["previous_close"], series["previous_close_day"]) == (None, None)
    assert series["index"] == [26_000.0, 26_001.0, 26_003.0]
    newest = stored.get("/api/series/NSE/day").json
    assert (newest["day"], newest["previous_close_day"]) == ("2026-08-04", "2026-08-03")


@pytest.mark.parametrize("name", KINDS)
def test_every_series_is_served_and_not_sent_twice(stored: FlaskClient, name: str) -> None:
    first = stored.get(f"/api/series/NSE/{name}", query_string=DAY)
    assert first.status_code == 200, first.json
    again = stored.get(
        f"/api/series/NSE/{name}",
        query_string=DAY,
        headers={"If-None-Match": first.headers["ETag"]},
    )
    assert (again.status_code, again.data) == (304, b"")
    packed = stored.get(
        f"/api/series/NSE/{name}", query_string=DAY, headers={"Accept-Encoding": "gzip"}
    )
    assert gzip.decompress(packed.data) == first.data
    table = stored.get(f"/api/series/NSE/{name}.csv", query_string=DAY)
    assert table.mimetype == "text/csv"
    assert f'filename="NSE_{name}' in table.headers["Content-Disposition"]
    assert len(list(csv.reader(io.StringIO(table.text)))) >= 1


def test_days_that_are_over_may_be_kept_and_the_present_one_may_not(stored: FlaskClient) -> None:
    over = stored.get("/api/series/NSE/day?day=2026-08-03").headers["Cache-Control"]
    assert over == "private, max-age=3600, immutable"
    for query in ("", "?day=2026-08-04", "?day=2026-08-05"):
        answer = stored.get(f"/api/series/NSE/day{query}")
        assert answer.headers["Cache-Control"] == "private, no-cache", query


@pytest.mark.parametrize(
    ("target", "status", "sentence"),
    [
        ("day?day=today", 400, "day must be a date like 2026-08-03, not 'today'."),
        ("contract?strike=26000", 400, "Say which contract: side= is missing."),
        ("straddle?strikes=x", 400, "strikes must be a strike, not 'x'."),
        ("days.csv?days=9999", 400, "days must be a whole number from 1 to 250, not '9999'."),
        ("nothing", 404, "There is nothing at /api/series/NSE/nothing."),
        ("nothing.csv", 404, "There is nothing at /api/series/NSE/nothing.csv."),
    ],
)
def test_nonsense_is_refused_with_a_sentence(
    client: FlaskClient, target: str, status: int, sentence: str
) -> None:
    answer = client.get(f"/api/series/NSE/{target}")
    assert (answer.status_code, answer.json) == (status, {"error": sentence})


def test_an_empty_database_has_empty_series(client: FlaskClient) -> None:
    for name in KINDS:
        answer = client.get(f"/api/series/BSE/{name}", query_string={**DAY, "day": "2026-08-03"})
        assert answer.status_code == 200, name
    assert client.get("/api/series/BSE/day").json["minutes"] == []
