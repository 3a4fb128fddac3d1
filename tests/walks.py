"""Planned walks of a Fitbit recording counted the plain way, minute by minute. Nothing of KeepUp's is used, so that the two can differ.

The rules, in words (research note `domain` §1.2): a walk is five minutes or more of at least 60 steps each, with pauses of two at most; a
planned walk is done from 0.8 of its minutes, partial from 0.3; what begins in its window counts for it first, then the days of the week
are given to the week's free walks, the most walked first; then what was missed may be made up. Where it cannot have been seen, because
the band was worn for less than 0.7 of the window or of window and grace, or was off the wrist within a window of a day or less for as long
as the walk takes, it is unknown; otherwise, when nothing was seen and nobody says otherwise, not seen.
"""

import csv
import gzip
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from ruamel.yaml import YAML

MINUTE, DAY, WEEK = timedelta(minutes=1), timedelta(days=1), timedelta(weeks=1)
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
LENGTHS = {"m": MINUTE, "h": timedelta(hours=1), "none": timedelta(0)}

Steps = Mapping[datetime, int]
"""Minute (UTC) → steps, of the minutes with a heart rate: in these the band was worn."""


@dataclass(frozen=True)
class Walk:
    start: datetime
    minutes: int


@dataclass(frozen=True)
class Planned:
    key: str
    start: datetime
    end: datetime
    grace: datetime
    minutes: int
    at: datetime | None = None
    """`None`: on any day of the week."""


@dataclass(frozen=True)
class Counted:
    verdict: str
    minutes: int
    worn: float
    """The lesser share, of window and of window and grace."""


def recording(file: Path, zone: ZoneInfo) -> dict[str, dict[datetime, int]]:
    """By person."""
    out: dict[str, dict[datetime, int]] = defaultdict(dict)
    with gzip.open(file, "rt", newline="") as text:
        for row in csv.DictReader(text):
            if int(row["HeartRate"]) > 0:
                out[row["Id"]][datetime.fromisoformat(row["t"]).replace(tzinfo=zone).astimezone(UTC)] = int(row["Steps"])
    return out


