"""Objectives: built in, changed by a file, and how much of what may go wrong has gone wrong."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from app.telemetry.budgets import Budget, budgets
from app.telemetry.objectives import Objective, Objectives, objectives
from db.errors import SettingsError
from db.queries.performance import HourTotals, Totals

DATA = Objective("data", "Data", "route", "GET /api/data/<exchange>", 20, 0.99)
ANY = Objective("routes", "Any route", "route", "GET *", 500, 0.9)


def test_the_built_in_ones_are_sound_and_cover_what_the_design_promises() -> None:
    found = objectives()
    assert {"login", "dashboard", "data", "push", "snapshot", "feed", "rollups"} <= {
        each.id for each in found.all
    }
    assert found.within_s(("route", "GET /login")) == 0.1
    assert found.within_s(("step", "unknown")) == float("inf")


def test_a_file_changes_adds_and_takes_out(tmp_path: Path) -> None:
    file = tmp_path / "objectives.toml"
    file.write_text(
        """
        [login]
        within_ms = 250
        [data]
        enabled = false
        [mine]
        label = "Mine"
        kind = "query"
        name = "chain.*"
        within_ms = 5
        share = 0.5
        """
    )
    found = objectives(file)
    assert found.by_id("login") is not None
    assert found.within_s(("route", "GET /login")) == 0.25
    assert found.by_id("data") is None
    assert found.within_s(("query", "chain.latest")) == 0.005


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("[login", "is no TOML"),
        ("login = 3", "login must be a table of an objective"),
        ("[login]\nwithin = 3", r"within is not known of \[login\]"),
        ("[mine]\nlabel = 'x'", r"kind is missing of \[mine\]"),
        ("[login]\nwithin_ms = 0", "within_ms must be a number above 0"),
        ("[login]\nwithin_ms = nan", "within_ms must be a number above 0"),
        ("[login]\nwithin_ms = true", "within_ms must be a number above 0"),
        ("[login]\nshare = 1", "share must be a number between 0 and 1"),
        ("[login]\nkind = 'x'", "kind must be one of age, pool, query, route, socket, step"),
        ("[login]\nkind = []", "kind must be one of"),
        ("[login]\nenabled = 'no'", "enabled must be true or false"),
        ("[login]\nname = ''", "name must be text"),
    ],
)
def test_a_file_that_makes_no_sense_gets_one_sentence(
    tmp_path: Path, text: str, sentence: str
) -> None:
    file = tmp_path / "objectives.toml"
    file.write_text(text)
    with pytest.raises(SettingsError, match=sentence):
        objectives(file)


def test_a_file_that_is_not_there_gets_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"cannot be read: No such file or directory\."):
        objectives(tmp_path / "nothing.toml")


def test_an_objective_of_that_very_name_goes_before_one_of_many() -> None:
    found = Objectives((ANY, DATA))
    assert found.of(("route", DATA.name)) == DATA
    assert found.of(("route", "GET /other")) == ANY
    assert found.of(("query", DATA.name)) is None


def budget(
    hour: tuple[int, int], late: tuple[int, int], day: Sequence[tuple[int, int]] = ()
) -> Budget:
    hours = [HourTotals("route", DATA.name, hour[0], 0, hour[1], late[0], late[1])]
    days = [Totals("route", DATA.name, operations, 0, bad) for operations, bad in day]
    (found,) = budgets(Objectives((DATA,)), hours, days)
    return found


def test_a_budget_is_the_share_that_may_go_wrong() -> None:
    found = budget((1000, 5), (100, 0), [(10_000, 50)])
    assert found.of("1h").burn(DATA) == pytest.approx(0.5)
    assert found.of("1d").left(DATA) == pytest.approx(0.5)
    assert found.of("30d").burn(DATA) is None
    assert found.word == "ok"


def test_it_burns_when_the_hour_and_still_its_last_minutes_go_wrong() -> None:
    assert budget((1000, 100), (100, 10)).burns
    assert budget((1000, 100), (100, 10)).word == "failing"
    # over by now
    assert not budget((1000, 100), (100, 0)).burns
    assert budget((1000, 100), (100, 0)).has_recovered
    # only just begun
    assert not budget((1000, 10), (100, 10)).burns
    assert budget((1000, 10), (100, 10)).word == "slow"


def test_of_a_few_that_went_wrong_nothing_is_said() -> None:
    assert not budget((9, 9), (9, 9)).burns
    assert not budget((150, 9), (150, 9)).burns
    assert budget((10, 10), (10, 10)).burns
    assert budget((0, 0), (0, 0)).word == "–"
    assert budget((0, 0), (0, 0)).has_recovered


def test_what_burns_is_said_with_its_figures() -> None:
    assert budget((1000, 100), (100, 10)).sentence() == (
        "Data: 100 of 1,000 in the last hour failed or took longer than 20 ms, where 1.00% may."
    )
