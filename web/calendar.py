"""Weeks by days: what was prescribed and what became of it, how much of it was done, and between what bounds that is known."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Annotated

from fastapi import APIRouter, Depends, Response

from alerts.chart import Patient
from detectors.adherence import Adherence, adherence, closes
from detectors.outcome import Outcome, Source
from detectors.plan.plan import Stage
from detectors.plan.term import FOREVER
from web.day import day_of, last_days
from web.desk import Desk
from web.door import Session
from web.notices import told
from web.planned import GLYPHS, WORDS, Planned, by_source, judged_ones, planned

MOST = 53
"""Weeks on the page."""
QUALIFIES = 0.70
"""A week counts as exercised when so much of what was planned was done (research note `domain` D8; needs a clinician's sign-off)."""
COURSE = 8
"""Exercised weeks of a course (the same; the leaflet says six to eight)."""


@dataclass(frozen=True, slots=True)
class Cell:
    """One day of the grid."""

    day: date
    those: Sequence[Planned]


@dataclass(frozen=True, slots=True)
class Week:
    monday: date
    cells: Sequence[Cell]
    """Monday to Sunday."""
    any_day: Sequence[Planned]
    """Of the week's numbers, those that were not seen on a day."""
    kept: Adherence

    @property
    def sunday(self) -> date:
        return self.monday + timedelta(days=6)

    @property
    def those(self) -> list[Planned]:
        return [one for cell in self.cells for one in cell.those] + list(self.any_day)


@dataclass(frozen=True, slots=True)
class Span:
    """Adherence over so many days or the whole course, and by whose word."""

    name: str
    kept: Adherence
    by: Mapping[Source, int]


def routes(desk: Desk) -> APIRouter:
    router = APIRouter()

    @router.get("/patient/{patient}/calendar")
    def calendar(patient: str, session: Annotated[Session, Depends(desk.door.therapist)]) -> Response:
        found, now = desk.patient(patient, session), desk.now()
        those = course(desk, found, now)
        grid = weeks(those)
        return desk.page(
            "calendar.html",
            session,
            patient=found,
            weeks=grid[:MOST],
            older=max(len(grid) - MOST, 0),
            spans=spans(those, found, now),
            exercised=sum(exercised(week) for week in grid) + _credit_weeks(desk, found),
            course=COURSE,
            today=last_days(1, now, found.zone)[0].date,
            glyphs=GLYPHS,
            words=WORDS,
            open_alerts=len(told(desk, session)),
        )

    return router


def course(desk: Desk, patient: Patient, now: int) -> list[Planned]:
    """All that was ever prescribed, to the end of this week."""
    today = last_days(1, now, patient.zone)[0].date
    following = today + timedelta(days=7 - today.weekday())
    return planned(desk.chart, patient, 0, day_of(following, patient.zone).start, now)


def weeks(those: Sequence[Planned]) -> list[Week]:
    """Newest first, without holes."""
    if not those:
        return []
    mondays = {one.monday for one in those} | {_monday(one.day) for one in those if one.day}
    first, last = min(mondays), max(mondays)
    return [_week(last - timedelta(weeks=back), those) for back in range((last - first).days // 7 + 1)]


def spans(those: Sequence[Planned], patient: Patient, now: int) -> list[Span]:
    """The last 7 and 28 local days, today among them, and the course."""
    ones, today = judged_ones(those), last_days(28, now, patient.zone)
    found = [("7 days", today[6].start, today[0].end), ("28 days", today[27].start, today[0].end), ("Course", -FOREVER, FOREVER)]
    return [Span(name, adherence(ones, *of), by_source([one for one in ones if of[0] <= closes(one) < of[1]])) for name, *of in found]


def exercised(week: Week) -> bool:
    """Of active sessions; what is not known counts as not done, so that no week counts by guesswork."""
    due = [one for one in week.those if one.stage is not Stage.PASSIVE and one.outcome not in (Outcome.EXCUSED, Outcome.EXTRA)]
    done = sum((one.judged.credit or 0.0) for one in due if one.judged)
    return bool(due) and done >= QUALIFIES * len(due)


def _credit_weeks(desk: Desk, patient: Patient) -> int:
    """Done elsewhere before this plan."""
    revisions = desk.chart.plans.readable(patient.id)
    return revisions[-1].plan.course.credit_weeks if revisions else 0


def _week(monday: date, those: Sequence[Planned]) -> Week:
    days = [monday + timedelta(days=n) for n in range(7)]
    cells = [Cell(day, [one for one in those if one.day == day]) for day in days]
    any_day = [one for one in those if one.day is None and one.monday == monday]
    here = [one for cell in cells for one in cell.those] + any_day
    return Week(monday, cells, any_day, adherence(judged_ones(here), -FOREVER, FOREVER))


def _monday(day: date) -> date:
    return day - timedelta(days=day.weekday())
