"""Alerts are watched where chains are written: nobody need look, and each rings once."""

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy import URL, Engine, text

from app.desk.alerts.looking import Looking, Rung
from app.feeds.base import FeedState
from app.feeds.replay import ReplayFeed
from benchmarks.chaos.wire import Wire
from db.errors import DatabaseUnavailableError, InvalidInputError
from db.ingest.alerts import add_alert, change_alert
from db.ingest.leases import acquire, release, set_feed_state
from db.ingest.live import write_live_edge
from db.market.limits import ALERT_GAP_S, MOST_ALERTS
from db.queries.alerts import AlertEvent, alert_events, alerts_of
from tests.collector.chains import AT, STRIKES, chain, tick
from tests.collector.feeds import SteeredFeed
from tests.collector.running import Running
from tests.support.chains import at, snapshot
from tests.support.waiting import eventually

ABOVE = {"direction": "above", "level": 26_050.0}


def add(engine: Engine, kind: str = "price", exchange: str = "NSE", **given: Any) -> int:
    params = given.pop("params", ABOVE)
    options = {"repeats": True, "cooldown_s": 0} | given
    with engine.begin() as connection:
        return add_alert(connection, "trader", exchange, kind, params, **options)


def log(engine: Engine) -> list[AlertEvent]:
    """What was told, oldest first."""
    with engine.connect() as connection:
        return list(reversed(alert_events(connection, "trader", 100)))


@pytest.fixture
def steered(engine: Engine, tmp_path: Path) -> Iterator[tuple[SteeredFeed, Running]]:
    feed = SteeredFeed()
    running = Running(engine, feed, tmp_path)
    yield feed, running
    running.stop()


def state(engine: Engine, number: int) -> Any:
    with engine.connect() as connection:
        return connection.scalar(text("SELECT state FROM alerts WHERE id = :id"), {"id": number})


def test_each_crossing_of_a_live_chain_rings_though_nobody_looks(
    database: URL, engine: Engine, steered: tuple[SteeredFeed, Running]
) -> None:
    feed, running = steered
    number = add(engine)
    plain = database.set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(plain, autocommit=True) as listening:
        listening.execute("LISTEN oi_notice")
        for second, index in enumerate((26_010.0, 26_060.0, 26_010.0, 26_060.0)):
            feed.hand(chain(AT + timedelta(seconds=second), underlying=index))
            beyond = [""] if index > 26_050 else []
            running.until(lambda beyond=beyond: state(engine, number) == {"beyond": beyond})
        told = [json.loads(each.payload) for each in listening.notifies(timeout=60, stop_after=2)]
    events = log(engine)
    assert [(each.fired, each.value, each.timestamp) for each in events] == [
        (True, 26_060.0, AT + timedelta(seconds=1)),
        (True, 26_060.0, AT + timedelta(seconds=3)),
    ]
    assert events[0].message == "NIFTY index is 26,060.00, at or above 26,050.00."
    assert [each["news"] for each in told] == [
        {"exchange": "NSE", "id": each.id} for each in events
    ]
    assert {(each["topic"], each["user"]) for each in told} == {("alerts", "trader")}


def test_what_a_contract_does_rings_too(
    engine: Engine, steered: tuple[SteeredFeed, Running]
) -> None:
    feed, running = steered
    params = {"direction": "below", "level": 50.0, "strike": 26_050, "side": "PE"}
    number = add(engine, params=params)
    for second, ltp in enumerate((60.0, 49.5)):
        rows = [
            tick(strike, side, ltp=ltp if (strike, side) == (26_050, "PE") else 100.0)
            for strike in STRIKES
            for side in ("CE", "PE")
        ]
        feed.hand(chain(AT + timedelta(seconds=second), rows=rows))
        running.until(lambda second=second: state(engine, number) == {"beyond": [""] * second})
    assert [each.message for each in log(engine)] == [
        "NIFTY 26050 PE price is 49.50, at or below 50.00."
    ]


def test_a_feed_in_trouble_rings_without_any_chain(engine: Engine, tmp_path: Path) -> None:
    number = add(engine, "feed", params={"word": "login needed"})
    feed = SteeredFeed()
    feed.state = {"NSE": FeedState("live")}
    running = Running(engine, feed, tmp_path)
    try:
        running.until(lambda: state(engine, number) == {"beyond": []})
        feed.state = {"NSE": FeedState("login needed", "Log in there again.")}
        running.until(lambda: [each.fired for each in log(engine)] == [True])
    finally:
        running.stop()


