"""The band's battery is low, or will be empty before the next planned session is over: charge it tonight."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, time
from math import inf
from operator import itemgetter
from zoneinfo import ZoneInfo

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from detectors import dates
from detectors.finding import Finding
from detectors.history import History, Readings
from detectors.plan.schedule import occurrences
from detectors.plan.term import in_zone
from detectors.rule import Rule
from ingest.batch import DAY, HOUR, MICROS

KIND = "low_battery"
AHEAD = 8 * DAY
"""How far the next planned session is looked for."""
POINTS = 50
"""As many readings are enough to draw a line through."""


class Params(BaseModel):
    """How low, and how its end is foretold. Charge in percent."""

    model_config = ConfigDict(frozen=True)

    low: float = Field(default=20, ge=1, le=50, description="At or below this it is low (design, detector D18).")
    charging: float = Field(
        default=5,
        ge=1,
        le=50,
        description="It charges once it has risen by so much, long before the 50 % of detector D18; less is a"
        " gauge that wavers (a design choice).",
    )
    foretold: float = Field(default=40, ge=1, le=100, description="Above this nothing is foretold (a design choice).")
    drain_hours: float = Field(
        default=48, ge=6, le=168, description="The drain is that of the last so many hours (detector D18, drain slope)."
    )
    least_hours: float = Field(default=4, gt=0, le=48, description="Of falling readings, without which no drain is told (a design choice).")
    tell_hour: int = Field(
        default=18,
        ge=0,
        le=23,
        description="Local hour from which charging is asked for: the usual charging hour (a default, detector D18).",
    )


@dataclass(frozen=True, slots=True)
class _Spell:
    start: int
    end: int | None
    falling: Readings
    """Since it was last charged, up to the last one."""


def find(history: History, now: int, params: Params) -> Iterable[Finding]:  # noqa: ARG001 — a rule's shape; the readings tell their time
    """One finding for each time a band was low or about to be, until it charges. Without readings nothing is said."""
    planned = occurrences(history.told.plans, history.told.zones, history.start - DAY, history.end + AHEAD) if any(history.battery) else []
    ends = sorted(one.end for one in planned if not one.quota and one.excused is None)
    for spell in (spell for band in history.battery for spell in _spells(band, ends, params)):
        read, percent = spell.falling[-1]
        empty = _empty(spell.falling, params)
        evidence: dict[str, float | int | str] = {"percent": round(percent)}
        evidence |= {} if empty is None else {"empty_in_h": round((empty - read) / HOUR, 1)}
        evidence["tell_from"] = _evening(spell.start, history.zone, params.tell_hour)
        yield Finding(history.patient, KIND, f"{KIND}@{dates.minute(spell.start)}", spell.start, spell.end, evidence)


def _spells(readings: Readings, ends: Sequence[int], params: Params) -> Iterator[_Spell]:
    start: int | None = None
    for at, percent, falling in _charged(readings, params):
        if start is None:
            if falling[-1] == (at, percent) and (percent <= params.low or _too_soon(falling, ends, params)):
                start = at
        elif at > start and falling[-1] != (at, percent):
            yield _Spell(start, at, falling)
            start = None
    if start is not None:
        yield _Spell(start, None, falling)


def _charged(readings: Readings, params: Params) -> Iterator[tuple[int, float, Readings]]:
    """Each reading, with those since it was last charged up to it, or, while it charges, up to the last one before."""
    falling: list[tuple[int, float]] = []
    lowest, peak = inf, inf
    for at, percent in readings:
        if percent >= lowest + params.charging or percent >= peak:
            lowest, peak = inf, percent
        else:
            falling = falling if peak == inf else []
            falling.append((at, percent))
            lowest, peak = min(lowest, percent), inf
        yield at, percent, falling


def _too_soon(falling: Readings, ends: Sequence[int], params: Params) -> bool:
    """Whether it will be empty before the next planned session is over."""
    following, empty = bisect_right(ends, falling[-1][0]), _empty(falling, params)
    return empty is not None and following < len(ends) and empty < ends[following]


def _empty(falling: Readings, params: Params) -> int | None:
    """When a straight line through the last falling readings meets zero, µs UTC."""
    if falling[-1][1] > params.foretold:
        return None
    read, percent = falling[-1]
    last = falling[bisect_left(falling, read - params.drain_hours * HOUR, key=itemgetter(0)) :]
    if read - last[0][0] < params.least_hours * HOUR:
        return None
    times, levels = np.array([*last[:: len(last) // POINTS + 1], (read, percent)]).T
    drain, level = np.polyfit((times - read) / HOUR, levels, 1)
    return read + round(max(level, 0.0) / -drain * HOUR) if drain < 0 else None


def _evening(instant: int, zone: ZoneInfo, hour: int) -> int:
    """The given hour of the local day of `instant`, µs UTC."""
    day = datetime.fromtimestamp(instant // MICROS, zone).date()
    return in_zone(datetime.combine(day, time(hour)), zone)


RULE = Rule(Params, find, days=2)
