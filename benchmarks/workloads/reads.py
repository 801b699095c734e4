"""The application's reads as the suite calls them: parameters in naive IST, rows out."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from benchmarks.workloads.parameters import Parameters
from db.market.clock import IST
from db.queries import chain, contract, pcr, snapshots, summary


def latest_chain(connection: Connection, given: Parameters) -> Sequence[Any]:
    """All contracts of one exchange, newest state."""
    return chain.latest_chain(connection, given["exchange"])


def latest_chains(connection: Connection, given: Parameters) -> Sequence[Any]:
    """All contracts of all exchanges, newest state."""
    return chain.latest_chains(connection)


def oi_changes(connection: Connection, given: Parameters) -> Sequence[Any]:
    """OI with its change over 3 to 30 minutes."""
    return chain.oi_changes(connection, given["exchange"])


def chain_as_of(connection: Connection, given: Parameters) -> Sequence[Any]:
    """The chain as it stood at an instant."""
    return chain.chain_as_of(connection, given["exchange"], _aware(given["at"]))


def window(connection: Connection, given: Parameters) -> Sequence[Any]:
    """All rows between two instants."""
    return snapshots.window(connection, given["exchange"], *_range(given))


def contract_day(connection: Connection, given: Parameters) -> Sequence[Any]:
    """One contract's day."""
    return contract.contract_day(
        connection,
        given["exchange"],
        given["strike"],
        given["option_type"],
        given["start"].date(),
    )


def contract_bars(connection: Connection, given: Parameters) -> Sequence[Any]:
    """One contract in bars of five minutes."""
    return contract.contract_five_minutes(
        connection,
        given["exchange"],
        given["strike"],
        given["option_type"],
        *_range(given),
    )


def pcr_minutes(connection: Connection, given: Parameters) -> Sequence[Any]:
    """PCR a minute."""
    return pcr.pcr_minutes(connection, given["exchange"], *_range(given))


def pcr_five_minutes(connection: Connection, given: Parameters) -> Sequence[Any]:
    """PCR every five minutes."""
    return pcr.pcr_five_minutes(connection, given["exchange"], *_range(given))


def pcr_days(connection: Connection, given: Parameters) -> Sequence[Any]:
    """PCR a day."""
    return pcr.pcr_days(connection, given["exchange"], *_range(given))


def summary_now(connection: Connection, given: Parameters) -> Sequence[Any]:
    """Totals, PCR and max pain now."""
    return _one(summary.summary(connection, given["exchange"]))


def max_pain(connection: Connection, given: Parameters) -> Sequence[Any]:
    """Max pain now."""
    return [{"max_pain": summary.max_pain(connection, given["exchange"])}]


def oi_by_strike(connection: Connection, given: Parameters) -> Sequence[Any]:
    """Calls against puts, strike by strike."""
    return chain.oi_by_strike(connection, given["exchange"])


def snapshot_at(connection: Connection, given: Parameters) -> Sequence[Any]:
    """Totals as of an instant."""
    return _one(snapshots.snapshot_at(connection, given["exchange"], _aware(given["at"])))


NEWEST = frozenset((latest_chain, latest_chains, oi_changes, summary_now, max_pain, oi_by_strike))
"""Those of the live edge, which the application reads within a snapshot of several reads."""


def _aware(moment: datetime) -> datetime:
    return moment.replace(tzinfo=IST)


def _range(given: Parameters) -> tuple[datetime, datetime]:
    return _aware(given["start"]), _aware(given["end"])


def _one(row: Any) -> Sequence[Any]:
    return [] if row is None else [row]
