"""Whether a time server has set this machine's clock: asked of the kernel, whichever program sets it."""

import ctypes
import sys
import time
from functools import cache

ERROR = 5
"""adjtimex(2) returns TIME_ERROR while the clock is not synchronised."""
UNSET = 86_400.0
"""s after which a clock that no time server sets is taken for one that a person sets."""
ROOM = 1024
"""Bytes for `struct timex`, 208 on a 64-bit machine; all zero it asks and changes nothing."""


def synchronised() -> bool | None:
    """`None`: this system does not say (not Linux, or a container that may not ask)."""
    if sys.platform != "linux":
        return None
    state = _adjtimex()
    return None if state < 0 else state != ERROR


def unset() -> bool:
    """Whether no time server has set this machine's clock since it was switched on, less than `UNSET` ago: without a battery it went on
    then from where it had stopped. On Linux, which alone says so, `monotonic` counts from there (clock_gettime(2))."""
    return time.monotonic() < UNSET and synchronised() is False


def _adjtimex() -> int:
    try:
        return int(_libc().adjtimex(ctypes.create_string_buffer(ROOM)))
    except (OSError, AttributeError):  # a C library without it
        return -1


@cache
def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None)
