"""What is drawn of one local day: wear, activity and gaps as segments that tile it.

Minutes become runs. Where a lane would be restless it is drawn in coarser cells, each showing what most of its minutes were;
totals and tables are always counted by the minute.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from ingest.batch import MINUTE, Cause, Span
from ingest.bout import Bout
from ingest.minute import Minutes, laid
from web.day import Day

MOST = {"wear": 30, "activity": 50, "gap": 18}
"""Segments a lane may have, so that a day stays under a hundred."""
CELLS = (1, 2, 3, 5, 10, 15, 20, 30, 60, 120)
"""Minutes to a cell, finest first; the first that keeps a lane within `MOST` is drawn."""

Codes = NDArray[np.int8]


class Wear(IntEnum):
    AHEAD = 0
    UNKNOWN = 1
    OFF = 2
    WORN = 3
    ASLEEP = 4


class Activity(IntEnum):
    """In rising order of what a tie within a cell is drawn as."""

    AHEAD = 0
    NONE = 1  # asleep or not worn: nothing to say about activity
    UNKNOWN = 2
    STILL = 3
    MOVING = 4
    WALKING = 5
    EXERCISE = 6


CAUSES = tuple(Cause)
"""Of gaps that overlap the one whose cause stands later is drawn."""


@dataclass(frozen=True, slots=True)
class Segment:
    """Minutes [start, end) since the day's midnight, as they passed."""

    start: int
    end: int
    what: str
    """Lower-case name of a `Wear` or `Activity`, or the value of a `Cause`."""


@dataclass(frozen=True, slots=True, eq=False)
class Strip:
    """One day, ready to draw and to count. `wear` and `activity` tile [0, day.length); `gaps` holds the gaps alone."""

    day: Day
    wear: tuple[Segment, ...]
    activity: tuple[Segment, ...]
    gaps: tuple[Segment, ...]
    wear_by_minute: Codes
    """Shape (day.length,), of `Wear`."""
    activity_by_minute: Codes
    """Shape (day.length,), of `Activity`."""
    causes_by_minute: Codes
    """Shape (day.length,): 0 no gap, otherwise 1 + index in `CAUSES`. A minute heard by any other way is no gap, but that its motion
    was given up is told there too: what was seen in it was seen by less."""
    coverage: float | None
    """0..1 of the minutes up to `now`; `None` where the day has not begun."""


def strip(day: Day, minutes: Minutes, bouts: Sequence[Bout], gaps: Sequence[Span], now: int) -> Strip:
    """The day as far as `now` (µs UTC); minutes, bouts and gaps may reach beyond it on either side."""
    grid = laid(minutes, day.start, day.end)
    ahead = grid["t"] >= now
    wear = _wear(grid, ahead)
    causes = _causes(gaps, day, ahead, grid["coverage"] > 0)
    activity = _activity(grid, wear, _within(bouts, day), ahead)
    passed = grid["coverage"][~ahead]
    return Strip(
        day,
        _drawn(wear, "wear", [code.name.lower() for code in Wear]),
        _drawn(activity, "activity", [code.name.lower() for code in Activity]),
        tuple(segment for segment in _drawn(causes, "gap", ["", *CAUSES]) if segment.what),
        wear,
        activity,
        causes,
        float(passed.mean()) if len(passed) else None,
    )


def runs(codes: Codes) -> list[tuple[int, int, int]]:
    """(start, end, code) of each stretch of equal codes."""
    if not len(codes):
        return []
    edges = [0, *(np.flatnonzero(np.diff(codes)) + 1).tolist(), len(codes)]
    return [(start, end, int(codes[start])) for start, end in pairwise(edges)]


def _wear(grid: Minutes, ahead: NDArray[np.bool_]) -> Codes:
    out = np.full(len(grid), Wear.UNKNOWN, np.int8)
    heard = grid["coverage"] > 0
    out[heard & (grid["worn"] == 0)] = Wear.OFF
    worn = heard & (grid["worn"] == 1)
    out[worn] = Wear.WORN
    out[worn & (grid["asleep"] == 1)] = Wear.ASLEEP
    out[ahead] = Wear.AHEAD
    return out


def _activity(grid: Minutes, wear: Codes, bouts: Sequence[tuple[str, int, int]], ahead: NDArray[np.bool_]) -> Codes:
    out = np.full(len(grid), Activity.UNKNOWN, np.int8)
    worn = wear == Wear.WORN
    out[worn & (grid["still"] == 0)] = Activity.MOVING
    out[worn & (grid["still"] == 1) & (grid["asleep"] == 0)] = Activity.STILL
    out[worn & (grid["walking"] == 1)] = Activity.WALKING
    out[(wear == Wear.ASLEEP) | (wear == Wear.OFF)] = Activity.NONE
    for kind, start, end in sorted(bouts, key=lambda bout: bout[0], reverse=True):
        out[start:end] = Activity.EXERCISE if kind == "exercise" else Activity.WALKING
    out[ahead] = Activity.AHEAD
    return out


def _within(bouts: Sequence[Bout], day: Day) -> list[tuple[str, int, int]]:
    return [(bout.kind, *_minutes(bout.start, bout.end, day)) for bout in bouts]


def _causes(gaps: Sequence[Span], day: Day, ahead: NDArray[np.bool_], heard: NDArray[np.bool_]) -> Codes:
    lost = _painted([gap for gap in gaps if gap.cause is not Cause.THINNED], day)
    lost[heard] = 0
    out = np.where(lost == 0, _painted([gap for gap in gaps if gap.cause is Cause.THINNED], day), lost)
    out[ahead] = 0
    return out


def _painted(gaps: Sequence[Span], day: Day) -> Codes:
    out = np.zeros(day.length, np.int8)
    for gap in sorted(gaps, key=lambda gap: CAUSES.index(gap.cause) if gap.cause else -1):
        if gap.cause is not None:
            start, end = _minutes(gap.t0, gap.t1, day)
            out[start:end] = CAUSES.index(gap.cause) + 1
    return out


def _minutes(start: int, end: int, day: Day) -> tuple[int, int]:
    """To the nearest minute, within the day."""
    first, last = (round((t - day.start) / MINUTE) for t in (start, end))
    return min(max(first, 0), day.length), min(max(last, 0), day.length)


def _drawn(codes: Codes, lane: str, names: Sequence[str]) -> tuple[Segment, ...]:
    for cell in CELLS:
        found = runs(_in_cells(codes, cell, len(names)))
        if len(found) <= MOST[lane]:
            break
    return tuple(Segment(start, end, names[code]) for start, end, code in found)


def _in_cells(codes: Codes, cell: int, kinds: int) -> Codes:
    """Each cell of `cell` minutes filled with its most frequent code; of equals the highest."""
    if cell == 1:
        return codes
    which = np.arange(len(codes)) // cell
    counts = np.bincount(which * kinds + codes, minlength=(int(which[-1]) + 1) * kinds).reshape(-1, kinds)
    winner: NDArray[np.int64] = kinds - 1 - np.argmax(counts[:, ::-1], axis=1)
    return winner.astype(np.int8)[which]
