"""One patient: days as strips, newest first, what was prescribed drawn over what was seen, their totals and what was told."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Response

from alerts.policy import LIVE
from ingest.batch import Cause
from web.day import Hour, hours_of, last_days
from web.desk import Desk
from web.door import Session
from web.marks import Mark, Window, marks, windows
from web.notices import notices, told
from web.planned import GLYPHS, WORDS, Planned, planned
from web.strip import Strip, strip
from web.totals import Row, Totals, by_hour, totals, unheard


@dataclass(frozen=True, slots=True)
class Shown:
    """One day on the page."""

    strip: Strip
    totals: Totals
    hours: list[Hour]
    rows: list[Row]
    unheard: list[tuple[Cause, int]]
    windows: list[Window]
    marks: list[Mark]


@dataclass(frozen=True, slots=True)
class Week:
    """The days of an ISO week that are shown, newest first, and what was to be done on any of its days."""

    days: list[Shown]
    quotas: list[tuple[str, list[Planned]]]
    """Name of the session, and each time it was to be done."""


def routes(desk: Desk) -> APIRouter:
    router = APIRouter()

    @router.get("/patient/{patient}")
    def days_of(patient: str, session: Annotated[Session, Depends(desk.door.therapist)], days: Literal["7", "28"] = "7") -> Response:
        found = desk.patient(patient, session)
        now = desk.now()
        dates = last_days(int(days), now, found.zone)
        start, end = dates[-1].start, dates[0].end
        record = desk.record(found, start, end)
        told_of = desk.chart.alerts(therapist=session.therapist, patient=found.id)
        recent = [alert for alert in told_of if alert.opened >= start or alert.state in LIVE]
        prescribed, sent = planned(desk.chart, found, start, end, now), desk.chart.feed.sent(found.id, start, end)
        shown = [
            show(strip(day, record.minutes, record.bouts, record.gaps, now), windows(day, prescribed), marks(day, recent, sent))
            for day in dates
        ]
        return desk.page(
            "patient.html",
            session,
            patient=found,
            weeks=weeks(shown, prescribed),
            span=len(shown),
            prescribed=prescribed,
            glyphs=GLYPHS,
            words=WORDS,
            longest=max(day.length for day in dates),
            heard=record.last_heard,
            complete=desk.complete(found, now),
            notices=notices(desk, session, recent),
            open_alerts=len(told(desk, session)),
        )

    return router


def show(drawn: Strip, prescribed: list[Window], marked: list[Mark]) -> Shown:
    return Shown(drawn, totals(drawn), hours_of(drawn.day), by_hour(drawn), unheard(drawn), prescribed, marked)


def weeks(days: Sequence[Shown], prescribed: Sequence[Planned]) -> list[Week]:
    found = groupby(days, key=lambda one: one.strip.day.date.isocalendar()[:2])
    return [Week(list(those), _quotas(week, prescribed)) for week, those in found]


def _quotas(week: tuple[int, int], prescribed: Sequence[Planned]) -> list[tuple[str, list[Planned]]]:
    here = [one for one in prescribed if one.quota and one.monday == date.fromisocalendar(*week, 1)]
    names = dict.fromkeys(one.session for one in here)
    return [(name, [one for one in here if one.session == name]) for name in names]
