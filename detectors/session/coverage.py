"""How much of a stretch of time was heard, and how much of it with the band worn."""

import numpy as np

from ingest.batch import MINUTE
from ingest.minute import Minutes


def worn(minutes: Minutes, start: int, end: int) -> float | None:
    """0..1 of the minutes that touch [start, end), µs UTC, that were heard and worn; what is missing was not. `None`: there are none."""
    inside = _inside(minutes, start, end)
    return _share(int(((inside["worn"] == 1) & (inside["coverage"] > 0)).sum()), start, end)


def heard(minutes: Minutes, start: int, end: int) -> float | None:
    """0..1 of them of which anything was heard."""
    return _share(int((_inside(minutes, start, end)["coverage"] > 0).sum()), start, end)


def _inside(minutes: Minutes, start: int, end: int) -> Minutes:
    return minutes[slice(*np.searchsorted(minutes["t"], (start - start % MINUTE, end)))]


def _share(yes: int, start: int, end: int) -> float | None:
    n = -(-end // MINUTE) - start // MINUTE
    return yes / n if n > 0 else None
