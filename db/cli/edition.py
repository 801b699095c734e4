"""Say how rollups are kept, and move them between the toolkit's engine and TimescaleDB's own."""

from typing import TYPE_CHECKING

import click

from db.cli._output import as_json_option, json_text, table_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from db.timescale.moving import RollupKind

_EPILOG = """\b
From Apache to Community: set timescaledb.license = 'timescale' on a Community build, restart the
server, then run with --to community. From Community to Apache: run with --to apache first, then
change the license. Nothing is lost: history whose rows are gone moves along; readers see the old
rollups until the new ones are filled. An interrupted move goes on when run again.
--json prints {"edition", "timescaledb", "rollups": [{name, kind, is_root}], "moved": [names]}.
"""


@click.command(help=__doc__, epilog=_EPILOG)
@click.option(
    "--to",
    "wanted",
    type=click.Choice(["community", "apache"]),
    help="Keep every rollup as this edition does: as continuous aggregates, or by the engine.",
)
@as_json_option
def command(wanted: str | None, as_json: bool) -> None:
    from db.engine import direct_engine
    from db.timescale.editions import read_server
    from db.timescale.moving import Kind, kinds, move

    engine = direct_engine()
    moved: Sequence[str] = []
    if wanted:
        kind: Kind = "native" if wanted == "community" else "maintained"
        moved = move(engine, kind, lambda line: click.echo(line, err=True))
    with engine.connect() as connection:
        server, found = read_server(connection), kinds(connection)
    if as_json:
        from dataclasses import asdict

        document = {
            "edition": server.edition,
            "timescaledb": server.timescaledb_version,
            "rollups": [asdict(one) for one in found],
            "moved": list(moved),
        }
        click.echo(json_text(document))
        return
    click.echo(f"TimescaleDB {server.timescaledb_version}, {server.edition} edition")
    click.echo(table_text(("rollup", "kept by"), map(_cells, found)))
    if wanted:
        click.echo(f"Moved: {', '.join(moved) or 'nothing, all are kept that way'}.")


def _cells(one: "RollupKind") -> tuple[str, str]:
    return one.name, "TimescaleDB" if one.kind == "native" else "the toolkit's engine"
