"""Steps of each minute, from a counter that only says its sum or from slots that say their own."""

import numpy as np
from numpy.typing import NDArray

from detectors.heard import share, until
from ingest.batch import MICROS, MINUTE

I8 = NDArray[np.int64]
F8 = NDArray[np.float64]

FASTEST = 6.0
"""Steps per second; no one steps faster (sprinters reach about 5, Salo 2011): more is a stale or foreign counter value."""
BURST = 20
"""Steps a counter may add at once: it waits until it is sure that someone walks before it counts what it saw. So few do no harm
wherever they are put, even if some were taken while the band was not heard."""
WHOLE = 5 / 6
"""Share of a minute from which it counts as heard wholly: 50 s (a design choice; ten seconds hold a handful of steps, see `BURST`)."""


def counted(times: I8, values: F8, link: tuple[I8, I8], minutes: I8) -> F8:
    """Steps in each minute by a running counter; NaN in minutes that may hold steps nobody told of, and before its first word.

    `times`, `values`: what the counter said, ascending; `link`: starts and ends of the stretches in which the band was heard
    (silence there means unchanged); `minutes`: starts, µs UTC, one after the other. A minute the link did not touch must be
    blanked by the caller.

    A counter that falls to half or less was reset (midnight, reboot) and its new value counts from there, and so does any that fell
    while nobody listened; while the band was heard, a smaller fall is an older word that came late through a second gateway and
    counts nothing. After a stretch in which the band was not heard the difference has a sum but no times: it would look like a burst
    of exercise, so the minute it is told in is unknown, unless it is a handful. No minute depends on a word after it, so that it does
    not matter in what portions the data came.
    """
    n = len(minutes)
    if not len(times):
        return np.full(n, np.nan)
    silent = np.minimum(until(times[:-1], link), times[1:])  # from here on the band was not heard, at most up to its next word
    delta = _differences(values, silent < times[1:])
    at = (times[1:] - minutes[0]) // MINUTE
    since = (silent - minutes[0]) // MINUTE
    possible = delta <= BURST + FASTEST * (times[1:] - times[:-1]) / MICROS
    timed = ((silent == times[1:]) | (since == at) | (delta <= BURST)) & possible
    inside = (at >= 0) & (at < n)
    steps = np.bincount(at[timed & inside], delta[timed & inside], n).astype(np.float64)
    steps[at[~timed & inside]] = np.nan
    steps[(minutes + MINUTE <= times[0]) | _torn(times, link, minutes)] = np.nan
    return steps


def _torn(times: I8, link: tuple[I8, I8], minutes: I8) -> NDArray[np.bool_]:
    """Minutes not heard almost wholly, in which the counter said nothing after the last silence: what it missed is told later, if ever."""
    word = times[np.maximum(np.searchsorted(times, minutes + MINUTE) - 1, 0)]
    told = (word >= minutes) & (until(word, link) >= minutes + MINUTE)
    return ~told & (share(link, minutes) < WHOLE)


def _differences(values: F8, unheard: NDArray[np.bool_]) -> F8:
    """`unheard`: whether the band was not heard all the time between two words."""
    reset = (values[1:] < values[:-1]) & (unheard | (values[1:] <= values[:-1] / 2))
    life = np.append(0, np.cumsum(reset)) * 1e10
    risen = np.maximum.accumulate(values + life) - life
    delta: F8 = np.where(reset, values[1:], np.diff(risen))
    return delta


def slotted(times: I8, lengths: I8, values: F8, minutes: I8) -> tuple[F8, F8]:
    """Sum and mean of slotted values per minute, NaN where no slot is; a slot longer than a minute is shared out evenly in the sum.

    `lengths`: µs. `minutes`: starts, µs UTC, one after the other.
    """
    n = len(minutes)
    each = np.maximum(-(-lengths // MINUTE), 1)
    first = np.cumsum(each) - each
    at = np.repeat((times - minutes[0]) // MINUTE - first, each) + np.arange(each.sum())
    inside = (at >= 0) & (at < n)
    count = np.bincount(at[inside], minlength=n)
    with np.errstate(invalid="ignore"):
        mean = np.bincount(at[inside], np.repeat(values, each)[inside], n) / count
    total = np.bincount(at[inside], np.repeat(values / each, each)[inside], n)
    return np.where(count > 0, total, np.nan), mean
