"""Writing alerts: rules as their users change them, and what came of looking at them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

import orjson
from sqlalchemy import Connection, TextClause, bindparam

from db.errors import InvalidInputError
from db.market.limits import MOST_ALERT_EVENTS, MOST_ALERTS
from db.notices import announce
from db.schema.market_time import MarketTime
from db.watched import named_text

if TYPE_CHECKING:
    from db.queries.alerts import WatchedAlert

TOPIC = "alerts"


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What a look at a rule has to say; `at` and `sequence` are those of the chain looked at."""

    fired: bool
    value: float | None
    message: str
    at: datetime | None
    sequence: int | None


def add_alert(
    connection: Connection,
    owner: str,
    exchange: str,
    kind: str,
    params: Mapping[str, Any],
    *,
    repeats: bool,
    cooldown_s: int,
) -> int:
    """Keep a rule; its number. Raises InvalidInputError when the user has too many."""
    number: int | None = connection.scalar(
        _statement("add"),
        {
            "owner": owner,
            "exchange": exchange,
            "kind": kind,
            "params": _json(params),
            "repeats": repeats,
            "cooldown_s": cooldown_s,
            "most": MOST_ALERTS,
        },
    )
    if number is None:
        raise InvalidInputError(f"There are {MOST_ALERTS} alerts already; delete one first.")
    _announce(connection, owner, number)
    return number


def change_alert(
    connection: Connection,
    owner: str,
    number: int,
    params: Mapping[str, Any],
    *,
    enabled: bool,
    repeats: bool,
    cooldown_s: int,
) -> bool:
    """Put a rule in place of what it was, to be watched anew; False when it is not there."""
    binds = {
        "owner": owner,
        "id": number,
        "params": _json(params),
        "enabled": enabled,
        "repeats": repeats,
        "cooldown_s": cooldown_s,
    }
    return _changed(connection, "change", binds)


def remove_alert(connection: Connection, owner: str, number: int) -> bool:
    """Take a rule away, not what it has told; False when it is not there."""
    return _changed(connection, "remove", {"owner": owner, "id": number})


def settle_alert(
    connection: Connection,
    number: int,
    revision: int,
    state: Mapping[str, Any],
    *,
    has_fired: bool,
) -> int | None:
    """Take a rule from one revision to the next; None when another did, or it was changed."""
    binds = {"id": number, "revision": revision, "state": _json(state), "has_fired": has_fired}
    found: int | None = connection.scalar(_statement("settle"), binds)
    return found


def tell(connection: Connection, rule: "WatchedAlert", revision: int, told: Told) -> int:
    """Put an entry into the log of a rule's owner and announce it; its number."""
    binds = {
        "owner": rule.owner,
        "id": rule.id,
        "revision": revision,
        "exchange": rule.exchange,
        "kind": rule.kind,
        "has_fired": told.fired,
        "timestamp": told.at,
        "sequence": told.sequence,
        "value": told.value,
        "message": told.message,
    }
    entry: int = connection.scalar(_statement("tell"), binds)
    connection.execute(_statement("forget"), {"owner": rule.owner, "most": MOST_ALERT_EVENTS})
    announce(connection, TOPIC, rule.owner, exchange=rule.exchange, id=entry)
    return entry


def looked(connection: Connection, exchanges: Iterable[str]) -> None:
    """Remember that the rules of these were looked at just now."""
    connection.execute(_statement("looked"), {"exchanges": list(exchanges)})


def _changed(connection: Connection, name: str, binds: Mapping[str, Any]) -> bool:
    is_there = connection.scalar(_statement(name), binds) is not None
    if is_there:
        _announce(connection, binds["owner"], binds["id"])
    return is_there


def _announce(connection: Connection, owner: str, number: int) -> None:
    """Let all pages of a user read the rules anew."""
    announce(connection, TOPIC, owner, rule=number)


def _json(value: Mapping[str, Any]) -> str:
    return orjson.dumps(value).decode()


def _statement(name: str) -> TextClause:
    clause = named_text("db.ingest", "alerts", name)
    instants = [bindparam("timestamp", type_=MarketTime)] if ":timestamp" in clause.text else []
    return clause.bindparams(*instants)
