"""The patient's wall clock over a row of instants, without asking the zone for each of them."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from ingest.batch import DAY, MICROS, MINUTE

I8 = NDArray[np.int64]


def minute_of_day(instants: I8, zone: ZoneInfo) -> I8:
    """Minutes after local midnight by the wall clock (0..1439) of each instant (µs UTC, ascending)."""
    local: I8 = (instants + _offsets(instants, zone)) % DAY // MINUTE
    return local


def midnight(instant: int, zone: ZoneInfo, days: int = 0) -> int:
    """The local midnight that begins the day of `instant`, or of the day `days` later; µs UTC."""
    date = datetime.fromtimestamp(instant // MICROS, zone).date() + timedelta(days=days)
    return int(datetime.combine(date, time(0), zone).timestamp()) * MICROS


def _offsets(instants: I8, zone: ZoneInfo) -> I8:
    """Local minus UTC, µs. Halves the row until both ends agree within a week: no zone shifts there and back in less."""
    if not len(instants):
        return instants
    first, last = _offset(int(instants[0]), zone), _offset(int(instants[-1]), zone)
    if first == last and instants[-1] - instants[0] < 7 * DAY:
        return np.full(len(instants), first)
    if len(instants) == 1:
        return np.array([first])
    half = len(instants) // 2
    return np.concatenate([_offsets(instants[:half], zone), _offsets(instants[half:], zone)])


def _offset(instant: int, zone: ZoneInfo) -> int:
    offset = datetime.fromtimestamp(instant // MICROS, UTC).astimezone(zone).utcoffset()
    return int((offset or timedelta()).total_seconds()) * MICROS
