"""The web server: gunicorn with threads, configured here rather than on a command line."""

import errno
import logging
import os
import resource
import signal
import socket
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.orphans import end_with
from app.telemetry import logs, metrics
from app.web.hosts import is_loopback
from db import endings, privileges
from db.errors import InvalidInputError
from db.settings import Settings

if TYPE_CHECKING:
    from flask import Flask
    from gunicorn.app.base import BaseApplication
    from gunicorn.arbiter import Arbiter
    from gunicorn.workers.base import Worker

_log = logging.getLogger(__name__)

_THREADS = 16
_CONNECTIONS = 1000
_KEEPALIVE_S = 15
_GRACE_S = 1
_DESCRIPTORS = 8192
# the longest that a browser sends here: an address to come back to, and cookies of other ports
_REQUEST_LINE_BYTES = 8190
_HEADER_BYTES = 16 * 1024
_HEADERS = 64
_PRIVATE = 0o077


def serve(settings: Settings, workers: int = 1) -> None:
    """Serve the application until SIGINT, SIGTERM or the end of the terminal.

    Raises InvalidInputError for a busy port, SettingsError for what workers cannot begin with, and
    FrontNotBuiltError where the page is missing or older than its sources. Viewers of the live push
    occupy no thread: a few carry many of them.
    """
    from app.web.assets import assets
    from app.web.auth.store import store

    # read before the fork, so that all workers share one copy
    assets()
    demand_free_port(settings.host, settings.port)
    _allow_descriptors()
    if workers > 1:
        _load_for_all()
    # before the fork, so that all workers know each other's sessions
    kept = store(settings)
    _demand_sound(settings, kept)
    metrics.prepare(kept / f"metrics-{settings.port}")
    os.umask(_PRIVATE)
    options = {
        "bind": _bound(settings.host, settings.port),
        "umask": _PRIVATE,
        "workers": workers,
        "worker_class": "app.web.intake.worker.Worker",
        "threads": _THREADS,
        "worker_connections": _CONNECTIONS,
        "keepalive": _KEEPALIVE_S,
        "graceful_timeout": _GRACE_S,
        "limit_request_line": _REQUEST_LINE_BYTES,
        "limit_request_field_size": _HEADER_BYTES,
        "limit_request_fields": _HEADERS,
        "loglevel": "warning",
        "control_socket_disable": True,
        "on_starting": _heed_terminal,
        "post_fork": _end_with_server,
        "child_exit": _forget,
    }
    logs.configure(logging.WARNING, settings.log_format)
    # who came and who was turned away belongs into every log
    for name in ("app.web.auth", "app.web.routes.broker"):
        logging.getLogger(name).setLevel(logging.INFO)
    for warning in filter(None, (privileges.warning(), unencrypted(settings))):
        _log.warning(warning)
    _application(options, kept).run()


def _demand_sound(settings: Settings, kept: Path) -> None:
    """Read here what each worker reads: one that cannot begin ends all with a trace."""
    from app.telemetry.objectives import objectives
    from app.web.auth.session_key import session_key

    objectives(settings.objectives_file)
    session_key(settings, kept)


def _load_for_all() -> None:
    """Load before the fork what each worker would load again, beside the others and for itself.

    One worker alone answers sooner without: the database's libraries load while somebody types.
    """
    import app.web.factory  # noqa: F401
    from db.loading import load

    load()


def _heed_terminal(server: "Arbiter") -> None:
    """End when the terminal closes; gunicorn would load itself anew and hold the port, unseen."""
    if signal.SIGHUP in endings.asked():
        server.handle_hup = server.handle_term
    else:
        server.handle_hup = lambda: None


def _end_with_server(_server: object, worker: "Worker") -> None:
    """Nothing is lost with a worker, while one without its server keeps the port from the next."""
    end_with(worker.ppid, signal.SIGKILL)()


def _forget(_server: object, worker: "Worker") -> None:
    metrics.forget(worker.pid)


def address(settings: Settings) -> str:
    """The dashboard's address as a browser takes it."""
    return f"http://{_bound(settings.host, settings.port)}"


def unencrypted(settings: Settings) -> str | None:
    """What to say of a dashboard that others reach without a proxy that could speak HTTPS."""
    if is_loopback(settings.host) or settings.trusted_proxies:
        return None
    return (
        f"{address(settings)} is open to other machines without encryption, so that passwords can "
        "be read on the way; let a proxy speak HTTPS before it, named in OI_TRUSTED_PROXIES."
    )


def _bound(host: str, port: int) -> str:
    return f"[{host.strip('[]')}]:{port}" if ":" in host else f"{host}:{port}"


def _application(options: dict[str, Any], kept: Path) -> "BaseApplication":
    from gunicorn.app.base import BaseApplication

    class Application(BaseApplication):  # type: ignore[misc]  # gunicorn is untyped
        def load_config(self) -> None:
            for name, value in options.items():
                # a name that an older gunicorn lacks is a feature it lacks, too
                if name in self.cfg.settings:
                    self.cfg.set(name, value)

        def load(self) -> "Flask":
            from app.web.factory import build

            return build(kept=kept)

    return Application()


def _allow_descriptors() -> None:
    """Raise the soft limit of open files: every viewer holds one."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _DESCRIPTORS if hard == resource.RLIM_INFINITY else min(_DESCRIPTORS, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def demand_free_port(host: str, port: int) -> None:
    """Raise InvalidInputError, with what to do, when nothing can listen there."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((host.strip("[]"), port))
    except (OSError, ValueError) as error:
        raise InvalidInputError(_sentence(host, port, error)) from error


def _sentence(host: str, port: int, error: OSError | ValueError) -> str:
    if isinstance(error, OSError) and error.errno == errno.EADDRINUSE:
        return f"Port {port} is in use; stop what uses it or choose another with OI_PORT."
    reason = error.strerror if isinstance(error, OSError) else "no such address"
    return f"Cannot listen on {_bound(host, port)}: {reason}; OI_HOST and OI_PORT choose others."
