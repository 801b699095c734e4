"""The writers' statements."""

from functools import cache

from sqlalchemy import TextClause, bindparam, text

from db.schema.market_time import MarketTime
from db.timescale.sqltext import named_statements

_INSTANTS = ("timestamp", "first", "last")


@cache
def statement(name: str) -> TextClause:
    """A statement of ingest.sql; its instants are bound as market time."""
    clause = text(named_statements("db.ingest", "ingest.sql")[name])
    instants = [bind for bind in _INSTANTS if f":{bind}" in clause.text]
    return clause.bindparams(*(bindparam(bind, type_=MarketTime) for bind in instants))
