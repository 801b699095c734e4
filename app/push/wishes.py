"""What pages ask to follow: read, and refused in a sentence where it makes no sense."""

from collections.abc import Mapping
from dataclasses import dataclass

import orjson

from db.errors import InvalidInputError
from db.market.exchanges import exchange_named

MOST_TOPICS = 16

Follow = Mapping[str, int | None]


@dataclass(frozen=True, slots=True)
class Wish:
    """What a page follows from now on, and whether it shows the book of orders."""

    follow: Follow
    book: bool = False


def requested(text: str) -> Wish:
    """What a page's message asks to follow: `{"follow": {"NSE": 17, "BSE": null}, "book": true}`.

    The value is the sequence of the state that the page shows; without `book` it shows none.
    Raises InvalidInputError.
    """
    try:
        said = orjson.loads(text)
        wanted, book = said["follow"], said.get("book", False)
    except (orjson.JSONDecodeError, TypeError, KeyError):
        wanted, book = None, False
    sound = isinstance(wanted, dict) and all(
        value is None or (isinstance(value, int) and not isinstance(value, bool))
        for value in wanted.values()
    )
    if not sound or not isinstance(book, bool):
        raise InvalidInputError(
            'A message must be {"follow": {exchange: sequence or null, …}, "book": true}.'
        )
    return Wish(demanded(wanted), book)


def demanded(wanted: Follow) -> Follow:
    """The same, when all its exchanges exist and are not too many; else InvalidInputError."""
    if len(wanted) > MOST_TOPICS:
        raise InvalidInputError(f"At most {MOST_TOPICS} exchanges can be followed at once.")
    for exchange in wanted:
        exchange_named(exchange)
    return wanted
