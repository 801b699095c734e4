"""The local server of OI_HOME."""

from sqlalchemy import URL

from db.parts import Part
from db.server.cluster import LocalServer
from db.server.home import open_home
from db.settings import settings


def local_server(*, make_home: bool = False) -> LocalServer:
    """The local server of OI_HOME; nothing is started, and only `make_home` writes anything."""
    return LocalServer(open_home(settings().home, make=make_home))


def url(part: Part = "owner") -> URL:
    """The URL of the local server's database for a part of the program.

    Raises ServerError before the server's first start.
    """
    return local_server().url_of(part)
