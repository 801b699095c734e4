"""The proxies of deploy/, with its own configurations, before a dashboard on the loopback."""

import contextlib
import http.client
import os
import shutil
import socket
import ssl
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from benchmarks.server.ports import free_port
from db.server.account import unprivileged_account
from tests.support.debian import program
from tests.support.encrypted import write_certificates
from tests.support.paths import ROOT
from tests.support.waiting import eventually
from tests.support.websockets import PATIENCE_S, WebSocketClient

NAME = "oi.example.org"
"""The public name in the samples."""

_DEPLOY = ROOT / "deploy"
# as Debian's own file has it, which would pack whatever a host sends as it is
_NGINX = """\
daemon off;
pid {folder}/pid;
error_log {folder}/log;
events {{ worker_connections 512; }}
http {{
    access_log off;
    gzip on;
    gzip_min_length 1;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    include {folder}/site.conf;
}}
"""
# its own authority in place of a public one
_CADDY = """\
{{
	admin off
	default_bind 127.0.0.1
	local_certs
	skip_install_trust
	http_port {plain}
	https_port {secure}
	storage file_system {folder}/kept
}}
"""


@dataclass(frozen=True)
class Proxy:
    """Where it listens: `secure` speaks TLS, if it does at all; `plain` does not."""

    plain: int
    secure: int | None

    @property
    def origin(self) -> str:
        """The site as a browser names it."""
        return f"{'https' if self.secure else 'http'}://{NAME}"

    def link(self) -> socket.socket:
        """A connection as a browser makes it."""
        sock = socket.create_connection(("127.0.0.1", self.secure or self.plain), PATIENCE_S)
        if self.secure is None:
            return sock
        # whose certificate it is says a browser, not this
        context = ssl._create_unverified_context()  # noqa: S323
        return context.wrap_socket(sock, server_hostname=NAME)

    def ask(
        self, method: str, path: str, headers: Mapping[str, str] | None = None, body: str = ""
    ) -> tuple[http.client.HTTPResponse, bytes]:
        """One request on a connection of its own: the answer, and its body as it came."""
        link = http.client.HTTPConnection(NAME)
        link.sock = self.link()
        with contextlib.closing(link):
            # who refuses a body may answer, and listen no more, before all of it is sent
            with contextlib.suppress(BrokenPipeError, ConnectionResetError, ssl.SSLEOFError):
                link.request(method, path, body or None, dict(headers or {}))
            answer = link.getresponse()
            return answer, answer.read()

    def follow(self, target: str, headers: Mapping[str, str]) -> WebSocketClient:
        """A page's socket."""
        return WebSocketClient.over(self.link(), NAME, target, headers.items())


@contextlib.contextmanager
def nginx(host: int) -> Iterator[Proxy]:
    """Debian's nginx with deploy/nginx.conf, before the host at that port."""
    proxy = Proxy(free_port(), free_port())
    with _folder() as folder:
        write_certificates(folder / "authority.pem", folder)
        changes = {
            "127.0.0.1:5050": f"127.0.0.1:{host}",
            "listen 443 ssl": f"listen 127.0.0.1:{proxy.secure} ssl",
            "listen 80": f"listen 127.0.0.1:{proxy.plain}",
            "/etc/ssl/oi.example.org.pem": f"{folder}/server.pem",
            "/etc/ssl/oi.example.org.key": f"{folder}/server.key",
        }
        with _nginx(folder, _DEPLOY / "nginx.conf", changes, proxy):
            yield proxy


@contextlib.contextmanager
def composed(host: int) -> Iterator[Proxy]:
    """The same with what deploy/compose gives it; Docker's name server is left out."""
    proxy = Proxy(free_port(), None)
    changes = {
        "resolver 127.0.0.11 valid=5s;": "",
        "web:5050 resolve": f"127.0.0.1:{host}",
        "listen 80": f"listen 127.0.0.1:{proxy.plain}",
    }
    with _folder() as folder, _nginx(folder, _DEPLOY / "compose" / "proxy.conf", changes, proxy):
        yield proxy


@contextlib.contextmanager
def caddy(host: int) -> Iterator[Proxy]:
    """Debian's Caddy with deploy/Caddyfile."""
    command = program("caddy", "caddy", "caddy")
    proxy = Proxy(free_port(), free_port())
    with _folder() as folder:
        ours = _changed(_DEPLOY / "Caddyfile", {"127.0.0.1:5050 {": f"127.0.0.1:{host} {{"})
        options = _CADDY.format(plain=proxy.plain, secure=proxy.secure, folder=folder)
        (folder / "Caddyfile").write_text(options + ours, encoding="utf-8")
        arguments = ["run", "--config", str(folder / "Caddyfile"), "--adapter", "caddyfile"]
        with _running([*command, *arguments], folder, proxy):
            yield proxy


@contextlib.contextmanager
def _nginx(folder: Path, file: Path, changes: Mapping[str, str], proxy: Proxy) -> Iterator[None]:
    command = program("nginx", "nginx", "nginx")
    (folder / "site.conf").write_text(_changed(file, changes), encoding="utf-8")
    (folder / "nginx.conf").write_text(_NGINX.format(folder=folder), encoding="utf-8")
    arguments = ["-e", f"{folder}/log", "-p", str(folder), "-c", f"{folder}/nginx.conf"]
    with _running([*command, *arguments], folder, proxy):
        yield


def _changed(file: Path, changes: Mapping[str, str]) -> str:
    """A sample with ports and paths of a test."""
    text = file.read_text(encoding="utf-8")
    for before, after in changes.items():
        assert before in text, (file.name, before)
        text = text.replace(before, after)
    return text


@contextlib.contextmanager
def _folder() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="oi-test-proxy-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder)


def _hands_on(proxy: Proxy) -> bool:
    with contextlib.suppress(OSError):
        return proxy.ask("GET", "/login")[0].status == 200
    return False


@contextlib.contextmanager
def _running(command: list[str], folder: Path, proxy: Proxy) -> Iterator[None]:
    account = unprivileged_account()
    if account:
        for path in (folder, *folder.iterdir()):
            shutil.chown(path, account.uid, account.gid)
    environment = {**os.environ, "HOME": str(folder), "XDG_DATA_HOME": str(folder)}
    with (folder / "said").open("wb") as said:
        process = subprocess.Popen(
            command,
            cwd=folder,
            env=environment,
            stdout=said,
            stderr=said,
            user=account.uid if account else None,
        )
    try:
        # it listens before it has a certificate, and before it has looked at the host
        eventually(lambda: _hands_on(proxy) or process.poll() is not None)
        assert process.poll() is None, (folder / "said").read_text()
        yield
    finally:
        process.terminate()
        process.wait(PATIENCE_S)
