"""Is the wearer asleep? The live rule: quiet and without a change of posture, in the habitual night or with a sleeper's pulse."""

from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from detectors.localtime import minute_of_day
from detectors.runs import Bool, Index, bridged, duplicate, painted, runs, within
from detectors.wear import worn
from ingest.minute import Minutes

NIGHT_FROM, NIGHT_TO = 22 * 60, 8 * 60
"""Habitual night, minutes after local midnight (research/detectors §2; a design choice)."""
TURN = 5.0
"""Degrees: a larger change of forearm angle from one minute to the next is a change of posture (van Hees 2015)."""
NIGHT_SLEEP = 30
"""Minutes of quiet that are sleep in the night (block length of van Hees 2018, HDCZA)."""
RESTLESS = 5
"""Minutes of stirring without walking that do not end a night's sleep (a design choice; HDCZA joins over up to 60 in hindsight)."""
NAP = 60
"""Minutes of quiet that are a nap by day, and then only where the pulse says so: a still day hour alone is a desk (a design choice)."""
RESTING = 10
"""Percentile of the waking pulse of these days that a napper's pulse lies below (research/detectors §2; a design choice)."""


def labelled(minutes: Minutes, zone: ZoneInfo) -> Minutes:
    """A copy with `worn` and `asleep` filled in (stage two). `minutes` has no holes; `zone` is the patient's."""
    dark = night(minutes["t"], zone)
    return _asleep(worn(minutes, dark), dark)


def asleep(minutes: Minutes, zone: ZoneInfo) -> Minutes:
    """A copy with `asleep` filled in where `worn` is known: 1 asleep, 0 awake, NaN unknown (not worn, or wear unknown)."""
    return _asleep(duplicate(minutes), night(minutes["t"], zone))


def night(instants: NDArray[np.int64], zone: ZoneInfo) -> Bool:
    """Which instants (µs UTC, ascending) lie in the habitual night."""
    local = minute_of_day(instants, zone)
    return (local >= NIGHT_FROM) | (local < NIGHT_TO)


def _asleep(out: Minutes, night: Bool) -> Minutes:
    on = out["worn"] == 1
    quiet = on & (out["still"] == 1) & ~_turned(out["angle"])
    label = np.where(on, np.float32(0), np.float32(np.nan))
    label[np.isnan(out["still"])] = np.nan
    starts, ends = runs(quiet)
    long = ends - starts >= RESTLESS
    label[_nights(starts[long], ends[long], on & ~(out["walking"] == 1), night)] = 1
    naps = (ends - starts >= NAP) & (within(night, starts, ends) < NIGHT_SLEEP)
    if naps.any():
        label[_naps(np.where(label == 0, out["hr"], np.float32(np.nan)), starts[naps], ends[naps])] = 1
    out["asleep"] = label
    return out


def _nights(starts: Index, ends: Index, bearable: Bool, night: Bool) -> Bool:
    """Long enough quiet in the night, from the night's beginning to its own end: who sleeps in sleeps on, who sits up late sat."""
    starts, ends = bridged(starts, ends, bearable, RESTLESS)
    enough = within(night, starts, ends) >= NIGHT_SLEEP
    starts, ends = starts[enough], ends[enough]
    dark = np.flatnonzero(night)
    return painted(dark[np.searchsorted(dark, starts)], ends, len(night))


def _turned(angle: NDArray[np.float32]) -> Bool:
    """Minutes whose angle differs from the last known one by more than a turn; an unknown angle is an unchanged one."""
    turned = np.zeros(len(angle), np.bool_)
    known = np.flatnonzero(np.isfinite(angle))
    turned[known[1:]] = np.abs(np.diff(angle[known])) > TURN
    return turned


def _naps(hr: NDArray[np.float32], starts: Index, ends: Index) -> Bool:
    """Quiet runs whose mean pulse lies below the low end of the waking one; a run without a pulse is none. `hr`: NaN where asleep."""
    known = np.isfinite(hr)
    waking = hr[known]
    if not len(waking):
        return known
    at = len(waking) * RESTING // 100
    low = np.partition(waking, at)[at]
    beats, sums = within(known, starts, ends), np.zeros(len(hr) + 1)
    np.cumsum(np.where(known, hr, 0), out=sums[1:])
    drowsy = (beats * 2 >= ends - starts) & (sums[ends] - sums[starts] < low * beats)
    return painted(starts[drowsy], ends[drowsy], len(hr))
