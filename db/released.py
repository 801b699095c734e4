"""Released means unchanged: the hashes of all revisions as they were when they were released.

`alembic/released.sha256` lists them in the form of sha256sum; `make release` writes it.
"""

from collections.abc import Iterator, Mapping
from hashlib import sha256
from pathlib import Path

from db.errors import OIError
from db.revision_files import ALEMBIC_HOME, VERSIONS
from db.timescale.engine.install import scripts_hash

LIST = ALEMBIC_HOME / "alembic" / "released.sha256"

_ENGINE = "the scripts of the engine"
_SUFFIXES = (".py", ".sql")


class ReleasedError(OIError):
    """A revision that was released is another one now."""


def faults(versions: Path = VERSIONS, listed: Path = LIST) -> list[str]:
    """What is no longer as it was released, a sentence each; nothing before the first release."""
    return [*_changed(versions, listed), *_uninstalled_engine(versions, listed)]


def release(versions: Path = VERSIONS, listed: Path = LIST) -> int:
    """Lists every revision as it is now; how many files there are. Raises ReleasedError."""
    found = faults(versions, listed)
    if found:
        raise ReleasedError(" ".join(found))
    hashes = {**_hashes(versions), _ENGINE: scripts_hash()}
    lines = [f"{digest}  {name}\n" for name, digest in hashes.items()]
    listed.write_text("".join(lines), encoding="utf-8")
    return len(lines) - 1


def _changed(versions: Path, listed: Path) -> Iterator[str]:
    there = _hashes(versions)
    for name, digest in _released(listed).items():
        if name == _ENGINE:
            continue
        if name not in there:
            yield f"{name} was released and is gone."
        elif there[name] != digest:
            yield f"{name} was released and has changed: put it back and write a new revision."


def _uninstalled_engine(versions: Path, listed: Path) -> Iterator[str]:
    released = _released(listed)
    if released.get(_ENGINE, scripts_hash()) == scripts_hash():
        return
    new = [path for name, path in _files(versions).items() if name not in released]
    if not any("install_engine(" in path.read_text(encoding="utf-8") for path in new):
        yield (
            "The engine has changed since the release: a new revision must call "
            "op.install_engine(), or databases that are at head never get it."
        )


def _released(listed: Path) -> Mapping[str, str]:
    if not listed.is_file():
        return {}
    lines = listed.read_text(encoding="utf-8").splitlines()
    pairs = (line.split("  ", 1) for line in lines)
    return {name: digest for digest, name in pairs}


def _hashes(versions: Path) -> dict[str, str]:
    return {name: sha256(path.read_bytes()).hexdigest() for name, path in _files(versions).items()}


def _files(versions: Path) -> dict[str, Path]:
    found = (p for p in versions.rglob("*") if p.suffix in _SUFFIXES and p.is_file())
    return {path.relative_to(versions).as_posix(): path for path in sorted(found)}
