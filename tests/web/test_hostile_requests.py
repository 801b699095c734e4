"""Whatever bytes a request's headers hold, the server's answer is never its own failure."""

import socket

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.web.serving import PATIENCE_S, WebServer

_FUZZED = (
    b"Host",
    b"Origin",
    b"Cookie",
    b"Accept-Encoding",
    b"If-None-Match",
    b"Sec-Fetch-Site",
    b"Content-Type",
    b"Content-Length",
    b"X-Forwarded-For",
)
_PATHS = (b"/login", b"/logout", b"/", b"/healthz", b"/api/data/NSE", b"/live/NSE", b"/nowhere")
_hard = st.sampled_from(
    [b"http://[", b"[", b"]:", b"\x00", b"\xff", b"gzip;q=", b"q=nan", b'W/"', b"=", b";", b"\t"]
)
_values = st.lists(st.one_of(_hard, st.binary(max_size=12)), max_size=6).map(b"".join)


def ask(server: WebServer, method: bytes, path: bytes, headers: dict[bytes, bytes]) -> bytes:
    """The answer's first line; empty where the server hung up."""
    lines = [b"%s: %s" % (name, value) for name, value in headers.items()]
    request = b"\r\n".join([b"%s %s HTTP/1.1" % (method, path), *lines, b"", b""])
    with socket.create_connection(("127.0.0.1", server.port), timeout=PATIENCE_S) as link:
        link.sendall(request)
        # a length that promises a body finds none
        link.shutdown(socket.SHUT_WR)
        return link.makefile("rb").readline()


def test_no_bytes_in_a_header_are_answered_as_a_failure_of_the_server(web: WebServer) -> None:
    session = web.sign_in().encode()

    @settings(
        max_examples=400, deadline=None, suppress_health_check=list(HealthCheck), database=None
    )
    @given(
        method=st.sampled_from([b"GET", b"POST", b"HEAD"]),
        path=st.sampled_from(_PATHS),
        name=st.sampled_from(_FUZZED),
        value=_values,
    )
    @example(method=b"GET", path=b"/login", name=b"Cookie", value=b"\xff")
    @example(method=b"GET", path=b"/", name=b"Origin", value=b"http://[")
    @example(method=b"POST", path=b"/login", name=b"Origin", value=b"http://[")
    @example(method=b"GET", path=b"/login", name=b"Host", value=b"http://[")
    @example(method=b"GET", path=b"/login", name=b"Host", value=b"\xff")
    @example(method=b"GET", path=b"/live/NSE", name=b"Origin", value=b"http://[")
    @example(method=b"GET", path=b"/login?next=/%0A/x", name=b"Accept", value=b"*/*")
    @example(method=b"GET", path=b"/%00/%ff?%ff=%00", name=b"Accept", value=b"*/*")
    def every(method: bytes, path: bytes, name: bytes, value: bytes) -> None:
        headers = {b"Host": b"localhost", b"Cookie": session, name: value}
        answer = ask(web, method, path, headers)
        status = answer.split(b" ")[1] if answer.startswith(b"HTTP/1.1 ") else answer
        assert not status.startswith(b"5"), (method, path, name, value, answer)

    every()
    process, web.process = web.process, None
    assert process is not None
    assert process.poll() is None
    process.terminate()
    said = process.communicate(timeout=PATIENCE_S)[1].decode()
    assert "Traceback" not in said
