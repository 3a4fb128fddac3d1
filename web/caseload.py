"""The first page: one row per patient, those who need somebody first."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends, Response

from alerts.alert import Alert
from alerts.chart import Patient
from ingest.batch import DAY, HOUR
from web.day import Hour, hours_of, last_days
from web.desk import Desk
from web.door import Session
from web.notices import told
from web.strip import Strip, strip
from web.totals import Totals, summed, totals

WEEK = 7
BACK = 28 * DAY
"""How far back a patient's last data are looked for."""
BEHIND = HOUR
"""Data that are heard but not complete for longer than this are said to be so."""


@dataclass(frozen=True, slots=True)
class Case:
    """One row. `None` is unknown."""

    patient: Patient
    today: Strip
    hours: Sequence[Hour]
    day: Totals
    walking: int | None
    """Minutes in the last seven local days, today among them."""
    exercise: int | None
    """Bouts in the same days."""
    heard: int | None
    """Newest data, µs UTC."""
    complete_only_to: int | None
    """µs UTC, where data before `heard` are still on their way; otherwise `None`."""
    open: Sequence[tuple[str, int]]
    """Open therapist alerts: kind, how many."""


def routes(desk: Desk) -> APIRouter:
    router = APIRouter()

    @router.get("/")
    def caseload(session: Annotated[Session, Depends(desk.door.therapist)]) -> Response:
        alerts = told(desk, session)
        cases = [case(desk, patient, alerts, desk.now()) for patient in desk.chart.patients(session.therapist)]
        return desk.page("caseload.html", session, cases=sorted(cases, key=need), open_alerts=len(alerts))

    return router


def need(case: Case) -> tuple[bool, int, str]:
    """Sorts open alerts first, then the oldest data; never heard of is oldest."""
    return not case.open, case.heard or 0, case.patient.id


def case(desk: Desk, patient: Patient, alerts: Sequence[Alert], now: int) -> Case:
    days = last_days(WEEK, now, patient.zone)
    week = desk.record(patient, days[-1].start, days[0].end)
    strips = [strip(day, week.minutes, week.bouts, week.gaps, now) for day in days]
    counted = [totals(one) for one in strips]
    bouts = sum(bout.kind == "exercise" for bout in week.bouts)
    seen = bouts or any(one.exercise is not None for one in counted)
    heard = week.last_heard or desk.record(patient, now - BACK, days[-1].start).last_heard
    complete = desk.complete(patient, now)
    return Case(
        patient,
        strips[0],
        hours_of(days[0]),
        counted[0],
        summed(one.walking for one in counted),
        bouts if seen else None,
        heard,
        complete if heard and complete and complete < heard - BEHIND else None,
        sorted(Counter(alert.kind for alert in alerts if alert.patient == patient.id).items()),
    )
