"""What a process loads before it can show its login page."""

import subprocess
import sys
from pathlib import Path

from tests.support.paths import ROOT

_HEAVY = {"sqlalchemy", "psycopg", "numpy", "pandas", "lightgbm", "kiteconnect", "alembic", "scipy"}
_PROGRAM = """
import sys
import app
assert "flask" not in sys.modules, "import app loads Flask"
web = app.create_app()
web.extensions["oi"].live.close()
assert web.test_client().get("/login").status_code == 200
print(*sys.modules)
"""


def test_the_login_page_is_shown_before_anything_heavy_is_loaded(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", _PROGRAM],
        env={"OI_HOME": str(tmp_path), "PYTHONDONTWRITEBYTECODE": "1"},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert _HEAVY & set(done.stdout.split()) == set()
