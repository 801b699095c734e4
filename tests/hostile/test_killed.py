"""Killed anywhere on its way up or down, a migration of any start arrives when it is run again."""

import os
import random
from typing import get_args

import pytest
from sqlalchemy import URL

from db import migrate
from tests.hostile import killing
from tests.hostile.carried import STARTS, made
from tests.hostile.states import owners
from tests.support.databases import DatabaseServer

# fewer changes than the shortest way up and the shortest way down make
CHANGES = {"head": 500, "base": 240}
KILLS = int(os.environ.get("OI_TEST_KILLS", "1"))
SEED = os.environ.get("OI_TEST_SEED", "0")


@pytest.mark.parametrize("kill", range(KILLS))
@pytest.mark.parametrize("start", STARTS)
def test_a_migration_that_died_goes_on_and_comes_back(
    server: DatabaseServer, hostile: URL, admin: URL, start: str, kill: int
) -> None:
    moments = random.Random(f"{SEED} {start} {kill}")  # noqa: S311  # which is hit is no secret
    with made(server, hostile, start):
        before = owners(admin)
        for revision, go in (("head", migrate.upgrade), ("base", migrate.downgrade)):
            after = moments.randint(1, CHANGES[revision])
            death = moments.choice(get_args(killing.Death))
            killing.die(hostile, revision, after, death)
            go(hostile, revision)
        dump, sums = owners(admin)
        assert "\n".join(dump) == "\n".join(before[0])
        assert sums == before[1]
