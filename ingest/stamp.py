"""What instant a written time means: ISO 8601 with a zone, or local time in a zone that is given.

A local time can be written twice a year for two instants, and once a year for none, so a time is read as a pair (early, late) and
the order of the rows decides between them: see `in_order`.
"""

import warnings
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from ingest.batch import HOUR, MICROS, MINUTE

Instants = NDArray[np.int64]
LATEST = 4_102_444_800 * MICROS
"""2100-01-01: a later time is taken for a broken clock. The earliest is 1970."""
EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 local times are counted from the same wall-clock reading, in whatever zone
SHORTEST, LONGEST = 16, 26
"""Characters of a date and time to the minute, to the microsecond; numpy would read shorter words such as "today"."""
_MICRO = timedelta(microseconds=1)


class Unclear(ValueError):
    """A written time that names no instant; the message says why."""


def instant(text: str, zone: ZoneInfo | None) -> tuple[int, int]:
    """(early, late) in µs UTC of one written time; `zone` is for times that carry none. Raises `Unclear`."""
    try:
        written = datetime.fromisoformat(text)
    except ValueError as error:
        raise Unclear(f"time {text[:40]!r} is not ISO 8601") from error
    if "T" not in text and " " not in text:
        raise Unclear(f"{text[:40]!r} is a date without a time of day")
    if written.tzinfo is not None:
        at = (written - EPOCH.replace(tzinfo=UTC)) // _MICRO
        return _plausible(at), at
    if zone is None:
        raise Unclear("the time carries no zone: give it one, or pass --zone")
    local = _plausible((written - EPOCH) // _MICRO)
    early, late = local - _offset(local, zone, 0), local - _offset(local, zone, 1)
    if early > late:
        raise Unclear(f"{text[:40]} does not exist in {zone.key}: the clocks went forward over it")
    return early, late


def instants(texts: Sequence[str], zone: ZoneInfo | None) -> tuple[Instants, Instants]:
    """(early, late) in µs UTC of many times written alike; raises `Unclear` where any needs a look of its own."""
    suffix = texts[0][19:].lstrip(".0123456789")
    joined = ",".join(texts) + ","
    if suffix and joined.count(f"{suffix},") != len(texts):
        raise Unclear("times are written in different ways")
    bare = joined.replace(f"{suffix},", ",") if suffix else joined
    bodies = bare[:-1].split(",")
    if min(map(len, bodies)) < SHORTEST or max(map(len, bodies)) > LONGEST:
        raise Unclear("times are written in different ways")
    try:
        with warnings.catch_warnings():
            # numpy only warns where it meets a zone, and then reads it its own way
            warnings.simplefilter("error")
            local = np.array(bodies, dtype="datetime64[us]").astype(np.int64)
        offset = datetime.fromisoformat(f"2000-01-01T00:00{suffix}").utcoffset()
    except (ValueError, UserWarning) as error:
        raise Unclear(str(error)) from error
    if offset is not None:
        local -= offset // _MICRO
    if local.min() < 0 or local.max() >= LATEST:
        raise Unclear("a time lies outside 1970 to 2100")
    return (local, local) if offset is not None else _in_zone(local, zone)


def in_order(early: Instants, late: Instants, floor: int) -> Instants:
    """One instant each. The second pass through a doubled hour is told by the clock having gone back by more than a minute;
    `floor` is the instant before the first (µs UTC). Where order does not show it, the first pass is meant."""
    if np.array_equal(early, late):
        return early
    out = early.copy()
    for i in np.flatnonzero(early != late).tolist():
        before = int(out[i - 1]) if i else floor
        if early[i] < before - MINUTE:
            out[i] = late[i]
    return out


def _plausible(at: int) -> int:
    if not 0 <= at < LATEST:
        raise Unclear("the time lies outside 1970 to 2100")
    return at


def _in_zone(local: Instants, zone: ZoneInfo | None) -> tuple[Instants, Instants]:
    if zone is None:
        raise Unclear("times carry no zone")
    hours, back = np.unique(local // HOUR, return_inverse=True)
    offsets = [_hour_offset(hour, zone) for hour in hours.tolist()]
    if None not in offsets:
        plain = local - np.array(offsets, dtype=np.int64)[back]
        return plain, plain
    pair = np.array([[at - _offset(at, zone, fold) for at in local.tolist()] for fold in (0, 1)], dtype=np.int64)
    if (pair[0] > pair[1]).any():
        raise Unclear("a time does not exist in the zone")
    return pair[0], pair[1]


def _offset(local: int, zone: ZoneInfo, fold: int) -> int:
    shift = (EPOCH + timedelta(microseconds=local)).replace(tzinfo=zone, fold=fold).utcoffset()
    return 0 if shift is None else shift // _MICRO


@lru_cache(maxsize=4096)
def _hour_offset(hour: int, zone: ZoneInfo) -> int | None:
    """µs that local time is ahead of UTC throughout a local hour since 1970; `None` where that changes within it."""
    offsets = {_offset(hour * HOUR + part, zone, fold) for part in (0, HOUR - MICROS) for fold in (0, 1)}
    return offsets.pop() if len(offsets) == 1 else None
