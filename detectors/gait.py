"""Moving, walking and cadence of each cell, from the cell's tile and its neighbours'; no calibration is needed.

The bins of neighbouring cells share one phase (each turns whole times in a cell), so together they give the spectrum of three cells as
if these had been one stretch of 15 s, at any frequency: that is fine enough for a cadence within two steps a minute.
"""

import numpy as np
from numpy.typing import NDArray

from ingest.batch import CELL
from ingest.tile import BINS, F8, I8, Tiles, mean_g, sd_mg

GAIT_DTYPE = np.dtype(
    [
        ("t", "i8"),  # start of the cell, µs UTC
        ("moving", "?"),
        ("walking", "?"),  # walking, climbing stairs or jogging
        ("cadence", "f4"),  # steps per minute; NaN where not walking
    ]
)
Gait = NDArray[np.void]
"""Structured array of `GAIT_DTYPE`, ascending in t."""

NEIGHBOURS = 3
"""A cell's answer depends on as many cells before and after it."""
TOGETHER = 2
"""Cells on each side whose shares are averaged with a cell's own: a walk goes on for 15 s, and chance does not."""

MOVING_MG = 37.0
"""sd of |a|. 29.5 mg of mean amplitude deviation parts sitting from light activity on the wrist (Bakrania 2016); the sd of a normal
spread is 1.25 times that, and unlike it does not depend on how the cell was cut."""
TURNING_MG = 150.0
"""sd over the three axes together: the forearm turns, though |a| stays at 1 g. Exceeded in 4 % of sitting, 9 % of standing cells
of selfBACK (Sani 2017); a slow raise of the arm by 60° and back reaches 350."""
WALKING_MG = 60.0
"""sd of |a|: exceeded by every walking cell of selfBACK, by 4 to 8 % of cells at rest."""
JOGGING_MG = 500.0
"""sd of |a| from which steps may be faster than `WALK[1]`: jogging there has 670 or more."""
WALK = (1.1, 2.4)
"""Steps per second of walking: 66 to 144 a minute."""
JOG = 3.2
"""Most steps per second."""
SHARE = 0.32
"""Of the energy from `LOWEST` to `JOG`, what lies at step, stride and double step, mean of five cells: in the median 0.65 to 0.73
of walks, 0.4 of stairs, 0.23 at rest (selfBACK); aimless motion with the spectrum of white, pink or brown noise passes in
0.6, 1.8 and 0 % of cells."""
STEP_SHARE = 0.15
"""What lies at the step itself: a slow exercise has its energy below."""
OWN_SHARE = 0.35
"""What lies at step and stride in the cell alone: five seconds of hands at work between two of stepping are no walk. Without it three in
four cells of someone pottering about count as walking, with it one in four; real slow walks lose 8 % of theirs."""
SLOW, STRIDE_OUTWEIGHS = 1.5, 2.0
"""Below so many steps per second, energy at the stride of more than so many times that at the step is no walk but an exercise at a
quick tempo: of the cells of 284 gym sets (muvr, wrist) 3 % are taken for walking instead of 9 %; slow walks lose 1 % of theirs."""
STRIDE_WEIGHT = 0.5
"""An arm swings once for two steps: energy at half a frequency speaks for it, but less than energy at the frequency itself."""
LEAST = 32
"""Samples a cell must hold for its spectrum: twice `JOG` in 5 s (Nyquist)."""

LOWEST, STEP = 0.3, 0.02
FREQUENCIES = np.arange(LOWEST, JOG + STEP / 2, STEP)
"""Hz."""
NEAR, NEAR_ALONE = 0.105, 0.205
"""Hz, half the width of a peak: the resolution of 15 s, tapered, and of 5 s."""
TAPER = {-1: 0.5, 0: 1.0, 1: 0.5}
"""Weight of the cell before, the cell and the cell after."""
AT_ONCE = 512


def gait(tiles: Tiles) -> Gait:
    """The gait of each cell of `tiles` (merged, of one band, ascending in t, with bins)."""
    out = np.zeros(len(tiles), GAIT_DTYPE)
    out["t"] = tiles["t"]
    size = sd_mg(tiles)
    out["moving"] = (size >= MOVING_MG) | (_turning_mg(tiles) >= TURNING_MG)
    steps, shares = np.full(len(tiles), np.nan), np.zeros((len(tiles), 2))
    lively, able, alone = size >= WALKING_MG, tiles["n"] >= LEAST, np.zeros(len(tiles), bool)
    judged = np.flatnonzero(lively & able)
    for i in range(0, len(judged), AT_ONCE):
        cells = judged[i : i + AT_ONCE]
        steps[cells], shares[cells] = _stepping(_spectra(tiles, cells, WAVES), size[cells])
        alone[cells] = _stands_alone(_spectra(tiles, cells, {0: WAVES[0]}), steps[cells])
    # A cell too poor in samples for a spectrum goes with those around it.
    out["walking"] = lively & (alone | ~able) & (_around(tiles["t"], shares, able) >= (SHARE, STEP_SHARE)).all(1)
    out["cadence"] = np.where(out["walking"], 60 * steps, np.nan)
    return out


