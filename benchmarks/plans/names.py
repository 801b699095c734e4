"""Names as a person knows them: chunks and their indexes under the name of their hypertable.

TimescaleDB names a chunk `_hyper_<hypertable>_<number>_chunk`, an index of it
`<chunk>_<index>`, the index of a constraint `<number>_<number>_<constraint>`, and the compressed
side of a chunk `compress_hyper_<hypertable>_<number>_chunk` or, later, `<chunk>_compressed`.
"""

import re

_CHUNK = re.compile(r"^_hyper_\d+_\d+_chunk$")
_COMPRESSED = re.compile(r"^(?:compress_hyper_\d+_\d+_chunk|_hyper_\d+_\d+_chunk_compressed)$")
_COMPRESSED_INDEX = re.compile(r"^(?:compress)?_hyper_\d+_\d+_chunk_compressed_|^compress_hyper_")
_CHUNK_INDEX = re.compile(r"^_hyper_\d+_\d+_chunk_(?P<name>.+)$")
_CONSTRAINT_INDEX = re.compile(r"^\d+_\d+_(?P<name>.+)$")
_MATERIALIZED = re.compile(r"_materialized_hypertable_\d+")
COMPRESSED_CHUNK = "compressed chunk"
# PostgreSQL cuts names at 63 bytes, so that longer numbers of chunks leave less of the index's
_LONGEST_NAME = 63
_CERTAIN = 30
_NUMBERED = re.compile(r"_\d+$")
_LITERAL = re.compile(r"'(?:[^']|'')*'(?:::[a-z ]+(?:\[\])?)?|\b\d+(?:\.\d+)?\b")


def is_chunk(relation: str | None) -> bool:
    """Whether a relation is a chunk (the compressed side of one is not counted twice)."""
    return relation is not None and _CHUNK.match(relation) is not None


def relation_name(relation: str, alias: str | None) -> str:
    """The name of a scanned relation; a chunk goes by the alias its hypertable has."""
    if _COMPRESSED.match(relation):
        return COMPRESSED_CHUNK
    if _CHUNK.match(relation):
        known = _NUMBERED.sub("", alias or "")
        return "chunk" if not known or _CHUNK.match(alias or "") else f"chunk of {known}"
    return relation


def is_compressed(relation: str | None) -> bool:
    """Whether a relation is the compressed side of a chunk."""
    return relation is not None and _COMPRESSED.match(relation) is not None


def index_name(index: str) -> str:
    """The name of an index without the chunk it belongs to."""
    if _COMPRESSED_INDEX.match(index):
        return f"segments of {COMPRESSED_CHUNK}"
    for pattern in (_CHUNK_INDEX, _CONSTRAINT_INDEX):
        if found := pattern.match(index):
            name = found["name"] if len(index) < _LONGEST_NAME else f"{found['name'][:_CERTAIN]}…"
            return _MATERIALIZED.sub("_materialized_hypertable", name)
    return index


def condition_without_values(condition: str) -> str:
    """A condition with its literals replaced: 'exchange = ?' is the same for every exchange."""
    return _LITERAL.sub("?", condition)
