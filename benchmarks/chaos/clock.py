"""A clock of some programs' own, which can be set ahead and back while they run."""

import os
import shutil
import struct
import subprocess
from collections.abc import Mapping
from pathlib import Path

_SOURCE = Path(__file__).with_name("clock.c")
_NS = struct.Struct("=q")


class Clock:
    """The machine's clock, and so much more; what counts time passed stays as it is.

    `library` goes before the programs' C library, which reads the time; without one (None) they
    have the machine's clock, and nobody sets it.
    """

    def __init__(self, library: Path | None, file: Path) -> None:
        self._library = library
        self._file = file
        file.write_bytes(_NS.pack(0))
        file.chmod(0o644)

    @property
    def environment(self) -> Mapping[str, str]:
        """What a program must be started with."""
        if self._library is None:
            return {}
        return {"LD_PRELOAD": str(self._library), "OI_CHAOS_CLOCK": str(self._file)}

    def set_ahead(self, seconds: float) -> None:
        """From now on it is ahead of the machine's by so much, or behind where that is negative."""
        handle = os.open(self._file, os.O_WRONLY)
        try:
            os.pwrite(handle, _NS.pack(int(seconds * 1e9)), 0)
        finally:
            os.close(handle)


def clock_library(folder: Path) -> Path | None:
    """What reads such a clock, made in a folder; None where it cannot be made."""
    compiler = shutil.which("cc")
    if compiler is None:
        return None
    library = folder / "clock.so"
    made = subprocess.run(  # noqa: S603 - our own source
        [compiler, "-shared", "-fPIC", "-O2", "-Wall", "-o", str(library), str(_SOURCE)],
        capture_output=True,
        check=False,
    )
    return None if made.returncode else library
