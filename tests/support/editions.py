"""Which servers a session runs on: the local one and those named in the environment."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field

from sqlalchemy import make_url

from tests.support.databases import DatabaseServer
from tests.support.local import VolatileServer

LOCAL = "local"
NONE = "none"


@dataclass
class Editions:
    """The servers of one pytest session, opened on first use and closed at its end."""

    named: Mapping[str, str]
    use_local: bool
    opened: dict[str, DatabaseServer] = field(default_factory=dict)
    local: VolatileServer | None = None

    @classmethod
    def from_environment(cls, environ: Mapping[str, str] = os.environ) -> "Editions":
        """Read OI_TEST_DATABASE_URLS (comma separated) and OI_TEST_LOCAL (0 = none)."""
        urls = [url.strip() for url in environ.get("OI_TEST_DATABASE_URLS", "").split(",")]
        return cls(
            named={_label(url): url for url in urls if url},
            use_local=environ.get("OI_TEST_LOCAL", "1") != "0",
        )

    @property
    def names(self) -> list[str]:
        """The parameters of the fixture `server`."""
        return [*([LOCAL] if self.use_local else []), *self.named] or [NONE]

    def open(self, name: str) -> DatabaseServer:
        """The server of that name, started and prepared if this is its first use."""
        if name not in self.opened:
            server = DatabaseServer(name, self._admin_url(name))
            server.prepare()
            self.opened[name] = server
        return self.opened[name]

    def close(self) -> None:
        """Drop what was made on the named servers; stop the local one."""
        for name, server in self.opened.items():
            if name != LOCAL:
                server.close()
        if self.local:
            self.local.stop()
            self.local = None

    def report(self) -> list[str]:
        """Lines that say which editions ran and which did not, and why."""
        ran = [f"ran on {server}" for server in self.opened.values()]
        missing = {"apache", "community"} - {s.edition for s in self.opened.values()}
        return [*ran, *(f"not run on {edition}: {_reason(self)}" for edition in sorted(missing))]

    def _admin_url(self, name: str):
        if name != LOCAL:
            return make_url(self.named[name]).set(drivername="postgresql+psycopg")
        self.local = VolatileServer.start()
        return self.local.url


def _label(url: str) -> str:
    parsed = make_url(url)
    return f"{parsed.host}:{parsed.port or 5432}"


def _reason(editions: Editions) -> str:
    if not editions.opened:
        return "no test asked for a database"
    if not editions.use_local:
        return "OI_TEST_LOCAL=0, and no server of that edition in OI_TEST_DATABASE_URLS"
    return "the local server is another edition; name one in OI_TEST_DATABASE_URLS to add it"
