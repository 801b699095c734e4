"""What the server paints is what the page's script writes: no figure changes, nothing moves."""

import random
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

from app.web.painting import figures
from tests.web.page.conftest import Staged
from tests.web.page.stage import CLOSED, ORIGIN, Leg, a_leg, clock, delta, full, legs

if TYPE_CHECKING:
    from playwright.sync_api import Page

# by strike and side: text, classes, bar, place and size of every cell that is there
_LOOK = """
() => {
  const told = (node) => {
    const { x, y, width, height } = node.getBoundingClientRect();
    return { text: node.textContent, classes: [...node.classList].sort().join(" "),
      bar: getComputedStyle(node).getPropertyValue("--w"), title: node.title,
      place: [x, y, width, height].map((part) => Math.round(part * 100) / 100) };
  };
  const all = (selector, name) => Object.fromEntries(
    [...document.querySelectorAll(selector)].map((node, i) => [name(node, i), told(node)]));
  const { health, market, columns } = document.body.dataset;
  return {
    body: { health, market, columns, title: document.title,
      hidden: document.getElementById("broker").hidden },
    words: all("#market, #health, #sentence, #empty, #asof-clock, #asof-weekday",
      (node) => node.id),
    facts: all("[data-fact]", (node, i) => `${node.dataset.fact} ${i}`),
    heads: all("#chain thead tr:last-child th, #totals td", (node, i) => i),
    cells: all("#rows :is(td, th)",
      (node) => `${node.parentElement.dataset.strike} ${node.className}`),
    rows: all("#rows tr", (node) => node.dataset.strike),
  };
}
"""
_SHIFTS = """
window.shifted = [];
const box = ({ x, y, width }) => [x, y, width].map(Math.round).join();
const moved = ({ node, previousRect, currentRect }) =>
  `${(node?.outerHTML ?? node?.data)?.slice(0, 50)} ${box(previousRect)} ${box(currentRect)}`;
new PerformanceObserver((list) => list.getEntries().forEach(({ value, sources }) =>
  window.shifted.push([value, ...sources.map(moved)]),
)).observe({ type: "layout-shift", buffered: true });
"""


def _varied() -> list[Leg]:
    """Contracts of every form that a figure can have."""
    rich: dict[str, list[Any]] = {
        "oi": [0, 7, 999, 1000, 99_999, 100_000, 1_234_567, 123_456_789, None],
        "volume": [0, 9_999, 10_000, 12_345, 99_950, 100_000, 1_005_000, 1e6, 10_000_000, None],
        "ltp": [0.05, 0.0, 1.005, 100.125, 1234.5, 12_345.05, None],
        "iv_forward": [0.0, 9.95, 10.25, 123.4, None],
        "pct_3m": [0.0, -0.04, 0.05, 3.999, 4.0, -4.0, 7.95, 8.0, -8.0, 1234.5, -12_345.6, None],
        "pct_30m": [12.5, -12.5, 24.95, 25.0, 999.95, None],
    }
    found = legs(14)
    for at, leg in enumerate(found):
        leg.update({name: values[at % len(values)] for name, values in rich.items()})
    # a strike with one side only, and one that is no whole number
    return [*found[1:], a_leg(26_725.5, "PE")]


