"""Any band or strap with the standard Heart Rate and Battery services (Bluetooth SIG, HRS 1.0 and BAS 1.0)."""

from collections.abc import Sequence
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from ingest.batch import MICROS, Stream
from ingest.driver import BadFrame, Driver, Feed, Sighting

HEART_RATE_SERVICE = "0000180d-0000-1000-8000-00805f9b34fb"
HEART_RATE = "00002a37-0000-1000-8000-00805f9b34fb"
BATTERY = "00002a19-0000-1000-8000-00805f9b34fb"

WIDE, NO_CONTACT, CONTACT, ENERGY, INTERVALS = 0x01, 0x04, 0x06, 0x08, 0x10
"""Flags of a heart rate frame: 16-bit value; contact sensor there but off the skin; mask of both contact bits; energy; RR intervals."""


def beats(frames: Sequence[bytes]) -> NDArray[np.int32]:
    """Heart Rate Measurement (0x2A37) → beats per minute, shape (n, 1); 0 where the band has no reading or says it is off the skin."""
    heads = np.frombuffer(b"".join(frame[:3].ljust(3, b"\0") for frame in frames), np.uint8).reshape(-1, 3).astype(np.int32)
    sizes = np.fromiter(map(len, frames), np.int32, len(frames))
    flags, wide = heads[:, 0], heads[:, 0] & WIDE
    beyond = sizes - (2 + wide + np.where(flags & ENERGY, 2, 0))
    fits = np.where(flags & INTERVALS, (beyond >= 0) & (beyond % 2 == 0), beyond == 0)
    if not fits.all():
        wrong = frames[int(np.argmin(fits))]
        raise BadFrame(
            f"heart rate frame {wrong.hex() or '(empty)'}: {len(wrong)} bytes do not fit its flags; expected flags, rate[, energy][, RR…]"
        )
    rate = heads[:, 1] + np.where(wide, heads[:, 2] << 8, 0)
    rate[(flags & CONTACT) == NO_CONTACT] = 0
    return rate.astype(np.int32).reshape(-1, 1)


def percent(frames: Sequence[bytes]) -> NDArray[np.int16]:
    """Battery Level (0x2A19) → percent, shape (n, 1)."""
    if any(len(frame) != 1 or frame[0] > 100 for frame in frames):
        wrong = next(frame for frame in frames if len(frame) != 1 or frame[0] > 100)
        raise BadFrame(f"battery frame {wrong.hex() or '(empty)'}: expected 1 byte from 0 to 100")
    return np.frombuffer(b"".join(frames), np.uint8).astype(np.int16).reshape(-1, 1)


def _matches(sighting: Sighting) -> bool:
    return HEART_RATE_SERVICE in sighting.services


def _decode(feed: Feed, frames: Sequence[bytes]) -> NDArray[np.int16] | NDArray[np.int32]:
    return beats(frames) if feed.stream is Stream.HR else percent(frames)


def _greeting(_local: datetime) -> Sequence[tuple[str, bytes]]:
    return ()


DRIVER = Driver(
    name="heart_rate",
    matches=_matches,
    feeds=(
        Feed(HEART_RATE, Stream.HR, scale=1.0, period=MICROS),
        Feed(BATTERY, Stream.BATTERY, scale=1.0, on_change=True),
    ),
    decode=_decode,
    greeting=_greeting,
    alive=BATTERY,
)
