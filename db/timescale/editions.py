"""What a server can do: its edition and versions, and the one table of features.

https://docs.tigerdata.com/about/latest/timescaledb-editions/
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from sqlalchemy import Connection, text

from db.timescale.errors import ExtensionMissingError, UnsupportedError

Edition = Literal["apache", "community"]
Version = tuple[int, int]

OLDEST: Version = (2, 19)
NEWEST: Version = (2, 30)
OLDEST_POSTGRES = 15
NEWEST_POSTGRES = 18

_EDITION_OF_LICENSE: Mapping[str, Edition] = {"apache": "apache", "timescale": "community"}


@dataclass(frozen=True, slots=True)
class Feature:
    """Something TimescaleDB does: from which version, to which, and in which edition only."""

    label: str
    community_only: bool = False
    since: Version = OLDEST
    until: Version = NEWEST


FEATURES: Mapping[str, Feature] = {
    "hypertable": Feature("hypertables"),
    "space_dimension": Feature("hash dimensions"),
    "transaction_per_chunk": Feature("index builds chunk by chunk"),
    "continuous_aggregate": Feature("continuous aggregates", community_only=True),
    "refresh_policy": Feature("refresh policies", community_only=True),
    "retention_policy": Feature("native retention policies", community_only=True),
    "columnstore": Feature("the columnstore", community_only=True),
    "columnstore_policy": Feature("columnstore policies", community_only=True),
    "reorder_policy": Feature("reorder policies", community_only=True),
    "job": Feature("jobs of one's own (add_job)", community_only=True),
}


@dataclass(frozen=True, slots=True)
class Server:
    """The TimescaleDB behind one connection."""

    edition: Edition
    timescaledb_version: str
    postgres_version: int

    @property
    def version(self) -> Version:
        """TimescaleDB's major and minor version."""
        return parsed_version(self.timescaledb_version)

    def has(self, feature: str) -> bool:
        """Whether this server offers a feature; raises UnsupportedError for an unknown one."""
        wanted = _feature(feature)
        if wanted.community_only and self.edition == "apache":
            return False
        return wanted.since <= self.version <= wanted.until

    def require(self, feature: str) -> None:
        """Raises UnsupportedError, saying what would help, where the feature is missing."""
        if not self.has(feature):
            raise UnsupportedError(self.reason(feature))

    def reason(self, feature: str) -> str:
        """One sentence: why this server does not offer the feature."""
        wanted = _feature(feature)
        if wanted.community_only and self.edition == "apache":
            return f"The Apache edition of TimescaleDB does not offer {wanted.label}."
        since, until = (".".join(map(str, version)) for version in (wanted.since, wanted.until))
        return (
            f"TimescaleDB {self.timescaledb_version} does not offer {wanted.label}: "
            f"they are there from {since} to {until}."
        )


def read_server(connection: Connection) -> Server:
    """The server of a connection.

    Raises ExtensionMissingError where the database has no timescaledb extension, and
    UnsupportedError where a version or license is outside of what this plugin knows.
    """
    row = connection.execute(
        text(
            """
            SELECT current_setting('timescaledb.license', true) AS license,
                   (SELECT extversion FROM pg_extension WHERE extname = 'timescaledb') AS version,
                   EXISTS (
                     SELECT FROM pg_available_extensions WHERE name = 'timescaledb'
                   ) AS is_available,
                   current_setting('server_version_num')::int / 10000 AS postgres
            """
        )
    ).one()
    if row.version is None:
        raise ExtensionMissingError(
            "The database lacks the timescaledb extension: "
            + (
                "run CREATE EXTENSION timescaledb in it as a superuser."
                if row.is_available
                else "install TimescaleDB on the server (https://docs.tigerdata.com/self-hosted/"
                "latest/install/), then run CREATE EXTENSION timescaledb in it."
            )
        )
    return checked_server(row.license, row.version, row.postgres)


def checked_server(license_: str | None, version: str, postgres: int) -> Server:
    """A Server of known license and versions; raises UnsupportedError for others."""
    edition = _EDITION_OF_LICENSE.get(license_ or "")
    if edition is None:
        raise UnsupportedError(
            f"timescaledb.license is {license_!r}: set it to 'apache' or 'timescale'."
        )
    if not OLDEST <= parsed_version(version) <= NEWEST:
        raise UnsupportedError(
            f"TimescaleDB {version} is not supported: use {_dotted(OLDEST)} to {_dotted(NEWEST)}."
        )
    if not OLDEST_POSTGRES <= postgres <= NEWEST_POSTGRES:
        raise UnsupportedError(
            f"PostgreSQL {postgres} is not supported: use {OLDEST_POSTGRES} to {NEWEST_POSTGRES}."
        )
    return Server(edition, version, postgres)


def parsed_version(version: str) -> Version:
    """`2.19.3` or `2.30.0-dev` as (major, minor); raises UnsupportedError for anything else."""
    found = re.match(r"(\d+)\.(\d+)", version)
    if found is None:
        raise UnsupportedError(f"{version!r} is no TimescaleDB version.")
    return int(found[1]), int(found[2])


def _feature(name: str) -> Feature:
    try:
        return FEATURES[name]
    except KeyError:
        known = ", ".join(sorted(FEATURES))
        raise UnsupportedError(f"{name!r} is no feature of TimescaleDB known here: {known}.") from (
            None
        )


def _dotted(version: Version) -> str:
    return ".".join(map(str, version))
