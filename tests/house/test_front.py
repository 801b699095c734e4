"""The page as it is built: types hold, names follow content, and old builds are refused."""

import gzip
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from app.web import assets
from app.web.assets import FrontNotBuiltError
from tests.support.paths import ROOT

FRONT = ROOT / "app" / "web" / "front"
DIST = ROOT / "app" / "web" / "dist"
# a name with the hash of its content: "chunks/panel-5XUV2QBF.js"
HASHED = re.compile(r".+-[A-Z0-9]{8}\.(js|css|svg)(\.map)?")


@pytest.fixture
def apart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Sources and build of their own, read by `assets` instead of the product's."""
    for name in ("front", "dist"):
        shutil.copytree(FRONT.with_name(name), tmp_path / name)
    monkeypatch.setattr(assets, "_SOURCES", tmp_path / "front")
    monkeypatch.setattr(assets, "_DIST", tmp_path / "dist")
    return tmp_path


def read() -> assets.Assets:
    """Read past what is kept."""
    return assets.assets.__wrapped__()


def test_the_types_of_the_page_hold() -> None:
    done = subprocess.run(
        [sys.executable, "scripts/front.py", "check"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_whatever_a_script_exports_is_used_elsewhere() -> None:
    """By another script, or by a test that loads the script by itself."""
    scripts = {path: path.read_text(encoding="utf-8") for path in FRONT.rglob("*.js")}
    tests = "".join(map(Path.read_text, (ROOT / "tests" / "web").rglob("*.py")))
    exported = [
        (path, name)
        for path, text in scripts.items()
        for name in re.findall(r"^export (?:async )?(?:function|class|const|let) (\w+)", text, re.M)
    ]
    assert len(exported) > 100
    assert [
        f"{path.name}: {name}"
        for path, name in exported
        if not any(
            re.search(rf"\b{name}\b", text)
            for text in (*(text for other, text in scripts.items() if other != path), tests)
        )
    ] == []


def test_every_source_that_a_template_names_was_built() -> None:
    templates = (ROOT / "app" / "web" / "templates").glob("*.html")
    named = re.findall(r"asset_\w+\('([^']+)'\)", "".join(map(Path.read_text, templates)))
    assert "main.js" in named
    assert set(named) <= set(read().names)


def test_public_names_follow_the_content_and_are_packed_beforehand() -> None:
    built = read()
    assert [name for name in built.files if not HASHED.fullmatch(name)] == []
    main = built.files[built.names["main.js"]]
    assert gzip.decompress(main.packed["gzip"]) == main.body
    assert len(main.packed["br"]) < len(main.packed["gzip"]) < len(main.body) / 2


def test_panels_are_in_scripts_of_their_own_that_the_page_does_not_need_at_once() -> None:
    built = read()
    panels = {built.names[name] for name in built.names if name.endswith("/panel.js")}
    assert panels
    assert panels.isdisjoint(built.needs["main.js"])


def test_a_build_of_other_sources_is_refused_with_one_sentence(apart: Path) -> None:
    assert read().version == assets.assets().version
    (apart / "front" / "core" / "another.js").write_text("export const another = 1;\n")
    with pytest.raises(FrontNotBuiltError, match=r"^The page was built of older sources: .+\.$"):
        read()


def test_a_missing_build_is_refused_with_one_sentence(apart: Path) -> None:
    (apart / "dist" / "manifest.json").unlink()
    with pytest.raises(FrontNotBuiltError, match=r"^The page is not built yet: run make setup\.$"):
        read()


def test_without_sources_beside_it_a_build_is_taken_as_it_is(apart: Path) -> None:
    shutil.rmtree(apart / "front")
    assert read().version == json.loads((DIST / "manifest.json").read_bytes())["version"]


def test_the_dashboard_asks_for_two_scripts_before_it_can_be_used() -> None:
    built = read()
    first = [built.names["main.js"], *built.needs["main.js"]]
    assert len(first) == 2
    assert sum(len(built.files[name].packed["gzip"]) for name in first) < 33_000
