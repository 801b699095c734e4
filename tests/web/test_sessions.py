"""A session ends by itself, by sign-out and by a changed password, for all workers at once."""

from pathlib import Path

import pytest

from app.web.auth.sessions import Sessions
from db.errors import SettingsError


class World:
    """A clock and a password that a test moves."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.now = 1_000_000.0
        self.proofs: dict[str, str] = {"trader": "first", "other": "his"}

    def sessions(self, idle_s: float = 600) -> Sessions:
        return Sessions(
            self.folder,
            idle_s=idle_s,
            lifetime_s=3600,
            proof_of=lambda user: self.proofs.get(user),
            clock=lambda: self.now,
        )


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path / "sessions")


@pytest.fixture
def sessions(world: World) -> Sessions:
    return world.sessions()


def test_a_session_is_open_for_every_worker_until_it_is_closed(
    world: World, sessions: Sessions
) -> None:
    sid = sessions.open("trader")
    other = world.sessions()
    assert other.user_of(sid) == "trader"
    assert sessions.is_open(sid)
    other.close(sid)
    assert not sessions.is_open(sid)
    sessions.close(sid)


@pytest.mark.parametrize("sid", ["", "unknown", "../signin", "\x00", "é"])
def test_an_invented_session_is_not_open(sessions: Sessions, sid: str) -> None:
    sessions.open("trader")
    assert not sessions.is_open(sid)


def test_it_ends_when_nobody_was_seen_for_a_while(world: World, sessions: Sessions) -> None:
    sid = sessions.open("trader")
    world.now += 600
    assert sessions.is_open(sid)
    world.now += 601
    assert not sessions.is_open(sid)


def test_who_stays_is_not_idle_but_the_end_comes_in_any_case(
    world: World, sessions: Sessions
) -> None:
    sid = sessions.open("trader")
    for _ in range(7):
        world.now += 500
        assert sessions.is_open(sid)
    world.now += 101
    assert not sessions.is_open(sid)


def test_a_changed_password_ends_every_session(world: World, sessions: Sessions) -> None:
    sid = sessions.open("trader")
    world.proofs["trader"] = "second"
    assert not sessions.is_open(sid)
    del world.proofs["trader"]
    assert not sessions.is_open(sid)


def test_all_sessions_of_one_user_end(sessions: Sessions) -> None:
    mine = [sessions.open("trader") for _ in range(3)]
    other = sessions.open("other")
    assert sessions.close_all("trader") == 3
    assert not any(map(sessions.is_open, mine))
    assert sessions.is_open(other)
    assert sessions.close_all("trader") == 0


def test_the_files_are_private_and_do_not_tell_the_secret(world: World, sessions: Sessions) -> None:
    sid = sessions.open("trader")
    (file,) = world.folder.iterdir()
    assert file.stat().st_mode & 0o777 == 0o600
    assert world.folder.stat().st_mode & 0o777 == 0o700
    assert sid not in file.name + file.read_text()


def test_files_of_sessions_that_are_over_are_swept(world: World, sessions: Sessions) -> None:
    for _ in range(3):
        sessions.open("trader")
    world.now += 601
    sid = sessions.open("trader")
    assert len(list(world.folder.iterdir())) == 1
    assert sessions.is_open(sid)


def test_who_stays_is_not_idle_at_the_shortest_limit_either(world: World) -> None:
    sessions = world.sessions(idle_s=60)
    sid = sessions.open("trader")
    for _ in range(30):
        world.now += 7
        assert sessions.is_open(sid)


@pytest.mark.parametrize("torn", ["", "{", "[]", '{"user": "trader"}'])
def test_a_torn_file_opens_nothing(world: World, sessions: Sessions, torn: str) -> None:
    sid = sessions.open("trader")
    (file,) = world.folder.iterdir()
    file.write_text(torn)
    assert not sessions.is_open(sid)
    assert sessions.close_all("trader") == 0


def test_a_session_that_cannot_be_kept_is_a_sentence(world: World, sessions: Sessions) -> None:
    world.folder.write_text("a file where the folder should be")
    with pytest.raises(SettingsError, match="No session can be kept in"):
        sessions.open("trader")
