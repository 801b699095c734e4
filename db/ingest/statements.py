"""The writers' statements."""

from functools import cache

from sqlalchemy import TextClause, bindparam

from db.schema.market_time import MarketTime
from db.watched import named_text

_INSTANTS = ("timestamp", "first", "last")


@cache
def statement(name: str) -> TextClause:
    """A statement of ingest.sql; its instants are bound as market time."""
    clause = named_text("db.ingest", "ingest", name)
    instants = [bind for bind in _INSTANTS if f":{bind}" in clause.text]
    return clause.bindparams(*(bindparam(bind, type_=MarketTime) for bind in instants))
