"""What history lacks of a day is filled from the broker's candles: exactly, once, and no more."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import URL, Engine, text

from app.collector.gap_fetch import Progress
from app.kite import limits
from app.kite.fetching import _WORKERS
from app.kite.standin import Fault
from app.kite.standin.limits import A_SECOND, HISTORICAL
from db.engine import engine_for
from db.ingest.instruments import ListedContract, store_instruments
from tests.kite.past import OPENING, SIDE, Filling, ends
from tests.kite.standin.rest import client
from tests.support.paths import ROOT
from tests.support.waiting import eventually

LEGS = 2 * (2 * SIDE + 1)
BEHIND = 3


@pytest.fixture
def filling(engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Filling]:
    """Half an hour after the opening, the broker's patience being endless."""
    monkeypatch.setattr(limits, "HISTORICAL_PER_S", 10_000.0)
    monkeypatch.setattr("app.kite.client.WAIT_S", 0.01)
    found = Filling(engine, tmp_path, OPENING + timedelta(minutes=30), limited=False)
    yield found
    found.close()


@pytest.fixture
def kite(filling: Filling) -> Iterator[Any]:
    session = filling.account.session()
    assert session is not None
    found = client(filling.standin, session.access_token)
    yield found
    found.reqsession.close()


def mark(engine: Engine) -> None:
    """Make what is stored tell from what will be."""
    with engine.begin() as connection:
        connection.execute(text("UPDATE option_chain_snapshots SET oi = 1, ltp = 1"))


def test_a_cold_start_stores_exactly_what_the_candles_say(filling: Filling, kite: Any) -> None:
    filled = filling.fill()
    assert filling.rows() == filling.expected(kite, ends(1, 30))
    assert len(filling.rows()) == 30 * LEGS == filled.filled.rows
    assert filled.filled.rejected == 0


def test_only_what_is_missing_is_added_and_what_is_there_stays(
    filling: Filling, kite: Any, engine: Engine
) -> None:
    filling.at = OPENING + timedelta(minutes=12)
    filling.fill()
    mark(engine)
    filling.at = OPENING + timedelta(minutes=30)
    filling.fill()
    found = filling.rows()
    old = {key: row for key, row in found.items() if key[0] <= ends(12, 12)[0]}
    new = {key: row for key, row in found.items() if key not in old}
    assert {row[:1] + row[2:3] for row in old.values()} == {(1.0, 1)}
    assert len(old) == 12 * LEGS
    assert new == filling.expected(kite, ends(13, 30))


def test_a_restart_asks_for_nothing(filling: Filling) -> None:
    filling.fill()
    asked = len(filling.asked.tokens)
    assert asked == LEGS + BEHIND
    filling.fill()
    assert len(filling.asked.tokens) == asked


def test_chains_that_share_an_index_ask_for_it_once(filling: Filling) -> None:
    filling.followed = filling.listings("NSE", "NSE_MONTHLY", "BANKNIFTY_MONTHLY")
    filling.fill()
    assert len(set(filling.asked.tokens)) == len(filling.asked.tokens)
    assert len(filling.rows("BANKNIFTY_MONTHLY")) == 30 * LEGS


def test_contracts_at_the_money_come_first_and_the_newest_minutes_are_stored_first(
    filling: Filling, engine: Engine
) -> None:
    filling.fill()
    (listing,) = filling.followed.values()
    order = filling.asked.tokens
    strike = dict(zip(listing.token.tolist(), listing.strike.tolist(), strict=True))
    level = next(iter(filling.rows().values()))[3]
    asked = [abs(strike[token] - level) for token in order if token in strike]
    assert set(order[:BEHIND]).isdisjoint(strike)
    # a few threads ask at a time
    step = listing.exchange.strike_step
    assert all(later > earlier - 3 * step for earlier, later in pairwise(asked))
    with engine.connect() as connection:
        stored = connection.scalars(
            text("SELECT timestamp FROM option_chain_snapshots ORDER BY id")
        ).all()
    parts = list(dict.fromkeys(stored))
    newest = [minute.replace(tzinfo=None) for minute in ends(26, 30)]
    assert parts[:5] == newest
    assert parts[5] == ends(16, 16)[0].replace(tzinfo=None)
    assert parts[-1] < parts[5]


