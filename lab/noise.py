"""Chance that can be asked for at any point: the same (key, index) always draws the same number."""

import numpy as np
from numpy.typing import NDArray

_GAMMA = np.uint64(0x9E3779B97F4A7C15)
_FIRST = np.uint64(0xBF58476D1CE4E5B9)
_SECOND = np.uint64(0x94D049BB133111EB)


def key(*parts: int) -> np.uint64:
    """One key out of several numbers of 0 and above."""
    return np.uint64(np.random.SeedSequence(parts).generate_state(1, np.uint64)[0])


def bits(key: np.uint64, index: NDArray[np.int64]) -> NDArray[np.uint64]:
    """64 even random bits for each index (SplitMix64; Steele, Lea and Flood 2014)."""
    z: NDArray[np.uint64] = index.astype(np.uint64) * _GAMMA + key
    z = (z ^ (z >> np.uint64(30))) * _FIRST
    z = (z ^ (z >> np.uint64(27))) * _SECOND
    return z ^ (z >> np.uint64(31))


def uniform(key: np.uint64, index: NDArray[np.int64], salt: int = 0) -> NDArray[np.float64]:
    """Even in [0, 1), shape (n, 4): independent columns of 16 bits each. Another `salt`, other numbers."""
    drawn = bits(key ^ np.uint64(salt), index)
    return drawn.view("<u2").reshape(-1, 4) / 65536.0


def around(key: np.uint64, index: NDArray[np.int64], salt: int = 0) -> NDArray[np.float64]:
    """Even in [-1, 1), shape (n, 3): one number for each axis."""
    return 2.0 * uniform(key, index, salt)[:, :3] - 1.0
