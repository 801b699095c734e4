"""What a chain is compared with, and the breaches of its last hour, as the page asks for them."""

import itertools
import random
from dataclasses import replace
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import URL, Engine

from db.engine import engine_for
from db.ingest import write_snapshot
from db.market.clock import IST
from db.market.limits import CHANGE_THRESHOLDS_PCT
from db.queries.breaches import breaches
from db.queries.snapshots import instants
from tests.support.chains import EXPIRY, at, enriched_columns, option, snapshot

CLOSE = -24 * 60 + 374


@pytest.fixture
def engine(client: FlaskClient, database: URL) -> Any:
    made = engine_for(database)
    yield made
    made.dispose()


def write(engine: Engine, minute: float, oi: Any, **fields: object) -> None:
    with engine.begin() as session:
        write_snapshot(session, replace(snapshot(at(minute), oi, **fields), has_changes=True))


def prices(answer: dict[str, Any]) -> dict[tuple[float, str], tuple[Any, ...]]:
    return {(strike, side): tuple(known) for strike, side, *known in answer["legs"]}


def test_the_close_before_is_told_with_its_prices_and_ratios(
    client: FlaskClient, engine: Engine
) -> None:
    write(engine, CLOSE - 1, 1, ltp=1.0)
    write(engine, CLOSE, {26_000.0: (100, 150), 26_050.0: (100, None)}, ltp=90.5)
    write(engine, 0, 500)
    answer = client.get("/api/comparison/NSE").json
    assert answer["at"] == at(CLOSE).isoformat()
    assert answer["expiry"] == EXPIRY.isoformat()
    assert (answer["pcr"], answer["pcr_volume"], answer["max_pain"]) == (0.75, 1.0, 26_000.0)
    assert (answer["contracts"], answer["oi_known"]) == (4, 3)
    assert prices(answer)[26_050.0, "PE"] == (90.5, None)
    assert prices(answer)[26_000.0, "CE"] == (90.5, 100)


def test_some_minutes_before_follow_the_rule_of_the_changes_of_oi(
    client: FlaskClient, engine: Engine
) -> None:
    for minute in (CLOSE, 0, 2, 6):
        write(engine, minute, 100, ltp=100.0 + minute)
    for minutes, found in ((3, 2), (5, 0), (10, None)):
        answer = client.get(f"/api/comparison/NSE?with={minutes}").json
        assert answer["at"] == (None if found is None else at(found).isoformat())
        assert {ltp for ltp, _ in prices(answer).values()} == (
            set() if found is None else {100.0 + found}
        )


def test_a_past_moment_is_compared_with_what_was_before_it(
    client: FlaskClient, engine: Engine
) -> None:
    for minute in (CLOSE, 0, 5):
        write(engine, minute, 100, ltp=100.0 + minute)
    past = at(3.5).replace(tzinfo=None).isoformat()
    answer = client.get("/api/comparison/NSE", query_string={"with": "3", "at": past}).json
    assert answer["at"] == at(0).isoformat()
    aware = client.get(
        "/api/comparison/NSE", query_string={"with": "close", "at": at(3).isoformat()}
    ).json
    assert aware["at"] == at(CLOSE).isoformat()


def test_nothing_to_compare_with_is_said_so(client: FlaskClient, engine: Engine) -> None:
    empty = client.get("/api/comparison/NSE").json
    assert (empty["at"], empty["legs"], empty["pcr"]) == (None, [], None)
    write(engine, 0, 100)
    assert client.get("/api/comparison/NSE").json == empty
    assert client.get("/api/breaches/NSE").json["breaches"] == []


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("with=4", "with must be one of 3, 5, 10, 15, 30, close"),
        ("with=", "with must be one of"),
        ("at=yesterday", "at must be a date and time such as"),
        ("at=0001-01-01T00:00:00%2B05:30", "at"),
        ("at=9999-12-31T23:59:59-12:00", "at"),
        ("at=2999-01-01T00:00:00", "at is no moment of the market: dated in the future"),
    ],
)
def test_senseless_questions_are_answered_with_a_sentence(
    client: FlaskClient, query: str, said: str
) -> None:
    answer = client.get(f"/api/comparison/NSE?{query}")
    assert answer.status_code == 400
    assert answer.json["error"].startswith(said)