def test_the_live_chain_is_told_its_past_and_the_stored_one_has_changes(
    filling: Filling, engine: Engine
) -> None:
    filling.fill()
    moments = {moment.timestamp: moment for moment in filling.past.take_added("NSE")}
    assert sorted(moments) == ends(1, 30)
    rows = filling.rows()
    for at, moment in moments.items():
        assert {(at, token): oi for token, oi in zip(moment.token, moment.oi, strict=True)} == {
            key: row[2] for key, row in rows.items() if key[0] == at
        }
    with engine.connect() as connection:
        changes = connection.execute(
            text(
                "SELECT timestamp, count(pct_change_3m), count(pct_change_30m), count(iv)"
                " FROM option_chain_snapshots GROUP BY 1 ORDER BY 1"
            )
        ).all()
        pointers = connection.scalar(text("SELECT count(*) FROM snapshots"))
        shown = connection.scalar(text("SELECT timestamp FROM chain_summary"))
    assert [row[1] for row in changes] == [0] * 3 + [LEGS] * 27
    assert all(row[3] > LEGS / 2 for row in changes)
    assert pointers == 30
    assert shown == ends(30, 30)[0].replace(tzinfo=None)


def test_progress_is_told_to_its_end(filling: Filling) -> None:
    running = filling.fill()
    total = LEGS + BEHIND
    assert running.progress == filling.told[-1] == Progress(total, total, "")
    assert [each.done for each in filling.told] == sorted(each.done for each in filling.told)
    assert list(dict.fromkeys(each.stretch for each in filling.told)) == [
        *("underlyings", "around the money", "NSE", "")
    ]


def test_a_broker_that_asks_to_wait_is_waited_for(filling: Filling, kite: Any) -> None:
    filling.standin.fault(Fault.TOO_MANY, times=9)
    filling.fill()
    assert filling.asked.statuses.count(429) == 9
    assert filling.rows() == filling.expected(kite, ends(1, 30))


def test_a_session_that_ends_stops_the_asking_until_a_login(filling: Filling) -> None:
    def expire(token: int) -> None:
        if len(filling.asked.tokens) == 8:
            filling.standin.fault(Fault.EXPIRED)

    filling.asked.before = expire
    running = filling.start()
    eventually(lambda: 403 in filling.asked.statuses)
    eventually(lambda: filling.account.session() is None)
    # each worker may have been about to ask with the session that has just ended
    most = len(filling.asked.tokens) + _WORKERS
    looked = 3 * 0.05
    time.sleep(looked)
    assert len(filling.asked.tokens) <= most
    assert not filling.rows()
    filling.log_in()
    eventually(lambda: running.filled.looks)
    assert len(filling.rows()) == 30 * LEGS
    assert running.fetcher.figures.failed == 0


def test_a_contract_that_fails_is_counted_and_left(filling: Filling, kite: Any) -> None:
    token = int(filling.followed["NSE"].token[-1])
    filling.asked.refused = {token}
    running = filling.fill()
    assert running.fetcher.figures.failed == 1
    filling.asked.refused = set()
    expected = filling.expected(kite, ends(1, 30))
    assert filling.rows() == {key: row for key, row in expected.items() if key[1] != token}


