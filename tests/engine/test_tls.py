"""Every link to the database is encrypted and knows its server, where the URL asks for that."""

from collections.abc import Callable, Iterator

import pytest
from sqlalchemy import URL, text

from app.push.listener import Listener
from db import links, migrate
from db.engine import engine_for
from db.errors import DatabaseUnavailableError
from db.server.programs import Programs
from tests.support.encrypted import Encrypted, encrypted
from tests.support.homes import programs

__all__ = ["programs"]

IS_ENCRYPTED = "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()"


@pytest.fixture(scope="module")
def server_with_tls(programs: Programs) -> Iterator[Encrypted]:
    with encrypted(programs.bin_dir) as found:
        yield found


@pytest.fixture
def verified(server_with_tls: Encrypted) -> URL:
    return asking(server_with_tls, server_with_tls.authority)


def asking(server: Encrypted, authority: object, mode: str = "verify-full") -> URL:
    return server.url.update_query_dict({"sslmode": mode, "sslrootcert": str(authority)})


def by_pool(url: URL) -> None:
    engine = engine_for(url)
    try:
        with engine.connect() as connection:
            assert connection.scalar(text(IS_ENCRYPTED))
    finally:
        engine.dispose()


def by_link(url: URL) -> None:
    with links.connect(url, application_name="oi test") as session:
        (is_encrypted,) = session.execute(IS_ENCRYPTED).fetchone() or (None,)
        assert is_encrypted


def by_listening(url: URL) -> None:
    with Listener(url) as listener:
        listener.demand_answer(10)


def by_migrating(url: URL) -> None:
    assert migrate.current(url) is None


WAYS = pytest.mark.parametrize("way", [by_pool, by_link, by_listening, by_migrating])


@WAYS
def test_a_server_of_that_authority_and_name_is_let_in(
    verified: URL, way: Callable[[URL], None]
) -> None:
    way(verified)


@WAYS
def test_a_server_that_another_authority_signed_is_refused(
    server_with_tls: Encrypted, way: Callable[[URL], None]
) -> None:
    with pytest.raises(Exception, match="certificate verify failed"):
        way(asking(server_with_tls, server_with_tls.stranger))


@WAYS
def test_a_server_of_another_name_is_refused(verified: URL, way: Callable[[URL], None]) -> None:
    with pytest.raises(Exception, match="does not match host name"):
        way(verified.set(host="127.0.0.1"))


def test_what_is_wrong_with_the_certificate_is_one_sentence(server_with_tls: Encrypted) -> None:
    engine = engine_for(asking(server_with_tls, server_with_tls.stranger))
    with pytest.raises(DatabaseUnavailableError) as refused, engine.connect():
        pass
    assert "certificate verify failed" in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_server_of_tls_alone_lets_nobody_in_who_speaks_plainly(
    server_with_tls: Encrypted,
) -> None:
    with pytest.raises(DatabaseUnavailableError, match="no encryption"):
        by_pool(server_with_tls.url.update_query_dict({"sslmode": "disable"}))
