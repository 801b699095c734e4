"""The documentation names all that a user can type, set, ask for or press; what it shows runs."""

import ast
import html
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from flask import Flask
from sqlalchemy import URL

from app.cli import group as app_commands
from app.web.factory import build
from benchmarks.cli import group as benchmark_commands
from db.cli import group as db_commands
from db.setting_list import Described, described
from db.settings import Settings
from tests.support.databases import connection
from tests.support.paths import ROOT

PROGRAMS: dict[str, click.Group] = {
    "app": app_commands,
    "db": db_commands,
    "benchmarks": benchmark_commands,
}
PAGES = (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")))
DOCUMENTATION = "\n".join(page.read_text(encoding="utf-8") for page in PAGES)
# written by a program, or the audit trail of a run
SHOWN_NOT_TYPED = {"benchmarks.md"}


def commands(group: click.Group, so_far: str) -> Iterator[str]:
    """Every command below a group by its full name; groups count by their commands."""
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        if isinstance(command, click.Group):
            yield from commands(command, f"{so_far} {name}")
        else:
            yield f"{so_far} {name}"


def shown() -> Iterator[tuple[str, str]]:
    """(page, command line) of every line after a `$` that starts a program of ours."""
    for page in PAGES:
        if page.name in SHOWN_NOT_TYPED:
            continue
        for line in re.findall(r"^\$ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE):
            # a comment behind it, a pipe or a redirection is the shell's
            typed = re.split(r"\s+[#|>]", line)[0]
            typed = re.sub(r"^(\w+=\S+\s+)+", "", typed).strip()
            if re.match(r"python -m (app|db|benchmarks)\b", typed):
                yield page.name, typed


@pytest.mark.parametrize(
    "name",
    [
        name
        for program, group in PROGRAMS.items()
        for name in commands(group, f"python -m {program}")
    ],
)
def test_every_command_is_documented(name: str) -> None:
    assert name in DOCUMENTATION


@pytest.mark.parametrize(("page", "line"), list(shown()))
def test_every_command_that_is_shown_is_understood(page: str, line: str) -> None:
    _, _, program, *arguments = shlex.split(line)
    command: click.Command = PROGRAMS[program]
    context = click.Context(command, info_name=program)
    while isinstance(command, click.Group) and arguments and not arguments[0].startswith("-"):
        name, found, arguments = command.resolve_command(context, arguments)
        assert found is not None, name
        command, context = found, click.Context(found, parent=context, info_name=name)
    if "--help" in arguments or isinstance(command, click.Group):
        return
    # parses and converts every option and argument; raises UsageError, and runs nothing
    asks = any(getattr(option, "prompt", None) for option in command.params)
    command.make_context(command.name, arguments, resilient_parsing=asks)


# what is shown and can be run as it stands on any migrated database, changing nothing lasting
RUNS_AS_IT_STANDS = (
    *("python -m app show", "python -m db status", "python -m db indexes", "python -m db advise"),
    *("python -m db slow", "python -m db maintain --once", "python -m db archive status"),
    *("python -m db convert status", "python -m benchmarks --help"),
)


@pytest.mark.parametrize(
    "line", sorted({line for _, line in shown() if line.startswith(RUNS_AS_IT_STANDS)})
)
def test_a_command_that_is_shown_runs(database: URL, tmp_path: Path, line: str) -> None:
    url = database.set(drivername="postgresql").render_as_string(hide_password=False)
    with connection(database) as session:
        session.execute("CREATE EXTENSION IF NOT EXISTS pg_stat_statements")
    done = subprocess.run(
        [sys.executable, *shlex.split(line)[1:]],
        cwd=ROOT,
        env={**os.environ, "OI_DATABASE_URL": url, "OI_HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    # `status` ends with 1 where something is red, as on a database that nobody maintains
    assert done.returncode == 0 or line.startswith("python -m db status"), done.stderr
    assert done.stderr == "" or "Error" not in done.stderr
    assert done.stdout or line.startswith("python -m db advise")


@pytest.mark.parametrize("setting", described(), ids=lambda setting: setting.name)
def test_every_setting_is_documented(setting: Described) -> None:
    assert f"`{setting.name}`" in DOCUMENTATION
    assert setting.sentence in " ".join(DOCUMENTATION.split())
    assert setting.legacy is None or f"`{setting.legacy}`" in DOCUMENTATION


@pytest.fixture(scope="module")
def application(tmp_path_factory: pytest.TempPathFactory) -> Flask:
    return build(Settings(home=tmp_path_factory.mktemp("home")))


def test_every_route_is_documented(application: Flask) -> None:
    routes = {str(rule) for rule in application.url_map.iter_rules()}
    missing = sorted(route for route in routes if f"`{route}`" not in DOCUMENTATION)
    assert missing == []


def test_every_key_of_the_dashboard_is_documented() -> None:
    sheet = (ROOT / "app" / "web" / "templates" / "dashboard.html").read_text(encoding="utf-8")
    keys = [html.unescape(key) for key in re.findall(r"<kbd>([^<]+)</kbd>", sheet)]
    assert keys
    # how many tabs there are is the table of exchanges' affair
    keys = [key for key in keys if "{{" not in key]
    guide = (ROOT / "docs" / "trader.md").read_text(encoding="utf-8")
    assert [key for key in keys if f"`{key}`" not in guide] == []


def test_links_between_pages_lead_somewhere() -> None:
    broken = []
    for page in PAGES:
        for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8")):
            if not (page.parent / target).exists():
                broken.append(f"{page.name}: {target}")
    assert broken == []


def test_modules_named_in_the_documentation_exist() -> None:
    named = set(re.findall(r"`((?:app|db|benchmarks|tests)/[\w/.]+)`", DOCUMENTATION))
    assert sorted(path for path in named if not Path(ROOT, path).exists()) == []


def test_every_module_says_what_it_is_for() -> None:
    silent = [
        str(path.relative_to(ROOT))
        for top in ("app", "db", "benchmarks")
        for path in (ROOT / top).rglob("*.py")
        if not ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))
    ]
    assert silent == []
