"""JSON bodies, encoded and packed once; of a chain's narrowed ones only a few are kept."""

import threading
import zlib
from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from functools import cached_property
from hashlib import blake2b
from typing import Any

import orjson

from app.packing import GZIP, packed

_GZIP_LEVEL = 5
_NARROWED = 4
_TAG_BYTES = 12


@dataclass(frozen=True)
class Encoded:
    """A JSON body with its entity tag and, made when first asked for, its gzip form."""

    body: bytes

    @classmethod
    def of(cls, value: Mapping[str, Any]) -> "Encoded":
        """A value as JSON."""
        return cls(orjson.dumps(value))

    @cached_property
    def etag(self) -> str:
        return blake2b(self.body, digest_size=_TAG_BYTES).hexdigest()

    @cached_property
    def gzipped(self) -> bytes:
        return packed(self.body, _GZIP_LEVEL)


@dataclass(frozen=True)
class Packed:
    """The same in the form in which it is kept: its entity tag, then gzip."""

    kept: bytes

    @classmethod
    def of(cls, value: Mapping[str, Any]) -> "Packed":
        """A value as JSON."""
        encoded = Encoded.of(value)
        return cls(encoded.etag.encode() + encoded.gzipped)

    @property
    def etag(self) -> str:
        return self.kept[: 2 * _TAG_BYTES].decode()

    @property
    def gzipped(self) -> bytes:
        return self.kept[2 * _TAG_BYTES :]

    @cached_property
    def body(self) -> bytes:
        return zlib.decompress(self.gzipped, GZIP)


Body = Encoded | Packed


class Bodies:
    """Keeps whole bodies, and the few narrowed ones that were asked for last.

    There are five hundred ways to narrow a chain: one body each would be 70 MB.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._whole: dict[Hashable, Encoded] = {}
        self._narrowed: OrderedDict[Hashable, Encoded] = OrderedDict()

    def whole(self, key: Hashable, make: Callable[[], Mapping[str, Any]]) -> Encoded:
        """The body of the whole chain under that key, made when it is first asked for."""
        with self._lock:
            if key not in self._whole:
                self._whole[key] = Encoded.of(make())
            return self._whole[key]

    def narrowed(self, key: Hashable, make: Callable[[], Mapping[str, Any]]) -> Encoded:
        """A body that holds a part of the chain, if it was asked for lately."""
        with self._lock:
            found = self._narrowed.pop(key, None) or Encoded.of(make())
            self._narrowed[key] = found
            if len(self._narrowed) > _NARROWED:
                self._narrowed.popitem(last=False)
            return found

    def __len__(self) -> int:
        return len(self._whole) + len(self._narrowed)