def counted(of: list[dict[Any, Any]]) -> list[tuple[Any, ...]]:
    """Breaches by their definition, newest first."""
    found = []
    for before, now in itertools.pairwise(of):
        for key, row in now.items():
            past = before.get(key)
            if past is None or None in (row["oi"], past["oi"]) or row["oi"] == past["oi"]:
                continue
            for minutes, threshold in CHANGE_THRESHOLDS_PCT.items():
                pct, was = row[f"pct_change_{minutes}m"], past[f"pct_change_{minutes}m"]
                if pct is None or abs(pct) < threshold:
                    continue
                side = 1 if pct > 0 else -1
                if was is None or was * side < threshold:
                    found.append((row["at"], *key, minutes, pct))
    return sorted(found, key=lambda each: each[0], reverse=True)


def test_a_breach_is_listed_once_when_open_interest_itself_crosses(
    client: FlaskClient, engine: Engine
) -> None:
    # the third minute only shifts the far end; the sixth is back; the seventh breaks out downwards
    steps = [(0, 100, None), (1, 104, 4.0), (2, 104, 8.5), (3, 109, 9.0), (4, 112, 9.5)]
    steps += [(5, 112, 2.0), (6, 113, 8.0), (7, 90, -20.0)]
    for minute, oi, pct in steps:
        write(engine, minute, {26_000.0: (oi, 50)}, pct_change_3m=pct)
    with engine.connect() as session:
        found = breaches(session, "NSE", at(0), at(60), 100)
    assert [(row.timestamp, row.option_type, row.pct_change) for row in found] == [
        (at(7), "CE", -20.0),
        (at(6), "CE", 8.0),
    ]
    assert [row.oi_change for row in found] == [90 - round(90 / 0.8), 113 - round(113 / 1.08)]
    answer = client.get("/api/breaches/NSE").json
    assert [dict(zip(answer["fields"], row, strict=True)) for row in answer["breaches"]][1] == {
        "at": int(at(6).timestamp() * 1000),
        "strike": 26_000.0,
        "side": "CE",
        "minutes": 3,
        "pct": 8.0,
        "units": 8,
    }


def test_breaches_are_those_of_their_definition(client: FlaskClient, engine: Engine) -> None:
    chosen = random.Random(20260803)  # noqa: S311
    moments: list[dict[Any, Any]] = []
    for minute in range(30):
        rows = {}
        options = []
        for strike in (25_950.0, 26_000.0):
            for side in ("CE", "PE"):
                oi = chosen.choice([None, 100, 110, 120])
                spans = {
                    f"pct_change_{n}m": chosen.choice([None, -26.0, -9.0, 2.0, 9.0, 12.0, 16.0])
                    for n in CHANGE_THRESHOLDS_PCT
                }
                row = option(strike, side, oi, **spans)
                options.append(row)
                rows[strike, side] = {**row, "at": at(minute)}
        moments.append(rows)
        given = snapshot(at(minute), {})
        with engine.begin() as session:
            columns = enriched_columns(options)
            write_snapshot(session, replace(given, options=columns, has_changes=True))
    with engine.connect() as session:
        assert len(instants(session, "NSE", at(0), at(60))) == 30
        found = breaches(session, "NSE", at(0), at(60), 10_000)
        most = breaches(session, "NSE", at(0), at(60), 5)
    wanted = counted(moments)
    assert len(wanted) > 20
    assert sorted(row[:5] for row in found) == sorted(wanted)
    assert [row.timestamp for row in found] == [each[0] for each in wanted]
    assert most == found[:5]
    assert all(row.timestamp.tzinfo is IST for row in found)
