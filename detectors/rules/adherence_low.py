"""Less of the plan is done than it takes to work, for weeks, and enough is known to say so."""

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from pydantic import BaseModel, ConfigDict, Field

from detectors.adherence import Adherence, adherence, closes
from detectors.finding import Finding
from detectors.history import History
from detectors.localtime import midnight
from detectors.outcome import Judged
from detectors.outcomes import DAYS
from detectors.rule import Rule
from detectors.streak import sessions
from ingest.batch import MICROS

KIND = "adherence_low"
AMBER, RED, WELL = "amber", "red", "well"


class Params(BaseModel):
    """How little is low, 0..1."""

    model_config = ConfigDict(frozen=True)

    amber: float = Field(
        default=0.70,
        gt=0,
        le=1,
        description="Adherence of 7 days below this in two weeks running is amber, and at or above it all is well (detector D7: the cut of"
        " the MiSpEx analysis of 2025 in low back pain; EARS 17 of 24, de Lira 2020). Needs a clinician's sign-off.",
    )
    red: float = Field(
        default=0.50, gt=0, le=1, description="Adherence of 14 days below this is red (design, detector D7). Needs a clinician's sign-off."
    )
    sessions: int = Field(
        default=3,
        ge=1,
        le=14,
        description="Of two weeks, that count; of fewer nothing is said (a design choice). Needs a clinician's sign-off.",
    )


@dataclass(frozen=True, slots=True)
class _Spell:
    level: str
    start: int
    end: int | None
    seen: Adherence
    """As it last was in it."""


def find(history: History, now: int, params: Params) -> Iterable[Finding]:
    """Findings of level amber and, where it gets worse, red after it, until the last 7 days are well again.

    Looked at as of each local midnight since the first session, so that nothing flickers within a day, and a level has its one beginning
    however long ago. Where too much is unknown (`adherence.ENOUGH`) it stays as it was.
    """
    judged = sorted((one for _, one in sessions(history, now)), key=closes)
    for spell in _spells(history, judged, params):
        if spell.end is None or spell.end > history.start:
            day = datetime.fromtimestamp(spell.start // MICROS, history.zone).date()
            yield Finding(history.patient, KIND, f"{KIND}@{spell.level}/{day}", spell.start, spell.end, _facts(spell))


def _spells(history: History, judged: Sequence[Judged], params: Params) -> Iterator[_Spell]:
    spell: _Spell | None = None
    since = min((one.start for one in judged), default=history.end)
    for at in _midnights(history, since):
        level, seen = _level(history, judged, since, at, params)
        if level is None or (spell is None and level == WELL):
            continue
        if spell and level in (spell.level, AMBER):
            spell = _Spell(spell.level, spell.start, None, seen)
            continue
        if spell:
            yield _Spell(spell.level, spell.start, at, spell.seen)
        spell = None if level == WELL else _Spell(level, at, None, seen)
    if spell:
        yield spell


def _midnights(history: History, since: int) -> Iterator[int]:
    day = 0
    while (at := midnight(since, history.zone, day)) < history.end:
        yield at
        day += 1


def _level(history: History, judged: Sequence[Judged], since: int, at: int, params: Params) -> tuple[str | None, Adherence]:
    """As of `at` (µs UTC), with what it rests on; `None` where that cannot be told, as in a plan's first two weeks.

    `judged`: ascending in the end of the window, the first one of them begun at `since`.
    """
    ago = {days: midnight(at, history.zone, -days) for days in (7, 14)}
    lately = judged[bisect_left(judged, ago[14], key=closes) : bisect_left(judged, at, key=closes)]
    week, before, both = adherence(lately, ago[7], at), adherence(lately, ago[14], ago[7]), adherence(lately, ago[14], at)
    if both.eligible < params.sessions or since >= midnight(at, history.zone, -13):
        return None, both
    if _share(week) >= params.amber:
        return WELL, week
    if _share(both, unknown=1.0) < params.red:
        return RED, both
    low = max(_share(each, unknown=1.0) for each in (week, before)) < params.amber
    return (AMBER if low else None), both


def _share(seen: Adherence, unknown: float = 0.0) -> float:
    """0..1; `unknown` where too little is known for an alert (`Adherence.enough`)."""
    return seen.mid if seen.mid is not None and seen.enough else unknown


def _facts(spell: _Spell) -> dict[str, float | int | str]:
    seen = spell.seen
    shares = {"adherence": seen.mid, "low": seen.low, "high": seen.high, "coverage": seen.coverage}
    known = {name: round(share, 2) for name, share in shares.items() if share is not None}
    return {"level": spell.level, **known, "days": 14, "eligible": seen.eligible}


RULE = Rule(Params, find, days=DAYS)