def walks(steps: Steps) -> list[Walk]:
    out: list[list[datetime]] = []
    for minute in sorted(minute for minute, count in steps.items() if count >= 60):
        if out and minute - out[-1][1] <= 3 * MINUTE:
            out[-1][1] = minute
        else:
            out.append([minute, minute])
    lengths = [Walk(first, (last - first) // MINUTE + 1) for first, last in out]
    return [walk for walk in lengths if walk.minutes >= 5]


def plan(file: Path) -> dict[str, Any]:
    text: dict[str, Any] = YAML(typ="safe").load(file)
    return text


def fixed(plan: dict[str, Any], zone: ZoneInfo) -> Iterator[Planned]:
    for phase, day in _days(plan):
        for session in phase["sessions"]:
            if WEEKDAYS[day.weekday()] in session["when"].get("days", ()):
                at = datetime.combine(day, time.fromisoformat(session["when"]["at"]), zone)
                end = at + _length(session["window"]["late"])
                yield Planned(
                    f"{plan['id']}/{session['name']}/{day}",
                    (at - _length(session["window"]["early"])).astimezone(UTC),
                    end.astimezone(UTC),
                    (end + _length(session.get("make_up", "none"))).astimezone(UTC),
                    session["items"][0]["minutes"],
                    at.astimezone(UTC),
                )


def free(plan: dict[str, Any], zone: ZoneInfo) -> Iterator[list[Planned]]:
    """Those of one week and phase together."""
    parts: dict[tuple[str, int], tuple[dict[str, Any], list[date]]] = {}
    for phase, day in _days(plan):
        year, week, _ = day.isocalendar()
        parts.setdefault((f"{year}-W{week:02}", id(phase)), (phase, []))[1].append(day)
    given: dict[str, int] = defaultdict(int)
    for (name, _), (phase, days) in parts.items():
        for session in phase["sessions"]:
            group = []
            for _ in range(round(session["when"].get("per_week", 0) * len(days) / 7)):
                stem = f"{plan['id']}/{session['name']}/{name}"
                given[stem] += 1
                start, end = (datetime.combine(day, time(), zone).astimezone(UTC) for day in (days[0], days[-1] + DAY))
                group.append(Planned(f"{stem}/{given[stem]}", start, end, end, session["items"][0]["minutes"]))
            if group:
                yield group


def every(plan: dict[str, Any], zone: ZoneInfo) -> list[Planned]:
    return [*fixed(plan, zone), *(one for group in free(plan, zone) for one in group)]


def count(steps: Steps, plan: dict[str, Any], zone: ZoneInfo) -> dict[str, Counted]:
    """By the id of the planned walk."""
    left, found = walks(steps), {}
    timed = list(fixed(plan, zone))
    for one in timed:
        found[one] = _in_time(one, left)
    for group in free(plan, zone):
        found |= _on_any_days(group, left, zone)
    verdicts = {}
    for one, minutes in found.items():
        late = _made_up(one, left) if minutes < 0.3 * one.minutes else 0
        verdicts[one.key] = _counted(one, late or minutes, bool(late), steps, zone)
    return verdicts


def _in_time(one: Planned, left: list[Walk]) -> int:
    """The nearest to the planned time first, until it is whole."""
    minutes = 0
    inside = [walk for walk in left if one.start <= walk.start < one.end]
    for walk in sorted(inside, key=lambda walk: abs(walk.start - (one.at or one.start))):
        if minutes < one.minutes:
            minutes += walk.minutes
            left.remove(walk)
    return minutes


def _on_any_days(group: Sequence[Planned], left: list[Walk], zone: ZoneInfo) -> dict[Planned, int]:
    days: dict[date, list[Walk]] = defaultdict(list)
    for walk in left:
        if group[0].start <= walk.start < group[0].end:
            days[walk.start.astimezone(zone).date()].append(walk)
    minutes, whole = {day: sum(walk.minutes for walk in walked) for day, walked in days.items()}, group[0].minutes
    best = sorted((day for day in minutes if minutes[day] >= 0.3 * whole), key=lambda day: (-min(minutes[day], whole), day))
    for day in best[: len(group)]:
        for walk in days[day]:
            left.remove(walk)
    return {one: minutes[best[n]] if n < len(best) else 0 for n, one in enumerate(group)}


def _made_up(one: Planned, left: list[Walk]) -> int:
    """The longest walking after the window, with rests of half an hour at most."""
    sittings: list[list[Walk]] = []
    for walk in (walk for walk in left if one.end <= walk.start < one.grace):
        before = sittings[-1][-1] if sittings else None
        if before and walk.start - (before.start + before.minutes * MINUTE) <= 30 * MINUTE:
            sittings[-1].append(walk)
        else:
            sittings.append([walk])
    best = max(sittings, key=lambda sitting: min(sum(walk.minutes for walk in sitting), one.minutes), default=[])
    minutes = sum(walk.minutes for walk in best)
    if minutes < 0.3 * one.minutes:
        return 0
    for walk in best:
        left.remove(walk)
    return minutes


def _counted(one: Planned, minutes: int, late: bool, steps: Steps, zone: ZoneInfo) -> Counted:
    share = min(minutes / one.minutes, 1)
    worn = min(_worn(steps, one.start, one.end, zone), _worn(steps, one.start, one.grace, zone))
    if share >= 0.3:
        return Counted("late" if late else "done" if share >= 0.8 else "partial", minutes, worn)
    if worn < 0.7 or (one.end - one.start <= DAY and _off(steps, one.start, one.end) >= one.minutes):
        return Counted("unknown", minutes, worn)
    return Counted("unclear" if minutes else "not_seen", minutes, worn)


def _worn(steps: Steps, start: datetime, end: datetime, zone: ZoneInfo) -> float:
    """Of more than a day, from 8:00 to 22:00."""
    minutes = [start + n * MINUTE for n in range((end - start) // MINUTE)]
    if end - start > DAY:
        minutes = [minute for minute in minutes if 8 <= minute.astimezone(zone).hour < 22]
    return sum(minute in steps for minute in minutes) / len(minutes)


def _off(steps: Steps, start: datetime, end: datetime) -> int:
    """Most minutes in a row."""
    most = row = 0
    for n in range((end - start) // MINUTE):
        row = 0 if start + n * MINUTE in steps else row + 1
        most = max(most, row)
    return most


def _days(plan: dict[str, Any]) -> Iterator[tuple[dict[str, Any], date]]:
    for phase in plan["phases"]:
        for n in range((phase["to"] - phase["from"]).days + 1):
            yield phase, phase["from"] + n * DAY


def _length(written: str) -> timedelta:
    many = re.match(r"\d*", written)
    number = many.group() if many else ""
    return LENGTHS[written.removeprefix(number)] * int(number or 1)
