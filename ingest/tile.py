"""Features of the part of a 5-s cell that one batch holds, as sums that merge exactly."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ingest.batch import CELL, Batch, Stream

BINS = 16
"""Discrete Fourier bins of |a| − 1 g at k / 5 Hz, k = 1..16 (0.2 to 3.2 Hz).

Each makes whole turns in a cell, so the bins of parts add and gravity leaves a full cell's bins; where samples are missing or
jitter it would not, and so it is taken off each sample."""

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
        ("mad", "f8"),  # Σ | |a| − mean|a| |, g (Vähä-Ypyä 2015); the mean is the part's own, so this one sum depends on the parts
        ("bins", "c8", BINS),  # Σ (|a| − 1) e^(−2πi·k·t/5 s), g, t from the start of the cell; NaN where not asked for
        ("version", "i2"),
    ]
)
Tiles = NDArray[np.void]
"""Structured array of `TILE_DTYPE`."""
VERSION = 1

HELD = 100_000
"""µs: an on-change band asks its sensor every 100 ms (InfiniTime 1.16) and is silent when the answer is the same."""
AT_ONCE = 256
"""Batches worked on together: their samples stay in the processor's cache."""

F8 = NDArray[np.float64]
I8 = NDArray[np.int64]


def tiled(batches: Sequence[Batch]) -> Tiles:
    """One tile for each acceleration batch, in their order; batches of other streams are passed over.

    A batch with `until` is of an on-change stream: each value counts once for every slot of `HELD` it held for, up to the next
    sample, `until` or the end of the cell. In any other batch each sample counts once.
    """
    acc = [batch for batch in batches if batch.stream is Stream.ACC]
    tiles = [_together(acc[i : i + AT_ONCE]) for i in range(0, len(acc), AT_ONCE)]
    return np.concatenate(tiles) if tiles else np.empty(0, TILE_DTYPE)


def _together(batches: Sequence[Batch]) -> Tiles:
    count = np.array([batch.n for batch in batches])
    t0 = np.array([batch.t0 for batch in batches], np.int64)
    cell = t0 // CELL * CELL
    values = np.concatenate([batch.values for batch in batches])
    times = np.concatenate([batch.times for batch in batches])
    if any(batch.until is not None for batch in batches):
        slots = _slots(batches, count, times, cell)
        first = np.cumsum(slots) - slots
        values = np.repeat(values, slots, axis=0)
        times = np.repeat(times, slots) + (np.arange(slots.sum()) - np.repeat(first, slots)) * HELD
        count = np.add.reduceat(slots, _starts(count))
    tiles = np.zeros(len(batches), TILE_DTYPE)
    tiles["t"], tiles["part"], tiles["n"], tiles["version"] = cell, t0 - cell, count, VERSION
    size = _features(tiles, values, count, np.array([batch.scale for batch in batches]))
    _spectra(tiles, size, times, count)
    return tiles


def _starts(count: I8) -> I8:
    starts: I8 = np.cumsum(count) - count
    return starts


def _slots(batches: Sequence[Batch], count: I8, times: I8, cell: I8) -> I8:
    """How many slots each sample stands for, at least one."""
    last = np.cumsum(count) - 1
    until = np.array([-1 if batch.until is None else batch.until for batch in batches], np.int64)
    following = np.append(times[1:], 0)
    following[last] = np.minimum(until, cell + CELL)
    # Notifications jitter: rounding each gap keeps every sample, where a fixed grid of slots would drop some.
    slots = np.maximum(np.rint((following - times) / HELD).astype(np.int64), 1)
    slots[np.repeat(until < 0, count)] = 1
    return slots


