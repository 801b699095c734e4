"""What can stop a conversion; each message says what to do."""

from db.errors import OIError


class ConversionError(OIError):
    """A conversion cannot go on; the table is as usable as before."""


class BusyError(ConversionError):
    """Someone else holds what is needed; trying again later is enough."""


class BlockedError(ConversionError):
    """Something about the table must be cleared before it can be converted."""


class MismatchError(ConversionError):
    """Both sides were compared and differ."""
