"""A click group whose commands are files of a package, imported only when they are run."""

import ast
import errno
import importlib
import math
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn

import click

from db.errors import InvalidInputError, NotMigratedError, OIError, RefusedError, SettingsError
from db.timescale.errors import TimescaleError

_EXIT_FAILED = 1
_EXIT_BAD_INPUT = 2
_EXIT_INTERRUPTED = 130
# what names a wrong place; a disk that is full or broken is no fault of the input
_WRONG_PLACE = (
    FileExistsError,
    FileNotFoundError,
    IsADirectoryError,
    NotADirectoryError,
    PermissionError,
)
# a table, schema, column or function that is not there
# https://www.postgresql.org/docs/current/errcodes-appendix.html
_OTHER_SCHEMA = frozenset({"42P01", "3F000", "42703", "42883"})
# what a database that is there refuses, and what to do about it
_REFUSED = {
    "42501": "The account may not do this in the database ({reason}); sign in as the database's "
    "owner, or as one whom `python -m db roles` gives the rights.",
    "25006": "The database takes no writes ({reason}): it is a standby, or "
    "default_transaction_read_only is on.",
    "57014": "The server ended a statement before it was done ({reason}); run this again, or with "
    "a longer limit.",
    "55P03": "Another session was in the way ({reason}); run this again.",
    "40P01": "Another session was in the way ({reason}); run this again.",
    "40001": "Another session was in the way ({reason}); run this again.",
}
_NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO})


# what a column of type integer holds: no option counts further
MOST = 2**31 - 1


class Amount(click.FloatRange):
    """A number within bounds; neither infinity nor what is no number at all."""

    name = "number"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        number = super().convert(value, param, ctx)
        if not math.isfinite(number):
            self.fail(f"{value!r} is not a finite number.", param, ctx)
        return number


class LazyGroup(click.Group):
    """Commands are the modules of one package; each exposes a click command named `command`.

    A file whose name starts with an underscore is no command; one that ends with it has a name
    that Python keeps for itself (`import_.py` is `import`). The listing reads the first line of
    each module's docstring and imports nothing.
    """

    def __init__(self, package: str, folder: Path, **attrs: Any) -> None:
        super().__init__(**attrs)
        self._package = package
        self._folder = folder

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(self._modules())

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        name = self._modules().get(cmd_name)
        if name is None:
            return None
        module = importlib.import_module(f"{self._package}.{name}")
        command: click.Command = module.command
        return command

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            click.echo("\nInterrupted.", err=True)
            ctx.exit(_EXIT_INTERRUPTED)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        rows = [(name, self._summary(name)) for name in self.list_commands(ctx)]
        if rows:
            with formatter.section("Commands"):
                formatter.write_dl(rows)

    def _modules(self) -> dict[str, str]:
        """The module of each command."""
        stems = (path.stem for path in self._folder.glob("*.py"))
        return {
            stem.removesuffix("_").replace("_", "-"): stem
            for stem in stems
            if not stem.startswith("_")
        }

    def _summary(self, name: str) -> str:
        source = (self._folder / f"{self._modules()[name]}.py").read_text(encoding="utf-8")
        docstring = ast.get_docstring(ast.parse(source)) or ""
        return docstring.partition("\n")[0]


def run(group: click.Group, program: str, arguments: Sequence[str] | None = None) -> None:
    """Run a group as a program; an error made for people is one sentence on stderr.

    Exit code 1 when something failed, 2 when the input or a setting was wrong, 130 on Ctrl-C.
    """
    try:
        _demand_text(sys.argv[1:] if arguments is None else arguments)
        group.main(args=arguments, prog_name=program, standalone_mode=True)
    except (InvalidInputError, SettingsError) as error:
        _fail(error, _EXIT_BAD_INPUT)
    except (OIError, TimescaleError) as error:
        _fail(error, _EXIT_FAILED)
    except OSError as error:
        _fail_for_system(error)
    except Exception as error:
        explained = _explained(error)
        if explained is None:
            raise
        bad = isinstance(explained, InvalidInputError | SettingsError)
        _fail(explained, _EXIT_BAD_INPUT if bad else _EXIT_FAILED)


def _demand_text(arguments: Sequence[str]) -> None:
    for argument in arguments:
        try:
            argument.encode()
        except UnicodeEncodeError:
            shown = argument.encode(errors="replace").decode()
            raise InvalidInputError(f"The argument {shown!r} is not text.") from None


def _explained(error: Exception) -> OIError | None:
    """What SQLAlchemy or the driver itself ran into, in words; None for any other error."""
    from db.driver_errors import explained

    cause = getattr(error, "orig", None) or error
    state, reason = getattr(cause, "sqlstate", None), str(cause).partition("\n")[0]
    if state in _OTHER_SCHEMA:
        return NotMigratedError(
            f"The database is not as this program reads it ({reason}): run `alembic upgrade head`."
        )
    if state in _REFUSED:
        return RefusedError(_REFUSED[state].format(reason=reason))
    return explained(cause)


def _fail_for_system(error: OSError) -> NoReturn:
    """A file or a disk that cannot be used, by its name; raises any other error on."""
    if error.filename is not None:
        code = _EXIT_BAD_INPUT if isinstance(error, _WRONG_PLACE) else _EXIT_FAILED
        _fail(f"{error.filename} cannot be used: {error.strerror}.", code)
    if error.errno in _NO_ROOM:
        _fail(f"The output cannot be written: {error.strerror}.", _EXIT_FAILED)
    raise error


def _fail(error: Exception | str, code: int) -> NoReturn:
    click.echo(f"Error: {error}", err=True)
    sys.exit(code)