CHAINS = {
    "plain": full(),
    "varied": full(contracts=_varied(), max_pain=26_725.5, itm_ce_oi_change=-0.04, vix=12.345),
    "wide": full(contracts=legs(80)),
    "unknown": full(
        contracts=legs(4, oi=None, ltp=None, volume=None, iv_forward=None, pct_3m=None),
        pcr=None,
        max_pain=None,
        forward=None,
        straddle=None,
        vix=None,
        itm_ce_breadth=None,
        underlying_future_price=None,
        expires_at=None,
        oi_known=0,
    ),
    "no strike at the money": full(contracts=legs(40), atm_strike=None, underlying_price=None),
    "simulated": full(source="simulated"),
    "replayed": full(source="replayed"),
    "of another time": full(source=None, updated_at="2026-08-09T05:30:00+00:00"),
    "signal": full(ml_signal="BUY", ml_confidence=0.545, ml_rationale="a model"),
    "nothing yet": full(contracts=[], updated_at=None, last_update=None, source=None),
    "nothing": None,
}
_LOGIN = {"state": "login needed", "sentence": "Log in at the broker."}
CLOCKS = {
    "closed": clock(3_600_000, phase=CLOSED),
    "auction": clock(phase={"options": "open", "index": "auction"}),
    "stale": clock(600_000),
    "age unknown": clock(None),
    "broker": clock(600_000, feeds={"NSE": _LOGIN}),
}
CASES = [
    *((name, name, "fresh") for name in CHAINS),
    *((name, "plain", name) for name in CLOCKS),
    *((f"signal, {name}", "signal", name) for name in ("closed", "stale", "age unknown")),
]


def look(staged: Staged, **known: Any) -> Iterator[dict[str, Any]]:
    """Everything that stands on the page: by the server alone, then by its script."""
    stage = staged()
    for name, value in known.items():
        setattr(stage, name, value)
    stage.page.add_init_script(_SHIFTS)
    stage.runs = False
    stage.page.goto(ORIGIN)
    yield ageless(stage.page.evaluate(_LOOK))
    stage.runs = True
    stage.open()
    stage.page.wait_for_selector("body:not([data-unready])")
    yield ageless(stage.page.evaluate(_LOOK)) | {"shifted": stage.page.evaluate("window.shifted")}


def ageless(seen: dict[str, Any]) -> dict[str, Any]:
    """Without the seconds that go by while a page loads, and the room that they take."""
    for word in seen["words"].values():
        word["text"] = re.sub(r"\d+\.\d s", "n s", word["text"])
        del word["place"]
    return seen


def different(painted: dict[str, Any], written: dict[str, Any]) -> list[tuple[str, Any, Any]]:
    """What was painted and is written otherwise, or not at all."""
    return [
        (name, mine, written.get(name))
        for name, mine in painted.items()
        if mine != written.get(name)
    ]


@pytest.mark.parametrize(("chain", "time"), [case[1:] for case in CASES], ids=[c[0] for c in CASES])
def test_the_server_paints_what_the_script_writes(staged: Staged, chain: str, time: str) -> None:
    painted, written = look(staged, first=CHAINS[chain], clock=CLOCKS.get(time, clock()))
    assert written["shifted"] == []
    for part in ("body", "words", "facts", "heads", "rows", "cells"):
        assert different(painted[part], written[part]) == []
    assert bool(painted["rows"]) == bool(written["rows"])


def test_a_problem_is_painted_too(staged: Staged) -> None:
    painted, written = look(staged, first=None, problem="The database does not answer.")
    assert painted["body"]["health"] == "down"
    for part in ("body", "words", "facts"):
        assert different(painted[part], written[part]) == []


@pytest.mark.parametrize(
    ("width", "height"), [(1920, 1080), (1100, 700), (800, 900)], ids=["large", "small", "tablet"]
)
def test_nothing_moves_when_the_script_takes_over(staged: Staged, width: int, height: int) -> None:
    stage = staged(width=width, height=height)
    stage.first = full(contracts=legs(80))
    stage.page.add_init_script(_SHIFTS)
    stage.open()
    stage.page.wait_for_selector('#rows tr[data-strike="30000"]', state="attached")
    assert stage.page.evaluate("window.shifted") == []


