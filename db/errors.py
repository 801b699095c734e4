"""The errors a user of the program can meet; each message says what to do."""


class OIError(Exception):
    """Root of every error the program raises on purpose; its text is one sentence for a person."""


class SettingsError(OIError):
    """A setting in the environment cannot be used."""


class DatabaseUnavailableError(OIError):
    """The database does not answer."""


class NoConnectionFreeError(DatabaseUnavailableError):
    """All connections of this process are in use; the database may be well."""


class DiskFullError(OIError):
    """The database server has no room left; what it was doing was rolled back."""


class NotMigratedError(OIError):
    """The database answers, but its schema is not the one this program reads."""


class RefusedError(OIError):
    """The database answers, and does not do what it was asked for."""


class ExtensionMissingError(OIError):
    """The server lacks the TimescaleDB extension."""


class InvalidInputError(OIError):
    """A caller asked for something that does not exist or makes no sense."""


class NotStoredError(OIError):
    """What was asked for makes sense, but nothing of it is stored."""


class ServerError(OIError):
    """The local TimescaleDB cannot be installed, started or stopped."""
