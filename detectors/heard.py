"""When a band was heard: stretches of time laid together, and how much of each minute they fill."""

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from detectors.runs import Bool
from ingest.batch import MICROS, MINUTE, Cause, Span

I8 = NDArray[np.int64]
F8 = NDArray[np.float64]

SEAM = 2 * MICROS
"""A hole up to this long between two stretches is a seam of the bookkeeping, not a silence."""


def union(stretches: Iterable[tuple[I8, I8]]) -> tuple[I8, I8]:
    """Starts and ends (µs UTC) of the union of the given [start, end) stretches, ascending and apart by more than `SEAM`."""
    pairs = list(stretches)
    starts = np.concatenate([pair[0] for pair in pairs]) if pairs else np.empty(0, np.int64)
    if not len(starts):
        return starts, starts
    ends = np.concatenate([pair[1] for pair in pairs])
    order = np.argsort(starts, kind="stable")
    starts, reach = starts[order], np.maximum.accumulate(ends[order])
    apart = starts[1:] > reach[:-1] + SEAM
    return starts[np.append(True, apart)], reach[np.append(apart, True)]


def gapped(spans: Iterable[Span], *causes: Cause) -> tuple[I8, I8]:
    """The gaps of these causes, as stretches."""
    pairs = np.array([(span.t0, span.t1) for span in spans if span.cause in causes], np.int64).reshape(-1, 2)
    return union([(pairs[:, 0], pairs[:, 1])])


def given_up(spans: Iterable[Span], minutes: I8) -> Bool:
    """Which minutes (starts, µs UTC) lost some of what a band said of motion for want of room."""
    return touched(minutes, MINUTE, gapped(spans, Cause.THINNED, Cause.OVERFLOW))


def touched(times: I8, length: int, stretches: tuple[I8, I8]) -> Bool:
    """Which of [time, time + length) overlap one of the stretches, ascending and apart."""
    starts, ends = stretches
    if not len(starts):
        return np.zeros(len(times), np.bool_)
    after = np.searchsorted(ends, times, "right")
    overlaps: Bool = (after < len(ends)) & (starts[np.minimum(after, len(ends) - 1)] < times + length)
    return overlaps


def without(stretches: tuple[I8, I8], holes: tuple[I8, I8]) -> tuple[I8, I8]:
    """What of the stretches lies outside the holes; all of them ascending and apart."""
    (starts, ends), (opened, closed) = stretches, holes
    starts = np.concatenate([starts[~touched(starts, 1, holes)], closed[touched(closed, 1, stretches)]])
    ends = np.concatenate([ends[~touched(ends - 1, 1, holes)], opened[touched(opened - 1, 1, stretches)]])
    return np.unique(starts), np.unique(ends)  # what only touches is told from both sides


def until(times: I8, stretches: tuple[I8, I8]) -> I8:
    """End of the stretch each time lies in; the time itself where it lies in none."""
    starts, ends = stretches
    if not len(starts):
        return times
    return np.maximum(ends[np.maximum(np.searchsorted(starts, times, "right") - 1, 0)], times)


def share(stretches: tuple[I8, I8], minutes: I8) -> F8:
    """0..1 of each minute (starts, µs UTC, one after the other) that lies inside the stretches."""
    starts, ends = stretches
    if not len(starts):
        return np.zeros(len(minutes))
    edges = np.append(minutes, minutes[-1] + MINUTE)
    # Time heard up to each edge is a broken line through the stretches' corners; each minute holds its rise.
    corners = np.ravel(np.column_stack([starts, ends]))
    heard = np.cumsum(np.ravel(np.column_stack([np.zeros(len(starts), np.int64), ends - starts])))
    rise: F8 = np.diff(np.interp(edges, corners, heard)) / MINUTE
    return rise
