"""Heartbeats and steps of one day, from what is done in it."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ingest.batch import MICROS, MINUTE
from lab import noise
from lab.day import WORN, Doing, Stretch
from lab.motion import BUSY, PACE_ABOUT, stepping

EFFORT = {
    Doing.ASLEEP: -8.0,
    Doing.RESTING: 1.0,
    Doing.SITTING: 6.0,
    Doing.POTTERING: 14.0,
    Doing.WALKING: 30.0,
    Doing.EXERCISING: 44.0,
}
"""Beats per minute above rest once the heart has followed."""
LOST = 0.004
"""Of the worn minutes: those in which the sensor finds no pulse."""
_FOLLOWS = np.exp(-np.arange(10) / 2.0)
"""The heart follows effort within a few minutes (time constant 2 min)."""

_WHEN, _BEAT = 101, 102


def heartbeats(stretches: Sequence[Stretch], resting: float, key: np.uint64) -> tuple[NDArray[np.int64], NDArray[np.int16]]:
    """One reading in each minute of a gap-free day: times (n,) in µs UTC, beats per minute (n,); 0 is no reading."""
    minutes = np.arange(stretches[0].start // MINUTE, stretches[-1].end // MINUTE, dtype=np.int64)
    at = minutes * MINUTE + (noise.uniform(key, minutes, _WHEN)[:, 0] * 50 * MICROS).astype(np.int64)
    doing = np.searchsorted([s.start for s in stretches], at, "right") - 1
    effort = np.array([EFFORT.get(s.doing, 0.0) for s in stretches])[doing]
    followed = np.convolve(np.concatenate([np.full(len(_FOLLOWS) - 1, effort[0]), effort]), _FOLLOWS / _FOLLOWS.sum(), "valid")
    chance = noise.uniform(key, minutes, _BEAT)
    bpm = np.rint(resting + followed + 5 * (chance[:, 0] - 0.5)).astype(np.int16)
    worn = np.array([s.doing in WORN for s in stretches])[doing]
    return at, np.where(worn & (chance[:, 1] >= LOST), bpm, np.int16(0))


def steps_taken(stretches: Sequence[Stretch], key: np.uint64) -> NDArray[np.int64]:
    """The time of each step, µs UTC, ascending."""
    parts = [np.empty(0, np.int64)]
    for stretch in stretches:
        if stretch.doing == Doing.WALKING:
            parts.append(_paced(stretch.start, stretch.end, stretch.pace))
        elif stretch.doing == Doing.POTTERING:
            parts.append(_about(stretch, key))
    return np.concatenate(parts)


def _paced(start: int, end: int, pace: float) -> NDArray[np.int64]:
    count = int((end - start) / MICROS * pace)
    return start + ((np.arange(count) + 0.5) / pace * MICROS).astype(np.int64)


def _about(stretch: Stretch, key: np.uint64) -> NDArray[np.int64]:
    slots = np.arange(-(-stretch.start // BUSY), stretch.end // BUSY, dtype=np.int64)
    begins = slots[stepping(key, slots)] * BUSY
    return (begins[:, None] + _paced(0, BUSY, PACE_ABOUT)).ravel()
