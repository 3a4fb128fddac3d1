"""The band's battery is low, or will be empty before the next planned session is over: charge it tonight."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, time
from zoneinfo import ZoneInfo

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from detectors import dates
from detectors.finding import Finding
from detectors.history import History
from detectors.localtime import I8
from detectors.plan.schedule import occurrences
from detectors.plan.term import in_zone
from detectors.rule import Rule
from ingest.batch import DAY, HOUR, MICROS

KIND = "low_battery"
AHEAD = 8 * DAY
"""How far the next planned session is looked for."""


class Params(BaseModel):
    """How low, and how its end is foretold. Charge in percent."""

    model_config = ConfigDict(frozen=True)

    low: float = Field(default=20, ge=1, le=50, description="At or below this it is low (design, detector D18).")
    enough: float = Field(default=50, ge=20, le=100, description="Above this it is charged (design, detector D18).")
    charging: float = Field(
        default=5, ge=1, le=50, description="It charges once it has risen by so much; less is a gauge that wavers (a design choice)."
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
    percent: float
    empty: int | None
    """When it will be empty, µs UTC; `None`: cannot be told."""
    read: int
    """When `percent` was read, µs UTC."""


def find(history: History, now: int, params: Params) -> Iterable[Finding]:  # noqa: ARG001 — a rule's shape; the readings tell their time
    """One finding for each time it was low or about to be, until it is charged or charges. Without readings nothing is said."""
    planned = occurrences(history.told.plans, history.told.zones, history.start - DAY, history.end + AHEAD) if history.battery else []
    ends = np.array(sorted(one.end for one in planned if not one.quota and one.excused is None), np.int64)
    for spell in _spells(history.battery, ends, params):
        evidence: dict[str, float | int | str] = {"percent": round(spell.percent)}
        evidence |= {} if spell.empty is None else {"empty_in_h": round((spell.empty - spell.read) / HOUR, 1)}
        evidence["tell_from"] = _evening(spell.start, history.zone, params.tell_hour)
        yield Finding(history.patient, KIND, f"{KIND}@{dates.minute(spell.start)}", spell.start, spell.end, evidence)


def _spells(readings: Sequence[tuple[int, float]], ends: I8, params: Params) -> Iterator[_Spell]:
    spell: _Spell | None = None
    falling: list[tuple[int, float]] = []
    peak: float | None = None
    """While it charges: the highest so far."""
    for at, percent in readings:
        rises = bool(falling) and percent >= min(before for _, before in falling) + params.charging
        if rises or (peak is not None and percent >= peak):
            peak, falling = percent, []
        else:
            peak = None
            falling.append((at, percent))
        if spell is None:
            empty = _empty(falling, params)
            if falling and (percent <= params.low or _too_soon(at, percent, empty, ends, params)):
                spell = _Spell(at, None, percent, empty, at)
        elif at > spell.start and (rises or percent > params.enough):
            yield _Spell(spell.start, at, spell.percent, spell.empty, spell.read)
            spell = None
        else:
            spell = _Spell(spell.start, None, percent, _empty(falling, params), at)
    if spell:
        yield spell


def _too_soon(at: int, percent: float, empty: int | None, ends: I8, params: Params) -> bool:
    following = ends[np.searchsorted(ends, at, "right") :]
    return percent <= params.foretold and empty is not None and len(following) > 0 and empty < int(following[0])


def _empty(falling: Sequence[tuple[int, float]], params: Params) -> int | None:
    """When a straight line through the last falling readings meets zero, µs UTC."""
    if not falling or falling[-1][1] > params.foretold:
        return None
    last = [one for one in falling if falling[-1][0] - one[0] <= params.drain_hours * HOUR]
    hours = (np.array([at for at, _ in last]) - last[-1][0]) / HOUR
    if -hours[0] < params.least_hours:
        return None
    drain, level = np.polyfit(hours, [percent for _, percent in last], 1)
    return last[-1][0] + round(max(level, 0.0) / -drain * HOUR) if drain < 0 else None


def _evening(instant: int, zone: ZoneInfo, hour: int) -> int:
    """The given hour of the local day of `instant`, µs UTC."""
    day = datetime.fromtimestamp(instant // MICROS, zone).date()
    return in_zone(datetime.combine(day, time(hour)), zone)


RULE = Rule(Params, find, days=2)
