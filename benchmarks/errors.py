"""The errors of the suite that are made for people."""

from db.errors import OIError


class BenchmarkError(OIError):
    """A benchmark cannot run, or what it measured is not what it must be."""
