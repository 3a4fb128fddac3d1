"""A wrist that never rests, so that a storm of a minute has something to lose: all it does is a function of seed and time."""

from dataclasses import dataclass
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from ingest.batch import MICROS
from lab import noise
from lab.band import VirtualBand
from lab.body import Body
from lab.motion import CLIP, POLL
from lab.persona import STEADY

STEP = MICROS // 2
SLOT = 4 * MICROS
"""µs for which it is within reach of the radio, or is not."""
NEAR = 0.9
"""Of the slots: those in which it is."""
LEAST_CHARGE = 20
"""Percent. Never so little that a silence would be put down to it."""

_HEART, _REACH, _CHARGE, _MOTION = range(11, 15)


@dataclass(eq=False)
class Restless(Body):
    """Moves at every look of the sensor, takes two steps a second and has another heart rate each second."""

    def acceleration(self, start: int, end: int) -> tuple[NDArray[np.int64], NDArray[np.int16]]:
        at = np.arange(-(-start // POLL), -(-end // POLL), dtype=np.int64)
        return at * POLL, (CLIP * noise.around(self.key, at, _MOTION)).astype(np.int16)

    def heart(self, start: int, end: int) -> tuple[NDArray[np.int64], NDArray[np.int16]]:
        at = np.arange(-(-start // MICROS), -(-end // MICROS), dtype=np.int64)
        return at * MICROS, (60 + 90 * noise.uniform(self.key, at, _HEART)[:, 0]).astype(np.int16)

    def steps(self, start: int, end: int) -> NDArray[np.int64]:
        return np.arange(-(-start // STEP), -(-end // STEP), dtype=np.int64) * STEP

    def no_step_before(self, at: int) -> int:
        return at

    def battery(self, at: int) -> int:
        return LEAST_CHARGE + int((100 - LEAST_CHARGE) * self._drawn(at, _CHARGE))

    def reachable(self, at: int) -> bool:
        return self._drawn(at, _REACH) < NEAR

    def unchanged_until(self, at: int) -> int:
        return (at // SLOT + 1) * SLOT

    def _drawn(self, at: int, salt: int) -> float:
        return float(noise.uniform(self.key, np.array([at // SLOT]), salt)[0, 0])


def band(dev: str, seed: int) -> VirtualBand:
    """The same one whenever it is asked for, but that its step counter begins again."""
    return VirtualBand(Restless(dev, ZoneInfo("UTC"), STEADY, seed))
