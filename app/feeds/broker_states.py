"""What the broker's feed is at, in the words that screens use."""

from datetime import datetime

from app.feeds.base import FeedState
from app.kite.errors import LoginNeededError
from app.kite.ticker import LinkState
from db.errors import OIError
from db.market.calendar import Instrument, Phase, phase

LOGIN_NEEDED = "Nobody is logged in at the broker, or that session has ended: log in there again."
_AT_REST = (Phase.CLOSED, Phase.PRE_OPEN)
_OTHERS = {
    LinkState.CONNECTING: FeedState("connecting"),
    LinkState.STOPPED: FeedState("connecting"),
    LinkState.RECONNECTING: FeedState(
        "reconnecting", "The connection to the broker's ticker is lost; connecting again."
    ),
    LinkState.MUTE: FeedState(
        "mute", "The broker's ticker is connected and brings no prices; connecting again."
    ),
    LinkState.WAITING: FeedState(
        "waiting", "The broker asks to wait before the ticker is connected again."
    ),
}


def broker_state(
    link: LinkState, trouble: OIError | None, login_problem: str | None = None
) -> FeedState | None:
    """What stands in the way between the broker and a chain; None when nothing does.

    `trouble` is what kept the lists of contracts from being read, `login_problem` why the last
    login did not work.
    """
    if link is LinkState.LOGIN_NEEDED or isinstance(trouble, LoginNeededError):
        return FeedState("login needed", login_problem or LOGIN_NEEDED)
    if trouble is not None:
        return FeedState("waiting", str(trouble))
    return _OTHERS.get(link)


def trading_state(at: datetime) -> FeedState:
    """What a feed that works is at by the calendar."""
    if phase(at, Instrument.OPTIONS) in _AT_REST:
        return FeedState("closed")
    if phase(at, Instrument.INDEX) is Phase.AUCTION:
        return FeedState("auction")
    return FeedState("live")
