"""The configuration files of the private cluster."""

from collections.abc import Mapping
from pathlib import Path

from db.server.home import Home, write_private
from db.server.tuning import Value

_FILE = "oi.conf"
_HEADER = "# written at every start; ALTER SYSTEM settings win over these\n"
_ACCESS = """\
# a password on every way in
local  all          all                scram-sha-256
host   all          all  127.0.0.1/32  scram-sha-256
local  replication  all                scram-sha-256
host   replication  all  127.0.0.1/32  scram-sha-256
"""


def write_static(data: Path) -> None:
    """Complete what initdb wrote: who may connect, and our settings at the end."""
    (data / "pg_hba.conf").write_text(_ACCESS, encoding="utf-8")
    with (data / "postgresql.conf").open("a", encoding="utf-8") as file:
        file.write(f"\ninclude_if_exists = '{_FILE}'\n")


def write_configuration(home: Home, values: Mapping[str, Value], port: int) -> None:
    """Write the settings the next start uses: loopback, the port, a private socket."""
    if home.sockets:
        home.sockets.mkdir(mode=0o700, exist_ok=True)
        home.own(home.sockets)
    everything: dict[str, Value] = {
        "listen_addresses": "127.0.0.1",
        "port": port,
        "unix_socket_directories": str(home.sockets or ""),
        "unix_socket_permissions": "0700",
        "log_line_prefix": "%m [%p] %q%a@%d ",
        **values,
    }
    lines = (f"{name} = {_quoted(value)}\n" for name, value in everything.items())
    write_private(home.data / _FILE, _HEADER + "".join(lines))
    home.own(home.data / _FILE)


def _quoted(value: Value) -> str:
    if isinstance(value, bool):
        return "on" if value else "off"
    return "'" + str(value).replace("'", "''") + "'"