def test_a_rule_that_rings_once_is_switched_off_by_that(
    engine: Engine, steered: tuple[SteeredFeed, Running]
) -> None:
    feed, running = steered
    number = add(engine, repeats=False)
    feed.hand(chain())
    running.until(lambda: state(engine, number) is not None)
    feed.hand(chain(AT + timedelta(seconds=1), underlying=26_060.0))
    running.until(lambda: log(engine))
    with engine.connect() as connection:
        (row,) = alerts_of(connection, "trader")
    assert not row.enabled
    assert row.fired_at is not None


def test_data_do_not_wait_for_alerts(engine: Engine, steered: tuple[SteeredFeed, Running]) -> None:
    feed, running = steered
    number = add(engine)
    feed.hand(chain())
    running.until(lambda: state(engine, number) is not None)
    with engine.begin() as connection:
        connection.execute(text("LOCK TABLE alerts IN ACCESS EXCLUSIVE MODE"))
        for second in (1, 2):
            feed.hand(chain(AT + timedelta(seconds=second), underlying=26_060.0))
            wanted = running.counts.live_updates + 1
            running.until(lambda wanted=wanted: running.counts.live_updates >= wanted)
    running.until(lambda: [each.value for each in log(engine)] == [26_060.0])


def test_a_recording_rings_nothing(engine: Engine) -> None:
    from app.collector import Collector

    add(engine)
    played = (chain(AT + timedelta(minutes=n), underlying=26_010.0 + 50 * n) for n in range(3))
    assert Collector(engine, ReplayFeed(lambda _: played)).run().snapshots == 3
    assert log(engine) == []


