"""Settings come from the environment, each within its range, and describe themselves."""

import os
import subprocess
import sys
from dataclasses import fields
from pathlib import Path

import pytest

from db.errors import SettingsError
from db.market.exchanges import EXCHANGES
from db.setting_list import described
from db.settings import Settings, settings_from
from tests.market.test_exchanges import ONE

GARBAGE = [
    ("OI_PORT", "99999", "OI_PORT must be a whole number from 1 to 65535, not '99999'."),
    ("OI_PORT", "0", "from 1 to 65535"),
    ("OI_PORT", "١٢.5", "OI_PORT must be a whole number"),
    ("FLASK_PORT", "http", "FLASK_PORT must be a whole number"),
    ("OI_POOL_SIZE", "1e9", "OI_POOL_SIZE must be a whole number from 1 to 500, not '1e9'."),
    ("OI_POOL_SIZE", "1000000000", "from 1 to 500"),
    ("OI_LIVE_INTERVAL_S", "nan", "OI_LIVE_INTERVAL_S must be a number from 0.01 to 3600"),
    ("OI_LIVE_INTERVAL_S", "inf", "from 0.01 to 3600"),
    ("OI_LIVE_INTERVAL_S", "-1", "from 0.01 to 3600"),
    ("OI_DATABASE_URL", "nonsense", "OI_DATABASE_URL is not a database URL"),
    ("OI_DATABASE_URL", "postgresql://h:port/db", "OI_DATABASE_URL is not a database URL"),
    ("OI_DATABASE_URL", "postgresql://h:99999/db", "has the port 99999"),
    ("OI_DATABASE_URL", "sqlite:///file", "must be a postgresql:// URL, not sqlite://"),
    ("OI_DATABASE_URL", "oracle+thing://h/db", "must be a postgresql:// URL"),
    ("OI_REPLICA_URL", "postgresql://h/d\x01b", "OI_REPLICA_URL must not hold control characters"),
    ("OI_DATABASE_READ_URLS", "postgresql://h/d, oracle://h/d", "must be a postgresql:// URL"),
    ("OI_DATABASE_URL", "postgresql://a:1,b:99999/d", "OI_DATABASE_URL is not a database URL"),
    ("OI_DATABASE_URL", "postgresql://a:1,:2/d", "OI_DATABASE_URL is not a database URL"),
    ("OI_FEED", "zerodha", "OI_FEED must be one of simulate, kite-standin, kite, not 'zerodha'."),
    ("OI_WITHOUT", "cache,everything", "OI_WITHOUT cannot hold 'everything'"),
    ("OI_REDIS_URL", "localhost:6379", "OI_REDIS_URL cannot be used: A Redis, redis:// or"),
    ("OI_REDIS_URL", "redis://:hunter2@h:99999/0", "OI_REDIS_URL cannot be used"),
    ("OI_REDIS_URL", "redis:///0", "OI_REDIS_URL cannot be used"),
    ("OI_CACHE_MB", "0", "OI_CACHE_MB must be a whole number from 1 to 65536"),
    ("OI_POOL_WAIT_S", "0", "OI_POOL_WAIT_S must be a number from 0.1 to 60"),
    ("OI_TRACKER_DB_PORT", "70000", "OI_TRACKER_DB_PORT must be a port number"),
    ("OI_TRACKER_DB_PORT", "²", "OI_TRACKER_DB_PORT must be a port number"),
]


@pytest.mark.parametrize(("name", "value", "sentence"), GARBAGE)
def test_garbage_is_named_with_its_variable(name: str, value: str, sentence: str) -> None:
    with pytest.raises(SettingsError) as refused:
        settings_from({"OI_TRACKER_DB_HOST": "somewhere", name: value})
    assert sentence in str(refused.value)


def test_a_password_is_never_repeated() -> None:
    with pytest.raises(SettingsError) as refused:
        settings_from({"OI_DATABASE_URL": "postgresql://u:hunter2@h:99999/db"})
    assert "hunter2" not in str(refused.value)
    kept = settings_from({"OI_DATABASE_URL": "postgresql://u:hunter2@h/db", "OI_SECRET_KEY": "k3y"})
    assert "hunter2" not in repr(kept)
    assert "k3y" not in repr(kept)


@pytest.mark.parametrize("password", ["50%", "a@b", "a/b", "%41", "a:b?c#d"])
def test_a_password_of_any_characters_arrives_as_it_is(password: str) -> None:
    from psycopg.conninfo import conninfo_to_dict
    from sqlalchemy import URL

    from db.urls import conninfo

    written = URL.create("postgresql", "u", password, "h", 5433, "db")
    given = written.render_as_string(hide_password=False)
    url = settings_from({"OI_DATABASE_URL": given}).database_url
    assert url is not None
    assert url.password == password
    assert conninfo_to_dict(conninfo(url))["password"] == password


def test_an_ipv6_address_in_a_url_is_kept() -> None:
    url = settings_from({"OI_DATABASE_URL": "postgresql://u@[::1]:5433/db"}).database_url
    assert url is not None
    assert (url.host, url.port) == ("::1", 5433)


