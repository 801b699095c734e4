"""A collector in a process of its own, whose market says what a test writes to its input.

Each line is a second after AT and the keys that have a state then; all its figures carry the
open interest that names this collector.
"""

import logging
import sys
from collections.abc import Iterator, Mapping
from datetime import timedelta
from pathlib import Path

from sqlalchemy import make_url

from app.collector import Collector, CollectorOptions
from app.feeds.base import FeedState, Rejections
from db.engine import engine_for
from db.market.ticks import ChainSnapshot, Source
from tests.collector.chains import AT, chain


class PuppetFeed:
    """A live feed of what is written to standard input, until that ends."""

    live = True
    source: Source = "live"

    def __init__(self, oi: int) -> None:
        self.rejected = Rejections()
        self._oi = oi

    def batches(self) -> Iterator[ChainSnapshot]:
        for line in sys.stdin:
            second, *exchanges = line.split()
            for exchange in exchanges:
                yield chain(AT + timedelta(seconds=int(second)), exchange=exchange, oi=self._oi)

    def states(self) -> Mapping[str, FeedState]:
        return {}

    def reconnect(self) -> None:
        pass

    def close(self) -> None:
        pass


def main(url: str, spool: str, oi: str) -> None:
    logging.basicConfig(level=logging.INFO)
    engine = engine_for(make_url(url))
    options = CollectorOptions(spool=Path(spool), silent_s=3_600)
    Collector(engine, PuppetFeed(int(oi)), options, now=lambda: AT).run()


if __name__ == "__main__":
    main(*sys.argv[1:])
