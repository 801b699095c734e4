"""The past on the page: steps, play, pins, the address and the way back to the present."""

import re
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import pytest

from db.market.limits import CHANGE_MINUTES
from tests.web.page.conftest import Staged
from tests.web.page.stage import FIELDS, PATIENCE_MS, Stage, delta, full, legs
from tests.web.page.test_access import AXE, VIOLATIONS

if TYPE_CHECKING:
    from playwright.sync_api import Page, Route

DAYS = ("2026-07-30", "2026-07-31", "2026-08-03")
# every half minute from 10:00 to 11:00
STEPS = 121


def moments() -> list[datetime]:
    return [
        datetime.fromisoformat(f"{day}T10:00:00+05:30") + timedelta(seconds=30 * n)
        for day in DAYS
        for n in range(STEPS)
    ]


STORED = moments()


@dataclass
class History:
    """Answers for stored moments: at the n-th of all, each contract holds 1000 + n."""

    asked: list[str] = field(default_factory=list)
    fails: bool = False
    # whether all figures move from one moment to the next, not open interest alone
    all_move: bool = False

    def answer(self, route: "Route", path: str, query: dict[str, str]) -> None:
        self.asked.append(path)
        kind = path.split("/")[2]
        if self.fails:
            return route.abort()
        if kind == "as-of" and "from" in query:
            first = self.place(query["from"])
            frames = [self.frame(n) for n in range(first, len(STORED))][: int(query["count"])]
            return route.fulfill(json={"exchange": "NSE", "frames": frames})
        if kind == "as-of":
            if query["at"] < STORED[0].isoformat()[:19]:
                sentence = "Nothing is stored of NSE before 2026-07-30 10:00:00."
                return route.fulfill(status=404, json={"error": sentence})
            return route.fulfill(json=self.chain(self.place(query["at"]), path.split("/")[3]))
        return route.fulfill(json=getattr(self, kind)(query))

    @staticmethod
    def place(at: str) -> int:
        asked = datetime.fromisoformat(at)
        aware = asked if asked.tzinfo else asked.replace(tzinfo=STORED[0].tzinfo)
        return max(n for n, moment in enumerate(STORED) if moment <= aware)

    def chain(self, n: int, exchange: str = "NSE") -> dict[str, Any]:
        at = STORED[n].isoformat()
        whole = full(
            exchange,
            sequence=n,
            contracts=legs(oi=1000 + n, **(moved(n) if self.all_move else {})),
            last_update=at,
            updated_at=at,
            source=None,
            status="past",
            pcr=n / 100,
        )
        return {**whole, "moment": self.told(n)}

    def frame(self, n: int) -> dict[str, Any]:
        before = self.chain(n - 1) if n else self.chain(0)
        changes = [(leg[0], leg[1], {"oi": 1000 + n}) for leg in before["legs"]]
        at = STORED[n].isoformat()
        return {**delta(n, *changes, last_update=at, pcr=n / 100), "moment": self.told(n)}

    @staticmethod
    def told(n: int) -> dict[str, Any]:
        def at(m: int) -> str | None:
            return STORED[m].isoformat() if 0 <= m < len(STORED) else None

        return {
            "at": at(n),
            "phase": {"options": "open", "index": "open"},
            "previous_close": 26_000.0,
            "previous_close_day": "2026-07-29",
            "snapshot": [at(n - 1), at(n + 1)],
            "minute": [at(n - 2), at(n + 2)],
            "hour": [at(n - 120), at(n + 120)],
            "day": [at(n - STEPS), at(n + STEPS)],
        }

    @staticmethod
    def days(_: dict[str, str]) -> dict[str, Any]:
        listed = [
            {"day": day, "first": f"{day}T10:00:00+05:30", "last": f"{day}T11:00:00+05:30"}
            for day in DAYS
        ]
        return {"exchange": "NSE", "days": listed}

    @staticmethod
    def moments(query: dict[str, str]) -> dict[str, Any]:
        opens = 9 * 3_600_000 + 900_000
        return {
            "exchange": "NSE",
            "day": query["day"],
            "opens": opens,
            "closes": 15 * 3_600_000 + 2_400_000,
            "auction": [15 * 3_600_000 + 900_000, 15 * 3_600_000 + 2_100_000],
            "instants": [10 * 3_600_000 + 30_000 * n for n in range(STEPS)],
        }

    @staticmethod
    def expiries(_: dict[str, str]) -> dict[str, Any]:
        def entry(expiry: str, day: str, current: bool) -> dict[str, Any]:
            last = f"{day}T11:00:00+05:30"
            return {"expiry": expiry, "exchange": "NSE", "last": last, "is_current": current}

        listed = [entry("2026-07-30", DAYS[0], False), entry("2026-08-04", DAYS[2], True)]
        return {"exchange": "NSE", "expiries": listed}


