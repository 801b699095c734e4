"""Imports run downwards: each room may use those below it, and nothing else of ours.

Within a room modules do so too. An import for a type alone is one as well: whoever reads the one
module needs the other.
"""

import ast
import re
from collections.abc import Iterator, Mapping
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

from tests.support.paths import ROOT

# what every measured part of the suite is made of
_MEASURING = (
    *("benchmarks.errors", "benchmarks.server", "benchmarks.timing", "benchmarks.plans"),
    *("benchmarks.dataset", "benchmarks.workloads", "benchmarks.report", "benchmarks.targets"),
)
# what each room may import, itself aside; the longest prefix of a module's name is its room
ROOMS: dict[str, tuple[str, ...]] = {
    "db.errors": (),
    "db.backoff": (),
    "db.market": ("db.errors",),
    "db.timescale": ("db.errors", "db.backoff"),
    "db": ("db.errors", "db.backoff", "db.market", "db.timescale"),
    "app.analytics": ("db.market",),
    "app.orphans": (),
    "app.packing": (),
    "app.worker": (),
    "app.trouble": ("db",),
    "app.telemetry": ("db", "app.trouble", "app.worker"),
    "app.cache": ("db", "app.telemetry", "app.trouble"),
    "app.kite": ("db", "app.cache", "app.telemetry"),
    # the stand-in for the broker drives the simulated market; nothing of the product uses it
    "app.kite.standin": ("db", "app.analytics", "app.feeds", "app.kite"),
    "app.feeds": ("db", "app.analytics", "app.kite", "app.telemetry"),
    "app.signals": ("db", "app.analytics", "app.telemetry"),
    "app.desk": ("db", "app.analytics", "app.telemetry", "app.trouble", "app.worker"),
    "app.collector": (
        *("db", "app.analytics", "app.feeds", "app.kite", "app.signals", "app.desk"),
        *("app.telemetry", "app.trouble", "app.worker"),
    ),
    "app.chains": ("db", "app.analytics", "app.cache", "app.packing", "app.telemetry"),
    "app.push": ("db", "app.chains", "app.telemetry", "app.worker"),
    "app.web": (
        *("db", "app.analytics", "app.cache", "app.chains", "app.desk", "app.kite", "app.push"),
        *("app.orphans", "app.packing", "app.signals", "app.telemetry", "app.worker"),
    ),
    "app.demo": ("db", "app.analytics", "app.feeds", "app.kite", "app.orphans", "app.web"),
    "app.cli": ("db", "app"),
    "app": ("db", "app.cli", "app.web"),
    "benchmarks.errors": ("db",),
    "benchmarks.server": ("db", "benchmarks.errors"),
    "benchmarks.timing": ("db", "benchmarks.errors", "benchmarks.server"),
    "benchmarks.plans": ("db", "benchmarks.errors", "benchmarks.server", "benchmarks.timing"),
    "benchmarks.equivalence": ("db", "benchmarks.errors", "benchmarks.server"),
    "benchmarks.dataset": (
        *("db", "app.analytics", "app.feeds"),
        *("benchmarks.errors", "benchmarks.server", "benchmarks.timing"),
    ),
    "benchmarks.traffic": ("db", "benchmarks.errors", "benchmarks.server", "benchmarks.dataset"),
    # held against by what measures and by what reports
    "benchmarks.targets": (),
    "benchmarks.workloads": ("db", "benchmarks.errors", "benchmarks.dataset", "benchmarks.targets"),
    "benchmarks.report": (
        *("db", "benchmarks.errors", "benchmarks.server", "benchmarks.plans"),
        "benchmarks.targets",
    ),
    "benchmarks.parts": (
        *("db", "app.feeds", "app.kite", "app.collector"),
        *(*_MEASURING, "benchmarks.traffic"),
    ),
    "benchmarks.feed": (
        *("db", "app.kite", "app.feeds", "app.collector"),
        *(*_MEASURING, "benchmarks.web"),
    ),
    "benchmarks.chaos": (
        *("db", "app.feeds", "app.kite", *_MEASURING),
        *("benchmarks.feed", "benchmarks.web"),
    ),
    "benchmarks.crowd": (
        *("db", *_MEASURING),
        *("benchmarks.feed", "benchmarks.web"),
    ),
    "benchmarks.flags": (
        *("db", "app", "app.signals", *_MEASURING),
        *("benchmarks.feed", "benchmarks.web"),
    ),
    "benchmarks.signals": (
        *("db", "app.feeds", "app.signals", *_MEASURING),
        *("benchmarks.feed", "benchmarks.web"),
    ),
    "benchmarks.peers": ("db", *_MEASURING),
    "benchmarks.web": ("db", "app.web", *_MEASURING),
    # what timing costs is measured within the application
    "benchmarks.overhead": (
        *("db", "app.cli", "app.telemetry", "app.web", *_MEASURING),
        *("benchmarks.feed", "benchmarks.web"),
    ),
    "benchmarks.cli": ("db", "benchmarks"),
    "benchmarks": ("db", "benchmarks.cli"),
}
# `db` is one house with rooms of its own; what must not be seen from below
FORBIDDEN = {
    "db.timescale": ("db.market", "db.schema", "db.queries", "db.ingest", "db.settings"),
    "app.kite": ("app.kite.standin",),
    "app.feeds": ("app.kite.standin",),
    "app.collector": ("app.kite.standin",),
    # a web worker leaves a token for the process that talks to the broker; itself it asks for names
    "app.web": (
        *("app.kite.account", "app.kite.client", "app.kite.standin", "app.kite.subscriptions"),
        *("app.kite.ticker", "app.kite.wire"),
    ),
}


