"""Tiles of a whole recording in one pass, block by block through the processor's cache."""

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from ingest.batch import CELL, Batch, Stream
from ingest.tile import BINS, TILE_DTYPE, VERSION, Tiles, tiled

BLOCK = 32_000
"""Samples worked on together: three axes of them as float64 fit a second-level cache of 1 MB."""
ALONE = 2**18
"""Multiplications in one matrix product up to which OpenBLAS starts no threads: on a busy machine these wait for each other."""

Counts = NDArray[np.int16] | NDArray[np.int32]
F8 = NDArray[np.float64]


def tile_grid(values: Counts, scale: float, t0: int, dt: int, spectrum: bool = True) -> Tiles:
    """One tile for each 5-s cell a regular recording touches, ascending in t.

    `values` (N, 3) in band units, `values * scale` in g; sample i was at `t0 + i * dt` (µs UTC). Without `spectrum` the bins are NaN.
    The same tiles as `tiled` would make of the recording cut at the cells, but for rounding.
    """
    per = CELL // dt
    if CELL % dt:
        return _piecewise(values, scale, t0, dt, spectrum)
    head = min(-(-(CELL - t0 % CELL) // dt) % per, len(values))
    tail = len(values) - (len(values) - head) % per
    return np.concatenate(
        [
            _piecewise(values[:head], scale, t0, dt, spectrum),
            _whole(values[head:tail].reshape(-1, per, 3), scale, t0 + head * dt, dt, spectrum),
            _piecewise(values[tail:], scale, t0 + tail * dt, dt, spectrum),
        ]
    )


def _piecewise(values: Counts, scale: float, t0: int, dt: int, spectrum: bool) -> Tiles:
    """Cell by cell, whatever they hold."""
    later = np.arange(t0 // CELL + 1, -(-(t0 + len(values) * dt) // CELL)) * CELL
    cuts = [0, *(-(-(later - t0) // dt)).tolist(), len(values)]
    tiles = tiled([Batch("", Stream.ACC, t0 + a * dt, dt, None, values[a:b], scale) for a, b in pairwise(cuts) if b > a])
    if not spectrum:
        tiles["bins"] = np.nan
    return tiles


def _whole(values: Counts, scale: float, t0: int, dt: int, spectrum: bool) -> Tiles:
    """Tiles of cells that all hold the same number of samples; `values` is (cells, samples, 3)."""
    cells, per, _ = values.shape
    tiles = np.empty(cells, TILE_DTYPE)
    tiles["t"] = t0 // CELL * CELL + np.arange(cells, dtype=np.int64) * CELL
    tiles["part"], tiles["n"], tiles["version"] = t0 % CELL, per, VERSION
    tiles["bins"] = np.nan
    some = max(1, ALONE // (per * 2 * BINS))
    block = max(1, BLOCK // per // some) * some
    space = np.zeros((5, block, per))
    waves = _waves(per, t0 % CELL, dt) if spectrum else np.empty((per, 0), np.float32)
    level = waves.sum(0) / np.float32(scale)
    for i in range(0, cells, block):
        here = tiles[i : i + block]
        _features(here, values[i : i + block], space[:, : len(here)], 1 / scale)
        if spectrum:
            turned = space[3].astype(np.float32).reshape(-1, some, per) @ waves - level
            here["bins"] = turned.reshape(block, -1)[: len(here)].view(np.complex64)
    _scaled(tiles, scale)
    return tiles


def _waves(per: int, start: int, dt: int) -> NDArray[np.float32]:
    """Cosine and negative sine of each bin side by side, shape (per, 2 · BINS)."""
    turn = np.exp(-2j * np.pi / CELL * np.outer(start + np.arange(per) * dt, np.arange(1, BINS + 1)))
    return np.ascontiguousarray(turn.astype(np.complex64)).view(np.float32)


def _features(tiles: Tiles, values: Counts, space: F8, one_g: float) -> None:
    """Fills in the sums of each cell, in band units; `space[3]` is left holding |a|."""
    axes, size, work = space[:3], space[3], space[4]
    ones = np.ones(values.shape[1])  # a dot product with ones is the fastest sum
    for axis in range(3):
        np.copyto(axes[axis], values[:, :, axis])
        np.multiply(axes[axis], axes[axis], out=work)
        tiles["sq"][:, axis] = np.vecdot(work, ones)
        size[...] = work if axis == 0 else size + work
    tiles["sum"] = np.vecdot(axes, ones).T
    tiles["min"], tiles["max"] = axes.min(2).T, axes.max(2).T
    np.sqrt(size, out=size)
    tiles["r"] = np.vecdot(size, ones)
    np.maximum(np.subtract(size, one_g, out=work), 0, out=work)
    tiles["enmo"] = np.vecdot(work, ones)
    np.abs(np.subtract(size, tiles["r"][:, None] / len(ones), out=work), out=work)
    tiles["mad"] = np.vecdot(work, ones)


def _scaled(tiles: Tiles, scale: float) -> None:
    """Band units to g, once at the end: sums of whole band units are exact."""
    for name in ("sum", "min", "max", "r", "enmo", "mad", "bins"):
        tiles[name] *= scale
    tiles["sq"] *= scale**2
    tiles["rr"] = tiles["sq"].sum(1)
