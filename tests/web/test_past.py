"""The routes of stored history, through the application."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import URL

from app import create_app
from app.chains.past import moments
from db.engine import engine_for
from db.ingest import write_snapshot
from db.market.clock import IST, market_now
from db.settings import Settings
from tests.support.databases import DatabaseServer, connection
from tests.web.conftest import OPENING, Store, a_snapshot, signed_in

AS_OF = "/api/as-of/NSE"


@pytest.fixture(scope="module")
def stored(
    server: DatabaseServer, kept_sign_in: bytes, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[FlaskClient]:
    """A client of three minutes of a morning, which no test changes."""
    home = tmp_path_factory.mktemp("past")
    (home / "signin").write_bytes(kept_sign_in)
    (home / "signin").chmod(0o600)
    with server.database("migrated") as url:
        engine = engine_for(url)
        for minute in range(3):
            with engine.begin() as connection:
                write_snapshot(connection, a_snapshot("NSE", OPENING + timedelta(minutes=minute)))
        engine.dispose()
        app = create_app(replace(Settings(), home=home, database_url=url))
        yield signed_in(app)
        app.extensions["oi"].close()


def test_a_moment_of_a_closed_day_may_be_kept_and_is_answered_304(stored: FlaskClient) -> None:
    answer = stored.get(AS_OF, query_string={"at": "2026-08-03T09:16:59"})
    assert answer.json["summary"]["last_update"] == (OPENING + timedelta(minutes=1)).isoformat()
    assert answer.json["summary"]["status"] == "past"
    assert answer.headers["Cache-Control"] == "private, max-age=600"
    again = stored.get(
        AS_OF,
        query_string={"at": "2026-08-03T09:16:30"},
        headers={"If-None-Match": answer.headers["ETag"]},
    )
    assert (again.status_code, again.data) == (304, b"")


def test_a_moment_of_today_is_asked_for_anew(
    client: FlaskClient, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = market_now()
    # it stays today, whatever the hour
    monkeypatch.setattr(moments, "market_now", lambda: now)
    store(minute=(now - OPENING) // timedelta(minutes=1))
    answer = client.get(AS_OF, query_string={"at": now.replace(microsecond=0).isoformat()})
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "private, no-cache"


def test_a_moment_of_a_day_that_is_replayed_is_asked_for_anew(
    client: FlaskClient, store: Store, database: URL
) -> None:
    store()
    with connection(database) as session:
        session.execute("UPDATE chain_summary SET source = 'replayed'")
    assert client.get("/api/state/NSE").status_code == 200
    answer = client.get(AS_OF, query_string={"at": OPENING.isoformat()})
    assert answer.json["moment"]["snapshot"] == [None, None]
    assert answer.headers["Cache-Control"] == "private, no-cache"


@pytest.mark.parametrize(
    "at",
    [
        "2026-08-03T09:16",
        "2026-08-03 09:16:00",
        "2026-08-03T09:16:00+05:30",
        "2026-08-03T09:16:00 05:30",
        "2026-08-03T03:46:00Z",
    ],
)
def test_market_time_is_understood_with_and_without_an_offset(stored: FlaskClient, at: str) -> None:
    answer = stored.get(AS_OF, query_string={"at": at})
    assert answer.json["moment"]["at"] == "2026-08-03T09:16:00+05:30"


@pytest.mark.parametrize(
    ("path", "status", "sentence"),
    [
        (AS_OF, 400, "Give either at or from"),
        (f"{AS_OF}?at=2026-08-03T09:15:00&from=2026-08-03T09:15:00", 400, "Give either"),
        (f"{AS_OF}?at=yesterday", 400, "at must be a moment such as 2026-08-03T11:00:00, not 'y"),
        (f"{AS_OF}?at=2026-08-03", 400, "at must be a moment"),
        (f"{AS_OF}?at={'9' * 5000}", 400, "at must be a moment"),
        (f"{AS_OF}?at=0001-01-01T00:00:00%2B14:00", 400, "at must be a moment"),
        (f"{AS_OF}?at=0001-01-01T00:00:00", 404, "before 2026-08-03 09:15:00"),
        (f"{AS_OF}?at=9999-12-31T23:59:59", 404, "the last stored moment is 2026-08-03 09:17:00"),
        (f"{AS_OF}?from=2026-08-03T09:15:00&count=61", 400, "from 1 to 60, not '61'"),
        (f"{AS_OF}?from=2026-08-03T09:15:00&count=-1", 400, "from 1 to 60, not '-1'"),
        ("/api/as-of/NYSE?at=2026-08-03T09:15:00", 400, "Unknown exchange 'NYSE'"),
        ("/api/as-of/BSE?at=2026-08-03T09:15:00", 404, "Nothing is stored of BSE yet"),
        ("/api/moments/NSE?day=2026-08-02", 404, "nearest stored moment is 2026-08-03 09:15:00"),
        ("/api/moments/NSE?day=9999-12-31", 404, "nearest stored moment is 2026-08-03 09:17:00"),
        ("/api/moments/NSE?day=x", 400, "day must be a date such as 2026-08-03, not 'x'"),
        ("/api/moments/NSE", 400, "day must be a date"),
        ("/api/days/NYSE", 400, "Unknown exchange"),
        ("/api/expiries/NYSE", 400, "Unknown exchange"),
    ],
)
def test_bad_questions_get_one_sentence(
    stored: FlaskClient, path: str, status: int, sentence: str
) -> None:
    answer = stored.get(path)
    assert (answer.status_code, list(answer.json)) == (status, ["error"])
    assert sentence in answer.json["error"]


def test_days_moments_and_expiries(stored: FlaskClient) -> None:
    days = stored.get("/api/days/NSE").json["days"]
    assert [(day["day"], day["snapshots"]) for day in days] == [("2026-08-03", 3)]
    assert stored.get("/api/days/BSE").json["days"] == []
    moments = stored.get("/api/moments/NSE?day=2026-08-03").json
    assert moments["instants"] == [33_300_000, 33_360_000, 33_420_000]
    expiries = stored.get("/api/expiries/NSE_MONTHLY").json["expiries"]
    assert [(each["expiry"], each["exchange"]) for each in expiries] == [
        (str(date(2026, 8, 4)), "NSE")
    ]


def test_a_run_holds_what_was_asked_for(stored: FlaskClient) -> None:
    frames = stored.get(f"{AS_OF}?from=2026-08-03T09:16:10&count=60").json["frames"]
    assert [frame["kind"] for frame in frames] == ["full", "delta"]
    assert frames[1]["base"] == frames[0]["sequence"]
    ends = OPENING.astimezone(IST) + timedelta(minutes=2)
    assert frames[1]["moment"]["at"] == ends.isoformat()


def test_the_csv_of_a_moment_is_named_by_it(stored: FlaskClient) -> None:
    answer = stored.get("/api/chain/NSE.csv?at=2026-08-03T09:16:30")
    assert "NSE_2026-08-03T091600.csv" in answer.headers["Content-Disposition"]
    assert answer.text.splitlines()[1].startswith("2026-08-03T09:16:00+05:30,NSE,2026-08-04,")
    assert stored.get("/api/chain/NSE.csv?at=soon").status_code == 400


def test_an_address_of_the_past_is_not_painted_with_the_present(stored: FlaskClient) -> None:
    assert 'data-strike="26000"' in stored.get("/?exchange=NSE").text
    assert 'data-strike="26000"' not in stored.get("/?exchange=NSE&at=2026-08-03T09:15:00").text


def test_who_is_not_signed_in_sees_no_past(stored: FlaskClient) -> None:
    stranger = stored.application.test_client()
    assert stranger.get(f"{AS_OF}?at=2026-08-03T09:15:00").status_code == 401
