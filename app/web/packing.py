"""Packs answers that are made for one reader; assets and chains keep packed forms of their own."""

import zlib

from flask import Flask, Response, request

_TYPES = frozenset({"text/html", "application/json", "text/csv"})
_SMALLEST_BYTES = 1400
_LEVEL = 4
_GZIP = 31


def install(app: Flask) -> None:
    """Pack every answer worth it for clients that can unpack."""
    app.after_request(_packed)


def _packed(response: Response) -> Response:
    # a login page holds a secret beside text of the caller's: its packed length would tell (BREACH)
    if request.blueprint == "auth" or response.direct_passthrough:
        return response
    worth = response.mimetype in _TYPES and (response.content_length or 0) >= _SMALLEST_BYTES
    if not worth or "Content-Encoding" in response.headers:
        return response
    response.vary.add("Accept-Encoding")
    if request.accept_encodings.quality("gzip") > 0:
        packer = zlib.compressobj(_LEVEL, zlib.DEFLATED, _GZIP)
        response.data = packer.compress(response.get_data()) + packer.flush()
        response.headers["Content-Encoding"] = "gzip"
    return response
