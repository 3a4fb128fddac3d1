"""Still for too long while awake: the wrist and the step count say so, not the chair. We say *still*, never *sitting*."""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from detectors.finding import Finding
from detectors.history import History
from detectors.localtime import minute_of_day
from detectors.rule import Rule
from detectors.runs import Bool, Index, runs
from ingest.batch import MICROS, MINUTE
from ingest.minute import Minutes

KIND = "still_too_long"


class Params(BaseModel):
    """What counts as too long, and when."""

    model_config = ConfigDict(frozen=True)

    still_minutes: int = Field(
        default=50,
        ge=10,
        le=240,
        description="Minutes still before it is said. Trials broke stillness every 20 to 60 min (Duran 2023, Homer 2021, Waongenngarm 2021)"
        " and no guideline gives a number; needs a clinician's sign-off.",
    )
    nudge_minutes: int = Field(
        default=50,
        ge=10,
        le=240,
        description="Minutes still before the patient is told (45 to 60, research note `domain` D16); needs a clinician's sign-off.",
    )
    interruption_minutes: int = Field(
        default=1,
        ge=0,
        le=5,
        description="Minutes of movement, or of unknown, in a row that do not end the stretch; 2 min of movement do (design; Healy 2008"
        " counts breaks from 1 min).",
    )
    between_minutes: int = Field(
        default=9,
        ge=0,
        le=60,
        description="Still minutes there must be before each such interruption: with 9, at least 90 % of a stretch is still"
        " (GGIR, Migueles 2019).",
    )
    desk_from: int | None = Field(default=None, ge=0, lt=1440, description="Minutes after local midnight; none: any waking time (design).")
    desk_to: int | None = Field(default=None, ge=1, le=1440, description="Minutes after local midnight; none: any waking time (design).")


def find(history: History, now: int, params: Params) -> Iterable[Finding]:  # noqa: ARG001 — a rule's shape; stillness does not age
    """One finding for each stretch of known wear, known wakefulness and stillness of at least `params.still_minutes`.

    A stretch that touches the history's beginning is not told: it began on a day that is no longer seen, and its key with it.
    """
    minutes = history.minutes
    still = (minutes["still"] == 1) & (minutes["worn"] == 1) & (minutes["asleep"] == 0)
    if params.desk_from is not None and params.desk_to is not None:
        local = minute_of_day(minutes["t"], history.zone)
        still &= (local >= params.desk_from) & (local < params.desk_to)
    for first, last in _long(still, params):
        yield _finding(history, minutes, first, last, params, open_=len(minutes) - last <= params.interruption_minutes)


def _long(still: Bool, params: Params) -> Iterator[tuple[int, int]]:
    starts, ends = stretches(still, params)
    long = (ends - starts >= params.still_minutes) & (starts > 0)
    yield from zip(starts[long].tolist(), ends[long].tolist(), strict=True)


def stretches(still: Bool, params: Params) -> tuple[Index, Index]:
    """Starts and ends (exclusive) of all stretches in a row of minutes, however long, joined over what does not interrupt them."""
    starts, ends = runs(still)
    # Only the run before an interruption may decide: what is decided then stays so, however long the next run grows.
    apart = (starts[1:] - ends[:-1] > params.interruption_minutes) | (ends[:-1] - starts[:-1] < params.between_minutes)
    return starts[np.append(True, apart)[: len(starts)]], ends[np.append(apart, True)[: len(ends)]]


def _finding(history: History, minutes: Minutes, first: int, last: int, params: Params, *, open_: bool) -> Finding:
    start = int(minutes["t"][first])
    stretch = minutes[first:last]
    steps = stretch["steps"]
    evidence: dict[str, float | int | str] = {
        "still_min": last - first,
        "nudge_min": params.nudge_minutes,
        "coverage": round(float(stretch["coverage"].mean()), 2),
        "steps": int(steps[np.isfinite(steps)].sum()),
    }
    key = f"{KIND}@{datetime.fromtimestamp(start // MICROS, UTC):%Y-%m-%dT%H:%MZ}"
    return Finding(history.patient, KIND, key, start, None if open_ else start + (last - first) * MINUTE, evidence)


RULE = Rule(Params, find)
