"""How many inputs are generated, and how many were.

The suite tries a few of each kind, the same ones each time. With OI_FUZZ_INPUTS=20000, which
`make fuzz` sets, each kind gets its share of that many, others each time.
"""

import os
from collections import Counter
from collections.abc import Callable
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

WANTED = int(os.environ.get("OI_FUZZ_INPUTS") or 0)
TRIED: Counter[str] = Counter()

Check = Callable[..., None]


def fuzzed(share: float, few: int = 25, **strategies: st.SearchStrategy[Any]) -> Callable[..., Any]:
    """Make of a check a test over what the strategies make; `share` is that of all inputs."""

    def decorate(check: Check) -> Callable[[], None]:
        counted = given(**strategies)(_counting(check))
        return settings(
            max_examples=int(WANTED * share) + 1 if WANTED else few,
            derandomize=not WANTED,
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
        )(counted)

    return decorate


def tried(kind: str) -> None:
    """One more input of a kind was tried."""
    TRIED[kind] += 1


def _counting(check: Check) -> Check:
    def one(**values: Any) -> None:
        tried(check.__qualname__)
        check(**values)

    # by these hypothesis tells one from another
    one.__name__, one.__qualname__ = check.__name__, check.__qualname__
    one.__module__ = check.__module__
    return one


# what breaks readers more often than chance finds it
HARD_WORDS = (
    *("", " ", "\0", "\t", "\n", "%", "%00", "+", "-", "--", "0", "-0", "-1", "1e309", "1e-400"),
    *("nan", "NaN", "inf", "-Infinity", "9" * 30, "0x10", "１２", "²", "٣", "1_000", "null"),
    *("true", "[]", "{}", "[" * 2000, '{"a":' * 2000, '"', "'", "'; DROP TABLE alerts; --"),
    *("<script>", "../../etc/passwd", "//evil.example", "\\\\evil", "http://[", "[::1", "é"),
    *("\u202e", "\ud800", "2026-08-03", "2026-08-03T11:00:00", "0001-01-01T00:00:00+14:00"),
    *("9999-12-31T23:59:59-14:00", "2026-02-30", "2026-W01-1", "24:00", "NSE", "BSE", "NIFTY"),
    *("CE", "PE", "=1+1", "@SUM(A1)"),
)
words = st.one_of(st.sampled_from(HARD_WORDS), st.text(max_size=40))
"""Text that a header, a cell, an address or an option may hold."""

raw = st.one_of(st.binary(max_size=200), st.sampled_from([b"\xff\xfe", b"\0" * 40, b"\r\n\r\n"]))

scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    words,
    st.sampled_from([2**63, -(2**63) - 1, 10**400, 1e308, -0.0]),
)
values = st.recursive(
    scalars,
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(words, inner, max_size=4)),
    max_leaves=12,
)
"""What JSON or TOML may hold, and more."""
