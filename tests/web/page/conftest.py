"""A stage: the real page, and a server that says what the test wants."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import make_url

from db.settings import Settings
from tests.web.page.stage import Stage, stage

if TYPE_CHECKING:
    from playwright.sync_api import Browser

Staged = Callable[..., Stage]

# the address of no database: the page alone is what is watched
_NOWHERE = make_url("postgresql+psycopg://nobody@127.0.0.1:1/nothing")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.parent == Path(__file__).parent:
            item.add_marker(pytest.mark.browser)


@pytest.fixture
def staged(chromium: "Browser", home: Path) -> Iterator[Staged]:
    """Makes stages; keywords go to the browser's context (`width`, `height`, `color_scheme`, …)."""
    settings = Settings(home=home, database_url=_NOWHERE)
    with ExitStack() as stack:
        yield lambda **context: stack.enter_context(stage(chromium, settings, **context))
