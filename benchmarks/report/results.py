"""Results as files: one folder a run, JSON first; everything else is made from it."""

import dataclasses
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from benchmarks.errors import BenchmarkError

SCHEMA_VERSION = 1
_ALWAYS = ("command", "arguments", "started_at", "duration_s", "machine", "servers")


@dataclass(slots=True)
class Result:
    """What one command measured.

    `data` holds the keys the command's help names; they stand at the top level of the JSON beside
    `schema_version`, `command`, `arguments`, `started_at`, `duration_s`, `machine` and `servers`.
    """

    command: str
    arguments: str
    started_at: datetime
    machine: Mapping[str, Any]
    servers: list[Mapping[str, Any]] = field(default_factory=list)
    duration_s: float = 0.0
    data: dict[str, Any] = field(default_factory=dict)

    def document(self) -> dict[str, Any]:
        """The result as it stands in result.json."""
        return {
            "schema_version": SCHEMA_VERSION,
            "command": self.command,
            "arguments": self.arguments,
            "started_at": self.started_at.isoformat(timespec="seconds"),
            "duration_s": round(self.duration_s, 1),
            "machine": self.machine,
            "servers": self.servers,
            **self.data,
        }


def start(command: str, arguments: str) -> Result:
    """An empty result of a command that starts now."""
    from benchmarks.server.environment import machine

    return Result(command, arguments, datetime.now(UTC), dataclasses.asdict(machine()))


def finish(result: Result) -> Result:
    """Stop the clock of a result."""
    result.duration_s = (datetime.now(UTC) - result.started_at).total_seconds()
    return result


def folder_for(result: Result, root: Path) -> Path:
    """The result's own folder below `root`, made now."""
    name = f"{result.started_at:%Y%m%dT%H%M%SZ}-{result.command}"
    folder = root / name
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def write_json(document: Mapping[str, Any], path: Path) -> None:
    """Write a document as indented JSON; dates as ISO 8601, dataclasses as objects."""
    path.write_bytes(_encoded(document) + b"\n")


def plain(document: Mapping[str, Any]) -> dict[str, Any]:
    """A document as it would be read back from its file."""
    import orjson

    read: dict[str, Any] = orjson.loads(_encoded(document))
    return read


def _encoded(document: Mapping[str, Any]) -> bytes:
    import orjson

    options = orjson.OPT_INDENT_2 | orjson.OPT_SERIALIZE_NUMPY | orjson.OPT_NON_STR_KEYS
    return orjson.dumps(document, default=_plain, option=options)


def read_json(path: Path) -> dict[str, Any]:
    """A result by its file or folder; raises BenchmarkError that says what is wrong with it."""
    import orjson

    file = path / "result.json" if path.is_dir() else path
    try:
        document: dict[str, Any] = orjson.loads(file.read_bytes())
    except OSError:
        raise BenchmarkError(f"There is no result at {path}.") from None
    except orjson.JSONDecodeError as error:
        raise BenchmarkError(f"{file} is not JSON: {error}.") from error
    version = document.get("schema_version") if isinstance(document, dict) else None
    if version != SCHEMA_VERSION:
        raise BenchmarkError(
            f"{file} is no result of this suite (schema version {version}, not {SCHEMA_VERSION})."
        )
    lacking = [key for key in _ALWAYS if key not in document]
    if lacking:
        # what compare and plans write is JSON of the suite, too
        raise BenchmarkError(f"{file} is no result of a run: it has no {', '.join(lacking)}.")
    return document


@contextmanager
def understood(whose: Path | str) -> Iterator[None]:
    """Read a document within; raises BenchmarkError where something in it is not as it must be."""
    try:
        yield
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
        raise BenchmarkError(
            f"{whose} is not whole, or of another version of the suite "
            f"({type(error).__name__}: {error})."
        ) from error


def _plain(value: object) -> object:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return dataclasses.asdict(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Path | set | frozenset):
        return str(value) if isinstance(value, Path) else sorted(value)
    raise TypeError(f"{type(value).__name__} has no place in a result")
