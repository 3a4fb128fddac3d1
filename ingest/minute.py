"""What is known of one minute of one band. NaN is unknown, never zero."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

MINUTE_DTYPE = np.dtype(
    [
        ("t", "i8"),  # start, µs UTC, a multiple of 60 s
        ("coverage", "f4"),  # 0..1 of the minute that was heard; 0 = nothing heard, and then all below is NaN
        ("moving", "f4"),  # 0..1 of the minute in motion
        ("still", "f4"),  # 1 still, 0 not (asleep or not, worn or not: see those)
        ("walking", "f4"),  # 1 walking, 0 not
        ("steps", "f4"),  # steps in the minute
        ("cadence", "f4"),  # steps per minute while walking
        ("hr", "f4"),  # beats per minute, mean
        ("intensity", "f4"),  # the band's own class, where it has one
        ("enmo", "f4"),  # mg, mean of max(|a| - 1 g, 0) (van Hees 2013)
        ("spread", "f4"),  # mg, the second-largest per-axis standard deviation over the minute: what non-wear is told by
        ("angle", "f4"),  # degrees, mean forearm angle to the horizontal (van Hees 2015), what sleep is told by
        ("worn", "f4"),  # 1 worn, 0 not
        ("asleep", "f4"),  # 1 asleep, 0 awake
    ]
)
Minutes = NDArray[np.void]
"""Structured array of `MINUTE_DTYPE`, ascending in `t`, at most one row a minute."""


def unknown(start: int, end: int) -> Minutes:
    """Minutes of [start, end) (µs UTC) of which nothing is known, gap-free: coverage 0, the rest NaN."""
    first, last = -(-start // 60_000_000), -(-end // 60_000_000)
    out = np.empty(max(last - first, 0), MINUTE_DTYPE)
    for name in MINUTE_DTYPE.fields or ():
        out[name] = np.nan if MINUTE_DTYPE[name].kind == "f" else 0
    out["t"] = np.arange(first, max(last, first), dtype=np.int64) * 60_000_000
    out["coverage"] = 0
    return out


def joined(parts: Sequence[Minutes]) -> Minutes:
    """One after the other. Moved as plain bytes: numpy would move them field by field, ten times slower."""
    raw = np.dtype((np.void, MINUTE_DTYPE.itemsize))
    whole = [np.ascontiguousarray(part).view(raw) for part in parts if len(part)]
    return np.concatenate(whole).view(MINUTE_DTYPE) if whole else np.empty(0, MINUTE_DTYPE)


def laid(minutes: Minutes, start: int, end: int) -> Minutes:
    """`minutes` on a gap-free grid over [start, end); what is missing is unknown. May be a view of `minutes`."""
    first, last = -(-start // 60_000_000), -(-end // 60_000_000)
    inside = minutes[slice(*np.searchsorted(minutes["t"], (first * 60_000_000, last * 60_000_000)))]
    if len(inside) == max(last - first, 0):
        return inside
    out = unknown(start, end)
    # Rows are moved as plain bytes: numpy would move them field by field, ten times slower, and this runs at every judgement.
    raw = np.dtype((np.void, MINUTE_DTYPE.itemsize))
    out.view(raw)[inside["t"] // 60_000_000 - first] = inside.view(raw)
    return out


def merged(bands: Sequence[Minutes]) -> Minutes:
    """What several bands of one person say, wear told: one row a minute, whole and of one band, never a sum; ascending.

    The worn band speaks, of two the one that feels a body (pulse or motion), for one on a table is taken for worn until it has lain there
    long enough; then the one that tells motion, the one heard more, and one that may be worn before one that is not. The order of `bands`
    decides only between two that tell alike.
    """
    if len(bands) == 1:
        return bands[0]
    every = joined(bands)
    worn, known = every["worn"], np.isfinite(every["still"])
    body = np.isfinite(every["hr"]) | (every["still"] == 0) | (every["steps"] > 0)
    order = np.lexsort((worn == 0, -every["coverage"], ~known, ~body, worn != 1, every["t"]))
    times = every["t"][order]
    first = np.ones(len(times), np.bool_)
    first[1:] = times[1:] != times[:-1]
    return every[order[first]]
