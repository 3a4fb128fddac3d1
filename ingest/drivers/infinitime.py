"""PineTime with InfiniTime firmware, 1.7 and later (layouts read in its source, 1.16).

It has no history and stamps nothing: samples carry the time of arrival. Every characteristic speaks only when its value differs.
"""

import struct
from collections.abc import Sequence
from datetime import datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from ingest.batch import Stream
from ingest.driver import BadFrame, Driver, Feed, Sighting
from ingest.drivers.heart_rate import BATTERY, HEART_RATE, HEART_RATE_SERVICE, beats, percent

STEPS = "00030001-78fc-48fe-8e23-433b3a1942d0"
MOTION = "00030002-78fc-48fe-8e23-433b3a1942d0"
CURRENT_TIME = "00002a2b-0000-1000-8000-00805f9b34fb"
LOCAL_TIME = "00002a0f-0000-1000-8000-00805f9b34fb"
DFU_SERVICE = "00001530-1212-efde-1523-785feabcd123"

COUNTS_PER_G = 1024
QUARTER = timedelta(minutes=15)


def _motion(frames: Sequence[bytes]) -> NDArray[np.int16]:
    _need(6, "motion frame", frames)
    return np.frombuffer(b"".join(frames), "<i2").astype(np.int16).reshape(-1, 3)


def _steps(frames: Sequence[bytes]) -> NDArray[np.int32]:
    _need(4, "step frame", frames)
    counts = np.frombuffer(b"".join(frames), "<i4").astype(np.int32).reshape(-1, 1)
    if len(counts) and counts.min() < 0:
        raise BadFrame(f"step frame {frames[int(counts.argmin())].hex()}: expected fewer than 2^31 steps a day")
    return counts


def _need(size: int, what: str, frames: Sequence[bytes]) -> None:
    if set(map(len, frames)) - {size}:
        wrong = next(frame for frame in frames if len(frame) != size)
        raise BadFrame(f"{what} {wrong.hex() or '(empty)'}: expected {size} bytes, not {len(wrong)}")


def _matches(sighting: Sighting) -> bool:
    named = (sighting.name or "").startswith(("InfiniTime", "Pinetime-JF"))
    # The name is in the scan response only, so a passive scan has to go by the services.
    return named or {DFU_SERVICE, HEART_RATE_SERVICE} <= set(sighting.services)


def _decode(feed: Feed, frames: Sequence[bytes]) -> NDArray[np.int16] | NDArray[np.int32]:
    match feed.stream:
        case Stream.ACC:
            return _motion(frames)
        case Stream.COUNTER:
            return _steps(frames)
        case Stream.HR:
            return beats(frames)
        case _:
            return percent(frames)


def _greeting(local: datetime) -> Sequence[tuple[str, bytes]]:
    """Current Time as the local wall clock, then the offset from UTC: the watch begins its day's steps at its own midnight."""
    offset = local.utcoffset()
    if offset is None:
        raise ValueError(f"{local.isoformat()} has no time zone: the band's clock is set from an aware local time")
    summer = local.dst() or timedelta()
    clock = struct.pack("<H8B", local.year, local.month, local.day, local.hour, local.minute, local.second, 0, 0, 0)
    return (CURRENT_TIME, clock), (LOCAL_TIME, struct.pack("<bb", round((offset - summer) / QUARTER), round(summer / QUARTER)))


DRIVER = Driver(
    name="infinitime",
    matches=_matches,
    feeds=(
        Feed(STEPS, Stream.COUNTER, scale=1.0, on_change=True),
        Feed(MOTION, Stream.ACC, scale=1 / COUNTS_PER_G, period=100_000, on_change=True),
        Feed(HEART_RATE, Stream.HR, scale=1.0, on_change=True),
        Feed(BATTERY, Stream.BATTERY, scale=1.0, on_change=True),
    ),
    decode=_decode,
    greeting=_greeting,
    alive=BATTERY,
)
