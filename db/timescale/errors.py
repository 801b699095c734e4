"""Errors of the TimescaleDB plugin; each message says what to do."""


class TimescaleError(Exception):
    """Root of every error the plugin raises on purpose."""


class SpecError(TimescaleError):
    """A declaration contradicts itself or another one."""


class UnsupportedError(TimescaleError):
    """The edition or version of this server cannot do what was asked, and nothing replaces it."""


class ExtensionMissingError(TimescaleError):
    """The database has no timescaledb extension."""


class LockNotAvailableError(TimescaleError):
    """A lock could not be had within the retries; nothing was changed."""