@pytest.mark.parametrize(
    ("kept", "path"),
    [({"lots": "lots"}, "/"), ({"range": "5"}, "/"), ({}, "/?exchange=NSE&cols=oi")],
    ids=["units", "rows", "address"],
)
def test_what_the_trader_chose_otherwise_is_not_shown_before_the_script(
    staged: Staged, kept: dict[str, str], path: str
) -> None:
    stage = staged()
    stage.runs = False
    for name, value in kept.items():
        stage.page.add_init_script(f"localStorage.setItem({name!r}, {value!r})")
    stage.page.goto(ORIGIN + path)
    assert stage.page.locator("body[data-unready]").count() == 1
    stage.runs = True
    stage.open(path)
    stage.page.wait_for_selector("body:not([data-unready])")


WRITERS = {
    "integer": figures.integer,
    "price": figures.price,
    "decimal": figures.decimal,
    "ratio": figures.ratio,
    "strike": figures.strike,
    "signed": figures.signed,
    "percent": figures.percent,
    "share": figures.share,
    "quantity": figures.quantity,
    "remaining": figures.remaining,
    "duration": lambda value: figures.duration(abs(value)),
}


@pytest.mark.parametrize(
    ("units", "written"),
    [
        *((9_999, "9,999"), (15_000, "15.0 k"), (1_234_567, "12.3 L"), (98_765_432, "9.88 Cr")),
        *((1_579_800_000, "158.0 Cr"), (-31_579_800_000, "-3,158 Cr")),
    ],
)
def test_a_quantity_is_about_as_long_whatever_its_size(units: int, written: str) -> None:
    assert figures.quantity(units) == written


@pytest.fixture
def numbers() -> list[float]:
    """Small and large ones, with ties of either kind of rounding among them."""
    seed = random.randrange(1 << 30)  # noqa: S311 - figures, no secrets
    print("seed", seed)
    chance = random.Random(seed)  # noqa: S311
    ties = [0.125, 0.375, 1.005, 2.5, 3.5, 0.05, 0.15, 0.25, 999.95, 9_999.5, 99_999.5, 1e7 - 0.5]
    spread = [chance.uniform(-1, 1) * 10 ** chance.uniform(-3, 11) for _ in range(1500)]
    prices = [round(chance.uniform(0, 90_000) * 20) / 20 for _ in range(500)]
    halves = [chance.randrange(2_000_000) / 8 for _ in range(500)]
    known: list[float] = [0, 0.0, *ties, *spread, *prices, *halves]
    return known + [-value for value in known if value]


def test_figures_are_written_as_the_script_writes_them(
    staged: Staged, numbers: list[float]
) -> None:
    page: Page = staged().open()
    written = page.evaluate(
        """async ([names, values]) => {
          const format = await import("/front/core/format.js");
          const sized = { ...format, duration: (value) => format.duration(Math.abs(value)) };
          return names.map((name) => values.map((value) => sized[name](value)));
        }""",
        [list(WRITERS), numbers],
    )
    for (name, write), theirs in zip(WRITERS.items(), written, strict=True):
        ours = [write(value) for value in numbers]
        otherwise = [
            (value, mine, other)
            for value, mine, other in zip(numbers, ours, theirs, strict=True)
            if mine != other
        ]
        assert otherwise == [], name


def test_a_figure_that_grows_within_its_column_shifts_nothing(staged: Staged) -> None:
    stage = staged()
    stage.first = full(contracts=legs(40, volume=9_990_000, ltp=99.95))
    stage.page.add_init_script(_SHIFTS)
    page = stage.open()
    page.wait_for_selector("body:not([data-unready]) tr.atm")
    grown = {"volume": 123_400_000, "ltp": 100.05, "pct_3m": -9.5}
    strikes = [26_000 + 50 * n for n in range(-8, 9)]
    changes = [(strike, side, grown) for strike in strikes for side in ("CE", "PE")]
    stage.send(delta(2, *changes), clock(100))
    page.wait_for_selector('tr.atm td.ce.volume:text-is("12.34 Cr")')
    # the browser tells of shifts after the frame that made them
    page.evaluate("new Promise((told) => requestAnimationFrame(() => setTimeout(told, 100)))")
    assert page.evaluate("window.shifted") == []
