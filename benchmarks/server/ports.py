"""A port for a server that is about to be started."""

import socket


def free_port(host: str = "127.0.0.1") -> int:
    """A port of that address on which nothing listens now; raises OSError without that address."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.bind((host, 0))
        port: int = probe.getsockname()[1]
        return port
