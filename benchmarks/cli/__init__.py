"""The commands of `python -m benchmarks`: each file here is one, loaded when it is run."""

from pathlib import Path

from db.command_line import LazyGroup

group = LazyGroup(
    package=__name__,
    folder=Path(__file__).parent,
    help=(
        "Measure what each optimization brings and what it costs.\n\n"
        "Every command makes its own databases on the server of --url, drops them when done, "
        "and writes a result folder (result.json, report.md, report.html)."
    ),
    context_settings={"help_option_names": ["-h", "--help"]},
)
