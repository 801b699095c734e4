"""The way through the stand-in's login page, as a browser goes it."""

import urllib.error
import urllib.request
from typing import Any
from urllib.parse import parse_qs, urlsplit

from app.kite.errors import BrokerError

_ANSWER_S = 5.0


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: Any) -> None:
        return None


def visited(login_page: str) -> str:
    """The request token that the page leads back with; raises BrokerError without one."""
    opener = urllib.request.build_opener(_NoRedirects)
    try:
        opener.open(login_page, timeout=_ANSWER_S).close()
    except urllib.error.HTTPError as led:
        with led:
            query = parse_qs(urlsplit(led.headers.get("Location", "")).query)
        if "request_token" in query:
            return query["request_token"][0]
    except OSError as error:
        raise BrokerError("The stand-in does not answer.") from error
    raise BrokerError("The stand-in's login page led nowhere.")
