"""What every answer carries against misuse, and which requests another site's page sent."""

import secrets
from typing import Any, cast
from urllib.parse import urlsplit

from flask import Flask, Request, Response, abort, g, request
from flask.sessions import SecureCookieSessionInterface
from itsdangerous import SignatureExpired, TimestampSigner, URLSafeTimedSerializer


def nonce() -> str:
    """What scripts and styles within this answer's page are known by: 128 bits, new with each."""
    if "csp_nonce" not in g:
        g.csp_nonce = secrets.token_urlsafe(16)
    return cast("str", g.csp_nonce)


def content_policy(forms: str = "") -> str:
    """What this answer may load and where its forms may lead: this site alone, and `forms`.

    Scripts and styles within it count if they have its nonce, none where it was not asked for.
    """
    inline = f" 'nonce-{g.csp_nonce}'" if "csp_nonce" in g else ""
    return "; ".join(
        (
            "default-src 'none'",
            f"script-src 'self'{inline}",
            f"style-src 'self'{inline}",
            "img-src 'self'",
            "connect-src 'self'",
            "manifest-src 'self'",
            f"form-action 'self' {forms}".rstrip(),
            "base-uri 'none'",
            "frame-ancestors 'none'",
        )
    )


_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}
_HTTPS_ONLY_S = 365 * 86_400
_SAFE = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})
_OWN_SITES = frozenset({"same-origin", "none"})
_DEFAULT_PORTS = {"http": ":80", "https": ":443"}


class _Signer(TimestampSigner):
    """Counts what is signed with a time to come as new: the clock was set back since.

    How long a session may last its own record says, which nobody can send.
    """

    def unsign(
        self,
        signed_value: str | bytes,
        max_age: int | None = None,
        return_timestamp: bool = False,
    ) -> Any:
        value, signed_at = super().unsign(signed_value, return_timestamp=True)
        now = self.timestamp_to_datetime(self.get_timestamp())
        if max_age is not None and (now - signed_at).total_seconds() > max_age:
            raise SignatureExpired("too old", payload=value, date_signed=signed_at)
        return (value, signed_at) if return_timestamp else value


class SessionCookie(SecureCookieSessionInterface):
    """Flask's signed cookie, marked Secure whenever the page came over HTTPS."""

    def get_signing_serializer(self, app: Flask) -> URLSafeTimedSerializer | None:
        found = super().get_signing_serializer(app)
        if found is not None:
            found.signer = _Signer
        return found

    def get_cookie_secure(self, app: Flask) -> bool:
        return request.is_secure


def install(app: Flask) -> None:
    """Add the headers to every answer, and refuse what changes something for another site."""
    app.before_request(_refuse_foreign)
    app.after_request(with_headers)
    app.context_processor(lambda: {"csp_nonce": nonce})


def is_foreign(asked: Request) -> bool:
    """Whether a page of another site sent this; every unsafe method and each WebSocket asks.

    A browser's own word goes first (Sec-Fetch-Site), then the origin against the host asked for;
    a program sends neither and carries nobody's cookies.
    https://developer.mozilla.org/docs/Web/HTTP/Reference/Headers/Sec-Fetch-Site
    """
    site = asked.headers.get("Sec-Fetch-Site")
    if site is not None:
        return site not in _OWN_SITES
    origin = asked.headers.get("Origin")
    return origin is not None and not _is_origin_of(origin, asked.host)


def with_headers(response: Response) -> Response:
    """The answer with what each of them carries."""
    for name, value in _HEADERS.items():
        response.headers.setdefault(name, value)
    if "Content-Security-Policy" not in response.headers:
        response.headers["Content-Security-Policy"] = content_policy()
    response.headers.setdefault("Cache-Control", "no-store")
    if request.is_secure:
        # https://www.rfc-editor.org/rfc/rfc6797: said over plain HTTP it would count for nothing
        response.headers.setdefault("Strict-Transport-Security", f"max-age={_HTTPS_ONLY_S}")
    return response


def _is_origin_of(origin: str, host: str) -> bool:
    try:
        parts = urlsplit(origin)
    except ValueError:
        return False
    port = _DEFAULT_PORTS.get(parts.scheme)
    if port is None or origin.lower() != f"{parts.scheme}://{parts.netloc.lower()}":
        return False
    # behind a proxy the scheme seen here may be another one, the host is what was asked for
    return parts.netloc.lower().removesuffix(port) == host.lower().removesuffix(port)


def _refuse_foreign() -> None:
    if request.method not in _SAFE and is_foreign(request):
        abort(403, "Pages of other sites may not change anything here.")
