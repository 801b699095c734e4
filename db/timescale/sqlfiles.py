"""What SQL files make, taken apart into statements: functions, triggers and sequences by name."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from db.timescale.sqltext import ident

Name = tuple[str, str]

_PART = r'(?:[a-zA-Z_][\w$]*|"(?:[^"]|"")+")'
_QUALIFIED = rf"(?:{_PART}\.)?{_PART}"
_CREATE = r"CREATE\s+(?:OR\s+REPLACE\s+)?"
_ROUTINE = re.compile(rf"{_CREATE}(?:FUNCTION|PROCEDURE)\s+(?P<name>{_QUALIFIED})", re.IGNORECASE)
_TRIGGER = re.compile(
    rf"{_CREATE}(?:CONSTRAINT\s+)?TRIGGER\s+(?P<name>{_PART})\s.*?\sON\s+(?P<table>{_QUALIFIED})"
    rf".*?\sEXECUTE\s+(?:FUNCTION|PROCEDURE)\s+(?P<routine>{_QUALIFIED})",
    re.IGNORECASE | re.DOTALL,
)
_SEQUENCE = re.compile(
    rf"CREATE\s+SEQUENCE\s+(?:IF\s+NOT\s+EXISTS\s+)?(?P<name>{_QUALIFIED})", re.IGNORECASE
)
# what a semicolon ends nothing in: comments, strings, quoted names, bodies between dollars
_WHOLE = re.compile(r"--[^\n]*|'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|(\$\w*\$).*?\1", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Routine:
    """A function or procedure and the statement that makes it."""

    name: Name
    statement: str

    def placed_in(self, schema: str) -> str:
        """The statement for another schema; what it takes and calls stays where it is."""
        return _replaced(_ROUTINE, self.statement, name=_placed(self.name, schema))


@dataclass(frozen=True, slots=True)
class Trigger:
    """A trigger, its table and the routine it calls."""

    name: str
    table: Name
    routine: Name
    statement: str

    def placed_in(self, schema: str) -> str:
        """The statement with table and routine of another schema."""
        return _replaced(
            _TRIGGER,
            self.statement,
            table=_placed(self.table, schema),
            routine=_placed(self.routine, schema),
        )


@dataclass(frozen=True, slots=True)
class Made:
    """All that some files make, in their order."""

    routines: tuple[Routine, ...]
    triggers: tuple[Trigger, ...]
    sequences: tuple[Name, ...]


def made_by(texts: Iterable[str]) -> Made:
    """What the texts of SQL files make; a name without a schema is in `public`."""
    found = [statement for text in texts for statement in statements(text)]
    return Made(
        routines=tuple(
            Routine(_name(match["name"]), statement)
            for statement in found
            if (match := _ROUTINE.match(statement))
        ),
        triggers=tuple(
            Trigger(
                _unquoted(match["name"]), _name(match["table"]), _name(match["routine"]), statement
            )
            for statement in found
            if (match := _TRIGGER.match(statement))
        ),
        sequences=tuple(
            _name(match["name"]) for statement in found if (match := _SEQUENCE.match(statement))
        ),
    )


def statements(text: str) -> Iterator[str]:
    """The statements of a script, without the comments before them and the semicolons after."""
    start = position = 0
    while position < len(text):
        whole = _WHOLE.match(text, position)
        if whole is not None:
            if whole[0].startswith("--") and not text[start:position].strip():
                start = whole.end()
            position = whole.end()
            continue
        if text[position] == ";":
            yield from _stripped(text[start:position])
            start = position + 1
        position += 1
    yield from _stripped(text[start:])


def _stripped(statement: str) -> Iterator[str]:
    if statement.strip():
        yield statement.strip()


def _replaced(pattern: re.Pattern[str], statement: str, **groups: str) -> str:
    """The statement with the text of some groups replaced; these stand in their order."""
    match = pattern.match(statement)
    if match is None:
        raise ValueError(f"{statement[:60]!r} is not what it was taken for.")
    parts, position = [], 0
    for group, text in groups.items():
        parts += [statement[position : match.start(group)], text]
        position = match.end(group)
    return "".join([*parts, statement[position:]])


def _placed(name: Name, schema: str) -> str:
    return f"{schema}.{ident(name[1])}"


def _name(qualified: str) -> Name:
    parts = re.findall(_PART, qualified)
    schema = _unquoted(parts[0]) if len(parts) == 2 else "public"
    return schema, _unquoted(parts[-1])


def _unquoted(part: str) -> str:
    return part[1:-1].replace('""', '"') if part.startswith('"') else part.lower()
