"""Tells an address of the operator's when an objective burns, and when no more."""

from collections.abc import Callable
from functools import partial

from app.desk.alerts.webhook import Webhook
from app.telemetry.alarms import Burning

_SETTING = "OI_OPERATIONS_WEBHOOK_URL"


def ring(address: str | None) -> Callable[[Burning], None]:
    """What is told of it; the thread that sends begins with the first news.

    Raises SettingsError for an address that is none of HTTP.
    """
    if address is None:
        return lambda burning: None
    return partial(_post, Webhook(address, setting=_SETTING))


def _post(webhook: Webhook, burning: Burning) -> None:
    webhook.start()
    webhook.post(
        f"objective {burning.objective}",
        {
            "objective": burning.objective,
            "burning": not burning.is_over,
            "burn": round(burning.burn, 2),
            "message": burning.sentence,
        },
    )
