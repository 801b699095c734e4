"""What is written beside a dump: of which server it is, what it needs, and all that it holds."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import orjson

from db.backup.errors import BackupError

DUMP = "dump"
_FILE = "manifest.json"
_VERSION = 1


@dataclass(frozen=True, slots=True)
class Manifest:
    """One backup; `postgres` is the major version, `made_at` in UTC."""

    made_at: str
    database: str
    postgres: int
    timescaledb: str
    license: str
    roles: list[str]
    inventory: Mapping[str, Mapping[str, str]]

    def write(self, folder: Path) -> None:
        """Put it beside the dump."""
        told = {"schema_version": _VERSION, **asdict(self)}
        (folder / _FILE).write_bytes(orjson.dumps(told, option=orjson.OPT_INDENT_2))

    @classmethod
    def read(cls, folder: Path) -> "Manifest":
        """That of a backup; raises BackupError for a folder that holds none."""
        try:
            told: dict[str, Any] = orjson.loads((folder / _FILE).read_bytes())
            if told.pop("schema_version") == _VERSION and (folder / DUMP).is_dir():
                return cls(**told)
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            pass
        raise BackupError(f"{folder} holds no backup of `python -m db backup`.")
