"""Statements of a .sql file by name: `-- name: x`, lines of description, the statement."""

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path

_STATEMENT = re.compile(r"^-- name: (?P<name>\w+)\n(?P<text>.*?);\n", re.MULTILINE | re.DOTALL)
_COMMENT = re.compile(r"^--.*\n", re.MULTILINE)


@cache
def statements(file: Path) -> Mapping[str, str]:
    """The statements of a file without comments and final semicolons."""
    text = file.read_text(encoding="utf-8")
    return {found["name"]: _COMMENT.sub("", found["text"]) for found in _STATEMENT.finditer(text)}
