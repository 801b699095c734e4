"""A player over every engine of the servers at hand, on databases made for it."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from uuid import uuid4

import psycopg
from psycopg import sql
from psycopg.types.json import Jsonb
from sqlalchemy import URL

from benchmarks.equivalence.player import Player
from benchmarks.equivalence.subjects import (
    BUCKETS,
    EngineSubject,
    NativeSubject,
    Subject,
    statement,
)
from benchmarks.server.databases import conninfo
from db.timescale.documents import rollup_document
from db.timescale.engine.install import install_script
from db.timescale.specs import Aggregate, RollupSpec

_MATERIALIZED_CHUNK = timedelta(days=30)


@contextmanager
def playground(urls: Sequence[URL]) -> Iterator[tuple[Player, list[str]]]:
    """A player over every engine that each server offers, and the names of those."""
    with ExitStack() as stack:
        subjects: list[Subject] = []
        for url in urls:
            subjects += _entered(stack, url)
        yield Player(subjects), [subject.label for subject in subjects]


def _entered(stack: ExitStack, url: URL) -> Iterator[Subject]:
    """The toolkit's engine, which every edition has; then, on Community, the server's own."""
    engine = stack.enter_context(_subject(url, native=False))
    yield engine
    if engine.label.startswith("community"):
        yield stack.enter_context(_subject(url, native=True))


@contextmanager
def _subject(url: URL, *, native: bool) -> Iterator[Subject]:
    name = f"oi_equivalence_{uuid4().hex[:12]}"
    with psycopg.connect(conninfo(url), autocommit=True) as admin:
        admin.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        try:
            with _prepared(conninfo(url.set(database=name)), native) as subject:
                yield subject
        finally:
            admin.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


@contextmanager
def _prepared(conninfo: str, native: bool) -> Iterator[Subject]:
    with psycopg.connect(conninfo, autocommit=True) as connection:
        connection.execute("SET client_min_messages = error")
        connection.execute("CREATE EXTENSION IF NOT EXISTS timescaledb")
        connection.execute(install_script().encode())  # scripts of ours, no parameters
        for name in ("make_ticks", "make_hypertable", "make_key"):
            connection.execute(statement(name))
        for spec in specs():
            document = Jsonb(rollup_document(spec))
            connection.execute(statement("make_rollup"), {"document": document, "native": native})
        # asked here: where the extension is not created the setting is unknown
        row = connection.execute("SHOW timescaledb.license").fetchone()
    edition = "apache" if row == ("apache",) else "community"
    label = f"{edition} ({'native' if native else 'engine'})"
    kind = NativeSubject if native else EngineSubject
    # never a cached plan: one made before a refresh reads later rows of the source than a new one,
    # and the two sides of a comparison must read alike
    subject = kind(
        lambda: psycopg.connect(conninfo, autocommit=True, prepare_threshold=None), label
    )
    try:
        yield subject
    finally:
        subject.close()


def specs() -> list[RollupSpec]:
    """A rollup of the table, one of that, and one whose buckets straddle chunks."""
    return [
        _spec(
            "eq_1m",
            "ticks",
            ("exchange",),
            oi_sum="sum(oi)",
            ticks="count(*)",
            low="min(ltp)",
            high="max(ltp)",
            mean="avg(ltp)",
            opened='first(ltp, "timestamp")',
            closed='last(ltp, "timestamp")',
            heavy="count(*) FILTER (WHERE oi > 50)",
        ),
        _spec(
            "eq_5m",
            "eq_1m",
            ("exchange",),
            oi_sum="sum(oi_sum)",
            ticks="sum(ticks)",
            low="min(low)",
            high="max(high)",
            opened="first(opened, bucket)",
            closed="last(closed, bucket)",
        ),
        _spec(
            "eq_25m",
            "ticks",
            (),
            "oi % 3 <> 0",
            oi_sum="sum(oi)",
            high="max(ltp)",
            ticks="count(*)",
        ),
    ]


def _spec(
    name: str, source: str, group_by: tuple[str, ...], where: str | None = None, **aggregates: str
) -> RollupSpec:
    return RollupSpec(
        name=name,
        source=source,
        time_column="timestamp" if source == "ticks" else "bucket",
        bucket=BUCKETS[name],
        group_by=group_by,
        aggregates=tuple(
            Aggregate(name=key, expression=expression) for key, expression in aggregates.items()
        ),
        where=where,
        chunk_interval=_MATERIALIZED_CHUNK,
    )
