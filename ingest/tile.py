"""Features of the part of a 5-s cell that one batch holds, as sums that merge exactly."""

import numpy as np
from numpy.typing import NDArray

BINS = 16
"""Discrete Fourier bins of |a| at k / 5 Hz, k = 1..16 (0.2 to 3.2 Hz).

Each makes whole turns in a cell, so the bins of parts add."""

TILE_DTYPE = np.dtype(
    [
        ("t", "i8"),  # start of the cell, µs UTC, a multiple of 5 s
        ("part", "i4"),  # µs from the start of the cell to the part's first sample: tells parts of a cell apart
        ("n", "i4"),  # samples; for an on-change stream, slots of its nominal interval with the last value held
        ("sum", "f8", 3),  # Σ per axis, g
        ("sq", "f8", 3),  # Σ² per axis, g²
        ("min", "f4", 3),  # g
        ("max", "f4", 3),  # g
        ("r", "f8"),  # Σ|a|, g
        ("rr", "f8"),  # Σ|a|², g²
        ("enmo", "f8"),  # Σ max(|a| − 1, 0), g (van Hees 2013)
        ("mad", "f8"),  # Σ | |a| − mean|a| |, g (Vähä-Ypyä 2015); the mean is the part's own
        ("bins", "c8", BINS),  # Σ |a| e^(−2πi·k·t/5 s), t from the start of the cell
        ("version", "i2"),
    ]
)
Tiles = NDArray[np.void]
"""Structured array of `TILE_DTYPE`."""
VERSION = 1
