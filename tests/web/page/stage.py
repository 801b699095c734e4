"""The real page in Chromium with a server played by the test: each message and age is chosen."""

import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

from flask import Flask, render_template

from app import create_app
from app.chains.folded import folded
from app.web.painting.paint import first_paint
from db.market import limits
from db.market.exchanges import EXCHANGES
from db.settings import Settings
from tests.support.paths import ROOT

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page, Request, Route, WebSocketRoute

# never reached: all requests are answered by the test
ORIGIN = "http://localhost"
PATIENCE_MS = 60_000
# a Monday morning in the session of its date
NOW_MS = 1_785_735_000_000
AT = "2026-08-03T11:00:00+05:30"
BOOK = ("best_bid", "best_ask", "bid_quantity", "ask_quantity")
FIELDS = (
    *("strike", "side", "symbol", "oi", "oi_at", "ltp"),
    *("volume", "iv", "iv_forward", "theoretical_price", "delta"),
    *(f"pct_{n}m" for n in limits.CHANGE_MINUTES),
    *(f"oi_{n}m" for n in limits.CHANGE_MINUTES),
    "prev_close_oi",
    *BOOK,
)
OPEN = {"options": "open", "index": "open"}
CLOSED = {"options": "closed", "index": "closed"}
Leg = dict[str, Any]


def a_leg(strike: float, side: str, **changes: Any) -> Leg:
    """One contract of which everything is known."""
    known: Leg = {
        "strike": strike,
        "side": side,
        "symbol": f"NIFTY26804{strike:.0f}{side}",
        "oi": 6500 if side == "CE" else 13_000,
        "ltp": 100.25,
        "best_bid": 100.2,
        "best_ask": 100.3,
        "bid_quantity": 650,
        "ask_quantity": 130,
        "volume": 65_000,
        "iv": 11.5,
        "iv_forward": 10.5,
        "theoretical_price": 100.0,
        "delta": 0.5,
        "pct_3m": 1.5,
        "oi_3m": 96,
    }
    return {**dict.fromkeys(FIELDS), **known, **changes}


def legs(count: int = 4, step: float = 50.0, **changes: Any) -> list[Leg]:
    """Both sides of `count` strikes either side of 26,000."""
    strikes = [26_000 + step * n for n in range(-count, count + 1)]
    return [a_leg(strike, side, **changes) for strike in strikes for side in ("CE", "PE")]


def full(
    exchange: str = "NSE", sequence: int = 1, contracts: list[Leg] | None = None, **summary: Any
) -> dict[str, Any]:
    """A whole chain as the page is sent it."""
    contracts = legs() if contracts is None else contracts
    facts = EXCHANGES[exchange]
    known = {
        "exchange": exchange,
        "label": facts.label,
        "underlying_name": facts.underlying_name,
        "underlying_symbol": facts.underlying_symbol,
        "strike_step": facts.strike_step,
        "lot_size": 65,
        "sequence": sequence,
        "source": "live",
        "status": "live",
        "expiry": "2026-08-04",
        "expires_at": "2026-08-04T15:40:00+05:30",
        "last_update": AT,
        "updated_at": "2026-08-03T05:30:00+00:00",
        "atm_strike": 26_000.0,
        "underlying_price": 26_010.0,
        "underlying_at": None,
        "underlying_future_symbol": "NIFTY26AUGFUT",
        "underlying_future_price": 26_100.0,
        "underlying_future_oi": 1_300_000,
        "vix": 12.5,
        "pcr": 2.0,
        "pcr_volume": 1.0,
        "max_pain": 26_000.0,
        "straddle": 200.5,
        "atm_iv": 11.5,
        "forward": 26_040.25,
        "atm_iv_forward": 10.5,
        "total_oi_ce": sum(leg["oi"] or 0 for leg in contracts if leg["side"] == "CE"),
        "total_oi_pe": sum(leg["oi"] or 0 for leg in contracts if leg["side"] == "PE"),
        "total_volume_ce": sum(leg["volume"] or 0 for leg in contracts if leg["side"] == "CE"),
        "total_volume_pe": sum(leg["volume"] or 0 for leg in contracts if leg["side"] == "PE"),
        "contracts": len(contracts),
        "oi_known": sum(leg["oi"] is not None for leg in contracts),
        "itm_ce_oi_change": 1.25,
        "itm_pe_oi_change": -0.75,
        "itm_oi_ce_pct_change": 9.0,
        "itm_oi_pe_pct_change": 9.0,
        "percent_oichange_fut_3m": 0.1,
        "atm_shift_intensity": None,
        "itm_ce_breadth": 0.5,
        "itm_pe_breadth": 0.25,
        "ml_signal": None,
        "ml_confidence": None,
        "ml_rationale": "no model",
        "prev_close_at": None,
        "day_open_at": None,
    }
    return {
        "kind": "full",
        "exchange": exchange,
        "sequence": sequence,
        "fields": list(FIELDS),
        "summary": {**known, **summary},
        "legs": [[leg[name] for name in FIELDS] for leg in contracts],
    }