def room_of(module: str) -> str | None:
    """The room a module of ours stands in; None for anybody else's."""
    rooms = [room for room in ROOMS if module == room or module.startswith(f"{room}.")]
    return max(rooms, key=len, default=None)


def imported(path: Path) -> Iterator[tuple[int, str]]:
    """(line, module) of everything a file imports, inside functions too."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, name.name) for name in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            for name in node.names:
                yield node.lineno, f"{node.module}.{name.name}"


def modules() -> list[Path]:
    return [path for top in ("app", "db", "benchmarks") for path in (ROOT / top).rglob("*.py")]


def name_of(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def arrows(paths: Mapping[str, Path]) -> dict[str, set[str]]:
    """Which of these modules each imports; a package that is only passed through is none."""
    found = {}
    for module, path in paths.items():
        targets = [target for _, target in imported(path)]
        known = [target if target in paths else target.rpartition(".")[0] for target in targets]
        found[module] = {target for target in known if target in paths} - {module}
    return found


# `import … from "…"`, `import("…")`, and the same in a comment that tells a type
SCRIPT = re.compile(r"""(?:\bfrom\s*|\bimport\s*\(?\s*)["'](\.[^"']+)["']""")


def script_arrows(front: Path) -> dict[str, set[str]]:
    """Which scripts of the page each imports, at once or later."""
    return {
        path.relative_to(front).as_posix(): {
            (path.parent / target).resolve().relative_to(front.resolve()).as_posix()
            for target in SCRIPT.findall(path.read_text(encoding="utf-8"))
        }
        for path in front.rglob("*.js")
    }


def circle(found: Mapping[str, set[str]]) -> list[str]:
    """One way from a module back to itself, if there is any."""
    try:
        TopologicalSorter(found).prepare()
    except CycleError as error:
        return list(reversed(error.args[1]))
    return []


def faults(module: str, path: Path) -> Iterator[str]:
    mine = room_of(module)
    for line, target in imported(path):
        theirs = room_of(target)
        if mine is None or theirs is None or mine == theirs:
            continue
        allowed = any(
            theirs == room or theirs.startswith(f"{room}.") for room in (*ROOMS[mine], mine)
        )
        if not allowed:
            yield f"{path.relative_to(ROOT)}:{line} imports {target}: {mine} may not use {theirs}"
        for room in FORBIDDEN.get(mine, ()):
            if target == room or target.startswith(f"{room}."):
                yield f"{path.relative_to(ROOT)}:{line} imports {target}: {mine} stands by itself"


def test_imports_run_downwards() -> None:
    found = []
    for path in modules():
        found += faults(name_of(path), path)
    assert found == []


def test_no_module_comes_back_to_itself() -> None:
    assert circle(arrows({name_of(path): path for path in modules()})) == []


def test_no_script_of_the_page_comes_back_to_itself() -> None:
    found = script_arrows(ROOT / "app" / "web" / "front")
    assert found["charts/panel.js"] >= {"charts/board.js"}
    assert circle(found) == []


@pytest.mark.parametrize(
    "back",
    [
        *("import app.one", "from app.one import One", "from app import one"),
        "def later():\n    from app.one import One",
        "if TYPE_CHECKING:\n    from app.one import One",
    ],
)
def test_the_walk_sees_a_circle_of_modules(tmp_path: Path, back: str) -> None:
    sources = {"app.one": "from app import two", "app.two": "import app.three", "app.three": back}
    paths = {module: tmp_path / f"{module}.py" for module in sources}
    for module, source in sources.items():
        paths[module].write_text(source)
    assert circle(arrows(paths)) == ["app.one", "app.two", "app.three", "app.one"]


@pytest.mark.parametrize(
    "back",
    [
        *('import "../one.js";', 'import { One } from "../one.js";', 'await import("../one.js");'),
        '/** @param {import("../one.js").One} one */',
        'export { One } from "../one.js";',
    ],
)
def test_the_walk_sees_a_circle_of_scripts(tmp_path: Path, back: str) -> None:
    (tmp_path / "room").mkdir()
    (tmp_path / "one.js").write_text('import { two } from "./room/two.js";')
    (tmp_path / "room" / "two.js").write_text(back)
    assert circle(script_arrows(tmp_path)) == ["one.js", "room/two.js", "one.js"]


def test_sqlalchemy_s_dialect_is_imported_whole() -> None:
    """Its package and a part of it, imported by two threads at once, wait for each other.

    Python then gives one of them half a module: a first sign-in failed beside a pool that opened.
    """
    package = "sqlalchemy.dialects.postgresql"
    assert [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path in modules()
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(f"{package}.")
    ] == []


@pytest.mark.parametrize(
    ("module", "source", "expected"),
    [
        ("app.web.pages", "from app.collector import Collector", "may not use app.collector"),
        ("app.collector.run", "from app.web import services", "may not use app.web"),
        ("app.chains.states", "from app.push.hub import Hub", "may not use app.push"),
        ("db.queries.chain", "import app.chains", "may not use app.chains"),
        ("db.timescale.specs", "from db.schema import metadata", "stands by itself"),
        ("app.web.pages", "from app.chains.states import ChainStates", None),
        ("app.web.routes.broker", "from app.kite.session import SessionStore", None),
        ("app.web.routes.broker", "from app.kite.client import BrokerClient", "stands by itself"),
    ],
)
def test_the_walk_sees_what_runs_upwards(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, module: str, source: str, expected: str | None
) -> None:
    path = tmp_path / "module.py"
    path.write_text(source)
    monkeypatch.setattr("tests.house.test_imports.ROOT", tmp_path)
    said = " ".join(faults(module, path))
    assert said == "" if expected is None else expected in said


def test_the_suite_keeps_three_modules_at_its_top() -> None:
    top = {path.name for path in (ROOT / "benchmarks").glob("*.py")}
    assert top == {"__init__.py", "__main__.py", "errors.py"}


def test_parts_of_a_dialect_are_imported_by_its_package() -> None:
    """Two threads, one of which imports a part and the other the whole, wait for each other."""
    parts = re.compile(r"^\s*(?:from|import) sqlalchemy\.dialects\.\w+\.", re.MULTILINE)
    files = (path for room in ("app", "db", "benchmarks") for path in (ROOT / room).rglob("*.py"))
    assert [path.name for path in files if parts.search(path.read_text(encoding="utf-8"))] == []
