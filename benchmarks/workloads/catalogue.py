"""The workloads: every read of the dashboard, and the legacy program's own statements."""

from collections.abc import Mapping, Sequence
from datetime import timedelta

from benchmarks.errors import BenchmarkError
from benchmarks.workloads import parameters, reads
from benchmarks.workloads.workload import Read, Workload
from db.market.limits import CHANGE_MINUTES
from db.timescale.sqltext import named_statements

_LEGACY = named_statements(__package__, "legacy.sql")

_STATE = (
    "strike",
    "option_type",
    "symbol",
    "token",
    "timestamp",
    "oi",
    "ltp",
    "volume",
    "iv",
    "moneyness",
    "time_to_expiry_seconds",
    "underlying_price",
)
_BOOK = (
    "best_bid",
    "best_ask",
    "bid_quantity",
    "ask_quantity",
    "spread",
    "order_book_imbalance",
)
_PERCENT = tuple(f"pct_change_{minutes}m" for minutes in CHANGE_MINUTES)
_UNITS = tuple(f"oi_change_{minutes}m" for minutes in CHANGE_MINUTES)
_PCR = (
    "bucket",
    "oi_ce",
    "oi_pe",
    "volume_ce",
    "volume_pe",
    "underlying_close",
    "pcr",
    "pcr_volume",
)
_BARS = tuple(f"{of}_{part}" for of in ("oi", "ltp") for part in ("open", "high", "low", "close"))


def _dashboard(
    name: str,
    title: str,
    after: Read,
    draw: parameters.Draw,
    columns: Sequence[str],
    before: str | None = None,
) -> Workload:
    statement = before or name
    text = _LEGACY[statement]
    return Workload(name, title, "dashboard", text, after, draw, tuple(columns), statement)


_WORKLOADS = (
    _dashboard(
        "latest_chain",
        "Latest chain",
        reads.latest_chain,
        parameters.live,
        (*_STATE, *_BOOK, *_PERCENT),
    ),
    _dashboard(
        "latest_chains",
        "Latest chain of all four",
        reads.latest_chains,
        parameters.nothing,
        ("exchange", *_STATE, *_BOOK, *_PERCENT),
    ),
    _dashboard(
        "oi_changes",
        "OI change over 3…30 minutes",
        reads.oi_changes,
        parameters.live,
        ("timestamp", "strike", "option_type", "oi", *_UNITS, *_PERCENT),
    ),
    _dashboard(
        "oi_by_strike",
        "OI by strike",
        reads.oi_by_strike,
        parameters.live,
        ("strike", "oi_ce", "oi_pe"),
    ),
    _dashboard(
        "pcr_now",
        "PCR now",
        reads.summary_now,
        parameters.live,
        ("timestamp", "oi_ce", "oi_pe", "pcr"),
    ),
    _dashboard(
        "max_pain",
        "Max pain now",
        reads.max_pain,
        parameters.live,
        ("max_pain",),
    ),
    _dashboard(
        "chain_as_of",
        "Chain as of a random instant",
        reads.chain_as_of,
        parameters.moment,
        (*_STATE, *_BOOK, *_PERCENT),
    ),
    _dashboard(
        "snapshot_at",
        "Totals as of a random instant",
        reads.snapshot_at,
        parameters.moment,
        ("timestamp", "oi_ce", "oi_pe"),
    ),
    _dashboard(
        "window_40m",
        "40 minutes, all rows",
        reads.window,
        parameters.last_minutes(40),
        ("timestamp", "strike", "option_type", "oi", "ltp", "volume", "iv", "underlying_price"),
        before="window",
    ),
    _dashboard(
        "contract_day",
        "One contract's day",
        reads.contract_day,
        parameters.contract,
        ("timestamp", "oi", "ltp", "volume", "iv", "underlying_price"),
    ),
    _dashboard(
        "contract_bars",
        "One contract, 5-minute bars, 5 days",
        reads.contract_bars,
        parameters.contract_days(5),
        ("bucket", *_BARS, "volume"),
    ),
    _dashboard(
        "pcr_minutes",
        "PCR per minute, today",
        reads.pcr_minutes,
        parameters.last_days(1, timedelta(minutes=1)),
        _PCR,
        before="pcr",
    ),
    _dashboard(
        "pcr_five_minutes",
        "PCR per 5 minutes, 30 days",
        reads.pcr_five_minutes,
        parameters.last_days(30, timedelta(minutes=5)),
        _PCR,
        before="pcr",
    ),
    _dashboard(
        "pcr_days",
        "PCR per day, 60 days",
        reads.pcr_days,
        parameters.last_days(60, timedelta(days=1)),
        _PCR,
        before="pcr",
    ),
    Workload(
        "legacy_save_lookup",
        "Legacy program: lookup before a save",
        "legacy",
        _LEGACY["save_lookup"],
        None,
        parameters.live,
        ("token", "oi"),
    ),
    Workload(
        "legacy_training_frame",
        "Legacy program: 30 days of features",
        "legacy",
        _LEGACY["training_frame"],
        None,
        parameters.last_days(30),
        ("timestamp", "exchange", "pcr_total_oi", "vix", "feature_payload"),
    ),
)

WORKLOADS: Mapping[str, Workload] = {workload.name: workload for workload in _WORKLOADS}


def chosen(names: Sequence[str]) -> list[Workload]:
    """The workloads of these names, or all; raises BenchmarkError naming the known ones."""
    unknown = [name for name in names if name not in WORKLOADS]
    if unknown:
        raise BenchmarkError(
            f"There is no workload {', '.join(unknown)}; known are {', '.join(WORKLOADS)}."
        )
    return [WORKLOADS[name] for name in names] if names else list(WORKLOADS.values())