def answered(page: "Page") -> None:
    """Wait until all that was pressed is done: it is marked in one frame, and done after it."""
    page.wait_for_selector("body:not(:has([data-pressed]))")


def without_book(message: dict[str, Any]) -> dict[str, Any]:
    """A whole chain as a page is sent it that shows no bid and ask."""
    kept = [i for i, name in enumerate(FIELDS) if name not in BOOK]
    return {
        **message,
        "fields": [FIELDS[i] for i in kept],
        "legs": [[leg[i] for i in kept] for leg in message["legs"]],
    }


def delta(
    sequence: int,
    *changes: tuple[float, str, dict[str, Any]],
    exchange: str = "NSE",
    **summary: Any,
) -> dict[str, Any]:
    """What turns the chain of the sequence before into that of `sequence`."""
    return {
        "kind": "delta",
        "exchange": exchange,
        "base": sequence - 1,
        "sequence": sequence,
        "summary": {"sequence": sequence, **summary},
        "cells": [
            [strike, side, *(part for n, v in new.items() for part in (FIELDS.index(n), v))]
            for strike, side, new in changes
        ],
        "legs": [],
        "gone": [],
    }


def clock(
    age_ms: int | None = 200,
    *,
    exchange: str = "NSE",
    phase: dict[str, str] = OPEN,
    problem: str | None = None,
    server_ms: int = NOW_MS,
    feeds: dict[str, Any] | None = None,
    build: str | None = None,
    lacking: str | None = None,
) -> dict[str, Any]:
    """The server's word on the time and on the age of what is shown."""
    return {
        "kind": "clock",
        "server_ms": server_ms,
        "ages": {exchange: age_ms},
        "phase": phase,
        "problem": problem,
        "feeds": feeds or {},
        "build": build,
        "lacking": lacking,
    }


DAY_COLUMNS = (
    *("minutes", "pcr", "pcr_volume", "oi_ce", "oi_pe", "index", "premium", "atm", "straddle"),
)
NO_AXIS = {"day": None, "open": None, "close": None, "auction": None}
NO_SERIES: dict[str, dict[str, Any]] = {
    "levels": {**NO_AXIS, "minutes": [], "max_pain": [], "forward": [], "atm_iv": []},
    "contract": {**NO_AXIS, "times": [], "oi": [], "price": [], "iv": [], "index": []},
    "straddle": {**NO_AXIS, "times": [], "price": [], "put": [], "call": [], "index": []},
    "heat": {**NO_AXIS, "strikes": [], "minutes": [], "minutes_each": 5},
    "days": {name: [] for name in ("days", *DAY_COLUMNS[1:7])},
    "smile": {"at": None, "expiry": None, "forward": None, "strikes": []},
    "gamma": {"at": None, "flip": None, "net_total": None, "strikes": [], "net": []},
    "signals": {"day": None, "times": [], "signals": [], "chances": [], "outcomes": []},
}


def no_day(**known: Any) -> dict[str, Any]:
    """A day of which nothing is stored but what is given; the rest of it is unknown."""
    minutes = known.get("minutes", [])
    return {
        **NO_AXIS,
        **{name: [None] * len(minutes) for name in DAY_COLUMNS},
        "previous_close": None,
        "previous_close_day": None,
        **known,
    }


def comparison(
    prices: dict[tuple[float, str], float] | None = None, **known: Any
) -> dict[str, Any]:
    """What a chain is compared with; nothing without prices by contract."""
    nothing = dict.fromkeys(("at", "expiry", "pcr", "pcr_volume", "max_pain"))
    told = [[strike, side, price, None] for (strike, side), price in (prices or {}).items()]
    return {**nothing, "contracts": len(told), "oi_known": 0, "legs": told, **known}


