"""What an optimization is worth is measured with it and without, and told as ratios."""

import json

import pytest

from benchmarks.flags.watching import mean_age_s
from tests.benchmarks.test_cli import run


def test_what_is_shown_grows_old_until_the_next_arrives() -> None:
    # 1 to 3 s old for two seconds, then 0.5 to 2.5 s
    assert mean_age_s([(10.0, 9.0), (12.0, 11.5)], until=14.0) == pytest.approx(1.75)
    with pytest.raises(ValueError, match="nothing was shown"):
        mean_age_s([], until=1.0)


def test_every_flag_is_measured_on_a_real_server(server, tmp_path):
    file = tmp_path / "flags.json"
    url = server.admin_url.set(drivername="postgresql").render_as_string(hide_password=False)
    done = run(
        *("flags", "--url", url, "--days", "1", "--strikes", "5", "--rounds", "1"),
        *("--seconds", "6", "--json", str(file), "--out", str(tmp_path)),
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(file.read_text())["flags"]
    # models are those of whoever runs it
    assert {each["flag"] for each in found} - {"lazy-models"} == (
        {"rollups", "live-edge", "cache", "push", "background-start"}
    )
    assert all(each["with_ms"] > 0 and each["ratio"] > 0 for each in found)
    assert "What each optimization is worth" in (next(tmp_path.glob("*/report.md"))).read_text()
