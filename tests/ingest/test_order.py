"""Where the rows of the newest chain lie: in the order in which they are read."""

import random

import pytest
from sqlalchemy import Connection, Engine, text

from db import migrate
from db.ingest import write_snapshot
from tests.ingest.test_following import SAVED, row
from tests.support.chains import at, snapshot

STRIKES = tuple(25_000.0 + 50 * n for n in range(40))
KEYS = [(strike, side) for strike in STRIKES for side in ("CE", "PE")]
PAGES = """
    SELECT (ctid::text::point)[0]::integer
    FROM option_chain_latest
    WHERE exchange = 'NSE'
    ORDER BY strike, option_type
"""


def shuffled() -> list[tuple[float, str]]:
    return random.Random(3).sample(KEYS, len(KEYS))  # noqa: S311 - an order, not a secret


def by_the_collector(session: Connection) -> None:
    write_snapshot(
        session, snapshot(at(0), strikes=list(dict.fromkeys(strike for strike, _ in shuffled())))
    )


def by_another_program(session: Connection) -> None:
    for strike, side in shuffled():
        session.connection.cursor().execute(SAVED, row("NSE", at(0), strike, side, 5))


@pytest.mark.parametrize("writer", [by_the_collector, by_another_program])
def test_rows_lie_by_their_key_however_they_came(writer, engine: Engine) -> None:
    with engine.begin() as session:
        writer(session)
    with engine.connect() as session:
        pages = session.scalars(text(PAGES)).all()
    assert len(set(pages)) > 3
    assert pages == sorted(pages)


def test_rows_that_were_there_lie_by_their_key_after_an_upgrade(engine: Engine) -> None:
    migrate.downgrade(engine.url, "0021_iv_skew")
    with engine.begin() as session:
        by_another_program(session)
    with engine.connect() as session:
        before = session.scalars(text(PAGES)).all()
    migrate.upgrade(engine.url)
    with engine.connect() as session:
        after = session.scalars(text(PAGES)).all()
    assert before != sorted(before)
    assert after == sorted(after)
