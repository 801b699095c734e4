"""Where models lie: a folder a model, its manifest beside it, and which one is served.

OI_HOME/models/NSE/3f0c…/model.txt.gz   LightGBM's text format
                        /manifest.json  what it was made of, and its hash
                  /served               the id of the one that is served
"""

import gzip
import platform
from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from pathlib import Path
from typing import Any

import orjson

from app.signals.drift import populations
from app.signals.inputs import NAMES
from app.signals.model import Booster, Calibration, Model
from app.signals.train import Result
from app.telemetry.timing import timed
from db.errors import OIError
from db.private_files import replace_private

_FORM = 1


class ModelError(OIError):
    """A model cannot be used; its sentence says why."""


@dataclass(frozen=True, slots=True)
class Registry:
    """The models of one exchange key under `home`."""

    home: Path
    exchange: str

    @property
    def folder(self) -> Path:
        return self.home / "models" / self.exchange

    def keep(self, result: Result, window: tuple[date, date], dataset: str) -> dict[str, Any]:
        """Write a model down; the manifest, whose `id` is a beginning of the hash of its trees."""
        text = result.model.text.encode()
        digest = sha256(text).hexdigest()
        manifest = _manifest(self.exchange, digest, result, window, dataset)
        folder = self.folder / manifest["id"]
        replace_private(folder / "model.txt.gz", gzip.compress(text, 6, mtime=0))
        replace_private(
            folder / "manifest.json", orjson.dumps(manifest, option=orjson.OPT_INDENT_2)
        )
        return manifest

    def serve(self, model_id: str) -> None:
        """Let that model be the one that is served."""
        replace_private(self.folder / "served", model_id.encode())

    def served_id(self) -> str | None:
        """The id of the model that is to be served; None where there is none.

        Raises ModelError where that cannot be read.
        """
        try:
            found = (self.folder / "served").read_text(encoding="utf-8").strip()
        except (FileNotFoundError, NotADirectoryError):
            return None
        except (OSError, ValueError) as error:
            raise ModelError(f"Which model of {self.exchange} is served is unreadable.") from error
        return found or None

    def manifest(self, model_id: str) -> dict[str, Any]:
        """What is known of a model; raises ModelError where that is missing or no use."""
        try:
            found = orjson.loads((self._of(model_id) / "manifest.json").read_bytes())
            if found["form"] != _FORM or found["exchange"] != self.exchange:
                raise ModelError(f"Model {model_id} is of {found['exchange']} or of another form.")
            if tuple(found["inputs"]) != NAMES:
                raise ModelError(f"Model {model_id} was trained on other inputs; train it anew.")
        except ModelError:
            raise
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise ModelError(f"The manifest of model {model_id} is missing or no use.") from error
        return dict(found)

    @timed("load a model")
    def load(self, model_id: str) -> Model:
        """The model, checked against its manifest; raises ModelError."""
        known = self.manifest(model_id)
        try:
            text = gzip.decompress((self._of(model_id) / "model.txt.gz").read_bytes())
        except (OSError, EOFError, ValueError) as error:
            raise ModelError(f"Model {model_id} is missing or damaged.") from error
        if sha256(text).hexdigest() != known["hash"]:
            raise ModelError(f"Model {model_id} is not the one of its manifest: the hash differs.")
        try:
            rules = known["plan"]["rules"]
            calibration = Calibration(known["beta"], tuple(known["fit_shares"]))
            booster = Booster.of(text.decode())
            last_day = date.fromisoformat(known["last_day"])
            return Model(model_id, booster, calibration, **_typed(rules), last_day=last_day)
        except Exception as error:  # LightGBM's own error is a class that only it knows
            raise ModelError(f"Model {model_id} cannot be read: {error}.") from error

    def _of(self, model_id: str) -> Path:
        if not model_id.isalnum():
            raise ModelError(f"{model_id[:40]!r} is no id of a model.")
        return self.folder / model_id


def _typed(rules: dict[str, Any]) -> dict[str, Any]:
    return {
        "horizon_s": int(rules["horizon_s"]),
        "width": float(rules["width"]),
        "cost_bps": float(rules["cost_bps"]),
    }


def _manifest(
    exchange: str, digest: str, result: Result, window: tuple[date, date], dataset: str
) -> dict[str, Any]:
    import lightgbm
    import sklearn

    from db.market.calendar import version
    from db.market.eras import changes_within

    first, last = window
    return {
        "form": _FORM,
        "id": digest[:16],
        "hash": digest,
        "exchange": exchange,
        "first_day": first.isoformat(),
        "last_day": last.isoformat(),
        "dataset": dataset,
        "calendar": version(),
        "eras": [era.first.isoformat() for era in changes_within(first, last)],
        "inputs": list(NAMES),
        "beta": result.model.calibration.beta,
        "fit_shares": list(result.model.calibration.shares),
        "populations": populations(result.inputs, result.input_days),
        "versions": {
            "lightgbm": lightgbm.__version__,
            "scikit-learn": sklearn.__version__,
            "python": platform.python_version(),
        },
        **result.figures(),
    }
