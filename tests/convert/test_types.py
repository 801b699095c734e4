"""Every type that PostgreSQL has converts and comes back, or is refused ahead."""

from datetime import timedelta

import pytest
from psycopg import sql
from sqlalchemy import URL

from db import convert
from db.timescale.converter import Conversion
from db.timescale.specs import HypertableSpec, UniqueKey
from tests.support.databases import connection

# type → values, beside NULL; each row takes one of each
VALUES = {
    "money": ["$1,234.56", "-$0.01"],
    "bit(5)": ["10101", "00000"],
    "bit varying(9)": ["", "101"],
    "tsvector": ["'a':1 'b':2", ""],
    "tsquery": ["'a' & 'b'"],
    "json": ['{"a": [1, null]}', "[]"],
    "jsonb": ['{"a": 1.50}', "null"],
    "json[]": ['{"{\\"a\\": 1}",NULL}'],
    "xml": ["<a>1</a>"],
    "bytea": ["\\x00ff", ""],
    "uuid": ["a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"],
    "numeric": ["NaN", "Infinity", "1e-30", "123456789012345678901234567890.1"],
    "real": ["NaN", "-0", "1e-38"],
    "double precision": ["-Infinity", "0.1"],
    '"char"': ["x"],
    "character(4)": ["a", "ab  "],
    "varchar(9)": [" a "],
    "name": ["n" * 63],
    "date": ["infinity", "0044-03-15 BC"],
    "time": ["24:00:00"],
    "timetz": ["10:00:00+05:30"],
    "timestamptz": ["-infinity", "2026-01-01 10:00+05:30"],
    "interval": ["1 mon -3 days 04:05:06.7"],
    "inet": ["10.0.0.1/8", "::1"],
    "cidr": ["10.0.0.0/8"],
    "macaddr": ["08:00:2b:01:02:03"],
    "macaddr8": ["08:00:2b:01:02:03:04:05"],
    "point": ["(1,2)"],
    "line": ["{1,2,3}"],
    "lseg": ["[(1,2),(3,4)]"],
    "box": ["(3,4),(1,2)"],
    "path": ["((1,2),(3,4))"],
    "polygon": ["((1,2),(3,4),(5,6))"],
    "circle": ["<(1,2),3>"],
    "int4range": ["[1,5)", "empty"],
    "tstzrange": ["[2026-01-01 00:00+00,)"],
    "int4multirange": ["{[1,2),[5,9)}"],
    "integer[]": ["{}", "{1,NULL,3}", "{{1,2},{3,4}}"],
    "text[]": ['{a,"b c",NULL,""}'],
    "pg_lsn": ["16/B374D848"],
    "txid_snapshot": ["10:20:10,14,15"],
    "oid": ["4294967295"],
    "regclass": ["pg_class"],
    "tid": ["(1,2)"],
    "xid8": ["18446744073709551615"],
    "jsonpath": ["$.a[*]"],
    # the owner's own
    "mood": ["happy"],
    "positive": ["7"],
    "inner_pair": ['(1,"a, b")', "(,)"],
    "inner_pair[]": ['{"(1,x)",NULL}'],
    "floats": ["[1.5,2.5]"],
    "tagged": ['{"{\\"a\\": 1}"}'],
}
OWN = """
    CREATE TYPE mood AS ENUM ('sad', 'happy');
    CREATE DOMAIN positive AS int CHECK (VALUE > 0);
    CREATE TYPE inner_pair AS (a int, b text);
    CREATE TYPE floats AS RANGE (subtype = float8);
    CREATE DOMAIN tagged AS json[];
    CREATE TABLE everything (
        id int PRIMARY KEY, at timestamp NOT NULL, {columns},
        twice int GENERATED ALWAYS AS (id * 2) STORED
    )
"""
CONVERSION = Conversion(
    spec=HypertableSpec(table="everything", time_column="at", chunk_interval=timedelta(days=1)),
    unique_keys=(UniqueKey(name="everything_key", columns=("id", "at")),),
    drop_constraints={"everything_pkey": "PRIMARY KEY (id)"},
)


def columns() -> list[sql.Composed]:
    return [
        sql.SQL("{} {}").format(sql.Identifier(f"c {type_}"), sql.SQL(type_)) for type_ in VALUES
    ]


@pytest.fixture
def everything(empty_database: URL) -> URL:
    """A table with a column of every type; row n holds the n-th value of each, row 0 none."""
    longest = max(map(len, VALUES.values()))
    with connection(empty_database) as session:
        for statement in OWN.split(";"):
            session.execute(sql.SQL(statement).format(columns=sql.SQL(", ").join(columns())))
        for number in range(longest + 1):
            values = [given[(number - 1) % len(given)] for given in VALUES.values()]
            session.execute(
                sql.SQL("INSERT INTO everything VALUES (%s, %s, {})").format(
                    sql.SQL(", ").join([sql.Placeholder()] * len(values))
                ),
                [number, f"2026-01-0{number + 1}", *(values if number else [None] * len(values))],
            )
    return empty_database


def texts(url: URL) -> list[tuple]:
    with connection(url) as session:
        return session.execute("SELECT id, e::text FROM everything AS e ORDER BY id").fetchall()


def test_every_type_converts_and_comes_back(everything: URL) -> None:
    before = texts(everything)
    assert convert.plan(everything, CONVERSION).obstacles == ()

    convert.run(everything, CONVERSION)
    assert texts(everything) == before
    with connection(everything) as session:
        # through the log, and by the checksum of both sides
        session.execute("UPDATE everything SET at = at + INTERVAL '1 hour' WHERE id < 3")
        changed = texts(everything)
    assert convert.verify(everything, "everything") == len(before)
    convert.finish(everything, "everything")
    convert.run(everything, CONVERSION, direction="to_plain")

    assert texts(everything) == changed
