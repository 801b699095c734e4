"""An import that is killed, cut off or out of room goes on when it is run again; memory is flat."""

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import URL, Engine, text

from benchmarks.chaos.wire import wire as wire_to
from db.engine import engine_for
from db.errors import DatabaseUnavailableError, DiskFullError
from db.importing import Imported, import_file, table_named
from tests.importing.exports import CHAIN, MACRO, START, chain, macro, written
from tests.ingest.reference import expected, kept
from tests.support.databases import connection
from tests.support.disks import small_disk
from tests.support.paths import ROOT

_IMPORT = """
import sys
from pathlib import Path
from sqlalchemy import make_url
from db.engine import engine_for
from db.importing import import_file, table_named

path, table, url = sys.argv[1:]
import_file(
    Path(path), table_named(table), engine_for(make_url(url)), batch_rows=24,
    on_batch=lambda so_far: print(so_far.rows, flush=True),
)
"""
_MEASURE = """
import resource, sys
from pathlib import Path
from sqlalchemy import make_url
from db.engine import engine_for
from db.importing import import_file, table_named

engine = engine_for(make_url(sys.argv[1]))
for path in sys.argv[2:]:
    done = import_file(
        Path(path), table_named("order_book_depth_snapshots"), engine, batch_rows=5000
    )
    print(done.stored, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""
_DISK_MIB = 8


def program(script: str, *arguments: object) -> "subprocess.Popen[str]":
    command = [sys.executable, "-c", script, *map(str, arguments)]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)


def shown(url: URL) -> str:
    return url.render_as_string(hide_password=False)


@pytest.mark.parametrize(
    ("table", "names", "rows"),
    [
        ("option_chain_snapshots", CHAIN, list(chain())),
        ("macro_signals", MACRO, list(macro(240))),
    ],
)
def test_kill_9_between_and_amid_batches_costs_no_row_and_doubles_none(
    database: URL,
    engine: Engine,
    tmp_path: Path,
    table: str,
    names: tuple[str, ...],
    rows: list[dict[str, object]],
) -> None:
    export = written(tmp_path / "export.csv", names, [*rows, {"exchange": "NSE"}])
    for batches in (1, 3):
        running = program(_IMPORT, export, table, shown(database))
        assert running.stdout is not None
        for _ in range(batches):
            assert running.stdout.readline()
        running.send_signal(signal.SIGKILL)
        running.communicate()
    done = import_file(export, table_named(table), engine)
    assert (done.rows, done.rejected) == (241, 1)
    assert done.present is not None
    assert done.present >= 3 * 24
    assert [path.name for path in sorted(tmp_path.iterdir())] == [
        "export.csv",
        "export.csv.rejected.csv",
    ]
    with engine.connect() as session:
        count = text(f"SELECT count(*) FROM {table}")  # noqa: S608 - one of two names above
        assert session.scalar(count) == 240
        if table == "option_chain_snapshots":
            assert kept(session) == expected(session)


def test_a_database_that_goes_away_keeps_the_batches_it_took(
    database: URL, engine: Engine, tmp_path: Path
) -> None:
    export = written(tmp_path / "macro.csv", MACRO, [{"exchange": "NSE"}, *macro(300)])
    target = table_named("macro_signals")
    with wire_to("127.0.0.1", database.port or 5432) as wire:
        far = engine_for(database.set(host="127.0.0.1", port=wire.port))

        def cut(so_far: Imported) -> None:
            if so_far.stored == 200:
                wire.cut()

        with pytest.raises(DatabaseUnavailableError, match="does not answer"):
            import_file(export, target, far, batch_rows=100, on_batch=cut)
        far.dispose()
    # what it turned away comes again, and then it is complete
    assert list(tmp_path.iterdir()) == [export]
    done = import_file(export, target, engine)
    assert (done.stored, done.present, done.rejected) == (100, 200, 1)


@pytest.fixture
def little_room(engine: Engine) -> Iterator[Path]:
    """A file that leaves training_batches little room; removing it makes more."""
    with engine.connect() as session:
        data = Path(session.scalar(text("SELECT current_setting('data_directory')")) or "")
    if not data.is_dir():
        pytest.skip("the server runs on another machine")
    owner = data.stat()
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)  # noqa: S103 - the server's user has to get through
        with small_disk(Path(folder) / "disk", _DISK_MIB) as disk:
            os.chown(disk, owner.st_uid, owner.st_gid)
            with connection(engine.url) as session:
                create = psycopg.sql.SQL("CREATE TABLESPACE little_room LOCATION {}")
                session.execute(create.format(str(disk)))
                try:
                    session.execute("ALTER TABLE training_batches SET TABLESPACE little_room")
                    filler = disk / "filler"
                    filler.write_bytes(bytes((_DISK_MIB - 1) << 20))
                    yield filler
                finally:
                    session.execute("DROP TABLE training_batches")
                    session.execute("DROP TABLESPACE little_room")


def test_a_full_disk_keeps_the_batches_it_took(
    engine: Engine, little_room: Path, tmp_path: Path
) -> None:
    names = ("exchange", "start_timestamp", "end_timestamp", "metadata")
    rows = (
        {"exchange": "NSE", "start_timestamp": START, "end_timestamp": START, "metadata": long}
        for long in (f"{number:04}" * 450 for number in range(1000))
    )
    export = written(tmp_path / "batches.csv", names, rows)
    target = table_named("training_batches")
    with pytest.raises(DiskFullError, match="disk is full"):
        import_file(export, target, engine, batch_rows=100)
    little_room.unlink()
    done = import_file(export, target, engine, batch_rows=100)
    assert done.present
    assert done.stored
    assert done.present + done.stored == 1000


def test_memory_does_not_grow_with_the_export(database: URL, tmp_path: Path) -> None:
    names = ("id", "timestamp", "exchange", "depth_buy_total", "source")
    exports = []
    for count in (20_000, 200_000):
        rows = (
            {
                "id": n,
                "timestamp": START + n * timedelta(seconds=0.25),
                "exchange": "NSE",
                "depth_buy_total": n,
                "source": "x" * 99,
            }
            for n in range(count)
        )
        exports.append(written(tmp_path / f"{count}.csv", names, rows))
    running = program(_MEASURE, shown(database), *exports)
    output, _ = running.communicate()
    (small, before_kib), (large, after_kib) = (
        map(int, line.split()) for line in output.split("\n")[:2]
    )
    assert (small, large) == (20_000, 180_000)
    # the larger export alone has 25 MB
    assert after_kib < before_kib + 8_000
