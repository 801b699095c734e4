"""The account at the broker: who is logged in, and what may be asked with that session."""

import logging
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from app.kite.client import BrokerClient
from app.kite.errors import BrokerError, LoginNeededError
from app.kite.secrets import scrubber
from app.kite.session import BrokerSession, SessionStore, broker_folder
from app.kite.ticker import Credentials
from db.errors import SettingsError
from db.settings import Settings

_LOG = logging.getLogger("oi.kite")
T = TypeVar("T")

LOG_IN = "Nobody is logged in at the broker: run `python -m app kite login`."


def account_of(settings: Settings, key: Callable[[Settings, Path], str]) -> "Account":
    """The account of the settings; its session is kept below OI_HOME, under a `key` of that folder.

    Raises SettingsError that says what is missing.
    """
    if not (settings.kite_api_key and settings.kite_api_secret):
        raise SettingsError(
            "The broker's feed needs OI_KITE_API_KEY and OI_KITE_API_SECRET: set them to those of "
            "your app at https://developers.kite.trade, then run `python -m app kite login`."
        )
    settings.home.mkdir(parents=True, exist_ok=True)
    return Account(
        settings.kite_api_key,
        settings.kite_api_secret,
        SessionStore(broker_folder(settings), key(settings, settings.home)),
        settings.kite_root,
    )


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
        self._has_told = False
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

    def ask(self, call: Callable[[BrokerClient], T]) -> T:
        """What the broker answers to the present session; one that it refuses is asked no more.

        Raises LoginNeededError without a session, BrokerError for what else goes wrong.
        """
        with self._lock:
            self._look()
            client, version = self._client, self._version
        if client is None:
            raise LoginNeededError(LOG_IN)
        try:
            return call(client)
        except LoginNeededError:
            with self._lock:
                if version == self._version:
                    self._session, self._client = None, None
            raise

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
            if self._session is None and not self._has_told:
                _LOG.warning("%s", LOG_IN)
            self._has_told = self._session is None
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