def _turning_mg(tiles: Tiles) -> F8:
    spread = tiles["sq"] / tiles["n"][:, None] - mean_g(tiles) ** 2
    turning: F8 = 1000 * np.sqrt(np.maximum(spread, 0).sum(1))
    return turning


def _waves() -> dict[int, NDArray[np.complex64]]:
    """From the bins of the cell before, the cell and the cell after to their parts of the spectrum of all 15 s at `FREQUENCIES`.

    A tone at f stands in bin k of a 5-s cell with sinc(5 f − k); from cell to cell its phase advances by 5 f turns.
    """
    apart = 5 * FREQUENCIES - np.arange(1, BINS + 1)[:, None]
    cell = np.exp(-1j * np.pi * apart) * np.sinc(apart)
    turned = {place: np.exp(-2j * np.pi * 5 * FREQUENCIES * place) for place in TAPER}
    return {place: (weight * cell * turned[place]).astype(np.complex64) for place, weight in TAPER.items()}


WAVES = _waves()


def _spectra(tiles: Tiles, cells: NDArray[np.intp], waves: dict[int, NDArray[np.complex64]]) -> F8:
    """Energy at `FREQUENCIES` around each of the cells, shape (cells, frequencies); a neighbour that is missing adds nothing."""
    tone = np.zeros((len(cells), 1, len(FREQUENCIES)), np.complex64)
    for place, turned in waves.items():
        other, there = _beside(tiles["t"], tiles["t"][cells], place)
        # Cell by cell: a large product would start BLAS threads, which on a busy machine wait for each other.
        tone += np.where(there[:, None], tiles["bins"][other], 0)[:, None] @ turned
    energy: F8 = np.abs(tone[:, 0]).astype(np.float64) ** 2
    return energy


def _beside(t: I8, cell: I8, place: int) -> tuple[NDArray[np.intp], NDArray[np.bool_]]:
    """Where in `t` the cell so many places after each of `cell` is, and whether it is there."""
    sought = cell + place * CELL
    found = np.minimum(np.searchsorted(t, sought), len(t) - 1)
    return found, t[found] == sought


def _stepping(energy: F8, size: F8) -> tuple[F8, F8]:
    """Steps per second that explain each spectrum best; the share of it at all their peaks and at the step's, shape (cells, 2)."""
    steps = np.arange(WALK[0], JOG + STEP / 2, STEP)
    score = energy[:, _place(steps)] + STRIDE_WEIGHT * energy[:, _place(steps / 2)]
    score[:, steps > WALK[1] + STEP / 2] *= (size > JOGGING_MG)[:, None]
    best = steps[score.argmax(1)]
    at_step, at_stride, at_double = (_near(best * times, NEAR) for times in (1, 0.5, 2))
    shares = np.stack([_share(energy, at_step | at_stride | at_double), _share(energy, at_step)], axis=1)
    shares[(best < SLOW) & (_share(energy, at_stride) > STRIDE_OUTWEIGHS * shares[:, 1])] = 0
    return best, shares


def _stands_alone(energy: F8, steps: F8) -> NDArray[np.bool_]:
    return _share(energy, _near(steps, NEAR_ALONE) | _near(steps / 2, NEAR_ALONE)) >= OWN_SHARE


def _near(frequency: F8, width: float) -> NDArray[np.bool_]:
    near: NDArray[np.bool_] = np.abs(FREQUENCIES - frequency[:, None]) <= width
    return near


def _share(energy: F8, where: NDArray[np.bool_]) -> F8:
    share: F8 = (energy * where).sum(1) / np.maximum(energy.sum(1), np.finfo(float).tiny)
    return share


def _place(frequency: F8) -> NDArray[np.intp]:
    return np.rint((frequency - LOWEST) / STEP).astype(np.intp)


def _around(t: I8, shares: F8, able: NDArray[np.bool_]) -> F8:
    """Mean of each cell's shares and of those near it that can be judged."""
    total, count = np.zeros_like(shares), np.zeros((len(t), 1))
    for place in range(-TOGETHER, TOGETHER + 1) if len(t) else ():
        other, there = _beside(t, t, place)
        counts = (there & able[other])[:, None]
        total += shares[other] * counts
        count += counts
    mean: F8 = total / np.maximum(count, 1)
    return mean
