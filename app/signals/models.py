"""The models of a process: loaded in the background, when one is first wanted or replaced."""

import logging
import threading
from collections.abc import Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

from app.signals.model import Model
from app.signals.registry import ModelError, Registry

_LOG = logging.getLogger("oi.signals")
_AT_ONCE = 4
NO_MODEL = "no model"
LOADING = "no signal: the model is being loaded"


class Models:
    """One model an exchange key; all are loaded side by side, each once."""

    def __init__(self, home: Path) -> None:
        self._home = home
        self._lock = threading.Lock()
        self._pool: ThreadPoolExecutor | None = None
        self._loading: dict[str, tuple[str, Future[Model]]] = {}
        self._told: dict[str, str] = {}

    def of(self, exchange: str) -> Model | str:
        """The model that is served, or a sentence on why there is none just now; never waits."""
        registry = Registry(self._home, exchange)
        try:
            model_id = registry.served_id()
            if model_id is None:
                return NO_MODEL
            loading = self._load(registry, model_id)
            if not loading.done():
                return LOADING
            return loading.result()
        except ModelError as error:
            return self._fail(exchange, str(error))

    def load(self, exchanges: Iterable[str]) -> None:
        """Wait for the models of these, however long they take; what is wrong is told by `of`."""
        registries = [Registry(self._home, exchange) for exchange in exchanges]
        for registry in registries:
            with suppress(ModelError):
                if (model_id := registry.served_id()) is not None:
                    self._load(registry, model_id).exception()

    def close(self) -> None:
        """Load nothing more."""
        with self._lock:
            if self._pool is not None:
                self._pool.shutdown(wait=False, cancel_futures=True)

    def _load(self, registry: Registry, model_id: str) -> "Future[Model]":
        with self._lock:
            known = self._loading.get(registry.exchange)
            if known is None or known[0] != model_id:
                if self._pool is None:
                    self._pool = ThreadPoolExecutor(_AT_ONCE, "models")
                known = model_id, self._pool.submit(registry.load, model_id)
                self._loading[registry.exchange] = known
            return known[1]

    def _fail(self, exchange: str, reason: str) -> str:
        if self._told.get(exchange) != reason:
            _LOG.warning("no model of %s: %s", exchange, reason)
        self._told[exchange] = reason
        return f"{NO_MODEL}: {reason}"