class Chains:
    """The live edge as a leader writes it, and who looks at the rules."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.minute = 0

    def now_at(self, index: float) -> None:
        self.minute += 1
        with self.engine.begin() as connection:
            write_live_edge(connection, snapshot(at(self.minute), underlying_price=index))

    def seen_by(self, looking: Looking) -> list[Rung]:
        return looking.look(["NSE"], at(self.minute), at_feeds=True)[1]


@pytest.fixture
def chains(engine: Engine) -> Chains:
    return Chains(engine)


def test_two_who_look_at_the_same_time_ring_once(engine: Engine, chains: Chains) -> None:
    add(engine)
    one, other = Looking(engine, "one"), Looking(engine, "other")
    chains.now_at(26_010.0)
    assert [*chains.seen_by(one), *chains.seen_by(other)] == []
    chains.now_at(26_060.0)
    rung = [*chains.seen_by(one), *chains.seen_by(other), *chains.seen_by(one)]
    assert [each.value for each in rung] == [26_060.0]
    assert len(log(engine)) == 1


def test_a_leader_that_is_followed_by_another_misses_nothing_and_rings_once(
    engine: Engine, chains: Chains
) -> None:
    add(engine)
    one, other = Looking(engine, "one"), Looking(engine, "other")
    with engine.begin() as connection:
        acquire(connection, "NSE", "one")
    chains.now_at(26_010.0)
    chains.seen_by(one)
    # it has rung nothing when the other takes over, which finds the index beyond
    chains.now_at(26_060.0)
    assert chains.seen_by(other) == [], "the rules of a chain are its leader's"
    with engine.begin() as connection:
        release(connection, "NSE", "one")
        acquire(connection, "NSE", "other")
    assert len(chains.seen_by(other)) == 1
    with engine.begin() as connection:
        release(connection, "NSE", "other")
    chains.now_at(26_070.0)
    assert chains.seen_by(Looking(engine, "a third")) == []
    assert [each.fired for each in log(engine)] == [True]


def test_what_happened_while_nobody_watched_is_said_and_does_not_ring(
    engine: Engine, chains: Chains
) -> None:
    add(engine)
    chains.now_at(26_010.0)
    chains.seen_by(Looking(engine, "one"))
    chains.now_at(26_060.0)
    with engine.begin() as connection:
        long_ago = text("UPDATE alert_looks SET looked_at = looked_at - make_interval(secs => :s)")
        connection.execute(long_ago, {"s": ALERT_GAP_S + 1})
    later = Looking(engine, "another")
    assert chains.seen_by(later) == []
    (event,) = log(engine)
    assert not event.fired
    assert event.message.startswith("Watching began: NIFTY index is 26,060.00")
    chains.now_at(26_010.0)
    chains.now_at(26_000.0)
    assert chains.seen_by(later) == []
    chains.now_at(26_060.0)
    assert len(chains.seen_by(later)) == 1


def test_a_first_look_that_could_not_be_kept_is_still_the_first(
    engine: Engine, chains: Chains, monkeypatch: pytest.MonkeyPatch
) -> None:
    add(engine)
    chains.now_at(26_010.0)
    chains.seen_by(Looking(engine, "one"))
    with engine.begin() as connection:
        connection.execute(text("UPDATE alert_looks SET looked_at = looked_at - interval '1h'"))
    chains.now_at(26_060.0)
    later = Looking(engine, "another")
    with monkeypatch.context() as patched:
        patched.setattr("db.ingest.alerts.settle_alert", _away)
        with pytest.raises(DatabaseUnavailableError):
            chains.seen_by(later)
    assert chains.seen_by(later) == []
    assert [each.fired for each in log(engine)] == [False]


def _away(*_: object, **__: object) -> None:
    raise DatabaseUnavailableError("The database does not answer.")


def test_an_outage_of_the_database_hides_no_crossing(
    engine: Engine, remote: Engine, line: Wire, chains: Chains
) -> None:
    add(engine)
    looking = Looking(remote, "one")
    chains.now_at(26_010.0)
    chains.seen_by(looking)
    line.cut()
    with pytest.raises(DatabaseUnavailableError):
        chains.seen_by(looking)
    chains.now_at(26_060.0)
    with engine.begin() as connection:
        connection.execute(text("UPDATE alert_looks SET looked_at = looked_at - interval '1h'"))
    line.mend()
    eventually(lambda: _seen_again(chains, looking))
    assert [each.fired for each in log(engine)] == [True]


def _seen_again(chains: Chains, looking: Looking) -> bool:
    try:
        return len(chains.seen_by(looking)) == 1
    except DatabaseUnavailableError:
        return False


def test_a_rule_that_is_changed_meanwhile_is_judged_as_it_is_now(
    engine: Engine, chains: Chains
) -> None:
    number = add(engine)
    looking = Looking(engine, "one")
    chains.now_at(26_010.0)
    chains.seen_by(looking)
    with engine.begin() as connection:
        higher = {"direction": "above", "level": 27_000.0}
        change_alert(connection, "trader", number, higher, enabled=True, repeats=True, cooldown_s=0)
    chains.now_at(26_060.0)
    assert chains.seen_by(looking) == []
    with engine.begin() as connection:
        change_alert(connection, "trader", number, ABOVE, enabled=False, repeats=True, cooldown_s=0)
    assert looking.look(["NSE"], at(1), at_feeds=True) == (False, [])


def test_rules_of_a_chain_that_is_no_longer_there_are_left_out(
    engine: Engine, chains: Chains, caplog: pytest.LogCaptureFixture
) -> None:
    add(engine, exchange="FORMER")
    add(engine)
    looking = Looking(engine, "one")
    for index in (26_010.0, 26_060.0):
        chains.now_at(index)
        rung = chains.seen_by(looking)
    assert len(rung) == 1
    assert caplog.text.count("is left out: Unknown exchange 'FORMER'") == 1


def test_there_is_a_limit_to_rules_and_to_their_log(
    engine: Engine, chains: Chains, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("db.ingest.alerts.MOST_ALERT_EVENTS", 2)
    for _ in range(MOST_ALERTS):
        add(engine, "feed", params={"word": "mute"})
    with pytest.raises(InvalidInputError, match="100 alerts already"):
        add(engine)
    looking = Looking(engine, "")
    for word in ("live", "mute"):
        with engine.begin() as connection:
            set_feed_state(connection, "NSE", word, None)
        rung = chains.seen_by(looking)
    assert len(rung) == MOST_ALERTS
    assert [each.id for each in log(engine)] == [each.id for each in rung][-2:]
