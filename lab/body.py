"""A seeded simulated person: what the sensors of a band on (or off) this wrist would measure at any time."""

from dataclasses import dataclass
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from lab.persona import Persona


@dataclass(frozen=True)
class Body:
    """All of it is a function of time: any stretch may be asked for, in any order, in any pieces, with the same answer."""

    name: str
    zone: ZoneInfo
    persona: Persona
    seed: int
    flat_from: int | None = None
    """µs UTC from which the band lies in a drawer with an empty battery."""

    def acceleration(self, start: int, end: int) -> tuple[NDArray[np.int64], NDArray[np.int16]]:
        """Samples at the multiples of 100 ms in [start, end): times (n,) in µs UTC, and x, y, z (n, 3) at 1024 to the g, clipped at 2 g."""
        raise NotImplementedError

    def heart(self, start: int, end: int) -> tuple[NDArray[np.int64], NDArray[np.int16]]:
        """One reading a minute: times (n,), beats per minute (n,); 0 is no reading (not worn, or the sensor lost it)."""
        raise NotImplementedError

    def steps(self, start: int, end: int) -> NDArray[np.int64]:
        """The time of each step in [start, end), µs UTC."""
        raise NotImplementedError

    def battery(self, at: int) -> int:
        """Percent."""
        raise NotImplementedError

    def reachable(self, at: int) -> bool:
        """Is the band within reach of the radio, and awake?"""
        raise NotImplementedError
