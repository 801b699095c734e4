"""What the broker can answer that a person has to know."""

from db.errors import OIError


class BrokerError(OIError):
    """The broker refused or could not be reached; its text says what to do."""


class LoginNeededError(BrokerError):
    """The session at the broker has ended: someone has to log in again."""


class TooManyRequestsError(BrokerError):
    """The broker asks to wait."""
