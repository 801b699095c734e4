"""What an export of an archive says of itself: its table, columns and proved files."""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from db.archive.errors import ArchiveError

_NAME = "manifest.json"
_SCHEMA_VERSION = 1


@dataclass(frozen=True, kw_only=True, slots=True)
class ExportedFile:
    """One chunk's file: its rows, their order-independent checksum in the database, its digest."""

    file: str
    chunk: str
    rows: int
    checksum: str
    sha256: str
    size_bytes: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Manifest:
    """The export of one table: column → type as the server names it, file name → file."""

    table: str
    columns: dict[str, str]
    files: dict[str, ExportedFile]

    @classmethod
    def read(cls, folder: Path) -> "Manifest":
        """The manifest in a folder; raises ArchiveError where there is none that can be read."""
        path = folder / _NAME
        if not path.exists():
            raise ArchiveError(f"{folder} holds no {_NAME}: nothing was exported there.")
        try:
            value = json.loads(path.read_text(encoding="utf-8"))
            files = [ExportedFile(**file) for file in value["files"]]
            return cls(
                table=value["table"],
                columns={column["name"]: column["type"] for column in value["columns"]},
                files={file.file: file for file in files},
            )
        except (ValueError, TypeError, KeyError) as error:
            raise ArchiveError(
                f"{path} is no manifest of an export; move it away and export again: every file is "
                "written anew then."
            ) from error

    @classmethod
    def there(cls, folder: Path, table: str) -> dict[str, ExportedFile]:
        """The files that a table's export has in a folder; raises ArchiveError for another's."""
        if not (folder / _NAME).exists():
            return {}
        manifest = cls.read(folder)
        if manifest.table != table:
            raise ArchiveError(
                f"{folder} holds the export of {manifest.table}; name another folder for {table}."
            )
        return manifest.files

    def write(self, folder: Path) -> None:
        """Put it in place of an older one, in one step."""
        value = {
            "schema_version": _SCHEMA_VERSION,
            "table": self.table,
            "columns": [{"name": name, "type": type_} for name, type_ in self.columns.items()],
            "exported_at": datetime.now(UTC).isoformat(),
            "files": [asdict(self.files[name]) for name in sorted(self.files)],
        }
        unfinished = folder / (_NAME + ".part")
        unfinished.write_text(json.dumps(value, indent=2), encoding="utf-8")
        os.replace(unfinished, folder / _NAME)


@contextmanager
def on_disk(folder: Path) -> Iterator[None]:
    """What the file system refuses is an ArchiveError; what was written before stays proved."""
    try:
        yield
    except OSError as error:
        raise ArchiveError(
            f"{error.filename or folder} cannot be used: {error.strerror or error}."
        ) from error
