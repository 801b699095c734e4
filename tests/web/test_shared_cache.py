"""Two processes that share a Redis: what one has read of the past, the other need not read."""

from dataclasses import replace

import pytest

from db.settings import Settings
from tests.support.redis import RedisServer, redis_program
from tests.web.conftest import MakeApp, Store, signed_in
from tests.web.test_crowds import count_reads

ROUTES = ("/api/series/NSE/day?day=2026-08-03", "/api/comparison/NSE?with=3", "/api/signals/NSE")
WARMING = "/api/series/NSE/days"


def test_what_one_process_has_read_the_other_need_not(
    settings: Settings, store: Store, make_app: MakeApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    for minute in (0, 3):
        store(minute=minute)
    redis = RedisServer(redis_program())
    redis.start()
    try:
        apps = [make_app(replace(settings, redis_url=redis.url)) for _ in range(2)]
        first, second = (signed_in(app) for app in apps)
        expected = [first.get(route).data for route in (WARMING, *ROUTES)]
        # which database it is a process knows from its first read on
        found = [second.get("/api/series/NSE/heat"), second.get(WARMING)]
        reads = count_reads(apps[1], monkeypatch)
        found += [second.get(route) for route in ROUTES]
        assert [each.data for each in found[1:]] == expected
        # of a comparison each process looks for the moment itself
        assert len(reads) == 1
    finally:
        redis.kill()
