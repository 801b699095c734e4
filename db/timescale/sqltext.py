"""SQL text put together from named parts that are quoted where they are made.

A template holds `{names}`; what fills them is a Fragment (from `ident`, `relation`, `literal`,
`interval`, `joined` or `raw`) and nothing else, so that no value reaches a statement unquoted.
"""

import json
import re
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from functools import cache
from importlib.resources import files
from typing import NamedTuple

from sqlalchemy.dialects import postgresql

# "named": as the driver takes these statements, a % stands for itself
_PREPARER = postgresql.base.PGDialect(paramstyle="named").identifier_preparer  # type: ignore[no-untyped-call]
_NAMED = re.compile(r"^-- name: (\w+)\n", re.MULTILINE)
_LEADING_COMMENT = re.compile(r"\A(?:--.*\n)+")
_SLOT = re.compile(r"\{(\w+)\}")
_PART = re.compile(r'"(?:[^"]|"")*"|[^.]+')


class Fragment(str):
    """SQL that is safe to put into a statement as it stands."""

    __slots__ = ()


def ident(name: str) -> Fragment:
    """One identifier, quoted where PostgreSQL needs it."""
    return Fragment(_PREPARER.quote(name))


class Relation(NamedTuple):
    """A relation by its two names, as the catalog has them: nothing is quoted or folded."""

    schema: str
    name: str

    @classmethod
    def named(cls, name: str, default_schema: str = "public") -> "Relation":
        """`name` or `schema.name`, as declarations have it."""
        schema, table = split_relation(name)
        return cls(schema or default_schema, table)

    @classmethod
    def quoted(cls, name: str, default_schema: str = "public") -> "Relation":
        """The same of a name as PostgreSQL prints it."""
        parts = [part.replace('""', '"') for part in _PART.findall(name)]
        unquoted = [part[1:-1] if part.startswith('"') else part for part in parts]
        return cls(*unquoted) if len(unquoted) > 1 else cls(default_schema, *unquoted)

    def __str__(self) -> str:
        return f"{self.schema}.{self.name}"


def split_relation(name: str) -> tuple[str | None, str]:
    """`name` or `schema.name` as (schema, name)."""
    schema, _, table = name.rpartition(".")
    return schema or None, table


def relation(name: str) -> Fragment:
    """A relation named `name` or `schema.name`, each part quoted where needed."""
    schema, table = split_relation(name)
    return ident(table) if schema is None else Fragment(f"{ident(schema)}.{ident(table)}")


def regclass(name: str) -> Fragment:
    """A relation as a regclass literal."""
    return Fragment(literal(relation(name)) + "::regclass")


def full_name(name: str) -> Fragment:
    """An SQL expression for a relation's quoted schema.name; NULL where there is no relation."""
    return compose(
        "(SELECT format('%I.%I', n.nspname, c.relname) FROM pg_class AS c"
        " JOIN pg_namespace AS n ON n.oid = c.relnamespace WHERE c.oid = to_regclass({relation}))",
        relation=literal(relation(name)),
    )


def literal(value: object) -> Fragment:
    """A Python value as an SQL literal; mappings and lists become jsonb.

    Raises TypeError for a value of any other kind.
    """
    match value:
        case None:
            return Fragment("NULL")
        case bool():
            return Fragment("true" if value else "false")
        case int() | float():
            return Fragment(repr(value))
        case timedelta():
            return interval(value)
        case datetime():
            return literal(value.isoformat())
        case str():
            quoted = "'" + value.replace("'", "''") + "'"
            return Fragment(" E" + quoted.replace("\\", "\\\\") if "\\" in value else quoted)
        case Mapping() | list() | tuple():
            return Fragment(literal(json.dumps(value, sort_keys=True)) + "::jsonb")
        case _:
            raise TypeError(f"no SQL literal for {type(value).__name__}")


def interval_text(value: timedelta) -> str:
    """A timedelta as PostgreSQL writes it: whole days, then hours, minutes and seconds."""
    days, rest = divmod(value, timedelta(days=1)) if value >= timedelta(0) else (0, value)
    parts = []
    if days:
        parts.append(f"{days} day" if days == 1 else f"{days} days")
    if rest:
        parts.append(_clock_text(rest))
    return " ".join(parts) or "00:00:00"


def interval(value: timedelta) -> Fragment:
    """A timedelta as an interval literal."""
    return Fragment("INTERVAL " + literal(interval_text(value)))


def raw(text: str) -> Fragment:
    """SQL written by the user (an expression, a predicate) or by PostgreSQL itself."""
    return Fragment(text)


def joined(parts: Iterable[str], separator: str = ", ") -> Fragment:
    """Fragments in a row; raises TypeError for a part that is a plain string."""
    return Fragment(separator.join(_fragment("part", part) for part in parts))


def compose(template: str, **parts: str) -> Fragment:
    """The template with every `{name}` filled in; raises TypeError for a plain string."""
    filled = {name: _fragment(name, part) for name, part in parts.items()}
    return Fragment(_SLOT.sub(lambda slot: filled[slot.group(1)], template))


def dollar_quoted(body: str) -> Fragment:
    """A string constant between dollar signs, with a tag that does not occur in it."""
    tag = "$body$"
    while tag in body:
        tag = "$" + tag.strip("$") + "_$"
    return Fragment(f"{tag}{body}{tag}")


@cache
def named_statements(package: str, filename: str) -> Mapping[str, str]:
    """The statements of a `.sql` file: each under a line `-- name: x` and its comment."""
    source = files(package).joinpath(filename).read_text(encoding="utf-8")
    _, *pieces = _NAMED.split(source)
    return {
        name: _LEADING_COMMENT.sub("", statement).strip().removesuffix(";")
        for name, statement in zip(pieces[::2], pieces[1::2], strict=True)
    }


def _fragment(name: str, part: str) -> str:
    if not isinstance(part, Fragment):
        raise TypeError(f"{name} is a plain string: quote it with ident, literal or raw")
    return part


def _clock_text(value: timedelta) -> str:
    sign = "-" if value < timedelta(0) else ""
    seconds, micros = divmod(abs(value) // timedelta(microseconds=1), 1_000_000)
    hours, rest = divmod(seconds, 3600)
    fraction = f".{micros:06d}".rstrip("0") if micros else ""
    return f"{sign}{hours:02d}:{rest // 60:02d}:{rest % 60:02d}{fraction}"
