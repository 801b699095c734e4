"""What stands in the way of work in the background: said once, and when it is over."""

import logging

from sqlalchemy.exc import SQLAlchemyError

from db.errors import OIError


class Trouble:
    """Logs `failing` with each new reason, and `again` (if any) when there is none any more."""

    def __init__(self, log: logging.Logger, failing: str, again: str | None = None) -> None:
        self._log = log
        self._failing = failing
        self._again = again
        self._reason: str | None = None

    def met(self, error: Exception) -> None:
        """Something failed; what is no outage is logged with its traceback."""
        reason = str(error).partition("\n")[0]
        if reason != self._reason:
            is_outage = isinstance(error, OIError | SQLAlchemyError)
            shown = None if is_outage else error
            self._log.warning("%s: %s", self._failing, reason, exc_info=shown)
        self._reason = reason

    def over(self) -> None:
        """It works."""
        if self._reason is not None and self._again is not None:
            self._log.warning(self._again)
        self._reason = None
