"""What went wrong, read from the words of other programs."""

import errno
import re

_FULL_DISK = re.compile(
    r"No space left on device|could not extend file|wrote only \d+ of \d+ bytes"
)


def tells_full_disk(text: str) -> bool:
    """Whether a program's output says that the disk is full."""
    return _FULL_DISK.search(text) is not None


def explained(error: OSError) -> str:
    """An operating system's error as a clause for a person."""
    if error.errno == errno.ENOSPC:
        return "the disk is full: free some space"
    return f"{error.filename}: {error.strerror}" if error.filename else str(error.strerror)
