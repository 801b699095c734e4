"""The machine's own Chromium, driven by Playwright."""

import contextlib
import os
import shutil
from typing import TYPE_CHECKING

from benchmarks.errors import BenchmarkError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser

_PROGRAMS = ("chromium", "chromium-browser", "google-chrome")


@contextlib.contextmanager
def chromium() -> "Iterator[Browser]":
    """A browser, closed afterwards; raises BenchmarkError where there is none to drive."""
    program = next(filter(None, map(shutil.which, _PROGRAMS)), None)
    if program is None:
        raise BenchmarkError("No Chromium on this machine; on Debian: apt install chromium.")
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        raise BenchmarkError("Playwright is missing; install requirements-bench.lock.") from None
    # Chromium refuses to run as root with its sandbox
    arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=arguments)
        try:
            yield browser
        finally:
            browser.close()
