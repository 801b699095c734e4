"""Session settings of work that goes through whole tables while others use the server."""

from collections.abc import Mapping

GENTLE: Mapping[str, str] = {
    # what it writes goes to disk as it goes: gathered in the system's cache, it would make everyone
    # who writes a page wait once the cache is full of it
    # https://www.postgresql.org/docs/current/runtime-config-resource.html#GUC-BACKEND-FLUSH-AFTER
    "backend_flush_after": "2MB",
}


def options(settings: Mapping[str, str], given: str = "") -> str:
    """Settings as libpq's `options` has them; what was given wins."""
    return " ".join([*(f"-c {name}={value}" for name, value in settings.items()), given]).strip()
