"""Styles, scripts and the icon as `make setup` built them: names that change with the content.

`app/web/dist/manifest.json` (scripts/front.mjs) says under which name each source is found, what a
script needs at once, and of which sources all was built.
"""

import hashlib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

import orjson
from flask import Blueprint, Response, abort, request, url_for
from markupsafe import Markup

from db.errors import OIError

blueprint = Blueprint("assets", __name__)

_HERE = Path(__file__).parent
_SOURCES = _HERE / "front"
_DIST = _HERE / "dist"
_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".map": "application/json",
    ".svg": "image/svg+xml",
}
_BUILT_FROM = frozenset({".css", ".js", ".svg"})
# by how well they pack
_ENCODINGS = {"br": ".br", "gzip": ".gz"}
_FOR_GOOD = "public, max-age=31536000, immutable"
_LOADS_NOTHING = "default-src 'none'"


class FrontNotBuiltError(OIError):
    """The page's scripts and styles are not there, or of other sources than those beside them."""


@dataclass(frozen=True, slots=True)
class Asset:
    """One file, as it is and packed by the encodings that browsers know."""

    body: bytes
    packed: MappingProxyType[str, bytes]
    media_type: str


@dataclass(frozen=True, slots=True)
class Assets:
    """All files by their public name, those names by source, and what each script needs at once."""

    files: MappingProxyType[str, Asset]
    names: MappingProxyType[str, str]
    needs: MappingProxyType[str, list[str]]
    version: str

    def text(self, source: str) -> str:
        """What a source was built into."""
        return self.files[self.names[source]].body.decode()


@cache
def assets() -> Assets:
    """The files of `app/web/dist`, read once; raises FrontNotBuiltError."""
    try:
        manifest = orjson.loads((_DIST / "manifest.json").read_bytes())
    except FileNotFoundError:
        raise FrontNotBuiltError("The page is not built yet: run make setup.") from None
    if _SOURCES.is_dir() and manifest["sources"] != _digest(_SOURCES):
        raise FrontNotBuiltError("The page was built of older sources: run make setup.")
    paths = sorted(path for path in _DIST.rglob("*") if path.suffix in _TYPES)
    return Assets(
        files=MappingProxyType({_name(path, _DIST): _asset(path) for path in paths}),
        names=MappingProxyType(manifest["files"]),
        needs=MappingProxyType(manifest["preload"]),
        version=manifest["version"],
    )


@blueprint.get("/assets/<path:name>")
def asset(name: str) -> Response:
    """One file, kept by the browser for good: another content has another name."""
    found = assets().files.get(name)
    if found is None:
        abort(404)
    encoding = _best(found)
    body = found.body if encoding is None else found.packed[encoding]
    response = Response(body, content_type=found.media_type)
    if encoding is not None:
        response.headers["Content-Encoding"] = encoding
    response.headers["Vary"] = "Accept-Encoding"
    response.headers["Cache-Control"] = _FOR_GOOD
    # the page's own, which names what stands within it, is a kilobyte
    response.headers["Content-Security-Policy"] = _LOADS_NOTHING
    return response


def _best(found: Asset) -> str | None:
    wanted = (each for each in found.packed if request.accept_encodings.quality(each) > 0)
    return next(wanted, None)


@blueprint.app_context_processor
def _in_templates() -> dict[str, Any]:
    def public(name: str) -> str:
        return url_for("assets.asset", name=name)

    def inline(source: str) -> Markup:
        # of our own build
        return Markup(assets().text(source))  # noqa: S704

    return {
        "asset_url": lambda source: public(assets().names[source]),
        "asset_needs": lambda source: [public(name) for name in assets().needs[source]],
        "asset_text": inline,
    }


def _digest(folder: Path) -> str:
    """What scripts/front.mjs calls these sources by."""
    digest = hashlib.sha256()
    paths = {_name(path, folder): path for path in folder.rglob("*") if path.suffix in _BUILT_FROM}
    for name, path in sorted(paths.items()):
        digest.update(name.encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


def _name(path: Path, folder: Path) -> str:
    return path.relative_to(folder).as_posix()


def _asset(path: Path) -> Asset:
    packed = {
        encoding: beside.read_bytes()
        for encoding, ending in _ENCODINGS.items()
        if (beside := path.with_name(path.name + ending)).is_file()
    }
    return Asset(path.read_bytes(), MappingProxyType(packed), _TYPES[path.suffix])
