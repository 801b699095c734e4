"""The commands of `python -m app`: each file here is one, loaded when it is run."""

from pathlib import Path

from db.command_line import LazyGroup

group = LazyGroup(
    package=__name__,
    folder=Path(__file__).parent,
    help="Collect, show and serve live option chains.",
    context_settings={"help_option_names": ["-h", "--help"]},
)
