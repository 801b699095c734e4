"""The converter Alembic is given: there, back, again, and indexes that later revisions declare."""

import psycopg
import pytest
from sqlalchemy import URL, create_engine
from sqlalchemy.pool import NullPool

from db import convert
from db.convert.converter import OnlineConverter
from db.schema import metadata
from tests.convert import legacy
from tests.convert.legacy import CHAIN


@pytest.mark.parametrize("finishes", [False, True])
def test_there_and_back_and_there_again(
    legacy_database: URL, session: psycopg.Connection, finishes: bool
) -> None:
    engine = create_engine(legacy_database, poolclass=NullPool)
    asked = legacy.conversion()
    converter = OnlineConverter()
    before = legacy.checksum(session), legacy.definition(session)

    converter.convert(engine, asked)
    converter.convert(engine, asked)
    assert legacy.is_hypertable(session)
    if finishes:
        convert.finish(legacy_database, CHAIN)
    converter.revert(engine, asked)
    converter.revert(engine, asked)
    assert (legacy.checksum(session), legacy.definition(session)) == before
    converter.convert(engine, asked)

    assert legacy.is_hypertable(session)
    assert legacy.checksum(session) == before[0]


def test_declared_indexes_are_built_before_the_swap(
    legacy_database: URL, session: psycopg.Connection
) -> None:
    engine = create_engine(legacy_database, poolclass=NullPool)

    OnlineConverter(metadata=metadata).convert(engine, legacy.conversion())

    assert session.execute(
        "SELECT split_part(indexdef, ' USING ', 2) FROM pg_indexes "
        "WHERE indexname = 'option_chain_snapshots_contract_idx'"
    ).fetchall() == [('btree (exchange, strike, option_type, "timestamp")',)]


def test_a_conversion_given_up_half_way_is_taken_up_again(
    legacy_database: URL, session: psycopg.Connection
) -> None:
    engine = create_engine(legacy_database, poolclass=NullPool)
    convert.run(legacy_database, legacy.conversion(), options=convert.RunOptions(rehearsal=True))

    OnlineConverter().convert(engine, legacy.conversion())

    assert legacy.is_hypertable(session)


def test_what_a_way_back_left_as_it_was_cut_off_goes_with_the_next(
    legacy_database: URL, session: psycopg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The tables are exchanged by then: nothing else would look for the other one."""
    engine = create_engine(legacy_database, poolclass=NullPool)
    asked, converter = legacy.conversion(), OnlineConverter()
    converter.convert(engine, asked)

    def cut(*given: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr("db.convert.ending.drop_leftovers", cut)
        with pytest.raises(KeyboardInterrupt):
            converter.revert(engine, asked)
    assert converter.has_begun(engine, asked)
    converter.revert(engine, asked)

    assert not converter.has_begun(engine, asked)
    left = "SELECT to_regclass('oi_convert_new.option_chain_snapshots')"
    assert session.execute(left).fetchone() == (None,)
