"""Where a person logs in at the broker, and how they come back.

https://kite.trade/docs/connect/v3/user/#login-flow
"""

from urllib.parse import urlencode

PAGE = "https://kite.zerodha.com/connect/login"


def login_address(api_key: str, page: str | None = None, state: str | None = None) -> str:
    """The broker's login page for an app; it leads back with a request token, and with `state`."""
    known = {"api_key": api_key, "v": "3"}
    if state is not None:
        known["redirect_params"] = urlencode({"state": state})
    return f"{page or PAGE}?{urlencode(known)}"
