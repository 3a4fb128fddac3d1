"""How much of a stretch of time was heard, and how much of it with the band worn, so that a session would have been seen."""

from collections.abc import Iterable
from zoneinfo import ZoneInfo

import numpy as np

from detectors.heard import given_up
from detectors.runs import Bool, duplicate, runs
from detectors.sleep import night
from ingest.batch import DAY, MINUTE, Span
from ingest.minute import Minutes, laid


def telling(minutes: Minutes, gaps: Iterable[Span]) -> Minutes:
    """A copy with `worn` unknown where exercise would not have been seen: it is told by motion, which is not known, or was given up."""
    out = duplicate(minutes)
    out["worn"][np.isnan(out["still"]) | (given_up(gaps, out["t"]) & np.isnan(out["moving"]))] = np.nan
    return out


def worn(minutes: Minutes, start: int, end: int, zone: ZoneInfo) -> float | None:
    """0..1 of the minutes that touch [start, end), µs UTC, that were heard and worn; what is missing was not. `None`: there are none.

    Of more than a day, the habitual nights do not count: who puts the band on the nightstand is seen all the same.
    """
    inside = _inside(minutes, start, end)
    on = _on(inside)
    if end - start <= DAY:
        return _share(int(on.sum()), start, end)
    grid = np.arange(start - start % MINUTE, end, MINUTE, dtype=np.int64)
    waking = int((~night(grid, zone)).sum())
    return float((on & ~night(inside["t"], zone)).sum()) / waking if waking else None


def unseen(minutes: Minutes, start: int, end: int) -> int:
    """The longest stretch of [start, end), µs UTC, that was not heard and worn; in minutes."""
    begins, ends = runs(~_on(laid(minutes, start - start % MINUTE, end)))
    return int((ends - begins).max(initial=0))


def heard(minutes: Minutes, start: int, end: int) -> float | None:
    """0..1 of them of which anything was heard."""
    return _share(int((_inside(minutes, start, end)["coverage"] > 0).sum()), start, end)


def off(minutes: Minutes, start: int, end: int, planned: int | None) -> bool:
    """Whether the band is known to have been off at the minute `planned` (µs UTC), or for most of [start, end); unknown wear is not off."""
    away = _inside(minutes, start, end)
    away = away[away["worn"] == 0]
    then = planned is not None and bool((away["t"] == planned - planned % MINUTE).any())
    return then or (_share(len(away), start, end) or 0.0) > 0.5


def _on(minutes: Minutes) -> Bool:
    on: Bool = (minutes["worn"] == 1) & (minutes["coverage"] > 0)
    return on


def _inside(minutes: Minutes, start: int, end: int) -> Minutes:
    return minutes[slice(*np.searchsorted(minutes["t"], (start - start % MINUTE, end)))]


def _share(yes: int, start: int, end: int) -> float | None:
    n = -(-end // MINUTE) - start // MINUTE
    return yes / n if n > 0 else None