def moved(n: int) -> dict[str, float]:
    """Figures of a contract at the n-th moment, each another one than at the moment before."""
    return {
        "volume": 65_000 + 65 * n,
        "ltp": 100 + n,
        "best_bid": 99 + n,
        "best_ask": 102 + 1.5 * n,
        "bid_quantity": 650 + 65 * n,
        "ask_quantity": 130 + 130 * n,
        "iv": 11 + n,
        "iv_forward": 10 + n,
        "theoretical_price": 100 - 2 * n,
    }


@pytest.fixture
def history() -> History:
    return History()


@pytest.fixture
def replayed(staged: Staged, history: History) -> Stage:
    """A live page of half past eleven with a past behind it."""
    return with_past(staged(reduced_motion="reduce"), history)


def with_past(stage: Stage, history: History) -> Stage:
    stage.first = full(last_update="2026-08-03T11:30:00+05:30")

    def past(route: "Route") -> None:
        parts = urlsplit(route.request.url)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        history.answer(route, parts.path, query)

    for kind in ("as-of", "days", "moments", "expiries"):
        stage.page.route(f"**/api/{kind}/**", past)
    return stage


def shows(page: "Page", n: int) -> None:
    """Wait until the n-th stored moment is shown, in all places."""
    oi = f"{1000 + n:,}"
    page.wait_for_selector(f'body[data-market="past"] tr.atm td.ce.oi:text-is("{oi}")')
    page.wait_for_selector(f'[data-fact="market_time"]:text-is("{STORED[n]:%H:%M:%S}")')
    page.wait_for_function(
        "at => new URLSearchParams(location.search).get('at') === at",
        arg=STORED[n].isoformat()[:19],
    )


LAST = len(STORED) - 1


def test_keys_step_by_snapshot_minute_hour_and_day(replayed: Stage) -> None:
    page = replayed.open()
    for key, n in (
        *((",", LAST), (",", LAST - 1), ("<", LAST - 3), ("[", LAST - 123)),
        *(("{", LAST - 123 - STEPS), ("}", LAST - 123), ("]", LAST - 3), (">", LAST - 1)),
        (".", LAST),
    ):
        page.keyboard.press(key)
        shows(page, n)
    assert page.title().startswith("as of 11:00:00, Mon 3 Aug 2026 · ")
    assert page.locator("#market").inner_text() == "as of 11:00:00, Mon 3 Aug 2026"
    # the last stored moment of a day that goes on leads to the present
    page.keyboard.press(".")
    page.wait_for_selector('body[data-market="live"]')
    assert "at=" not in page.url


def test_where_no_chain_is_live_the_past_is_reached_all_the_same(
    replayed: Stage, history: History
) -> None:
    replayed.first = None
    page = replayed.open()
    page.keyboard.press(",")
    shows(page, LAST)


