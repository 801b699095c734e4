"""What can go wrong with archives; each message says what to do."""

from db.errors import OIError


class ArchiveError(OIError):
    """An archive cannot be used as asked; every row is on exactly one side."""
