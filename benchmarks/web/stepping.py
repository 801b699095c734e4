"""Steps through the past, new and old: from the key to the painted chain of that moment."""

from collections.abc import Iterator
from datetime import date, datetime, time
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.dataset.spec import DatasetSpec
from benchmarks.timing.statistics import Summary, summarize
from benchmarks.web.serving import Site
from benchmarks.web.signing_in import signed_in

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

_STEPPED = Path(__file__).with_name("stepping.js")
# the bar knows the moments of the day
_READY = 'body.dashboard[data-market="past"] #asof-slider:not([max="1000"])'
_FROM = time(11, 0)
_ROUNDS = 3
# by snapshot, minute, hour and day, and back
_BACK_AND_ON = (",", ".", "<", ">", "[", "]", "{", "}")
_ON_AND_BACK = (".", ",", ">", "<", "]", "[", "}", "{")


def past_steps(browser: "Browser", site: Site, spec: DatasetSpec) -> dict[str, Summary]:
    """How long the steps took, by the age of the day: "newest" and "oldest"."""
    days = spec.trading_days
    # a history of one day has no other to step to
    count = len(_BACK_AND_ON) if len(days) > 1 else -2
    with signed_in(browser, site, calm=True) as context:
        context.add_init_script(path=_STEPPED)
        page = context.new_page()
        return {
            "newest": summarize([list(_steps(page, site, days[-1], _BACK_AND_ON[:count]))]),
            "oldest": summarize([list(_steps(page, site, days[0], _ON_AND_BACK[:count]))]),
        }


def _steps(page: "Page", site: Site, day: date, keys: tuple[str, ...]) -> Iterator[float]:
    page.goto(f"{site.url}/?at={datetime.combine(day, _FROM).isoformat()}")
    page.wait_for_selector(_READY)
    # with its scripts, of which those of the past come last
    page.wait_for_load_state("networkidle")
    for key in keys * _ROUNDS:
        page.evaluate("() => { window.step = window.stepped(); }")
        page.keyboard.press(key)
        yield float(page.evaluate("() => window.step"))