SEVERAL = "postgresql://u:p%2C@one:5433,[::1],three:5435/db?sslmode=require"


def test_of_several_hosts_libpq_and_the_pool_are_told_the_same() -> None:
    from psycopg.conninfo import conninfo_to_dict
    from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg

    from db.urls import conninfo

    url = settings_from({"OI_DATABASE_URL": SEVERAL}).database_url
    assert url is not None
    (_, pooled), alone = (
        PGDialect_psycopg().create_connect_args(url),
        conninfo_to_dict(conninfo(url)),
    )
    for told in (pooled, alone):
        assert (told["host"], told["port"]) == ("one,::1,three", "5433,5432,5435")
        assert (told["target_session_attrs"], told["sslmode"]) == ("primary", "require")
        assert told["password"] == "p,"  # noqa: S105 - of this test


def test_what_a_url_says_of_its_hosts_is_kept() -> None:
    from db.urls import for_reading

    url = settings_from(
        {"OI_DATABASE_URL": "postgresql://a,b/db?target_session_attrs=read-write"}
    ).database_url
    assert url is not None
    assert url.query["target_session_attrs"] == "read-write"
    # a session that is read-only by default is never taken for one that writes
    assert for_reading(url).query["target_session_attrs"] == "primary"


def test_postgresqls_own_programs_are_told_the_same_address() -> None:
    from db.urls import environment

    several = settings_from({"OI_DATABASE_URL": SEVERAL}).database_url
    one = settings_from({"OI_DATABASE_URL": "postgresql://u@h:5433/db"}).database_url
    assert several is not None
    assert one is not None
    assert environment(several) == {
        "PGHOST": "one,::1,three",
        "PGPORT": "5433,5432,5435",
        "PGUSER": "u",
        "PGPASSWORD": "p,",
        "PGDATABASE": "db",
        "PGSSLMODE": "require",
        "PGTARGETSESSIONATTRS": "primary",
    }
    assert environment(one)["PGHOST"] == "h"


@pytest.mark.parametrize(
    "given",
    [
        "postgresql://u@a:1,b:2/db, postgresql://u@c/db",
        "postgresql://u@a:1,b:2/db,postgresql://u@c/db,",
    ],
)
def test_replicas_are_urls_with_commas_between(given: str) -> None:
    first, second = settings_from({"OI_DATABASE_READ_URLS": given}).database_read_urls
    assert first.query["host"] == "a,b"
    assert "target_session_attrs" not in first.query
    assert second.host == "c"


def test_the_brokers_secret_is_never_repeated() -> None:
    kept = settings_from({"OI_KITE_API_KEY": "k3y", "OI_KITE_API_SECRET": "hunter2"})
    assert kept.kite_api_secret == "hunter2"  # noqa: S105 - of this test
    assert "hunter2" not in repr(kept)


def test_the_password_of_a_redis_is_never_repeated() -> None:
    kept = settings_from({"OI_REDIS_URL": "redis://:hunter2@h:6379/0"})
    assert kept.redis_url == "redis://:hunter2@h:6379/0"
    assert "hunter2" not in repr(kept)
    with pytest.raises(SettingsError) as refused:
        settings_from({"OI_REDIS_URL": "redis://:hunter2@h:99999/0"})
    assert "hunter2" not in str(refused.value)


_OWN_KEY = """
import sys
import app.web.factory, app.feeds.simulate.feed, app.collector, benchmarks.parts.ingest
from app.feeds.simulate.feed import SimulateFeed
from db.market.exchanges import EXCHANGES
from db.settings import settings
settings()
print(*EXCHANGES)
"""


def test_an_operators_exchange_keys_hold_whatever_was_imported_before(tmp_path: Path) -> None:
    own = tmp_path / "keys.toml"
    own.write_text(ONE, encoding="utf-8")
    told = subprocess.run(
        [sys.executable, "-c", _OWN_KEY],
        env=os.environ | {"OI_EXCHANGES_FILE": str(own)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert told.stdout.split() == [*EXCHANGES, "FINNIFTY"]


def test_a_legacy_name_holds_where_the_new_one_is_not_set() -> None:
    assert settings_from({"FLASK_PORT": "6000"}).port == 6000
    assert settings_from({"FLASK_PORT": "6000", "OI_PORT": "7000"}).port == 7000


def test_lists_are_split_at_commas() -> None:
    found = settings_from({"OI_ALLOWED_HOSTS": "oi.example.org, localhost,"})
    assert found.allowed_hosts == ("oi.example.org", "localhost")


def test_every_setting_says_in_a_sentence_what_it_is() -> None:
    listed = described()
    assert [each.name for each in listed] == [f"OI_{f.name.upper()}" for f in fields(Settings)]
    assert all(each.sentence.endswith(".") and len(each.sentence) > 10 for each in listed)
    by_name = {each.name: each for each in listed}
    assert by_name["OI_PORT"][1:3] == ("FLASK_PORT", "5050")
    assert by_name["OI_SECRET_KEY"].default == ""