def test_a_chain_of_which_much_failed_is_tried_again_and_asks_for_that_alone(
    filling: Filling,
) -> None:
    tokens = filling.followed["NSE"].token.tolist()
    filling.asked.refused = set(tokens[: LEGS // 2])
    running = filling.start()
    eventually(lambda: running.filled.looks)
    assert not filling.rows()
    filling.asked.refused = set()
    eventually(lambda: running.filled.snapshots == 30)
    assert len(filling.rows()) == 30 * LEGS
    again = filling.asked.tokens[LEGS + BEHIND :]
    assert set(again) == set(tokens[: LEGS // 2])


def test_slow_answers_hold_up_no_end(filling: Filling) -> None:
    filling.standin.fault(Fault.SLOW, value=30.0)
    running = filling.start()
    eventually(lambda: filling.told)
    began = time.monotonic()
    running.close()
    assert not running._worker._thread.is_alive()
    # a bound on the machine's patience, not a figure of speed
    assert time.monotonic() - began < 10
    assert not filling.rows()


def test_the_contracts_of_another_expiry_are_not_put_into_a_day(
    filling: Filling, engine: Engine
) -> None:
    (listing,) = filling.followed.values()
    expired = ListedContract(
        *("NFO", "NIFTY26AUG25000CE", 1, "NIFTY", "CE", filling.at.date(), 25_000.0, 65, 0.05)
    )
    known = expired._replace(symbol="NIFTY26AUG25050CE", expiry=listing.expiry)
    with engine.begin() as connection:
        store_instruments(connection, filling.at.date(), [expired, known])
    filling.fill()
    assert filling.asked.tokens == []


def test_the_days_before_are_filled_when_they_are_asked_for(filling: Filling) -> None:
    filling.followed = filling.listings("BANKNIFTY_MONTHLY")
    filling.fill(days=2)
    days = {at.date() for at, _ in filling.rows("BANKNIFTY_MONTHLY")}
    assert days == {filling.at.date(), filling.at.date() - timedelta(days=1)}
    assert len(filling.asked.tokens) == LEGS + BEHIND


@pytest.fixture
def owner(database: URL) -> Iterator[Engine]:
    """An engine with the rights of who migrated the database."""
    found = engine_for(database)
    yield found
    found.dispose()


def test_who_may_not_fill_rollups_says_who_may(
    filling: Filling, caplog: pytest.LogCaptureFixture
) -> None:
    filling.followed = filling.listings("BANKNIFTY_MONTHLY")
    filling.fill(days=2)
    assert "python -m db maintain --once --fill" in caplog.text


def test_rollups_hold_the_days_before_too(filling: Filling, owner: Engine) -> None:
    filling.engine = owner
    filling.fill(days=2)
    before = filling.at.date() - timedelta(days=1)
    counted = text(
        "SELECT (SELECT count(*) FROM oi_5m WHERE bucket::date = :day),"
        " (SELECT count(DISTINCT bucket) FROM contract_5m WHERE bucket::date = :day)"
    )
    with owner.connect() as connection:
        # 385 minutes, of which each is told under the moment it ends
        assert connection.execute(counted, {"day": before}).one() == (78, 78)


def test_nothing_is_asked_for_before_the_opening(filling: Filling) -> None:
    filling.at = OPENING - timedelta(minutes=5)
    filling.fill()
    assert filling.asked.tokens == []


def test_a_chain_that_another_collector_writes_is_left_to_that_one(filling: Filling) -> None:
    filling.leads = lambda exchange: exchange != "NSE"
    filling.fill()
    assert filling.asked.tokens == []


def test_the_brokers_limit_is_kept(engine: Engine, tmp_path: Path) -> None:
    filling = Filling(engine, tmp_path, OPENING + timedelta(minutes=3), limited=True)
    try:
        chain = filling.followed["NSE"]
        few = replace(chain.exchange, strikes=1)
        filling.followed = {"NSE": replace(chain, exchange=few).around(float(chain.strike[0]))}
        at: list[float] = []
        filling.asked.before = lambda token: at.append(time.monotonic())
        filling.fill()
        # on a busy machine a request may be late on its way, and the next one early
        assert filling.asked.statuses.count(200) == 6 + BEHIND
        assert len(filling.rows()) == 3 * 6
        # those that follow one another by as many as the broker takes lie a second apart, about
        most = A_SECOND[HISTORICAL]
        assert at[-1] - at[0] > (len(at) - 1) / most * 0.8
    finally:
        filling.close()


KILLED = """
import sys
import threading
from datetime import datetime
from pathlib import Path
from app.kite import limits
from db.engine import engine_for
from sqlalchemy import make_url
from tests.kite.past import Filling
limits.HISTORICAL_PER_S = 10_000.0
url, folder, at = sys.argv[1:]
at = datetime.fromisoformat(at)
filling = Filling(engine_for(make_url(url)), Path(folder), at, limited=False)
filling.followed = filling.listings("NSE", "BANKNIFTY_MONTHLY")
class Told(list):
    def append(self, progress):
        if progress.stretch == "BANKNIFTY_MONTHLY":
            print("the first chain is stored", flush=True)
            threading.Event().wait()
filling.told = Told()
filling.start()._worker._thread.join()
"""


def test_one_that_is_killed_goes_on_by_what_is_stored(
    filling: Filling, kite: Any, engine: Engine, tmp_path: Path
) -> None:
    home = tmp_path / "killed"
    home.mkdir()
    url = engine.url.render_as_string(hide_password=False)
    program = subprocess.Popen(
        [sys.executable, "-c", KILLED, url, str(home), filling.at.isoformat()],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    try:
        assert program.stdout is not None
        assert program.stdout.readline() == b"the first chain is stored\n"
    finally:
        program.send_signal(signal.SIGKILL)
        program.wait()
        if program.stdout is not None:
            program.stdout.close()
    filling.followed = filling.listings("NSE", "BANKNIFTY_MONTHLY")
    assert len(filling.rows("NSE")) == 30 * LEGS
    assert not filling.rows("BANKNIFTY_MONTHLY")
    filling.fill()
    assert set(filling.asked.tokens).isdisjoint(filling.followed["NSE"].token.tolist())
    for key in filling.followed:
        assert filling.rows(key) == filling.expected(kite, ends(1, 30), key)
