"""The session at the broker: encrypted at rest, shared by processes, never in a log."""

import logging
from datetime import datetime
from pathlib import Path

import pytest

from app.kite import secrets
from app.kite.limits import TokenBucket
from app.kite.session import BrokerSession, SessionStore
from db.errors import SettingsError
from db.market.clock import IST

TOKEN = "access-token-of-a-test"  # noqa: S105
KEY = "a key of these tests"


def test_a_session_is_kept_encrypted_and_private(tmp_path: Path) -> None:
    store = SessionStore(tmp_path, KEY)
    assert store.load() is None
    assert store.version == 0
    store.keep("AB1234", TOKEN)
    (path,) = tmp_path.iterdir()
    assert path.stat().st_mode & 0o777 == 0o600
    assert TOKEN.encode() not in path.read_bytes()
    other_process = SessionStore(tmp_path, KEY)
    session = other_process.load()
    assert session is not None
    assert (session.user_id, session.access_token) == ("AB1234", TOKEN)
    assert TOKEN not in repr(session)
    store.forget()
    assert other_process.load() is None


def test_another_key_cannot_read_it_and_says_what_to_do(tmp_path: Path) -> None:
    SessionStore(tmp_path, KEY).keep("AB1234", TOKEN)
    with pytest.raises(SettingsError, match="log in at the broker again"):
        SessionStore(tmp_path, "another key").load()


def test_a_request_token_is_handed_over_once(tmp_path: Path) -> None:
    store = SessionStore(tmp_path, KEY)
    assert store.brought() is None
    store.bring("single-use")
    assert all(b"single-use" not in path.read_bytes() for path in tmp_path.iterdir())
    assert SessionStore(tmp_path, KEY).brought() == "single-use"
    assert store.brought() is None


@pytest.mark.parametrize(
    ("login", "end"),
    [("2026-11-26 08:50", "2026-11-27 06:00"), ("2026-11-26 05:10", "2026-11-26 06:00")],
)
def test_its_end_is_told_ahead(login: str, end: str) -> None:
    moments = [datetime.fromisoformat(text).replace(tzinfo=IST) for text in (login, end)]
    assert BrokerSession("AB1234", TOKEN, moments[0]).ends_about == moments[1]


def test_secrets_are_scrubbed_from_every_line(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    root = logging.getLogger()
    handler = logging.StreamHandler()
    monkeypatch.setattr(root, "handlers", [handler])
    # other tests have secrets of their own, short words among them
    monkeypatch.setattr(secrets, "scrubber", secrets.Scrubber())
    secrets.scrubber.hide(TOKEN)
    secrets.install()
    logging.getLogger("urllib3").warning("GET /?access_token=%s", TOKEN)
    try:
        raise ValueError(f"bad {TOKEN}")
    except ValueError:
        logging.getLogger("other").exception("failed")
    said = capsys.readouterr().err
    assert TOKEN not in said
    assert said.count("***") == 2


def test_calls_wait_for_their_turn() -> None:
    now, slept = [100.0], []

    def sleep(duration_s: float) -> None:
        slept.append(round(duration_s, 6))
        now[0] += duration_s

    bucket = TokenBucket(4.0, clock=lambda: now[0], sleep=sleep)
    for _ in range(3):
        bucket.take()
    # longer than a quarter: a call that is late on its way must not make the next one early
    assert slept == [0.27, 0.27]
    bucket.hold(2.0)
    bucket.take()
    assert slept[-1] == 2.0
