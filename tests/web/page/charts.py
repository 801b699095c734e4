"""What tests of charts share: days with figures, and what is painted on the canvas."""

from typing import TYPE_CHECKING, Any

from tests.web.page.stage import AT, Stage, no_day

if TYPE_CHECKING:
    from playwright.sync_api import Page

# paints are counted by chart, texts and boxes kept with their places
WATCH = """
window.drawn = {};
window.texts = [];
window.boxes = [];
const brush = CanvasRenderingContext2D.prototype;
const chartOf = (ctx) => ctx.canvas.closest("figure")?.dataset.chart;
for (const [name, keep] of Object.entries({
  clearRect: (chart) => {
    drawn[chart] = (drawn[chart] ?? 0) + 1;
    texts = texts.filter((one) => one.chart !== chart);
    boxes = boxes.filter((one) => one.chart !== chart);
  },
  fillText: (chart, text, x) => texts.push({ chart, text, x }),
  fillRect: (chart, x, y, width, height) => boxes.push({ chart, x, y, width, height }),
})) {
  const real = brush[name];
  brush[name] = function (...given) {
    const chart = chartOf(this);
    if (chart) keep(chart, ...given);
    return real.apply(this, given);
  };
}
"""

MINUTES = [f"{9 + (15 + n) // 60:02d}:{(15 + n) % 60:02d}" for n in range(106)]


def a_day(**known: Any) -> dict[str, Any]:
    """The morning of the day that the stage shows, 09:15 to 11:00."""
    count = len(MINUTES)
    return no_day(
        **{
            "day": AT[:10],
            "open": "09:15",
            "close": "15:40",
            "auction": ["15:15", "15:35"],
            "minutes": MINUTES,
            "pcr": [0.9 + n / 1000 for n in range(count)],
            "pcr_volume": [1.1 - n / 1000 for n in range(count)],
            "index": [26_000.0 + n for n in range(count)],
            "premium": [90.0] * count,
            "atm": [26_000.0] * count,
            "straddle": [200.0 + n for n in range(count)],
            **known,
        }
    )


FIVES = MINUTES[5::5]
AXIS = {"day": AT[:10], "open": "09:15", "close": "15:40", "auction": ["15:15", "15:35"]}
STRIKES = [26_000 + 50.0 * n for n in range(-4, 5)]
SERIES: dict[str, Any] = {
    "levels": {
        **AXIS,
        "minutes": FIVES,
        "max_pain": [26_000.0] * len(FIVES),
        "forward": [26_040.0] * len(FIVES),
        "atm_iv": [10.5] * len(FIVES),
    },
    "contract": {
        **AXIS,
        "times": [f"{minute}:00" for minute in MINUTES],
        "oi": [6500] * len(MINUTES),
        "price": [100.0] * len(MINUTES),
        "iv": [11.5] * len(MINUTES),
        "index": [26_000.0] * len(MINUTES),
    },
    "straddle": {
        **AXIS,
        "put_strike": 25_900.0,
        "call_strike": 26_100.0,
        "times": [f"{minute}:00" for minute in MINUTES],
        "price": [150.0] * len(MINUTES),
        "put": [70.0] * len(MINUTES),
        "call": [80.0] * len(MINUTES),
        "index": [26_000.0] * len(MINUTES),
    },
    "heat": {
        **AXIS,
        "minutes_each": 5,
        "atm": 26_000.0,
        "strikes": STRIKES,
        "minutes": MINUTES[::5],
        **{f"first_{side}": [100] * len(STRIKES) for side in ("ce", "pe")},
        **{
            f"oi_{side}": [[100 + 10 * n for n in range(22)] for _ in STRIKES]
            for side in ("ce", "pe")
        },
    },
    "days": {
        "days": ["2026-07-30", "2026-07-31", "2026-08-03"],
        "pcr": [0.8, 0.9, 1.0],
        "pcr_volume": [1.0, 1.0, 1.0],
        "oi_ce": [1_000_000, 1_100_000, 1_200_000],
        "oi_pe": [800_000, 990_000, 1_200_000],
        "index": [25_900.0, 25_950.0, 26_010.0],
        "premium": [90.0, 91.0, 92.0],
    },
    "signals": {
        "day": AT[:10],
        "times": ["09:30:00", "09:45:00", "10:31:30"],
        "signals": ["BUY", "HOLD", None],
        "chances": [0.52, 0.61, None],
        "outcomes": [1, 0, None],
    },
    "smile": {
        "at": "2026-07-31T15:29:30+05:30",
        "expiry": "2026-08-04",
        "forward": 25_990.0,
        "strikes": STRIKES,
        **{f"iv_{side}": [11.0] * len(STRIKES) for side in ("ce", "pe")},
        **{f"iv_forward_{side}": [10.0] * len(STRIKES) for side in ("ce", "pe")},
    },
    "gamma": {
        "at": AT,
        "flip": 26_050.0,
        "net_total": 1_000_000_000,
        "spot": 26_010.0,
        "strikes": STRIKES,
        "ce": [500_000_000] * len(STRIKES),
        "pe": [-400_000_000] * len(STRIKES),
        "net": [100_000_000] * len(STRIKES),
    },
}


def with_charts(stage: Stage, *picked: str) -> "Page":
    """The page with these charts in the column, and figures for all of them."""
    stage.days["NSE"] = a_day()
    stage.series = dict(SERIES)
    stage.page.add_init_script(WATCH)
    if picked:
        kept = "[" + ",".join(f'"{name}"' for name in picked) + "]"
        stage.page.add_init_script(
            f"localStorage.charts ??= {kept!r}; localStorage['chart-choices'] ??= '{{}}'"
        )
    page = stage.open()
    page.wait_for_selector("tr.atm")
    return page


def figure(name: str) -> str:
    return f'figure[data-chart="{name}"]'


def readout(page: "Page", name: str) -> str:
    """What a chart reads, its parts with a dot between them."""
    parts: list[str] = page.locator(f"{figure(name)} .readout span").all_text_contents()
    return " · ".join(parts)


def wait_for_reading(page: "Page", name: str, part: str) -> None:
    page.wait_for_selector(f'{figure(name)} .readout:has-text("{part}")')


def canvas(page: "Page", name: str) -> dict[str, float]:
    """Where a chart's own field is on the screen."""
    field = page.locator(f"{figure(name)} .u-over")
    field.scroll_into_view_if_needed()
    box = field.bounding_box()
    assert box
    return dict(box)
