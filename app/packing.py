"""gzip, for whoever keeps or sends packed bytes."""

import zlib

GZIP = 16 + zlib.MAX_WBITS


def packed(body: bytes, level: int) -> bytes:
    """The body as gzip packs it, without a time or a name: equal bodies pack equally."""
    packer = zlib.compressobj(level, zlib.DEFLATED, GZIP)
    return packer.compress(body) + packer.flush()
