"""The account at the broker: who is logged in, and what may be asked with that session."""

import logging
import threading

from app.kite.client import BrokerClient
from app.kite.errors import BrokerError, LoginNeededError
from app.kite.secrets import scrubber
from app.kite.session import BrokerSession, SessionStore
from app.kite.ticker import Credentials
from db.errors import SettingsError

_LOG = logging.getLogger("oi.kite")


class Account:
    """One API key and its present session; used by the process that talks to the broker.

    A request token that a person brought is exchanged on the next look, and a new session is
    taken up without a restart.
    """

    def __init__(
        self, api_key: str, api_secret: str, store: SessionStore, root: str | None = None
    ) -> None:
        scrubber.hide(api_secret)
        self._api_key = api_key
        self._api_secret = api_secret
        self._store = store
        self._root = root
        self._lock = threading.Lock()
        self._session: BrokerSession | None = None
        self._version = 0
        self._client: BrokerClient | None = None
        self.problem: str | None = None

    def credentials(self) -> Credentials | None:
        """What opens the ticker; None while somebody has to log in."""
        with self._lock:
            self._look()
            if self._session is None:
                return None
            return Credentials(self._api_key, self._session.access_token, self._version)

    def session(self) -> BrokerSession | None:
        """Who is logged in."""
        with self._lock:
            self._look()
            return self._session

    def client(self) -> BrokerClient:
        """The REST interface of the present session; raises LoginNeededError without one."""
        with self._lock:
            self._look()
            if self._client is None:
                raise LoginNeededError("Nobody is logged in at the broker.")
            return self._client

    def exchange(self, request_token: str) -> BrokerSession:
        """Turn a login's request token into a session and keep it; raises BrokerError."""
        client = BrokerClient(self._api_key, root=self._root)
        user_id, access_token = client.exchange(request_token, self._api_secret)
        return self._store.keep(user_id, access_token)

    def _look(self) -> None:
        """Take up what has changed in the store; the caller holds the lock."""
        try:
            request_token = self._store.brought()
            if request_token is not None:
                session = self.exchange(request_token)
                _LOG.info("%s is logged in at the broker", session.user_id)
                self.problem = None
            if self._store.version != self._version:
                self._take_up()
        except (BrokerError, SettingsError) as error:
            # the next login replaces what does not work
            self.problem = str(error)
            _LOG.warning("%s", error)

    def _take_up(self) -> None:
        self._version = self._store.version
        self._session, self._client = None, None
        self._session = self._store.load()
        if self._session is not None:
            self._client = BrokerClient(self._api_key, self._session.access_token, self._root)