def test_a_step_pressed_while_the_moment_of_the_address_is_on_its_way_follows_it(
    replayed: Stage, history: History
) -> None:
    held: list[Route] = []
    replayed.page.route("**/api/as-of/**", lambda route: held.append(route), times=1)
    page = replayed.open(f"/?exchange=NSE&at={STORED[LAST - 5].isoformat()[:19]}")
    replayed.until(lambda: bool(held))
    page.keyboard.press(",")
    history.answer(held[0], "/api/as-of/NSE", {"at": STORED[LAST - 5].isoformat()[:19]})
    shows(page, LAST - 6)


def test_keys_that_move_through_a_choice_leave_the_past_alone(replayed: Stage) -> None:
    page = replayed.open()
    page.keyboard.press(",")
    shows(page, LAST)
    for choice, last in (("#range", "40"), ("#asof-speed", "60")):
        page.locator(choice).focus()
        page.keyboard.press("End")
        assert page.locator(choice).input_value() == last
        page.keyboard.press("Home")
        assert page.locator(choice).input_value() != last
    shows(page, LAST)
    page.locator("#theme").focus()
    page.keyboard.press("Home")
    page.wait_for_selector('body[data-market="live"]')


def test_live_figures_do_not_touch_a_past_screen_and_are_there_on_return(replayed: Stage) -> None:
    page = replayed.open()
    page.keyboard.press(",")
    shows(page, LAST)
    replayed.send(delta(2, (26_000, "CE", {"oi": 777}), pcr=9.99))
    replayed.send(delta(3, (26_000, "CE", {"oi": 778}), pcr=9.98))
    page.wait_for_function("() => true")
    assert page.locator("tr.atm td.ce.oi").inner_text() == f"{1000 + LAST:,}"
    assert page.locator('[data-fact="pcr"]').inner_text() == f"{LAST / 100:.2f}"
    page.keyboard.press("Home")
    page.wait_for_selector('body[data-market="live"] tr.atm td.ce.oi:text-is("778")')
    assert page.locator('[data-fact="pcr"]').inner_text() == "9.98"


def test_an_address_opens_the_moment_and_its_pin_and_nothing_else(
    replayed: Stage, history: History
) -> None:
    replayed.recording("body", "data-market")
    page = replayed.open("/?exchange=NSE&at=2026-07-31T10:10:10&pin=2026-07-30T10:30:00&cols=oi")
    n = STEPS + 20
    page.wait_for_selector(f'tr.atm td.ce.oi:text-is("{1000 + n:,} ▲+81")')
    assert set(replayed.recorded()) <= {"none", "past"}
    assert page.locator("#market").inner_text() == (
        "as of 10:10:00, Fri 31 Jul 2026 against 10:30:00, 30 Jul 2026"
    )
    asked = parse_qs(urlsplit(page.url).query)
    assert asked == {
        "exchange": ["NSE"],
        "at": ["2026-07-31T10:10:00"],
        "pin": ["2026-07-30T10:30:00"],
        "cols": ["oi"],
    }


def test_the_way_back_leads_through_jumps_and_not_through_steps(replayed: Stage) -> None:
    page = replayed.open()
    page.keyboard.press(",")
    shows(page, LAST)
    page.keyboard.press(",")
    shows(page, LAST - 1)
    page.locator("#asof-date").fill("2026-07-31")
    shows(page, 2 * STEPS - 2)
    page.go_back()
    shows(page, LAST - 1)
    page.go_back()
    page.wait_for_selector('body[data-market="live"]')
    page.go_forward()
    shows(page, LAST - 1)


