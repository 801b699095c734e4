"""News for people that are no chain: `{"kind": "notice", "topic": "alerts", "exchange": "NSE", …}`.

Whoever has some announces them in the database (`db.notices`); the pages of the user they
are for, or all pages, are sent them over the same socket as chains. A notice is a hint to read what
is new, so that of one topic and exchange the newest is enough: a slow viewer misses nothing by it.
"""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import orjson

from app.push.frames import Frame

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Notice:
    """What is new of a topic, for the pages of `user` or for all (None)."""

    topic: str
    user: str | None
    news: Mapping[str, Any]

    @classmethod
    def heard(cls, payload: str) -> "Notice | None":
        """The notice that was announced; None, and a line in the log, for what is none."""
        try:
            told = orjson.loads(payload)
            return cls(str(told["topic"]), told["user"], dict(told["news"]))
        except (ValueError, KeyError, TypeError):
            _log.warning("What was announced is no notice: %.200r", payload)
            return None

    @property
    def place(self) -> tuple[str, Any]:
        """What a newer notice replaces this one in."""
        return self.topic, self.news.get("exchange") or self.news.get("objective")

    @cached_property
    def frame(self) -> Frame:
        """The message, made once for all who are sent it."""
        return Frame(orjson.dumps({**self.news, "kind": "notice", "topic": self.topic}))
