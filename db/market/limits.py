"""Limits and thresholds that several parts share: each stands here and nowhere else.

The page is sent all of them, as JSON: each is a number, or several. It knows no number of its own.
"""

from collections.abc import Mapping
from types import MappingProxyType

CHANGE_MINUTES = (3, 5, 10, 15, 30)
"""Over which spans the change of open interest is told."""

CHANGE_THRESHOLDS_PCT: Mapping[int, float] = MappingProxyType(
    {3: 8.0, 5: 10.0, 10: 10.0, 15: 15.0, 30: 25.0}
)
"""By minutes: a change of open interest beyond this percentage stands out."""

ITM_STRIKES = 5
"""Strikes on the in-the-money side that figures called ITM sum up."""

ITM_CHANGE_MINUTES = 3
"""The span of the head line's change of in-the-money open interest."""

FEED_SILENT_S = 10.0
"""A live feed that says nothing for so long during a session is asked to connect anew."""

FEED_STATE_EVERY_S = 1.0
"""How often a collector tells what its feed is at, though nothing has changed."""

FEED_STATE_LOST_AFTER_S = 3.5
"""A feed of which nothing was told for so long has no collector: pages say so within five seconds.
"""

FEED_LOST_RINGS_AFTER_S = 15.0
"""After so long an alert says so too: a pause of the database is no reason to ring."""

SLOW_AFTER_S = 10.0
"""Data of a session older than this are called slow."""

STALE_AFTER_S = 45.0
"""Data of a session older than this are called stale: one and a half pauses between snapshots."""

FUTURE_TOLERANCE_S = 300.0
"""An instant further ahead of the market's clock than this is no instant of a market."""

ASSUMED_RATE = 0.10
"""Continuously compounded rate a year that volatility on the index is told at."""

MOST_STRIKES = 500
"""The widest range of strikes either side of ATM that may be asked for."""

MOST_FRAMES = 60
"""How many stored moments may be asked for at once."""
MOST_DAYS = 250
"""The most trading days that a series over days may be asked for."""

SERIES_GAP_S = 600
"""A pause in a series longer than this is drawn as a gap."""
MOST_ALERTS = 100
"""How many rules of alerts a user may have."""

MOST_ALERT_EVENTS = 5000
"""How many entries the log of a user's alerts keeps: the newest ones."""

ALERT_GAP_S = 15.0
"""Rules that nobody looked at for longer begin anew: what was missed meanwhile rings nothing."""
PAPER_MOST_LEGS = 10
"""The most contracts that one paper order may name."""

PAPER_MOST_LOTS = 1000
"""The most lots of a contract that one paper order may name."""

PAPER_MOST_ORDERS = 2000
"""The most paper orders of one user a day."""

PAPER_ORDERS_SHOWN = 50
"""How many of a user's newest paper orders are told."""

PAPER_DAYS_SHOWN = 60
"""How many of the newest days on which a user dealt are told."""

SIGNAL_HOLDS_S = 90.0
"""A signal older than this, by the time of its chain, is not shown: three snapshots' pauses."""

SIGNALS_SHOWN = 40
"""How many of the newest turns of a day's signals are told."""

SIGNAL_DAYS_SHOWN = 30
"""Over how many days it is told what came of signals."""

SIGNAL_PAPER_POSITIONS = 3
"""How many positions that follow signals may be open at once, over all chains."""

SIGNAL_PAPER_PAUSE_S = 300
"""So long after one was opened no other one of its chain is."""

SIGNAL_PAPER_EXIT_S = 900
"""So long before the end of the index's continuous session they are closed, and none is opened."""

SIGNAL_DRIFT_MUCH = 0.25
"""The population stability index up to which an input is what it was in training."""

SIGNAL_FEWEST_DAYS = 5
"""What came of signals is judged from so many days on."""

SIGNAL_FEWEST_TOLD = 50
"""What came of signals is judged from so many BUYs and SELLs on."""
