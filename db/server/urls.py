"""The database to work with: the one named in the environment, else the local server's."""

from sqlalchemy import URL

from db.server.cluster import LocalServer
from db.server.home import open_home
from db.settings import settings


def local_server() -> LocalServer:
    """The local server of OI_HOME; nothing is started."""
    return LocalServer(open_home(settings().home))


def database_url() -> URL:
    """OI_DATABASE_URL, else the local server's database.

    Raises ServerError with what to do when neither is there. Nothing is started.
    """
    return settings().database_url or local_server().url()
