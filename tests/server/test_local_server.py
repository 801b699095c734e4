"""A private server is started, found again, and survives what happens to servers."""

import contextlib
import os
import shutil
import signal
import socket
import stat
import threading
import time
from pathlib import Path

import pytest
from sqlalchemy import URL

from db.errors import ServerError
from db.server import postmaster
from db.server.cluster import LocalServer
from db.server.home import open_home
from tests.support.databases import connection
from tests.support.disks import small_disk


def value(url: URL, query: str) -> object:
    with connection(url) as session:
        return (session.execute(query).fetchone() or [None])[0]


def process(server: LocalServer) -> postmaster.Process:
    found = postmaster.running(server.home.data)
    assert found is not None
    return found


def test_start_gives_a_url_that_answers(local_server: LocalServer) -> None:
    url = local_server.start()
    assert value(url, "SELECT 1") == 1
    assert local_server.status().running
    assert local_server.status().pid == process(local_server).pid


def test_a_second_start_leaves_the_running_server_alone(local_server: LocalServer) -> None:
    first = local_server.start()
    pid = process(local_server).pid
    assert local_server.start() == first
    assert process(local_server).pid == pid


def test_two_starts_at_once_make_one_server(local_server: LocalServer) -> None:
    urls: list[URL] = []
    threads = [threading.Thread(target=lambda: urls.append(local_server.start())) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(urls) == 2
    assert urls[0] == urls[1]
    assert value(urls[0], "SELECT 1") == 1


def test_stop_says_whether_there_was_anything_to_stop(local_server: LocalServer) -> None:
    local_server.start()
    assert local_server.stop()
    assert not local_server.stop()
    assert not local_server.status().running


def test_data_and_url_outlive_a_stop(local_server: LocalServer) -> None:
    url = local_server.start()
    with connection(url) as session:
        session.execute("CREATE TABLE kept AS SELECT 42 AS answer")
    local_server.stop()
    assert local_server.start() == url
    assert value(url, "SELECT answer FROM kept") == 42


def test_a_taken_port_is_replaced_and_remembered(local_server: LocalServer) -> None:
    first = local_server.start()
    local_server.stop()
    with socket.create_server(("127.0.0.1", first.port or 0)):
        second = local_server.start()
        assert second.port != first.port
        assert value(second, "SELECT 1") == 1
    local_server.stop()
    assert local_server.start() == second


def test_a_killed_server_starts_again(local_server: LocalServer) -> None:
    url = local_server.start()
    os.kill(process(local_server).pid, signal.SIGKILL)
    while local_server.status().running:
        time.sleep(0.05)
    assert local_server.start() == url
    assert value(url, "SELECT 1") == 1


def test_a_pid_file_that_names_a_stranger_is_ignored(local_server: LocalServer) -> None:
    local_server.start()
    local_server.stop()
    pid_file = local_server.home.data / "postmaster.pid"
    pid_file.write_text(f"{os.getpid()}\n{local_server.home.data}\n1\n15432\n", encoding="utf-8")
    assert not local_server.status().running
    assert value(local_server.start(), "SELECT 1") == 1


def test_nobody_gets_in_without_the_password(local_server: LocalServer) -> None:
    url = local_server.start()
    with pytest.raises(Exception, match="password authentication failed"):
        connection(url.set(password="wrong")).close()  # noqa: S106  # wrong on purpose
    assert value(url, "SHOW listen_addresses") == "127.0.0.1"


def test_the_log_of_a_running_server_is_kept_within_a_bound(
    local_server: LocalServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = local_server.start()
    log = local_server.home.log
    monkeypatch.setattr(postmaster, "_LOG_BYTES", 1_000_000)
    postmaster.bound_log(local_server.home)
    said = log.read_bytes()
    assert said
    with log.open("ab") as file:
        file.write(b"-" * 1_000_000)
    postmaster.bound_log(local_server.home)
    before = log.with_suffix(".log.old")
    assert before.read_bytes().startswith(said)
    with pytest.raises(Exception, match="password authentication failed"):
        connection(url.set(password="wrong")).close()  # noqa: S106  # wrong on purpose
    assert b"password authentication failed" in log.read_bytes()
    assert log.stat().st_size < 1_000_000
    assert not stat.S_IMODE(log.parent.stat().st_mode) & 0o077


def test_the_password_is_random_and_in_a_file_of_ours_alone(
    local_server: LocalServer, capfd: pytest.CaptureFixture[str]
) -> None:
    url = local_server.start(progress=print)
    password = local_server.home.password()
    assert url.password == password
    assert len(str(password)) >= 24
    assert stat.S_IMODE(local_server.home.password_file.stat().st_mode) == 0o600
    output = capfd.readouterr()
    written = local_server.home.log.read_text(encoding="utf-8")
    assert str(password) not in output.out + output.err + written + repr(local_server)


def test_a_lost_password_is_told_and_nothing_is_touched(local_server: LocalServer) -> None:
    local_server.start()
    local_server.stop()
    local_server.home.password_file.unlink()
    with pytest.raises(ServerError, match="password is missing"):
        local_server.start()
    assert (local_server.home.data / "PG_VERSION").exists()


def test_an_interrupted_making_of_the_data_is_made_anew(local_server: LocalServer) -> None:
    local_server.home.make_cluster_folder()
    half_made = local_server.home.cluster / "data.new-interrupted"
    half_made.mkdir()
    (half_made / "base").touch()
    assert value(local_server.start(), "SELECT 1") == 1
    assert not half_made.exists()


def test_a_data_folder_of_something_else_is_told_and_kept(local_server: LocalServer) -> None:
    foreign = local_server.home.data / "holiday.jpg"
    foreign.parent.mkdir(parents=True)
    foreign.touch()
    with pytest.raises(ServerError, match="holds no PostgreSQL data"):
        local_server.start()
    assert foreign.exists()


def test_settings_the_server_refuses_are_told(local_server: LocalServer) -> None:
    local_server.start()
    local_server.stop()
    with (local_server.home.data / "postgresql.conf").open("a", encoding="utf-8") as file:
        file.write("wal_level = nonsense\n")
    with pytest.raises(ServerError, match=r"did not start.*server\.log"):
        local_server.start()


def test_a_full_disk_is_told_whether_new_or_running_out(ready_home: Path) -> None:
    with small_disk(ready_home / "small", size_mib=56) as small:
        shutil.copy(ready_home / "server.json", small)
        server = LocalServer(open_home(small))
        filler = small / "filler"
        try:
            filler.write_bytes(bytes(30 << 20))
            with pytest.raises(ServerError, match=r"disk .*full"):
                server.start()
            filler.unlink()
            url = server.start()
            server.stop()
            with contextlib.suppress(OSError):
                filler.write_bytes(bytes(56 << 20))
            with pytest.raises(ServerError, match=r"disk .*full"):
                server.start()
            filler.unlink()
            assert server.start() == url
        finally:
            server.stop()


def test_a_long_path_goes_without_the_unix_socket(home: Path) -> None:
    long = open_home(home / ("long" * 25), make=True)
    assert long.sockets is None
    assert open_home(home).sockets is not None


@pytest.mark.skipif(os.geteuid() != 0, reason="only root drops to another account")
def test_as_root_data_lie_where_the_account_can_reach_them(ready_home: Path) -> None:
    ready_home.chmod(0o700)
    closed = open_home(ready_home)
    server = LocalServer(closed, volatile=True)
    try:
        url = server.start()
        assert not closed.root.is_relative_to(ready_home)
        assert value(url, "SELECT 1") == 1
        owner = closed.data.stat().st_uid
        assert closed.account is not None
        assert owner == closed.account.uid != 0
        ready_home.chmod(0o755)
        assert open_home(ready_home).root == closed.root
    finally:
        server.stop()
        shutil.rmtree(closed.root)
