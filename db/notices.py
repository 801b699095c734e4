"""News for people that are no chain, announced to every web process when the transaction commits.

A notice is a hint that something of a topic has happened; what it was is read from its table.
"""

from typing import TYPE_CHECKING

import orjson

if TYPE_CHECKING:
    from sqlalchemy import Connection

CHANNEL = "oi_notice"
# of two texts, whatever they are written in
_TOLD_CHARACTERS = 500


def announce(connection: "Connection", topic: str, user: str | None, **news: str | int) -> None:
    """Tell the pages of `user`, or of everybody (None), of something new of a topic.

    `news` is what the pages are sent beside the topic; its names are the topic's own, `exchange`
    meaning the key that it is about. NOTIFY takes 8 kB: of a longer text the beginning is told.
    """
    from sqlalchemy import text

    told = {
        name: value[:_TOLD_CHARACTERS] if isinstance(value, str) else value
        for name, value in news.items()
    }
    payload = orjson.dumps({"topic": topic, "user": user, "news": told}).decode()
    connection.execute(
        text("SELECT pg_notify(:channel, :payload)"), {"channel": CHANNEL, "payload": payload}
    )
