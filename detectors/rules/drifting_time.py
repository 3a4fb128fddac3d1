"""A session that is mostly done at another time than planned: the plan may move to where the patient's day has room for it."""

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from statistics import median
from zoneinfo import ZoneInfo

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from detectors.finding import Finding
from detectors.history import History
from detectors.localtime import minute_of_day
from detectors.outcome import SEEN, Judged
from detectors.outcomes import DAYS
from detectors.rule import Rule
from detectors.streak import claim, over_time, told_at
from ingest.batch import DAY, MINUTE

KIND = "drifting_time"


class Params(BaseModel):
    """How far is drifting."""

    model_config = ConfigDict(frozen=True)

    minutes: float = Field(
        default=60, ge=10, le=720, description="Median distance from the planned time (design, detector D5). Needs a clinician's sign-off."
    )
    sessions: int = Field(default=5, ge=3, le=30, description="How many of the last ones the median is of (design, detector D5).")


@dataclass(frozen=True, slots=True)
class _Spell:
    first: Judged
    end: int | None
    last: tuple[Judged, ...]


def find(history: History, now: int, params: Params) -> Iterable[Finding]:
    """One finding for each stretch in which the median of the last `params.sessions` was too far off, from the first of these on.

    Only sessions that were seen to begin, and were planned for a time, are looked at.
    """
    for name, begun in over_time(history, now, _timed).items():
        for spell in _spells(begun, params):
            yield from claim(KIND, history, spell.first, spell.end, {"session": name, **_facts(spell.last, history.zone)})


def _timed(one: Judged) -> bool:
    return one.outcome in SEEN and "began" in one.facts and "planned" in one.facts


def _spells(begun: Sequence[tuple[int, Judged]], params: Params) -> Iterator[_Spell]:
    last: deque[Judged] = deque(maxlen=params.sessions)
    first: Judged | None = None
    off: tuple[Judged, ...] = ()
    for moment, one in begun:
        last.append(one)
        drifts = len(last) == params.sessions and abs(median(map(_late, last))) > params.minutes
        if drifts:
            first, off = first or last[0], tuple(last)
        elif first is not None:
            yield _Spell(first, moment, off)
            first = None
    if first is not None:
        yield _Spell(first, None, off)


def _late(one: Judged) -> float:
    """Minutes by the clock after the planned time, negative before it: what was made up the next day at its hour has not drifted."""
    began, planned = told_at(one, "began"), told_at(one, "planned")
    return ((began - planned + DAY // 2) % DAY - DAY // 2) / MINUTE if began is not None and planned is not None else 0.0


def _facts(last: Sequence[Judged], zone: ZoneInfo) -> dict[str, float | int | str]:
    began = np.array([told_at(one, "began") for one in last], np.int64)
    usual = int(np.median(minute_of_day(np.sort(began), zone)))
    return {"late_min": round(median(map(_late, last))), "sessions": len(last), "usual": f"{usual // 60:02}:{usual % 60:02}"}


RULE = Rule(Params, find, days=DAYS)
