"""A day in numbers: what was worn, still, walked and exercised, counted by the minute. `None` is unknown, never zero."""

from dataclasses import dataclass

import numpy as np

from detectors.rules.still_too_long import Params, stretches
from ingest.batch import Cause
from web.day import Hour, hours_of
from web.strip import CAUSES, Activity, Codes, Strip, Wear


@dataclass(frozen=True, slots=True)
class Totals:
    """Minutes, each `None` where nothing was heard that could tell; `coverage` 0..1."""

    worn: int | None
    longest_still: int | None
    walking: int | None
    exercise: int | None
    coverage: float | None


@dataclass(frozen=True, slots=True)
class Row:
    """One clock hour in minutes; `None` where wear was unknown for all of it."""

    label: str
    worn: int | None
    asleep: int | None
    still: int | None
    moving: int | None
    walking: int | None
    exercise: int | None
    unknown: int
    """Minutes of which nothing is known."""


def totals(strip: Strip) -> Totals:
    wear, activity = _counts(strip.wear_by_minute), _counts(strip.activity_by_minute)
    if not sum(wear[Wear.OFF :]) and not sum(activity[Activity.STILL :]):
        return Totals(None, None, None, None, strip.coverage)
    worn = wear[Wear.WORN] + wear[Wear.ASLEEP]
    still = longest_still(strip.activity_by_minute)
    return Totals(worn, still, activity[Activity.WALKING], activity[Activity.EXERCISE], strip.coverage)


def longest_still(activity: Codes) -> int:
    """Minutes of the longest still stretch, as the rule that tells of it joins them."""
    starts, ends = stretches(activity == Activity.STILL, Params())
    return int((ends - starts).max(initial=0))


def by_hour(strip: Strip) -> list[Row]:
    """The hours of the day that have begun."""
    return [_row(strip, hour) for hour in hours_of(strip.day) if strip.wear_by_minute[hour.start] != Wear.AHEAD]


def unheard(strip: Strip) -> list[tuple[Cause, int]]:
    """Minutes lost in the day per cause, most first."""
    counts = np.bincount(strip.causes_by_minute, minlength=len(CAUSES) + 1).tolist()[1:]
    return sorted([lost for lost in zip(CAUSES, counts, strict=True) if lost[1]], key=lambda lost: -lost[1])


def _row(strip: Strip, hour: Hour) -> Row:
    wear = _counts(strip.wear_by_minute[hour.start : hour.end])
    activity = _counts(strip.activity_by_minute[hour.start : hour.end])
    unknown = wear[Wear.UNKNOWN]
    if not sum(wear[Wear.OFF :]):
        return Row(hour.label, None, None, None, None, activity[Activity.WALKING] or None, activity[Activity.EXERCISE] or None, unknown)
    still, moving, walking, exercise = activity[Activity.STILL :]
    return Row(hour.label, wear[Wear.WORN] + wear[Wear.ASLEEP], wear[Wear.ASLEEP], still, moving, walking, exercise, unknown)


def _counts(codes: Codes) -> list[int]:
    """How many minutes of each code, by its number; room for every `Activity`, the longer list."""
    counted: list[int] = np.bincount(codes, minlength=len(Activity)).tolist()
    return counted
