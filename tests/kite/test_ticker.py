"""Links to the stand-in's ticker: what arrives, what is noticed, what is outlived."""

import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from app.kite import board as reasons
from app.kite import subscriptions as module
from app.kite.account import Account
from app.kite.session import SessionStore
from app.kite.standin import Fault, StandIn
from app.kite.subscriptions import Subscriptions, TooManyInstrumentsError, dealt
from app.kite.ticker import Credentials, LinkState, Login, Waits
from app.kite.wire import Wire
from tests.kite.standin.conftest import NIFTY
from tests.kite.standin.sockets import Frames, options, until

QUICK = Waits(look_s=0.02, first_pause_s=0.01, longest_pause_s=0.02, too_many_s=0.02)


class Clock:
    """Stands until it is moved."""

    def __init__(self) -> None:
        self.s = 0.0

    def __call__(self) -> float:
        return self.s


@pytest.fixture
def clock() -> Clock:
    return Clock()


Made = Callable[..., Subscriptions]


@pytest.fixture
def made(standin: StandIn, token: str, clock: Clock) -> Iterator[Made]:
    """Makes subscriptions at the stand-in and closes them at the end."""
    found: list[Subscriptions] = []

    def make(login: Login | None = None, waits: Waits = QUICK, **more: int) -> Subscriptions:
        known = Credentials(standin.sessions.account.api_key, token, 1)
        found.append(
            Subscriptions(
                *(standin.ws_url, login or (lambda: known), lambda: True),
                waits=waits,
                clock=clock,
                **more,
            )
        )
        return found[-1]

    yield make
    for each in found:
        each.close()


def packets(subscriptions: Subscriptions) -> int:
    return subscriptions.shared.figures.packets


def goes_on(subscriptions: Subscriptions) -> None:
    """More prices arrive than have so far."""
    seen = packets(subscriptions)
    until(lambda: packets(subscriptions) > seen + 5)


def is_the_ledgers(standin: StandIn, subscriptions: Subscriptions, tokens: list[int]) -> bool:
    """Whether the board holds exactly what was sent last of each instrument."""
    board = subscriptions.shared.board
    with subscriptions.shared.lock:
        for token in tokens:
            last = standin.ledger.last(token)
            place = int(board.places(np.array([token]))[0])
            if last is None or np.nan_to_num(board.last_price[place]) != last["last_price"]:
                return False
            if board.exchange_time[place] != last.get("exchange_time"):
                return False
            traded = (board.oi[place], board.volume[place])
            if token != NIFTY and traded != (last["oi"], last["volume"]):
                return False
    return True


def mute_and_settled(standin: StandIn, subscriptions: Subscriptions, tokens: list[int]) -> None:
    standin.fault(Fault.MUTE)
    until(lambda: is_the_ledgers(standin, subscriptions, tokens))


def test_full_ticks_arrive_as_they_were_sent(standin: StandIn, made: Made) -> None:
    wanted = [NIFTY, *options(standin, 40)]
    subscriptions = made()
    assert subscriptions.state is LinkState.STOPPED
    subscriptions.follow("NSE", wanted)
    until(lambda: packets(subscriptions) > 400)
    assert subscriptions.state is LinkState.LIVE
    mute_and_settled(standin, subscriptions, wanted)
    assert subscriptions.shared.figures.refused == {}
    assert subscriptions.shared.figures.reconnects == 0


def test_a_link_without_any_frame_is_dead_and_made_anew(
    standin: StandIn, made: Made, clock: Clock
) -> None:
    wanted = options(standin, 5)
    subscriptions = made()
    subscriptions.follow("NSE", wanted)
    goes_on(subscriptions)
    standin.fault(Fault.SILENT)

    def moved_on() -> bool:
        clock.s += QUICK.dead_after_s + 1
        return subscriptions.state is LinkState.RECONNECTING

    until(moved_on)
    standin.clear()
    goes_on(subscriptions)
    until(lambda: subscriptions.state is LinkState.LIVE)
    mute_and_settled(standin, subscriptions, wanted)


def test_heartbeats_without_prices_are_mute_until_prices_come(
    standin: StandIn, made: Made, clock: Clock
) -> None:
    subscriptions = made(waits=Waits(1e9, 10.0, 0.02, 0.01, 0.02))
    subscriptions.follow("NSE", options(standin, 5))
    goes_on(subscriptions)
    standin.fault(Fault.MUTE)
    until(lambda: not standin.faults.holds(Fault.MUTE) or _is_mute(subscriptions, clock))
    # a new connection alone proves nothing
    beats = standin.ledger.heartbeats
    until(lambda: standin.ledger.heartbeats > beats + 2)
    assert subscriptions.state is LinkState.MUTE
    standin.clear()
    until(lambda: subscriptions.state is LinkState.LIVE)