def _features(tiles: Tiles, values: NDArray[np.integer], count: I8, scale: F8) -> F8:
    """Fills in the sums of each run of `count` samples; returns |a| of each sample, g."""
    starts = _starts(count)
    # Sums of whole band units are exact in float64, whatever the parts; the scale comes after.
    axes = values.T.astype(np.float64)
    squares = axes * axes
    size: F8 = np.sqrt(squares.sum(0)) * np.repeat(scale, count)
    by = scale[:, None]
    tiles["sum"] = np.add.reduceat(axes, starts, axis=1).T * by
    tiles["sq"] = np.add.reduceat(squares, starts, axis=1).T * by**2
    tiles["min"] = np.minimum.reduceat(axes, starts, axis=1).T * by
    tiles["max"] = np.maximum.reduceat(axes, starts, axis=1).T * by
    tiles["rr"] = tiles["sq"].sum(1)
    tiles["r"] = np.add.reduceat(size, starts)
    tiles["enmo"] = np.add.reduceat(np.maximum(size - 1, 0), starts)
    tiles["mad"] = np.add.reduceat(np.abs(size - np.repeat(tiles["r"] / count, count)), starts)
    return size


def _spectra(tiles: Tiles, size: F8, times: I8, count: I8) -> None:
    """Fills in the bins: bin k turns k times as fast as bin 1, so each is the one before times the same turn."""
    starts = _starts(count)
    angle = (-2 * np.pi / CELL * (times - np.repeat(tiles["t"], count))).astype(np.float32)
    turn = np.empty(len(size), np.complex64)
    turn.real, turn.imag = np.cos(angle), np.sin(angle)
    wave = (size - 1).astype(np.complex64)
    for k in range(BINS):
        wave *= turn
        tiles["bins"][:, k] = np.add.reduceat(wave, starts)


def merged(tiles: Tiles) -> Tiles:
    """One tile for each cell, ascending in t: sums and bins of its parts add up, `part` is the first part's.

    The order of `tiles` does not matter, and a part that is there twice (same t and part) counts once. All but `mad`, which is a
    sum about each part's own mean, come out as if the cell had come in one batch.
    """
    tiles = tiles[np.lexsort((tiles["n"], tiles["part"], tiles["t"]))]
    # Of two tilings of one part the one with more samples stands: it sorts last.
    alone = np.append((np.diff(tiles["t"]) != 0) | (np.diff(tiles["part"]) != 0), np.ones(min(len(tiles), 1), bool))
    tiles = tiles[alone]
    starts = np.flatnonzero(np.diff(tiles["t"], prepend=-1))
    if len(starts) == len(tiles):
        return tiles
    whole = tiles[starts].copy()
    for name in ("n", "sum", "sq", "r", "rr", "enmo", "mad", "bins"):
        whole[name] = np.add.reduceat(tiles[name], starts, axis=0)
    whole["min"] = np.minimum.reduceat(tiles["min"], starts, axis=0)
    whole["max"] = np.maximum.reduceat(tiles["max"], starts, axis=0)
    return whole


def mean_g(tiles: Tiles) -> F8:
    """Mean acceleration per axis, g, shape (n, 3)."""
    mean: F8 = tiles["sum"] / tiles["n"][:, None]
    return mean


def sd_mg(tiles: Tiles) -> F8:
    """Standard deviation of |a|, mg."""
    sd: F8 = 1000 * np.sqrt(np.maximum(tiles["rr"] / tiles["n"] - (tiles["r"] / tiles["n"]) ** 2, 0))
    return sd


def enmo_mg(tiles: Tiles) -> F8:
    """Mean of max(|a| − 1 g, 0), mg (van Hees 2013)."""
    enmo: F8 = 1000 * tiles["enmo"] / tiles["n"]
    return enmo


def mad_mg(tiles: Tiles) -> F8:
    """Mean amplitude deviation of |a|, mg (Vähä-Ypyä 2015)."""
    mad: F8 = 1000 * tiles["mad"] / tiles["n"]
    return mad


def angle_z(tiles: Tiles) -> F8:
    """Angle of the z axis to the horizontal, degrees, −90..90 (van Hees 2015), of the mean acceleration."""
    mean = mean_g(tiles)
    angle: F8 = np.degrees(np.arctan2(mean[:, 2], np.hypot(mean[:, 0], mean[:, 1])))
    return angle
