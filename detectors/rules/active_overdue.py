"""The step from passive treatment to active exercise is overdue: it was planned too late, or it was planned and not taken."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from statistics import fmean

from pydantic import BaseModel, ConfigDict, Field

from detectors.finding import Finding
from detectors.history import History
from detectors.localtime import midnight
from detectors.outcome import SEEN, Judged, Outcome
from detectors.outcomes import DAYS
from detectors.plan.dose import active
from detectors.plan.plan import Phase, Stage
from detectors.plan.term import FOREVER, terms
from detectors.rule import Rule
from detectors.streak import sessions
from ingest.batch import DAY, MICROS

KIND = "active_overdue"


class Params(BaseModel):
    """How long is overdue."""

    model_config = ConfigDict(frozen=True)

    passive_days: int = Field(
        default=14,
        ge=1,
        le=60,
        description="Days of a passive stage (design, detector D2; a plan may say otherwise). Needs a clinician's sign-off.",
    )
    active_days: int = Field(
        default=7,
        ge=1,
        le=60,
        description="Days of an active stage without an active session (design, detector D2). Needs a clinician's sign-off.",
    )
    coverage: float = Field(
        default=0.5, ge=0, le=1, description="Mean coverage of these days' sessions, below which nothing is said (design, detector D2)."
    )


@dataclass(frozen=True, slots=True)
class _Spell:
    """Phases of one stage, one after the other, as the plans in force had them; µs UTC."""

    stage: Stage
    start: int
    end: int
    names: frozenset[str]
    """Of its sessions that hold any active exercise."""


def find(history: History, now: int, params: Params) -> Iterable[Finding]:
    """One finding for each passive stage that lasts too long, and one for each active stage in which nothing active was seen in time.

    The first is about the plan alone and needs no band; the second needs a session that counts as not seen.
    """
    for spell in _spells(history):
        found = _passive(history, spell, params) if spell.stage is Stage.PASSIVE else _idle(history, now, spell, params)
        yield from (one for one in found if one.end is None or one.end > history.start)


def _passive(history: History, spell: _Spell, params: Params) -> Iterator[Finding]:
    start = max(midnight(spell.start, history.zone, params.passive_days), history.told.plans[0].since)
    if start < min(spell.end, history.end):
        yield _finding(history, spell, start, spell.end, {})


def _idle(history: History, now: int, spell: _Spell, params: Params) -> Iterator[Finding]:
    if spell.stage is not Stage.ACTIVE:
        return
    begun = max(spell.start, history.told.plans[0].since)
    meant = [
        (at, one) for at, one in sessions(history, now) if at >= begun and (one.session in spell.names or one.outcome is Outcome.EXTRA)
    ]
    end = next((at for at, one in meant if one.outcome in SEEN and at < spell.end), spell.end)
    day = params.active_days
    while (start := midnight(begun, history.zone, day)) < min(end, history.end):
        before = [one for at, one in meant if at < start]
        if (evidence := _evidence(before, params)) is not None:
            yield _finding(history, spell, start, end, evidence)
            return
        day += 1


def _evidence(before: Sequence[Judged], params: Params) -> dict[str, float | int | str] | None:
    """Of sessions none of which was seen; `None` where they do not tell enough."""
    missed = sum(one.outcome is Outcome.NOT_SEEN for one in before)
    covered = [one.coverage for one in before if one.coverage is not None]
    if not missed or not covered or fmean(covered) < params.coverage:
        return None
    return {"not_seen": missed, "coverage": round(fmean(covered), 2)}


def _finding(history: History, spell: _Spell, start: int, end: int, evidence: dict[str, float | int | str]) -> Finding:
    until = end if end <= history.end else None
    days = ((history.end if until is None else until) - spell.start) // DAY
    key = f"{KIND}@{spell.stage.value}/{datetime.fromtimestamp(start // MICROS, history.zone).date()}"
    return Finding(history.patient, KIND, key, start, until, {"stage": spell.stage.value, "days": days, **evidence})


def _spells(history: History) -> list[_Spell]:
    spells: list[_Spell] = []
    for n, term in enumerate(terms(history.told.plans, history.told.zones)):
        # what the first plan says of the days before it was written is believed
        since = term.since if n else -FOREVER
        for phase in sorted(term.plan.phases, key=lambda each: each.start):
            start, end = max(term.midnight(phase.start), since), min(term.midnight(phase.end + timedelta(days=1)), term.until)
            if start < end:
                _append(spells, _Spell(phase.stage, start, end, _names(phase)))
    return spells


def _append(spells: list[_Spell], new: _Spell) -> None:
    last = spells[-1] if spells else None
    if last and last.stage is new.stage and new.start <= last.end:
        spells[-1] = replace(last, end=max(last.end, new.end), names=last.names | new.names)
    else:
        spells.append(new)


def _names(phase: Phase) -> frozenset[str]:
    return frozenset(one.name for one in phase.sessions if any(active(item) for item in one.items))


RULE = Rule(Params, find, days=DAYS)
