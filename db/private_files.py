"""Files that nobody else may read, replaced whole: a reader sees the old or the new one."""

import os
from pathlib import Path


def replace_private(path: Path, content: bytes) -> None:
    """Put a file of mode 0600 in place of any before it; its folder is made where it is missing."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
    draft.replace(path)
