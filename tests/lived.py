"""Planned sessions drawn as a line of characters, one a day: what a rule over outcomes sees; and plans to go with them."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from detectors.history import History, Told
from detectors.localtime import midnight
from detectors.outcome import COUNTED, Judged, Outcome, Source
from detectors.plan.occurrence import Revision
from detectors.plan.plan import Plan
from detectors.report import Answer, Said
from ingest.batch import DAY, HOUR, MICROS, MINUTE
from tests.timeline import BERLIN, MIDNIGHT, drawn, seen

MONDAY = date(2026, 9, 21)
"""The day that begins at `MIDNIGHT`."""
MARKS = {
    "d": Outcome.DONE,
    "p": Outcome.PARTIAL,
    "l": Outcome.LATE,
    "n": Outcome.NOT_SEEN,
    "u": Outcome.UNKNOWN,
    "c": Outcome.UNCLEAR,
    "v": Outcome.UNVERIFIABLE,
    "a": Outcome.ASKED,
    "e": Outcome.EXCUSED,
}
"""done, partial, late, not seen, unknown, unclear, unverifiable, asked, excused; a blank or a dot: nothing planned."""
CREDIT = {Outcome.DONE: 1.0, Outcome.LATE: 1.0, Outcome.PARTIAL: 0.5, Outcome.NOT_SEEN: 0.0}


def day(n: int) -> int:
    """Local midnight so many days after `MIDNIGHT`, µs UTC."""
    return midnight(MIDNIGHT, BERLIN, n)


def one(n: int, outcome: Outcome, name: str = "core", late: int | None = 0) -> Judged:
    """The session of day `n`: planned for 8:00, to begin from 7:00 to 11:00, begun so many minutes late; `None`: nobody knows when."""
    start, planned = day(n) + 7 * HOUR, day(n) + 8 * HOUR
    facts: dict[str, float | int | str] = {"planned": written(planned)}
    if outcome in (Outcome.DONE, Outcome.PARTIAL, Outcome.LATE) and late is not None:
        facts["began"] = written(planned + late * MINUTE)
    coverage = {Outcome.UNKNOWN: 0.2, Outcome.EXCUSED: None}.get(outcome, 0.95)
    occurrence = f"rx-0009/{name}/{MONDAY + timedelta(days=n)}"
    credit = CREDIT[outcome] if outcome in COUNTED else None
    return Judged(occurrence, name, start, start + 4 * HOUR, outcome, credit, Source.SENSOR, coverage, facts)


def lived(line: str, name: str = "core", first: int = 0) -> list[Judged]:
    """From day `first` on; what is late began 200 minutes late."""
    return [one(first + n, MARKS[mark], name, late=200 if mark == "l" else 0) for n, mark in enumerate(line) if mark in MARKS]


def written(at: int) -> str:
    return f"{datetime.fromtimestamp(at // MICROS, UTC):%Y-%m-%dT%H:%MZ}"


def told(judged: Sequence[Judged], days: int, **more: Any) -> History:
    """A history of `days` worn days from `MIDNIGHT` on, in which just these sessions were judged."""
    return seen(drawn("_" * ((day(days) - MIDNIGHT) // HOUR), 60), told=Told(earlier=tuple(judged), **more))


ACTIVE = {"exercise": "bird_dog", "kind": "stabilisation", "sets": 2, "reps": 8}
PASSIVE = {"exercise": "hot_pack", "kind": "passive", "minutes": 15}
DAILY = {"days": ["mon", "tue", "wed", "thu", "fri", "sat", "sun"], "at": "08:00"}


def phase(stage: str, start: int, end: int, *sessions: dict[str, Any]) -> dict[str, Any]:
    """From day `start` to the day before `end`."""
    first, last = MONDAY + timedelta(days=start), MONDAY + timedelta(days=end - 1)
    return {"name": stage, "stage": stage, "from": str(first), "to": str(last), "sessions": list(sessions)}


def session(name: str, *items: dict[str, Any], when: dict[str, Any] = DAILY) -> dict[str, Any]:
    return {"name": name, "when": when, "items": list(items)}


def plan(*phases: dict[str, Any], **more: Any) -> Plan:
    about = {"rx": "1", "id": "rx-0009", "patient": "virtual-p", "therapist": "t-01", "timezone": "Europe/Berlin"}
    return Plan.model_validate({**about, "issued": str(MONDAY), "region": "low_back", "phases": list(phases), **more})


def revision(wanted: Plan, since: int = MIDNIGHT - DAY) -> Revision:
    return Revision(wanted, since)


WALK = {"exercise": "walk", "kind": "aerobic", "minutes": 20}
DAILY_WALK = plan(phase("active", -40, 40, session("core", WALK)))
HEAT_ALONE = plan(phase("passive", -16, 10, session("heat", PASSIVE)))
LATE_START = plan(phase("passive", -30, -9, session("heat", PASSIVE)), phase("active", -9, 40, session("core", WALK)))
PLANS = (None, DAILY_WALK, HEAT_ALONE, LATE_START)


def prescribed(line: str, what: Plan | None, before: str = "", levels: Sequence[int] = (), said: str | None = None) -> History:
    """A history drawn with half an hour to a character, led by a session a day judged `before`.

    `levels`: the battery's, each hour; `said`: what the patient answers at nine to the first day's question, asked half an hour before.
    """
    history = seen(drawn(line, 30))
    occurrence = f"rx-0009/core/{MONDAY}"
    answers = (
        [Answer(id="answer-0001", patient="virtual-p", at=day(0) + 9 * HOUR, occurrence=occurrence, said=Said(said))]
        if said is not None and history.end > day(0) + 9 * HOUR
        else []
    )
    plans = () if what is None else (revision(what, day(-40)),)
    earlier = lived(before, first=-len(before)) if what else ()
    told_ = Told(((-(1 << 61), BERLIN),), plans, answers, {occurrence: day(0) + 8 * HOUR + 30 * MINUTE}, tuple(earlier))
    battery = [(day(0) + n * HOUR, float(level)) for n, level in enumerate(levels)]
    return replace(history, told=told_, battery=(tuple(one for one in battery if one[0] < history.end),))
