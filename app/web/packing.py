"""Packs answers that are made for one reader; assets and chains keep packed forms of their own."""

from flask import Flask, Response, request

from app.packing import packed

_TYPES = frozenset({"text/html", "application/json", "text/csv"})
_SMALLEST_BYTES = 1400
_LEVEL = 6


def install(app: Flask) -> None:
    """Pack every answer worth it for clients that can unpack."""
    app.after_request(_with_packed_body)


def accepts_gzip() -> bool:
    """Whether the client of the present request can unpack."""
    return request.accept_encodings.quality("gzip") > 0


def _with_packed_body(response: Response) -> Response:
    # a login page holds a secret beside text of the caller's: its packed length would tell (BREACH)
    if request.blueprint == "auth" or response.direct_passthrough:
        return response
    worth = response.mimetype in _TYPES and (response.content_length or 0) >= _SMALLEST_BYTES
    if not worth or "Content-Encoding" in response.headers:
        return response
    response.vary.add("Accept-Encoding")
    if accepts_gzip():
        response.data = packed(response.get_data(), _LEVEL)
        response.headers["Content-Encoding"] = "gzip"
    return response
