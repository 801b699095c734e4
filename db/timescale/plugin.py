"""Registers the plugin with Alembic, once a process.

In env.py: `from db.timescale import plugin`, then `context.configure(…,
autogenerate_plugins=plugin.AUTOGENERATE, process_revision_directives=plugin.resumable,
transaction_per_migration=True)` and `plugin.run_migrations(context)`.
https://alembic.sqlalchemy.org/en/latest/api/plugins.html
"""

import importlib
import pkgutil
import sys
from types import ModuleType

from alembic.runtime.plugins import Plugin

from db.timescale import compare, impl, ops, render, toimpl
from db.timescale.resume import (
    changes_database,
    resumable,
    run_migrations,
    steps,
    undo_unfinished,
    undoes_moves,
    upgrades,
)

NAME = impl.PLUGIN
AUTOGENERATE = ["alembic.autogenerate.*", NAME]

_LAST = 100


def setup(plugin: Plugin) -> None:
    """Called by Alembic: adds every comparator in its order."""
    comparators = [module for module in _modules(compare) if hasattr(module, "setup")]
    for module in sorted(comparators, key=lambda module: getattr(module, "ORDER", _LAST)):
        module.setup(plugin)


def _modules(package: ModuleType) -> list[ModuleType]:
    names = (found.name for found in pkgutil.iter_modules(package.__path__))
    return [importlib.import_module(f"{package.__name__}.{name}") for name in sorted(names)]


for _package in (ops, toimpl, render, compare):
    _modules(_package)

# an import runs once a process, and so does the registration, whatever number of commands follow
Plugin.setup_plugin_from_module(sys.modules[__name__], NAME)

__all__ = [
    "AUTOGENERATE",
    "NAME",
    "changes_database",
    "impl",
    "resumable",
    "run_migrations",
    "setup",
    "steps",
    "undo_unfinished",
    "undoes_moves",
    "upgrades",
]
