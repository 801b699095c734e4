"""Files that nobody else may read, replaced whole: a reader sees the old or the new one."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path


def replace_private(path: Path, content: bytes) -> None:
    """Put a file of mode 0600 in place of any before it; its folder is made where it is missing."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with _draft(path, content) as draft:
        draft.replace(path)


def keep_first_private(path: Path, content: bytes) -> None:
    """Put a file of mode 0600 where none is: of several processes the first one's stays."""
    with _draft(path, content) as draft, suppress(FileExistsError):
        os.link(draft, path)


@contextmanager
def _draft(path: Path, content: bytes) -> Iterator[Path]:
    """The content in a file beside, which is gone afterwards, also where a disk is full."""
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    try:
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
        yield draft
    finally:
        draft.unlink(missing_ok=True)