@dataclass
class Stage:
    """A page whose server is the test: `follows` holds what it asked to follow, in order.

    `books` holds with each whether it wanted bid and ask.

    `days` are the days by exchange (None: no answer), `series` other series by name, `asked` which
    of them were asked for. Sources of the page stand under /front/ as well.
    """

    page: "Page"
    app: Flask
    first: dict[str, Any] | None = field(default_factory=full)
    clock: dict[str, Any] = field(default_factory=clock)
    problem: str | None = None
    days: dict[str, Any] = field(default_factory=dict)
    series: dict[str, Any] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    answer: Callable[["Route", str], None] | None = None
    on_follow: Callable[["Stage", dict[str, Any]], None] | None = None
    limits: dict[str, Any] = field(default_factory=dict)
    comparisons: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)
    breaches: dict[str, Any] = field(default_factory=lambda: {"fields": [], "breaches": []})
    compared: list[str] = field(default_factory=list)
    # whether the page gets its script, or stays as the server painted it
    runs: bool = True
    build: str = "one"
    user: str = "trader"
    # by objective what burns; None of who does not run the server
    burning: dict[str, str] | None = None
    # by the beginning of a path, what else is asked of the server
    answers: dict[str, Callable[["Request"], tuple[int, Any]]] = field(
        default_factory=lambda: {
            "/api/alerts/events": lambda _: (200, {"events": [], "more": False}),
            "/api/alerts": lambda _: (200, {"alerts": [], "most": 100}),
        }
    )
    sockets: list["WebSocketRoute"] = field(default_factory=list)
    follows: list[dict[str, Any]] = field(default_factory=list)
    books: list[bool] = field(default_factory=list)
    polls: list[str] = field(default_factory=list)
    strangers: list[str] = field(default_factory=list)

    def open(self, path: str = "/") -> "Page":
        """Load the dashboard and wait until it follows."""
        self.page.goto(ORIGIN + path)
        self.until(lambda: bool(self.follows))
        return self.page

    def send(self, *messages: dict[str, Any]) -> None:
        """Push messages over the newest link."""
        self.until(lambda: bool(self.sockets))
        for message in messages:
            self.sockets[-1].send(json.dumps(message))

    def recording(self, what: str, attribute: str = "textContent") -> None:
        """Keep each value that `what` shows from now on, beginning with the next page's first."""
        self.page.add_init_script(
            f"""window.shown = [];
            new MutationObserver(() => {{
              const found = document.querySelector({what!r});
              const value = found && (found.getAttribute({attribute!r}) ?? found.textContent);
              if (value !== null && value !== window.shown.at(-1)) window.shown.push(value);
            }}).observe(document, {{
              subtree: true, childList: true, attributes: true, characterData: true,
            }});"""
        )

    def recorded(self) -> list[str]:
        """What `recording` has seen."""
        return list(self.page.evaluate("window.shown"))

    def fact(self, name: str) -> str:
        """A figure of the head lines or the footer."""
        return self.page.locator(f'[data-fact="{name}"]').first.inner_text()

    def wait_for(self, health: str) -> None:
        """Wait until the page calls what it shows by this state."""
        self.page.wait_for_selector(f'body[data-health="{health}"]')

    def until(self, happened: Callable[[], bool]) -> None:
        """Let the browser go on until something has happened here."""
        for _ in range(PATIENCE_MS // 10):
            if happened():
                return
            self.page.wait_for_timeout(10)
        raise AssertionError("the page did not do what was waited for")

    def serve(self, route: "Route", request: "Request") -> None:
        """Answer one request of the page."""
        parts = urlsplit(request.url)
        if not request.url.startswith(ORIGIN):
            self.strangers.append(request.url)
            return route.abort()
        key = parts.path.rpartition("/")[2]
        if parts.path == "/":
            return self._page(route, parse_qs(parts.query))
        if parts.path.startswith("/api/comparison/"):
            self.compared.append(f"{parts.path}?{parts.query}")
            span = parse_qs(parts.query)["with"][0]
            return route.fulfill(json=self.comparisons.get((key, span), comparison()))
        if parts.path.startswith("/api/breaches/"):
            return route.fulfill(json=self.breaches)
        if parts.path.startswith("/api/series/"):
            return self._series(route, *parts.path.split("/")[3:5], parts.query)
        if parts.path.startswith("/api/state/"):
            self.polls.append(key)
            return route.abort() if self.answer is None else self.answer(route, key)
        if parts.path.startswith("/assets/main-") and not self.runs:
            return route.abort()
        for begin, answered in self.answers.items():
            if parts.path.startswith(begin):
                status, told = answered(request)
                return route.fulfill(status=status, json=told)
        if parts.path.startswith("/front/"):
            # the page's modules as they are written, for tests of their functions
            body = (ROOT / "app" / "web" / parts.path[1:]).read_text(encoding="utf-8")
            return route.fulfill(body=body, content_type="text/javascript")
        if parts.path.startswith("/api/"):
            return route.fulfill(status=503, json={"error": "The test says nothing of this."})
        found = self.app.test_client().get(parts.path)
        route.fulfill(status=found.status_code, headers=dict(found.headers), body=found.data)

    def _series(self, route: "Route", exchange: str, name: str, query: str) -> None:
        self.asked.append(f"{exchange} {name} {query}".strip())
        if name != "day":
            return route.fulfill(json=self.series.get(name, NO_SERIES[name]))
        if self.days.get(exchange, ...) is None:
            return None
        return route.fulfill(json=self.days.get(exchange, no_day()))

    def connect(self, socket: "WebSocketRoute") -> None:
        """Take a link of the page."""

        def heard(text: str | bytes) -> None:
            said = json.loads(text)
            self.books.append(said["book"])
            self.follows.append(said["follow"])
            if self.on_follow is not None:
                self.on_follow(self, self.follows[-1])

        socket.on_message(heard)
        self.sockets.append(socket)

    def _page(self, route: "Route", query: dict[str, list[str]]) -> None:
        chosen = query.get("exchange", ["NSE"])[0]
        # as the server does it: nothing of the present is painted for a past moment
        painted = None if "at" in query else self.first
        shared = {name.lower(): value for name, value in vars(limits).items() if name.isupper()}
        shared["change_thresholds_pct"] = dict(limits.CHANGE_THRESHOLDS_PCT)
        ui = {"poll_s": 5, "version": self.build, "limits": {**shared, **self.limits}}
        start = {"exchange": chosen, "problem": self.problem, "user": self.user, "ui": ui}
        start["burning"] = self.burning
        with self.app.test_request_context("/"):
            html = render_template(
                "dashboard.html",
                exchanges=list(EXCHANGES.values()),
                chosen=chosen,
                problem=self.problem,
                limits=limits,
                user=self.user,
                burning=self.burning,
                lacking=self.clock.get("lacking"),
                paint=first_paint(
                    painted, self.clock, self.problem, chosen, EXCHANGES[chosen].label
                ),
                state=json.dumps(start),
                first=json.dumps(self.first and folded(self.first)),
                clock=json.dumps(self.clock),
            )
            policy = self.app.make_response(html)
            self.app.process_response(policy)
        route.fulfill(headers=dict(policy.headers), body=html)


@contextmanager
def stage(browser: "Browser", settings: Settings, **viewport: Any) -> Iterator[Stage]:
    """A stage that has not been entered yet; its page must log no error and ask no one else."""
    app = create_app(settings)
    size = {"width": viewport.pop("width", 1440), "height": viewport.pop("height", 900)}
    context = browser.new_context(viewport=size, **viewport)  # type: ignore[arg-type]
    page = context.new_page()
    page.set_default_timeout(PATIENCE_MS)
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("console", lambda line: faults.append(line.text) if line.type == "error" else None)
    one = Stage(page, app)
    page.route("**/*", one.serve)
    page.route_web_socket(re.compile(r"/live$"), one.connect)
    try:
        yield one
    finally:
        context.close()
        app.extensions["oi"].close()
    # a lost link and a refusal are logged by the browser itself; the page shows them as states
    browsers = ("WebSocket connection", "Failed to load resource")
    said = [fault for fault in faults if not fault.startswith(browsers)]
    assert not said, f"the page logged {said}"
    assert not one.strangers, f"the page asked {one.strangers}"
