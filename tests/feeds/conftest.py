"""The recorded tape, where there is one."""

from tests.collector.conftest import tape

__all__ = ["tape"]
