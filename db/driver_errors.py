"""What an error of the driver means to a person: no database, no room, an address that is none."""

from db.errors import DatabaseUnavailableError, DiskFullError, OIError, SettingsError

# SQLSTATEs: https://www.postgresql.org/docs/current/errcodes-appendix.html
_DISK_FULL = "53100"
# connection failures, shutdowns, too many clients, a database that is not there, a sign-in refused
_UNAVAILABLE_CLASSES = ("08", "57P", "53300", "3D000", "28")
# psycopg's words for a URL that libpq does not take; it has no code for them
_BAD_ADDRESS = (
    "invalid URI query parameter",
    "invalid connection option",
    "bad value for connect_timeout",
)
# PgBouncer's words, which go on with the parameter
_POOLER = "unsupported startup parameter"


def raise_if_unavailable(error: BaseException, is_disconnect: bool = False) -> None:
    """Raise what `explained` makes of a driver's error, if anything; Ctrl-C is none."""
    found = None if isinstance(error, KeyboardInterrupt) else explained(error, is_disconnect)
    if found is not None:
        raise found from error


def explained(error: BaseException, is_disconnect: bool = False) -> OIError | None:
    """A driver's error in a sentence: no database, no room on its disk, an address that is none.

    None for any other.
    """
    reason = (str(error).strip().splitlines() or [type(error).__name__])[0].strip().rstrip(".")
    if getattr(error, "sqlstate", None) == _DISK_FULL:
        return DiskFullError(
            f"The database server's disk is full ({reason}); what was being done is rolled back. "
            "Make room there, then run this again."
        )
    if reason.startswith(_BAD_ADDRESS):
        return SettingsError(f"The URL of the database cannot be used: {reason}.")
    if _POOLER in reason:
        return SettingsError(
            "A connection pooler stands between this program and the server and refuses start-up "
            "options; migrations and conversions need a direct connection: name the server itself, "
            "for dashboard and collector in OI_DATABASE_DIRECT_URL."
        )
    if is_disconnect or _is_loss(error):
        return DatabaseUnavailableError(f"The database does not answer: {reason}.")
    return None


def _is_loss(error: BaseException) -> bool:
    state = getattr(error, "sqlstate", None)
    if state is not None:
        return str(state).startswith(_UNAVAILABLE_CLASSES)
    # a connection that was never made has no SQLSTATE
    return type(error).__name__ in {"OperationalError", "ConnectionTimeout"}
