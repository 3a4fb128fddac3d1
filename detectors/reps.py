"""Sets of repetitions in raw samples: slow periodic motion of the wrist that is not walking.

Where the watch sits and how it is turned does not matter: rhythm is judged over the three axes together, and repetitions are
counted along the axis the motion itself picks.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from scipy.signal import butter, find_peaks, sosfiltfilt

from detectors.gait import Gait
from detectors.runs import runs
from ingest.batch import CELL, MICROS, Batch
from ingest.tile import F8, I8

SLOT = MICROS // 10
"""µs; all is judged at 10 samples a second, the rate of the slowest band."""
PER_S = MICROS // SLOT
SEAM = 2 * MICROS
"""A hole up to this long in the samples is bridged with the last value."""
BAND = (0.15, 1.5)
"""Hz, of a repetition and what shapes it (a design choice)."""
WINDOW, HOP = 15 * PER_S, 5 * PER_S
"""Slots looked at together, and from one look to the next: five slow repetitions."""
LAGS = np.arange(7, 62)
"""Slots: a repetition takes 0.8 to 6 s (a design choice), with one on each side to see a peak by."""
SWING_G = 0.1
"""Root mean square of the motion over the axes: a forearm that tilts by 20° up and down has 0.12."""
RHYTHM = 0.5
"""Least autocorrelation at the period (a design choice; real gym sets mostly have 0.8 and more: muvr, wrist)."""
FIRST = 0.6
"""The period is the first peak of the autocorrelation with so much of the highest (a design choice; method: RecoFit, Morris 2014)."""
FILTER = butter(2, BAND, "bandpass", fs=PER_S, output="sos")
AT_ONCE = 512
LEAST_REPS = 4
"""Fewer are no set (a design choice)."""


@dataclass(frozen=True, slots=True)
class Set:
    """Repetitions in a row; start and end µs UTC."""

    start: int
    end: int
    reps: int


def sets(batches: Sequence[Batch], gait: Gait) -> list[Set]:
    """The sets in the acceleration `batches` of one band (any order), outside of the walking cells of `gait`; ascending, apart."""
    walked = gait["t"][gait["walking"]]
    found = []
    for start, felt in _stretches(batches):
        if np.sqrt(felt.var(0).sum()) < SWING_G:
            continue
        swing = sosfiltfilt(FILTER, felt, axis=0)
        period = _periods(swing)
        begins = start + np.arange(len(period)) * HOP * SLOT
        period[_walked(begins, walked)] = 0
        for first, last in zip(*runs(period > 0), strict=True):
            inside = slice(first * HOP, (last - 1) * HOP + WINDOW)
            peaks = _peaks(swing[inside], float(np.median(period[first:last])))
            if len(peaks) >= LEAST_REPS:
                half = int(np.median(np.diff(peaks)) / 2)
                at = start + (first * HOP + peaks) * SLOT
                found.append(Set(int(at[0]) - half * SLOT, int(at[-1]) + half * SLOT, len(peaks)))
    return found


def _stretches(batches: Sequence[Batch]) -> Iterator[tuple[int, F8]]:
    """Unbroken stretches long enough to look at: start (µs UTC) and acceleration in g for each slot, shape (slots, 3)."""
    joined: list[Batch] = []
    end = 0
    for batch in sorted(batches, key=lambda batch: batch.t0):
        if joined and batch.t0 > end + SEAM:
            yield from _evened(joined, end)
            joined, end = [], 0
        joined.append(batch)
        end = max(end, batch.end)
    if joined:
        yield from _evened(joined, end)


def _evened(batches: Sequence[Batch], end: int) -> Iterator[tuple[int, F8]]:
    start = batches[0].t0 // SLOT * SLOT
    n = -(-(end - start) // SLOT)
    if n < WINDOW:
        return
    slot = (np.concatenate([batch.times for batch in batches]) - start) // SLOT
    values = np.concatenate([batch.values * batch.scale for batch in batches])
    count = np.bincount(slot, minlength=n)
    total = np.stack([np.bincount(slot, values[:, axis], n) for axis in range(3)], axis=1)
    spoken = np.maximum.accumulate(np.where(count > 0, np.arange(n), 0))
    yield start, total[spoken] / count[spoken, None]


def _periods(swing: F8) -> F8:
    """Slots of one repetition in each window; 0 where there is no rhythm."""
    windows = sliding_window_view(swing, WINDOW, axis=0)[::HOP]  # (windows, axes, slots)
    lively = np.flatnonzero(np.sqrt((windows**2).sum(1).mean(1)) >= SWING_G)
    found = np.zeros(len(windows))
    for i in range(0, len(lively), AT_ONCE):
        some = lively[i : i + AT_ONCE]
        found[some] = _rhythm(_likeness(windows[some]))
    return found


def _likeness(windows: F8) -> F8:
    """Autocorrelation over all axes together at each of `LAGS`, −1..1; `windows` is (windows, axes, slots)."""
    spectrum = np.fft.rfft(windows, 2 * WINDOW)
    products = np.fft.irfft((np.abs(spectrum) ** 2).sum(1))[:, LAGS]
    energy = np.cumsum((windows**2).sum(1), axis=1)
    early, late = energy[:, WINDOW - LAGS - 1], energy[:, -1:] - energy[:, LAGS - 1]
    likeness: F8 = products / np.sqrt(early * late)
    return likeness


def _rhythm(likeness: F8) -> F8:
    inner = likeness[:, 1:-1]
    # A slow drift is like itself at every short lag: only a rise after a fall is a period.
    fallen = np.minimum.accumulate(inner, axis=1) < 0
    peaks = np.where((inner >= likeness[:, :-2]) & (inner >= likeness[:, 2:]) & fallen, inner, -1)
    best = peaks.max(1, keepdims=True)
    first = (peaks >= np.maximum(FIRST * best, 0)).argmax(1)
    return np.where(best[:, 0] >= RHYTHM, LAGS[1:-1][first], 0)


def _walked(begins: I8, walked: I8) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Is more than a third of each window walking? `walked`: starts of walking cells, ascending."""
    cells = np.searchsorted(walked, begins + WINDOW * SLOT - CELL // 2) - np.searchsorted(walked, begins - CELL // 2)
    return np.asarray(cells * CELL > WINDOW * SLOT / 3)


def _peaks(swing: F8, period: float) -> I8:
    """Slots at which a repetition is at its height; up or down, whichever comes more evenly."""
    main = swing @ np.linalg.eigh(swing.T @ swing)[1][:, -1]
    low, middle, high = np.percentile(main, (8, 50, 92))
    both = [_heights(main, period, high - middle), _heights(-main, period, middle - low)]
    return min(both, key=lambda peaks: np.inf if len(peaks) < 3 else float(np.std(np.diff(peaks)) / np.mean(np.diff(peaks))))


def _heights(main: F8, period: float, swing: float) -> I8:
    peaks: I8 = find_peaks(main, distance=max(1, round(0.6 * period)), prominence=0.7 * swing)[0]
    return peaks
