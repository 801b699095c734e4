"""Models on disk: what is loaded is what was kept, and anything else is said and not used."""

import gzip
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import orjson
import pytest

from app.signals.drift import drift, populations
from app.signals.inputs import NAMES
from app.signals.model import CLASSES
from app.signals.registry import ModelError, Registry
from app.signals.train import Result
from db.market.limits import SIGNAL_DRIFT_MUCH

WINDOW = (date(2025, 9, 8), date(2025, 10, 7))


def kept(
    home: Path, found: Result, window: tuple[date, date] = WINDOW
) -> tuple[Registry, Path, str]:
    registry = Registry(home, "NSE")
    manifest = registry.keep(found, window, "data")
    registry.serve(manifest["id"])
    return registry, registry.folder / manifest["id"], manifest["id"]


def test_a_model_says_the_same_after_it_was_kept(found: Result, tmp_path: Path) -> None:
    registry, _, model_id = kept(tmp_path, found)
    assert registry.served_id() == model_id
    loaded = registry.load(model_id)
    some = found.inputs[:50]
    chances = loaded.probabilities(some)
    np.testing.assert_allclose(chances, found.model.probabilities(some))
    np.testing.assert_allclose(chances.sum(axis=1), 1)
    breadth = found.inputs[:, NAMES.index("itm_ce_breadth")]
    highest = int(np.argmax(breadth))
    reasons = loaded.reasons(found.inputs[highest : highest + 1], CLASSES[2])
    assert 0 < len(reasons) <= 4
    _, value, added = next(each for each in reasons if each[0] == "breadth of ITM calls")
    assert value == breadth[highest]
    assert added > 0


def _cut(folder: Path) -> None:
    path = folder / "model.txt.gz"
    path.write_bytes(path.read_bytes()[:100])


def _other(folder: Path) -> None:
    path = folder / "model.txt.gz"
    path.write_bytes(gzip.compress(gzip.decompress(path.read_bytes()) + b"\n"))


def _changed(**values: object) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        path = folder / "manifest.json"
        path.write_bytes(orjson.dumps(orjson.loads(path.read_bytes()) | values))

    return change


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (_cut, "missing or damaged"),
        (_other, "hash differs"),
        (lambda folder: (folder / "model.txt.gz").unlink(), "missing or damaged"),
        (lambda folder: (folder / "manifest.json").write_bytes(b"{"), "missing or no use"),
        (_changed(inputs=["vix"]), "other inputs"),
        (_changed(exchange="BSE"), "of BSE"),
        (_changed(beta="x", fit_shares=None), "cannot be read"),
    ],
)
def test_a_model_that_is_not_what_was_kept_is_not_used(
    found: Result, tmp_path: Path, damage: Callable[[Path], None], said: str
) -> None:
    registry, folder, model_id = kept(tmp_path, found)
    damage(folder)
    with pytest.raises(ModelError, match=said):
        registry.load(model_id)


def test_a_name_that_leads_elsewhere_is_no_id(found: Result, tmp_path: Path) -> None:
    registry, _, _ = kept(tmp_path, found)
    with pytest.raises(ModelError, match="no id"):
        registry.load("../NSE")
    assert Registry(tmp_path, "BSE").served_id() is None


def test_the_manifest_says_what_the_model_was_made_of(found: Result, tmp_path: Path) -> None:
    registry, _, model_id = kept(tmp_path, found)
    manifest = registry.manifest(model_id)
    assert manifest["inputs"] == list(NAMES)
    assert (manifest["first_day"], manifest["last_day"]) == ("2025-09-08", "2025-10-07")
    assert manifest["plan"]["rules"]["cost_bps"] == 3.0
    assert len(manifest["calendar"]) == 12


def test_drift_is_seen_where_it_is(found: Result) -> None:
    then = populations(found.inputs, found.input_days)
    same = drift(then, found.inputs)
    assert max(moved["index"] for moved in same.values()) < 0.01
    moved = found.inputs.copy()
    place = NAMES.index("itm_ce_breadth")
    moved[:, place] += 0.4
    far = [n for n, m in drift(then, moved).items() if m["index"] > SIGNAL_DRIFT_MUCH]
    assert far == ["itm_ce_breadth"]
    lost = found.inputs.copy()
    lost[:, place] = np.nan
    assert drift(then, lost)["itm_ce_breadth"]["index"] > SIGNAL_DRIFT_MUCH
    assert drift(then, found.inputs[:10]) == {}


def test_what_differs_from_week_to_week_anyway_is_usual() -> None:
    """A level that each week has another one of, against one that is the same each day."""
    rows, weeks = 375, 8
    days = np.repeat(np.arange(5 * weeks).astype("datetime64[D]"), rows)
    inputs = np.random.default_rng(2).normal(size=(len(days), len(NAMES)))
    inputs[:, 0] += 10 * np.repeat(np.arange(weeks), 5 * rows)
    then = populations(inputs, days)
    assert then[NAMES[0]]["usual"] > 5
    assert max(then[name]["usual"] for name in NAMES[1:]) < 0.1
    another = drift(then, inputs[:1875] + np.where(np.arange(len(NAMES)) < 2, 95.0, 0.0))
    first, second = (another[name] for name in NAMES[:2])
    assert first["index"] < 1.5 * first["usual"]
    assert second["index"] > 50 * second["usual"]


def test_the_same_model_is_kept_once(found: Result, tmp_path: Path) -> None:
    registry, folder, _ = kept(tmp_path, found)
    registry.keep(replace(found, tested_days=()), WINDOW, "data")
    assert [path.name for path in registry.folder.iterdir() if path.is_dir()] == [folder.name]
