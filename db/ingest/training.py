"""The list of models that were trained."""

from collections.abc import Mapping
from datetime import datetime, time
from pathlib import Path
from typing import Any

import orjson
from sqlalchemy import Connection, insert

from db.schema import training_batches

_KEPT = (
    *("id", "calendar", "eras", "plan", "scores", "evidence", "found", "verdict", "hit_rate"),
    *("rows", "days", "importance", "versions"),
)


def record_training(
    connection: Connection, manifest: Mapping[str, Any], folder: Path, *, served: bool
) -> None:
    """Add a model by its manifest: data window, hash, parameters and metrics; where it lies."""
    start = datetime.combine(datetime.fromisoformat(manifest["first_day"]), time())
    end = datetime.combine(datetime.fromisoformat(manifest["last_day"]), time.max)
    known = {name: manifest[name] for name in _KEPT} | {"served": served}
    connection.execute(
        insert(training_batches),
        {
            "exchange": manifest["exchange"],
            "start_timestamp": start,
            "end_timestamp": end,
            "model_hash": manifest["hash"],
            "artifact_path": str(folder),
            "metadata": orjson.dumps(known).decode(),
            "dataset_version": manifest["dataset"],
        },
    )
