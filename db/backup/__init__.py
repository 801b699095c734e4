"""Logical backups of a whole database, compared thing by thing once they are restored."""

from db.backup.dumping import backup
from db.backup.errors import BackupError
from db.backup.restoring import Restored, restore

__all__ = ["BackupError", "Restored", "backup", "restore"]
