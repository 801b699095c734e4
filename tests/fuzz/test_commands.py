"""Arguments of every command are understood, or refused in a sentence before anything runs."""

from collections.abc import Iterator
from contextlib import suppress

import click
import pytest
from click.testing import CliRunner
from hypothesis import strategies as st

from app.cli import group as app_commands
from benchmarks.cli import group as benchmark_commands
from db.cli import group as db_commands
from db.errors import OIError
from tests.fuzz.generated import fuzzed, words

GROUPS = {"app": app_commands, "db": db_commands, "benchmarks": benchmark_commands}


def commands(group: click.Group, name: str) -> Iterator[tuple[str, click.Command]]:
    """Every command below a group that does something, by its full name."""
    context = click.Context(group)
    for each in group.list_commands(context):
        command = group.get_command(context, each)
        assert command is not None
        if isinstance(command, click.Group):
            yield from commands(command, f"{name} {each}")
        else:
            yield f"{name} {each}", command


# no system passes a NUL in an argument
TYPED = words.map(lambda text: text.replace("\0", ""))
COMMANDS = dict(one for name, group in GROUPS.items() for one in commands(group, name))
OPTIONS = sorted(
    {
        option
        for command in COMMANDS.values()
        for parameter in command.params
        for option in (*parameter.opts, *parameter.secondary_opts)
        if option.startswith("-")
    }
)


@pytest.mark.parametrize("program", sorted(GROUPS))
def test_arguments_are_understood_or_refused(program: str) -> None:
    names = [name for name in COMMANDS if name.startswith(f"{program} ")]

    @fuzzed(
        0.05,
        60,
        name=st.sampled_from(names),
        arguments=st.lists(
            st.one_of(
                TYPED,
                st.sampled_from(OPTIONS),
                st.tuples(st.sampled_from(OPTIONS), TYPED).map("=".join),
            ),
            max_size=5,
        ),
    )
    def arguments_of(name: str, arguments: list[str]) -> None:
        # parses and converts everything, and runs nothing; who asks is answered by an end of file
        with (
            CliRunner().isolation(),
            suppress(click.ClickException, click.exceptions.Exit, click.Abort, OIError),
        ):
            COMMANDS[name].make_context(name, list(arguments))

    arguments_of()
