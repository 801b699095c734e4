"""Each chain: how old it is, what its feed is at, and which collector writes it."""

from collections.abc import Mapping
from typing import Any

from app.web.monitoring.chains import chains
from app.web.monitoring.view import View
from db.market.exchanges import EXCHANGES

TITLE = "Feed"
PART = "collectors"


def show(view: View) -> Mapping[str, Any]:
    """A row a chain, and how many pages follow."""
    return {
        "chains": list(chains(view)),
        "words": view.services.feeds.words(EXCHANGES),
        "viewers": view.services.live.hub.count(),
    }
