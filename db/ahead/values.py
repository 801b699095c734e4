"""Values that no market ever had, and that arithmetic over times and sums does not survive."""

from collections.abc import Iterator

from psycopg import sql

from db.convert.facts import TableFacts
from db.convert.session import Connection, one

# NSE's first trade was in November 1994; every day between may get a chunk and rollups
FIRST_YEAR, LAST_YEAR = 1990, 2100
# a thousand contracts of this sum up to what a BIGINT holds; no exchange comes near
LARGEST = 1_000_000_000_000_000
# an exchange is announced with its state's number, in fewer than 8000 bytes
LONGEST_BYTES = 7_900
_LONG = f"octet_length(exchange) > {LONGEST_BYTES}"
# what is summed up or subtracted; infinity and NaN of a price stay what they are
_SUMMED = ("oi", "volume", "strike", "ltp", "underlying_price")


def sentences(connection: Connection, table: TableFacts, *, quarantines: bool) -> Iterator[str]:
    """What is wrong with the values of a table's rows: times, names, counts."""
    row = one(connection, _query(table))
    if row["far"]:
        yield (
            f"{row['far']:,} rows have a timestamp before {FIRST_YEAR} or after "
            f"{LAST_YEAR}, as {row['example']}; correct or delete them."
        )
    if row["nowhere"] and not quarantines:
        yield (
            f"{row['nowhere']:,} rows have no finite timestamp, which no hypertable "
            "holds; correct or delete them, or have them kept apart in oi_convert.quarantine: "
            "alembic -x quarantine=allow upgrade head."
        )
    if row["huge"]:
        yield (
            f"{row['huge']:,} rows have an open interest, a volume or a price beyond "
            f"{LARGEST:,}, whose sums would overflow; correct or delete them."
        )
    if row["long"]:
        yield (
            f"{row['long']:,} rows have an exchange of more than {LONGEST_BYTES:,} bytes, which "
            "cannot be announced; correct or delete them."
        )


def _query(table: TableFacts) -> sql.Composed:
    names = [column.name for column in table.columns]
    summed = [name for name in names if name in _SUMMED]
    huge = sql.SQL(" OR ").join(
        sql.SQL(
            "{name} NOT BETWEEN -{most} AND {most} "
            "AND {name}::DOUBLE PRECISION <> ALL ('{{Infinity,-Infinity,NaN}}')"
        ).format(name=sql.Identifier(name), most=sql.Literal(LARGEST))
        for name in summed
    )
    return sql.SQL(
        """
        SELECT count(*) FILTER (WHERE is_far) AS far,
               min("timestamp") FILTER (WHERE is_far)::TEXT AS example,
               count(*) FILTER (WHERE isfinite("timestamp") IS NOT TRUE) AS nowhere,
               count(*) FILTER (WHERE {huge}) AS huge,
               count(*) FILTER (WHERE {long}) AS long
        FROM (
            SELECT *,
                   isfinite("timestamp")
                   AND ("timestamp" < {first} OR "timestamp" >= {last}) AS is_far
            FROM {table}
        ) AS t
        """
    ).format(
        huge=huge if summed else sql.SQL("false"),
        long=sql.SQL(_LONG if "exchange" in names else "false"),
        first=sql.Literal(f"{FIRST_YEAR}-01-01"),
        last=sql.Literal(f"{LAST_YEAR + 1}-01-01"),
        table=table.identifier,
    )
