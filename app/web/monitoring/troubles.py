"""What is wrong just now, in sentences, the gravest first."""

from collections.abc import Iterator

from app.web.monitoring.chains import chains
from app.web.monitoring.sections.jobs import word
from app.web.monitoring.view import View
from db.market.clock import market_now
from db.market.trading import calendar_warning

SILENT_S = 3.0
"""A chain that is written once a second, and was not for so long, has lost collector or feed."""


def troubles(view: View) -> list[str]:
    """Everything that needs a look."""
    return [
        *_database(view),
        *_cache(view),
        *_chains(view),
        *_budgets(view),
        *_steps(view),
        *_jobs(view),
        *_commands(view),
        *_calendar(),
    ]


def _database(view: View) -> Iterator[str]:
    part = view.parts["collectors"]
    if part.problem is not None:
        yield part.problem
    elif not view.services.states.followed:
        yield "This server does not follow the database at the moment; pages poll meanwhile."


def _cache(view: View) -> Iterator[str]:
    problem = view.services.cache.problem()
    if problem is not None:
        yield problem


def _chains(view: View) -> Iterator[str]:
    if view.parts["collectors"].problem is not None:
        return
    for chain in chains(view):
        if chain.is_of_now and chain.age_s is not None and chain.age_s > SILENT_S:
            why = "its feed is silent" if chain.is_led else "no collector writes it"
            yield f"{chain.exchange.label}: nothing new for {chain.age_s:.0f} s; {why}."


def _budgets(view: View) -> Iterator[str]:
    alarms = view.services.telemetry.alarms
    now = {budget.objective.id: budget for budget in alarms.budgets}
    for alert in alarms.open:
        budget = now.get(alert.objective)
        # as it is by now, where that is known
        has_figures = budget is not None and budget.of("1h").operations
        yield budget.sentence() if budget is not None and has_figures else alert.sentence


def _steps(view: View) -> Iterator[str]:
    for step in view.services.telemetry.steps.shown():
        if step["state"] == "failed":
            yield f"Start-up, {step['name']}: {step['problem']}"


def _jobs(view: View) -> Iterator[str]:
    work = view.parts["work"].value
    bad = [job for job in work.policies if word(job) in ("failing", "late")] if work else []
    if bad:
        names = ", ".join(f"{job['kind']} of {job['target']}" for job in bad[:3])
        yield f"{len(bad)} jobs need a hand: {names}{' …' if len(bad) > 3 else ''}."


def _commands(view: View) -> Iterator[str]:
    for run in view.parts["commands"].value or ():
        if run.has_failed:
            yield f"python -m db {run.name} failed: {run.problem}"


def _calendar() -> Iterator[str]:
    warning = calendar_warning(market_now().date())
    if warning is not None:
        yield warning
