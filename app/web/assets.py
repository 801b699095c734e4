"""Styles, scripts and the icon: read once, packed once, under an address that changes with them.

The address holds a digest of all files, so that browsers keep them for good, and modules that
import each other by relative path stay of one version.
"""

from dataclasses import dataclass
from functools import cache
from hashlib import blake2b
from pathlib import Path
from types import MappingProxyType
from typing import Any

from flask import Blueprint, Response, abort, url_for

from app.packing import packed
from app.web.packing import accepts_gzip

blueprint = Blueprint("assets", __name__)

_FOLDER = Path(__file__).parent / "front"
_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}
# runs before the page is painted
_CLASSIC = {"core/theme.js"}
_FOR_GOOD = "public, max-age=31536000, immutable"
_BEST = 9


@dataclass(frozen=True, slots=True)
class Asset:
    """One file, as it is and packed by gzip."""

    body: bytes
    packed: bytes
    media_type: str


@dataclass(frozen=True, slots=True)
class Assets:
    """All files by name, and the digest that stands in their address."""

    files: MappingProxyType[str, Asset]
    version: str

    @property
    def modules(self) -> list[str]:
        """The scripts a page of ES modules will ask for."""
        return sorted(name for name in self.files if name.endswith(".js") and name not in _CLASSIC)


@cache
def assets() -> Assets:
    """The files of `app/web/front`, read when the first page is made."""
    paths = sorted(path for path in _FOLDER.rglob("*") if path.suffix in _TYPES)
    files = {path.relative_to(_FOLDER).as_posix(): _asset(path) for path in paths}
    digest = blake2b(digest_size=8)
    for name, asset in files.items():
        digest.update(name.encode() + b"\0" + asset.body)
    return Assets(MappingProxyType(files), digest.hexdigest())


@blueprint.get("/assets/<version>/<path:name>")
def asset(version: str, name: str) -> Response:
    """One file; kept by the browser for good unless the address is of another version."""
    found = assets().files.get(name)
    if found is None:
        abort(404)
    unpacks = accepts_gzip()
    response = Response(found.packed if unpacks else found.body, content_type=found.media_type)
    if unpacks:
        response.headers["Content-Encoding"] = "gzip"
    response.headers["Vary"] = "Accept-Encoding"
    response.headers["Cache-Control"] = _FOR_GOOD if version == assets().version else "no-cache"
    return response


@blueprint.app_context_processor
def _in_templates() -> dict[str, Any]:
    def asset_url(name: str) -> str:
        return url_for("assets.asset", version=assets().version, name=name)

    return {"asset_url": asset_url, "asset_modules": lambda: assets().modules}


def _asset(path: Path) -> Asset:
    body = path.read_bytes()
    return Asset(body, packed(body, _BEST), _TYPES[path.suffix])
