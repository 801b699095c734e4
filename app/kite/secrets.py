"""Keeps the broker's tokens out of every log line, whoever writes it."""

import logging
import threading

_HIDDEN = "***"


class Scrubber(logging.Filter):
    """Replaces registered secrets in messages, arguments and tracebacks."""

    def __init__(self) -> None:
        super().__init__()
        self._lock = threading.Lock()
        self._secrets: frozenset[str] = frozenset()

    def hide(self, *secrets: str | None) -> None:
        """Never let these be written from now on."""
        with self._lock:
            self._secrets |= {secret for secret in secrets if secret}

    def scrubbed(self, text: str) -> str:
        """The text without what is secret."""
        for secret in self._secrets:
            text = text.replace(secret, _HIDDEN)
        return text

    def filter(self, record: logging.LogRecord) -> bool:
        message = record.getMessage()
        if record.exc_info and not record.exc_text:
            record.exc_text = logging.Formatter().formatException(record.exc_info)
        if record.exc_text:
            record.exc_text = self.scrubbed(record.exc_text)
        clean = self.scrubbed(message)
        if clean != message:
            record.msg, record.args = clean, None
        return True


scrubber = Scrubber()


def install() -> None:
    """Put the scrubber before every handler of the root logger, and keep the client's own
    debugging, which prints whole headers, switched off.
    """
    for handler in logging.getLogger().handlers:
        if scrubber not in handler.filters:
            handler.addFilter(scrubber)
    for name in ("kiteconnect.connect", "urllib3.connectionpool"):
        logging.getLogger(name).setLevel(logging.INFO)
