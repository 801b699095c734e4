"""The older half of a history removed: DELETE + VACUUM against dropping chunks."""

from datetime import datetime
from pathlib import Path

import click

from benchmarks.cli._options import (
    DatasetOptions,
    chosen_server,
    dataset_options,
    output_options,
    url_option,
)
from benchmarks.cli._output import recorded

_KEYS = """\b
Keys of --json, beside schema_version, machine and servers:
  dataset      the history
  older_than   what was removed
  temperature  before each way: the server restarted with nothing cached, or else just loaded
  delete       delete_s, vacuum_s, total_s, rows_removed, wal_bytes, freed_bytes
  drop_chunks  begin_s, drop_s, commit_s (the files are removed), total_s, rows_removed,
               wal_bytes, freed_bytes
  faster_by    delete.total_s / drop_chunks.total_s
"""


@click.command(epilog=_KEYS)
@url_option
@dataset_options(days=20)
@output_options
def command(
    url: str | None,
    days: int,
    strikes: int,
    cadence: int,
    end: datetime | None,
    seed: int,
    json_file: Path | None,
    out: Path | None,
) -> None:
    """Time, WAL and freed space of both ways to forget. WAL is counted for the whole server.

    What retention removes was read weeks ago: the local server is restarted before each way, the
    operating system's cache dropped where that is permitted; one that others use stays as it is.
    """
    from benchmarks.parts.retention import retention_on

    spec = DatasetOptions(days, strikes, cadence, end, seed).spec()
    with recorded("retention", json_file, out) as result:
        retention_on(chosen_server(url), spec, result)
