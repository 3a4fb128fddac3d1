"""One stretch of one stream of one band, with every sample's time fixed: the value the whole line carries.

Instants everywhere in KeepUp are integers, microseconds since 1970-01-01T00:00Z (`MICROS` to the second); local time exists
only in plans and in words.
"""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

MICROS = 1_000_000
CELL = 5 * MICROS
"""Length of a cell, the stretch features are taken over: 5 s (the epoch of GGIR, Migueles 2019)."""
MINUTE = 60 * MICROS
HOUR = 3600 * MICROS
DAY = 24 * HOUR


class Stream(StrEnum):
    """What a batch's numbers are. The comment gives columns and the unit of `values * scale`."""

    ACC = "acc"  # x, y, z in g
    GYR = "gyr"  # x, y, z in deg/s
    COUNTER = "counter"  # steps since an unstated start; the band's raw counter, falls back at resets
    STEPS = "steps"  # steps within the slot that begins at the sample's time and lasts `dt` (60 s where `dt` is None)
    HR = "hr"  # beats per minute; 0 is the band saying "no reading"
    INTENSITY = "intensity"  # the band's own class per minute, 0 = sedentary
    BATTERY = "battery"  # percent


COLUMNS = {Stream.ACC: 3, Stream.GYR: 3}
"""Columns of `Batch.values` by stream; 1 where not named."""


class Quality(StrEnum):
    """How far a gateway's clock was to be trusted."""

    SYNCED = "synced"  # set by a time server since the gateway was switched on
    UNSYNCED = "unsynced"  # not yet
    JUMPED = "jumped"  # set back while running: times go on more slowly until the clock has caught up with them


@dataclass(frozen=True, slots=True)
class Clock:
    """What a gateway knew of its clock when it fixed a batch's times."""

    offset: int
    """µs which the system's clock was ahead of the times given; 0 but where it lay behind what was committed already."""
    quality: Quality


@dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """`values[i] * scale` is what the band `dev` said at `t0 + offsets[i]`, or at `t0 + i * dt` for a regular stream.

    An acceleration batch never crosses a cell. A batch is identified by (dev, stream, t0) for ever: times are fixed before the
    spool commits it and never rewritten, so writing it twice is writing it once.
    """

    dev: str
    """Random id given at enrolment; says nothing about the person or the radio address."""
    stream: Stream
    t0: int
    """Time of the first sample, µs UTC."""
    dt: int | None
    """Sampling interval in µs; `None` for an irregular stream."""
    offsets: NDArray[np.int32] | None
    """µs after `t0`, ascending, first 0; `None` for a regular stream."""
    values: NDArray[np.int16] | NDArray[np.int32]
    """Shape (n, columns), in band units; n ≥ 1."""
    scale: float
    until: int | None = None
    """For an on-change stream: the last value holds up to here (µs UTC), because the link was alive and said nothing."""
    clock: Clock | None = None
    """No part of the identity; `None`: not told, as in a recording."""

    @property
    def n(self) -> int:
        return len(self.values)

    @property
    def times(self) -> NDArray[np.int64]:
        """µs UTC of each sample, shape (n,)."""
        if self.offsets is not None:
            return self.t0 + self.offsets.astype(np.int64)
        return self.t0 + np.arange(self.n, dtype=np.int64) * (self.dt or 0)

    @property
    def last(self) -> int:
        """µs UTC of the last sample."""
        return self.t0 + (int(self.offsets[-1]) if self.offsets is not None else (self.n - 1) * (self.dt or 0))

    @property
    def end(self) -> int:
        """µs UTC: just after the last sample, or `until` where that is later."""
        return max(self.last + (self.dt or 1), self.until or 0)


class Cause(StrEnum):
    """Why nothing is known. Of gaps that overlap, the one whose cause stands later in this list is told: it was learnt later."""

    THINNED = "thinned"  # the spool was full: the motion went, what else was heard is there, and so is the time the link was alive
    RECORD = "record"  # a recording holds nothing here
    RADIO = "radio"  # the link broke and did not come back at once
    RANGE = "range"  # the band is not heard at all
    GATEWAY = "gateway"  # the collector was not running
    CHARGING = "charging"  # the band was silent, and came back charged
    BATTERY = "battery"  # the band went silent with an empty battery
    OVERFLOW = "overflow"  # the spool was full: what was said is gone, so a silence no longer means that nothing changed
    CORRUPT = "corrupt"  # what the band said, or a committed row, could not be read, or is set aside
    CLOCK = "clock"  # the gateway's clock was wrong: what bears these times is of another time, even where the link was alive


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of one band that was heard (`cause is None`: the link was alive, silence means unchanged) or was not (a gap)."""

    dev: str
    t0: int
    t1: int
    """End, µs UTC, exclusive; after `t0`."""
    cause: Cause | None = None
    final: bool = True
    """False while the band's history may still fill the gap."""
    off: int | None = None
    """Of a `CLOCK` gap, a correction: what bears these times was measured so many µs later than they say. The times stay as they are."""
