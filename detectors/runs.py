"""Runs: unbroken stretches of a yes in a row of yes and no."""

import numpy as np
from numpy.typing import NDArray

Bool = NDArray[np.bool_]
Index = NDArray[np.intp]


def runs(mask: Bool) -> tuple[Index, Index]:
    """First index and end (exclusive) of every run of True, ascending."""
    padded = np.zeros(len(mask) + 2, np.int8)
    padded[1:-1] = mask
    edges = np.flatnonzero(padded[1:] != padded[:-1])
    return edges[::2], edges[1::2]


def painted(starts: Index, ends: Index, n: int) -> Bool:
    """The mask of length n that is True in every [start, end) of runs that do not overlap."""
    edges = np.zeros(n + 1, np.int8)
    edges[starts] = 1
    edges[ends] -= 1
    return np.cumsum(edges[:-1], dtype=np.int8).view(np.bool_)


def within(mask: Bool, starts: Index, ends: Index) -> Index:
    """How many are True in each [start, end)."""
    so_far = np.zeros(len(mask) + 1, np.intp)
    np.cumsum(mask, out=so_far[1:])
    return so_far[ends] - so_far[starts]


def bridged(starts: Index, ends: Index, bearable: Bool, at_most: int) -> tuple[Index, Index]:
    """Runs joined over each gap that is at most so long and bearable throughout; `bearable` is as long as the mask was."""
    if len(starts) < 2:
        return starts, ends
    gap = starts[1:] - ends[:-1]
    apart = (gap > at_most) | (within(bearable, ends[:-1], starts[1:]) < gap)
    return starts[np.append(True, apart)], ends[np.append(apart, True)]


def duplicate(rows: NDArray[np.void]) -> NDArray[np.void]:
    """A copy, moved as plain bytes: numpy copies a structured array field by field, thirty times slower."""
    return rows.view(f"V{rows.itemsize}").copy().view(rows.dtype)
