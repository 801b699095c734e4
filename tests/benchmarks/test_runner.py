"""The runner, with a clock that is not needed: it counts what it is told to run."""

from collections import Counter

from benchmarks.timing.runner import Plan, interleave


def test_every_contender_runs_in_every_round():
    runs = Counter()
    plan = Plan(requests=2, rounds=3, budget_s=0.0, warm=False)
    samples = interleave({n: lambda r, n=n: runs.update([(n, r)]) for n in "ab"}, plan)
    assert runs == {(n, r): 3 for n in "ab" for r in (0, 1)}
    assert all(len(sample.rounds) == 3 for sample in samples.values())
    assert all(len(times) == 2 for sample in samples.values() for times in sample.rounds)


def test_the_order_of_contenders_changes_from_round_to_round():
    order = []
    plan = Plan(requests=1, rounds=12, budget_s=0.0, warm=False, seed=3)
    interleave({n: lambda r, n=n: order.append(n) for n in "ab"}, plan)
    firsts = set(order[::2])
    assert firsts == {"a", "b"}


def test_a_warm_run_does_not_count_its_first_pass():
    runs = []
    plan = Plan(requests=1, rounds=1, budget_s=0.0)
    samples = interleave({"a": runs.append}, plan)
    assert len(runs) > sum(map(len, samples["a"].rounds)) == 1


def test_a_fast_contender_is_repeated_up_to_the_bound():
    plan = Plan(requests=1, rounds=1, budget_s=5.0, max_repeats=7)
    samples = interleave({"a": lambda _: None}, plan)
    assert [len(times) for times in samples["a"].rounds] == [7]


def test_each_contender_of_a_cold_round_starts_cold():
    events = []
    plan = Plan(requests=1, rounds=2, warm=False)
    tasks = {n: lambda _, n=n: events.append(n) for n in "ab"}
    interleave(tasks, plan, before_round=lambda: events.append("cold"))
    assert events[::2] == ["cold"] * 4


def test_who_is_asked_seldom_has_a_third_of_the_repeats_and_at_least_one():
    plan = Plan(2, rounds=1, budget_s=0.5, max_repeats=9)
    tasks = {"often": lambda _: None, "seldom": lambda _: None}
    samples = interleave(tasks, plan, seldom=["seldom"])
    assert [len(samples[name].rounds[0]) for name in tasks] == [18, 6]
    once = interleave(tasks, Plan(2, rounds=1, max_repeats=1), seldom=["seldom"])
    assert len(once["seldom"].rounds[0]) == 2
