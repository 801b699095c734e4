"""What stands in the way of a backup or of a restore."""

from db.errors import OIError


class BackupError(OIError):
    """A backup cannot be made, read or restored; nothing half is left."""