def test_two_moments_are_compared_in_the_cells(replayed: Stage) -> None:
    page = replayed.open("/?exchange=NSE&at=2026-08-03T10:30:00")
    n = 2 * STEPS + 60
    shows(page, n)
    page.keyboard.press("p")
    assert "pin=2026-08-03T10:30:00" in page.url
    page.keyboard.press("<")
    cell = page.locator("tr.atm td.ce.oi")
    page.wait_for_selector(f'tr.atm td.ce.oi:text-is("{1000 + n - 2:,} ▼−2")')
    assert "closed" in (cell.get_attribute("class") or "")
    cell.click()
    said = page.locator("#explanation").inner_text()
    assert f"; {1000 + n:,} at 10:30:00, 3 Aug 2026, the pinned moment" in said
    assert page.locator("#asof-says").inner_text() == "against 10:30:00, 3 Aug 2026"
    page.locator("#asof-pin").click()
    shows(page, n - 2)
    assert "pin=" not in page.url


def test_every_figure_that_is_no_change_itself_is_compared(
    replayed: Stage, history: History
) -> None:
    history.all_move = True
    columns = (
        "oi.volume.iv.ltp.bid.ask.bidq.askq.spread.spreadp.imb.theo.diff.delta.gamma.theta.vega"
    )
    asked = f"/?exchange=NSE&at=2026-07-30T10:05:00&pin=2026-07-30T10:00:00&cols={columns}.p3"
    page = replayed.open(asked)
    page.wait_for_selector("tr.atm td.ce.bid.more")
    shown = {
        key: page.locator(f"tr.atm td.ce.{key}").inner_text() for key in (*columns.split("."), "p3")
    }
    assert shown["bid"] == "109.00 ▲+10.00"
    assert shown["ask"] == "117.00 ▲+15.00"
    assert shown["bidq"] == "1,300 ▲+650"
    assert shown["theo"] == "80.00 ▼−20.00"
    assert shown["iv"] == "20.0 ▲+10.0"
    assert [key for key in columns.split(".") if not re.search("[▲▼]", shown[key])] == []
    assert shown["p3"] == "+1.5"
    page.locator("tr.atm td.ce.p3").click()
    said = page.locator("#explanation").inner_text()
    assert said.endswith("; +1.5 at 10:00:00, 30 Jul 2026, the pinned moment")


def test_each_column_that_holds_a_figure_has_a_difference_or_is_one(replayed: Stage) -> None:
    page = replayed.open()
    without = page.evaluate(
        """async () => {
          const { POOL } = await import("/front/chain/cells.js");
          return POOL.filter((one) => !one.differs).map((one) => one.key);
        }"""
    )
    spans = [f"{kind}{n}" for kind in "pq" for n in CHANGE_MINUTES]
    assert without == [*spans, "day", "qday", "build", "oiat", "chg", "chgp"]


def test_a_strike_of_another_expiry_is_not_compared(replayed: Stage, history: History) -> None:
    page = replayed.open("/?exchange=NSE&at=2026-08-03T10:30:00")
    shows(page, 2 * STEPS + 60)
    page.keyboard.press("p")
    other = history.chain(2 * STEPS + 59)
    symbol = FIELDS.index("symbol")
    for leg in other["legs"]:
        leg[symbol] = "another"
    page.unroute_all()
    page.route("**/api/as-of/**", lambda route: route.fulfill(json=other))
    page.keyboard.press(",")
    shows(page, 2 * STEPS + 59)


def test_play_shows_every_moment_without_a_request_for_each(
    replayed: Stage, history: History
) -> None:
    page = replayed.open("/?exchange=NSE&at=2026-08-03T10:30:00")
    shows(page, 2 * STEPS + 60)
    page.keyboard.press("h")
    page.locator("#asof-speed").select_option("60")
    page.evaluate(
        """window.seen = [];
        const time = document.querySelector('[data-fact="market_time"]');
        new MutationObserver(() => seen.push(time.textContent))
          .observe(time, { childList: true, characterData: true, subtree: true });"""
    )
    history.asked.clear()
    page.keyboard.press(" ")
    page.wait_for_selector('[data-fact="market_time"]:text-is("10:33:00")', timeout=PATIENCE_MS)
    page.keyboard.press(" ")
    page.wait_for_selector('#asof-play[aria-label="Play"]')
    shown = page.evaluate("[...new Set(seen)]")
    assert shown[:6] == ["10:30:30", "10:31:00", "10:31:30", "10:32:00", "10:32:30", "10:33:00"]
    assert len([path for path in history.asked if "as-of" in path]) <= 2


