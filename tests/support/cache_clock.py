"""A clock of a test's own for what is kept for a while."""

from types import SimpleNamespace

import pytest

# who asks it: our own age of a value, and dogpile's of when it was made and whether it still counts
_READERS = (
    *("app.cache.region", "app.cache.tiers"),
    *("dogpile.cache.region", "dogpile.lock"),
)


class CacheClock:
    """Seconds since 1970, which pass when a test says so."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 1_800_000_000.0
        for reader in _READERS:
            monkeypatch.setattr(f"{reader}.time", SimpleNamespace(time=lambda: self.now))

    def passes(self, seconds: float) -> None:
        """Let time pass; a negative number sets the clock back."""
        self.now += seconds


@pytest.fixture
def cache_clock(monkeypatch: pytest.MonkeyPatch) -> CacheClock:
    """The cache's clock stands still until a test moves it."""
    return CacheClock(monkeypatch)
