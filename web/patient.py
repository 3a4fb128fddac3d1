"""One patient: days as strips, newest first, with their totals and what was told."""

from dataclasses import dataclass
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Response

from alerts.policy import LIVE
from ingest.batch import Cause
from web.alerts import notices, told
from web.day import Hour, hours_of, last_days
from web.desk import Desk
from web.door import Session
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


def routes(desk: Desk) -> APIRouter:
    router = APIRouter()

    @router.get("/patient/{patient}")
    def days_of(patient: str, session: Annotated[Session, Depends(desk.door.therapist)], days: Literal["7", "28"] = "7") -> Response:
        found = desk.patient(patient, session)
        now = desk.now()
        dates = last_days(int(days), now, found.zone)
        record = desk.record(found, dates[-1].start, dates[0].end)
        told_of = desk.chart.alerts(therapist=session.therapist, patient=found.id)
        recent = [alert for alert in told_of if alert.opened >= dates[-1].start or alert.state in LIVE]
        shown = [show(strip(day, record.minutes, record.bouts, record.gaps, now)) for day in dates]
        return desk.page(
            "patient.html",
            session,
            patient=found,
            days=shown,
            longest=max(day.length for day in dates),
            heard=record.last_heard,
            complete=desk.complete(found, now),
            notices=notices(desk, session, recent),
            open_alerts=len(told(desk, session)),
        )

    return router


def show(drawn: Strip) -> Shown:
    return Shown(drawn, totals(drawn), hours_of(drawn.day), by_hour(drawn), unheard(drawn))