def test_the_slider_spans_the_session_and_steps_with_the_arrows(replayed: Stage) -> None:
    page = replayed.open("/?exchange=NSE&at=2026-08-03T10:30:00")
    n = 2 * STEPS + 60
    shows(page, n)
    slider = page.locator("#asof-slider")
    page.wait_for_selector('#asof-slider[max="56400000"]')
    assert slider.get_attribute("min") == "33300000"
    assert page.locator("#asof-auction").is_visible()
    page.keyboard.press("h")
    page.keyboard.press("ArrowLeft")
    shows(page, n - 1)
    assert slider.get_attribute("aria-valuetext") == "10:29:30, 3 Aug 2026"
    page.keyboard.press("Home")
    shows(page, 2 * STEPS)
    slider.fill("36915000")
    shows(page, 2 * STEPS + 30)


def test_a_past_expiry_leads_to_its_last_moment_and_a_current_one_to_the_present(
    replayed: Stage,
) -> None:
    page = replayed.open()
    expiry = page.locator("#asof-expiry")
    expiry.focus()
    page.wait_for_selector("#asof-expiry option:nth-child(2)", state="attached")
    assert expiry.locator("option").all_inner_texts() == [
        "30 Jul 2026, over",
        "4 Aug 2026",
    ]
    expiry.select_option(index=0)
    shows(page, STEPS - 1)
    page.wait_for_selector("#asof-expiry option:nth-child(2)", state="attached")
    expiry.select_option(index=1)
    page.wait_for_selector('body[data-market="live"]')


def test_another_tab_shows_the_same_moment(replayed: Stage) -> None:
    page = replayed.open("/?exchange=NSE&at=2026-08-03T10:30:00")
    shows(page, 2 * STEPS + 60)
    page.keyboard.press("2")
    page.wait_for_selector('[data-exchange="BSE"][aria-current]')
    shows(page, 2 * STEPS + 60)
    assert "exchange=BSE&at=2026-08-03T10:30:00" in page.url
    assert page.locator("#csv").get_attribute("href") == (
        "/api/chain/BSE.csv?at=2026-08-03T10%3A30%3A00%2B05%3A30"
    )


def test_what_is_refused_is_said_and_what_was_shown_stays(
    replayed: Stage, history: History
) -> None:
    page = replayed.open("/?exchange=NSE&at=2026-07-01T10:30:00")
    page.wait_for_selector('body[data-market="live"] #rows tr')
    said = page.locator("#asof-says")
    assert said.inner_text() == "Nothing is stored of NSE before 2026-07-30 10:00:00."
    page.keyboard.press(",")
    shows(page, LAST)
    history.fails = True
    page.keyboard.press("[")
    page.wait_for_selector('#asof-says:text-is("The server does not answer; what is shown stays.")')
    shows(page, LAST)


@pytest.mark.parametrize("theme", ["dark", "light"])
@pytest.mark.parametrize("size", [(1440, 900), (360, 740)])
def test_axe_finds_nothing_in_the_past(
    staged: Staged, history: History, theme: str, size: tuple[int, int]
) -> None:
    stage = staged(width=size[0], height=size[1], color_scheme=theme, reduced_motion="reduce")
    page = with_past(stage, history).open(
        "/?exchange=NSE&at=2026-08-03T10:30:00&pin=2026-08-03T10:00:00"
    )
    page.wait_for_selector("#rows :is(td.added, td.closed)")
    page.wait_for_selector("#asof-expiry option:nth-child(2)", state="attached")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.evaluate(AXE)
    assert page.evaluate(VIOLATIONS) == []