def _is_mute(subscriptions: Subscriptions, clock: Clock) -> bool:
    clock.s += 11
    return subscriptions.state is LinkState.MUTE


class IndexOnly:
    """A wire that brings an index and nothing else, each time a second later."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock

    def send(self, message: object) -> None: ...

    def messages(self, timeout_s: float) -> Iterator[bytes]:
        for n in range(60):
            self.clock.s += 1
            body = NIFTY.to_bytes(4, "big") + (2_600_000 + n).to_bytes(4, "big") + bytes(24)
            yield b"\0\1" + len(body).to_bytes(2, "big") + body

    def hang_up(self) -> None: ...

    def close(self) -> None: ...


def test_an_index_that_goes_on_does_not_hide_options_that_went_mute(
    standin: StandIn, made: Made, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Wire, "opened", lambda *_: IndexOnly(clock))
    subscriptions = made()
    subscriptions.follow("NSE", [NIFTY, *options(standin, 1)])
    until(lambda: subscriptions.state is LinkState.MUTE)


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        # the half of two packets is one: the frame says there should be another
        (Fault.HALF_FRAME, {reasons.CUT_FRAME, reasons.WRONG_COUNT}),
        (Fault.WRONG_COUNT, {reasons.WRONG_COUNT}),
        (Fault.ODD_LENGTH, {reasons.UNKNOWN_LENGTH}),
        (Fault.WRONG_LENGTH, {reasons.UNKNOWN_LENGTH, reasons.CUT_FRAME}),
        (Fault.OUT_OF_ORDER, {reasons.OLDER}),
        (Fault.TEXT, {"text that is no object"}),
    ],
)
def test_what_cannot_be_used_is_counted_and_outlived(
    standin: StandIn, made: Made, fault: Fault, told: set[str]
) -> None:
    wanted = options(standin, 8)
    subscriptions = made()
    subscriptions.follow("NSE", wanted)
    goes_on(subscriptions)
    standin.fault(fault)
    until(lambda: told & set(subscriptions.shared.figures.refused))
    goes_on(subscriptions)
    assert subscriptions.shared.figures.reconnects == 0
    mute_and_settled(standin, subscriptions, wanted)


@pytest.mark.parametrize("fault", [Fault.DISCONNECT, Fault.TORN_FRAME])
def test_a_connection_that_is_cut_is_made_anew_and_doubled_messages_change_nothing(
    standin: StandIn, made: Made, fault: Fault
) -> None:
    wanted = [NIFTY, *options(standin, 8)]
    subscriptions = made()
    subscriptions.follow("NSE", wanted)
    goes_on(subscriptions)
    for cuts in (1, 2, 3):
        standin.fault(fault)
        until(lambda cuts=cuts: subscriptions.shared.figures.reconnects >= cuts)
        goes_on(subscriptions)
    mute_and_settled(standin, subscriptions, wanted)


def test_an_ended_session_stops_the_attempts_until_somebody_logs_in_again(
    standin: StandIn, made: Made, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    attempts: list[str] = []
    opened = Wire.opened

    def counted(root: str, api_key: str, access_token: str) -> Wire:
        attempts.append(access_token)
        return opened(root, api_key, access_token)

    monkeypatch.setattr(Wire, "opened", counted)
    store = SessionStore(tmp_path, "a key of these tests")
    account = Account("standin", "standin-secret", store)
    subscriptions = made(account.credentials)
    wanted = options(standin, 5)
    subscriptions.follow("NSE", wanted)
    until(lambda: subscriptions.state is LinkState.LOGIN_NEEDED)
    assert attempts == []
    store.keep("SI0001", standin.sessions.sign_in())
    goes_on(subscriptions)
    assert len(attempts) == 1
    standin.fault(Fault.EXPIRED)
    until(lambda: subscriptions.state is LinkState.LOGIN_NEEDED)
    tried = len(attempts)
    looks = threading.Event()
    looks.wait(20 * QUICK.look_s)
    assert len(attempts) == tried
    store.keep("SI0001", standin.sessions.sign_in())
    goes_on(subscriptions)
    mute_and_settled(standin, subscriptions, wanted)


def test_one_connection_too_many_waits_and_comes_in_when_another_goes(
    standin: StandIn, token: str, made: Made
) -> None:
    others = [Frames.of(standin, token) for _ in range(3)]
    subscriptions = made()
    subscriptions.follow("NSE", options(standin, 5))
    until(lambda: subscriptions.state is LinkState.WAITING)
    assert packets(subscriptions) == 0
    others.pop().close()
    goes_on(subscriptions)
    for other in others:
        other.close()


def test_letting_go_of_one_chain_never_silences_another(standin: StandIn, made: Made) -> None:
    first, second = options(standin, 12)[:8], options(standin, 12)[4:]
    subscriptions = made(tokens_each=5)
    subscriptions.follow("NSE", [NIFTY, *first])
    subscriptions.follow("NSE_MONTHLY", [NIFTY, *second])
    until(lambda: followed(standin) == {NIFTY, *first, *second})
    assert len(standin.tickers) == 3
    before = {id(t): set(t.subscriptions.modes) for t in standin.tickers}
    subscriptions.follow("NSE", ())
    until(lambda: followed(standin) == {NIFTY, *second})
    # what is still followed stays on the connection it is on
    assert all(set(t.subscriptions.modes) <= before[id(t)] for t in standin.tickers)
    goes_on(subscriptions)
    mute_and_settled(standin, subscriptions, [NIFTY, *second])
    subscriptions.follow("NSE_MONTHLY", ())
    until(lambda: followed(standin) == set())


def followed(standin: StandIn) -> set[int]:
    return {token for ticker in standin.tickers for token in ticker.subscriptions.modes}


def test_a_chain_too_many_is_refused_and_those_before_it_go_on(
    standin: StandIn, made: Made
) -> None:
    wanted = options(standin, 12)
    subscriptions = made(tokens_each=3)
    subscriptions.follow("NSE", wanted[:8])
    with pytest.raises(TooManyInstrumentsError, match="12 instruments are more than"):
        subscriptions.follow("BSE", wanted[8:])
    until(lambda: followed(standin) == set(wanted[:8]))
    goes_on(subscriptions)


def test_nine_thousand_instruments_take_three_connections_and_not_one_more(
    standin: StandIn, made: Made
) -> None:
    traded = options(standin, 40)
    others = [token for token in range(1, 10_000) if token not in traded]
    wanted = [*traded, *others][:9_000]
    subscriptions = made()
    subscriptions.follow("NSE", wanted)
    until(lambda: followed(standin) == set(wanted))
    assert sorted(len(t.subscriptions.modes) for t in standin.tickers) == [3_000] * 3
    with pytest.raises(TooManyInstrumentsError, match=r"9,001 .* \(3 connections of 3,000\)"):
        subscriptions.follow("BSE", [10_001])
    goes_on(subscriptions)


def test_instruments_keep_their_connection_and_new_ones_fill_what_is_free() -> None:
    held = [(1, 2, 3), (4, 5)]
    assert dealt([5, 1, 9, 8, 7, 6], held, 3, 3) == [(1, 9, 8), (5, 7, 6)]
    assert dealt([1, 2, 3, 4, 5, 6, 7], held, 3, 3) == [(1, 2, 3), (4, 5, 6), (7,)]
    assert dealt([], held, 3, 3) == [(), ()]


def test_chains_begin_at_the_money_in_turn() -> None:
    assert module._in_turn([(1, 2, 3), (1, 9), (5,)]) == [1, 5, 2, 9, 3]


@pytest.mark.skipif(sys.platform != "linux", reason="counts descriptors in /proc")
def test_closing_leaves_no_thread_and_no_descriptor(standin: StandIn, made: Made) -> None:
    def left() -> tuple[int, int]:
        mine = [t for t in threading.enumerate() if t.name == "oi-kite"]
        return len(mine), len(list(Path("/proc/self/fd").iterdir()))

    wanted = options(standin, 9)
    counts = []
    for _ in range(3):
        subscriptions = made(tokens_each=3)
        subscriptions.follow("NSE", wanted)
        goes_on(subscriptions)
        subscriptions.close()
        subscriptions.follow("NSE", wanted)
        assert subscriptions.state is LinkState.STOPPED
        until(lambda: standin.connections == 0)
        until(lambda: "process_request_thread" not in " ".join(map(str, threading.enumerate())))
        counts.append(left())
    assert counts[0][0] == 0
    assert counts[0] == counts[-1]
