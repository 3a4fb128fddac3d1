"""Bytes made fewer: a mark and a raw deflate stream (RFC 1951), whose dictionary holds what parcels and bodies have in common."""

import zlib
from typing import Any

import cbor2

from ingest.forms import Refused

MARK = b"\x02"
"""No CBOR map begins with it."""
LARGEST = 1 << 24
"""Bytes, inflated. A spool cuts its parcels far below; only a body can be longer than that cut, and an hour of 100 Hz takes 2 MB."""
NO_MEMORY = "Error -4 "
"""How zlib says Z_MEM_ERROR."""
COMMON = (
    b"asiintensityasgbatteryasestepsasgcounteraogaxbu\x00ac\x82\x00fjumpedac\x82\x00hunsyncedesradioerangehchargingascgyr"
    b"asbhrat\x1b\x00\x06ax\xfb?\xf0\x00\x00\x00\x00\x00\x00aoDafbp4au\x1b\x00\x06ac\x82\x00fsyncedab"
    b"\xf4\xf5\xf6\xf5espans\x81\x85\x1b\x00\x06\x1b\x00\x06\xa3av\x01gbatches\x81\x82\x182Y\xa8ad\xa7ad"
    b"ascaccat\x1b\x00\x06ax\xfb?P\x00\x00\x00\x00\x00\x00bdt\x19N afbp2ac\x82\x00fsyncedabY"
)
"""Nothing in it may ever change: what was deflated with it could not be read again. Another one takes another mark."""


def deflated(plain: bytes) -> bytes:
    stream = zlib.compressobj(wbits=-zlib.MAX_WBITS, zdict=COMMON)
    return MARK + stream.compress(plain) + stream.flush()


def inflated(payload: bytes) -> bytes:
    """What was deflated; other bytes as they are. Raises `Refused`."""
    if not payload.startswith(MARK):
        return payload
    stream = zlib.decompressobj(wbits=-zlib.MAX_WBITS, zdict=COMMON)
    try:
        plain = stream.decompress(payload[len(MARK) :], LARGEST)
    except zlib.error as error:
        if NO_MEMORY in str(error):
            raise MemoryError from error
        raise Refused(f"it does not inflate: {error}") from error
    if not stream.eof or stream.unused_data:
        raise Refused("it does not inflate: it is cut short, longer than it says, or too large")
    return plain


def legible(payload: bytes) -> Any:
    """What CBOR there is in bytes of any kind; `None` where nothing can be read."""
    try:
        return cbor2.loads(inflated(payload))
    except MemoryError:  # that says nothing of the bytes
        raise
    except Exception:  # noqa: BLE001 — poison may do anything to whoever reads it
        return None
