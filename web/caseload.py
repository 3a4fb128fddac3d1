"""The first page: one row per patient, those who need somebody first, each with the leaflet's four lamps."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

import numpy as np
from fastapi import APIRouter, Depends, Query, Response

from alerts.alert import Alert, Audience, State
from alerts.chart import Patient, Wearing
from alerts.reconcile import Verdict
from detectors.adherence import closes
from detectors.outcome import KIND, Judged, Outcome, judged
from detectors.plan.plan import Plan
from ingest.batch import DAY, HOUR, MINUTE
from ingest.minute import MINUTE_DTYPE
from web.day import Hour, hours_of, last_days
from web.desk import Desk
from web.door import Session
from web.lamps import NO_PLAN, Known, Lamp, course, lamps, lasting
from web.notices import urgent
from web.planned import GLYPHS, WORDS
from web.strip import Strip, strip
from web.totals import Totals, totals

MOST = 40
"""Patients on a page."""
SLOTS = 14
"""Sessions in a row's line of signs."""
BACK = 28
"""Days: how far back a patient's last data and sessions are looked for."""
LOOKS = (2 * HOUR, DAY, 7 * DAY, BACK * DAY)
"""How far back the last data are looked for, the nearest first: most bands were heard just now."""
EMPTY = np.empty(0, MINUTE_DTYPE)
BEHIND = HOUR
"""Data that are heard but not complete for longer than this are said to be so."""


@dataclass(frozen=True, slots=True)
class Slot:
    """One session of the line of signs."""

    outcome: str
    glyph: str
    words: str


@dataclass(frozen=True, slots=True)
class Need:
    """What says who comes first."""

    patient: Patient
    alerts: Sequence[Alert]
    """Of this patient, whoever was told, settled by somebody or not; over is over."""
    open: Sequence[tuple[str, int]]
    """Open therapist alerts: kind, how many."""
    urgent: bool
    heard: int | None
    """Newest data, µs UTC."""


@dataclass(frozen=True, slots=True)
class Case:
    """One row. `None` is unknown."""

    need: Need
    lamps: Sequence[Lamp]
    course: str | None
    slots: Sequence[Slot]
    """Ascending."""
    today: Strip
    hours: Sequence[Hour]
    day: Totals
    complete_only_to: int | None
    """µs UTC, where data before `heard` are still on their way; otherwise `None`."""

    @property
    def patient(self) -> Patient:
        return self.need.patient


def routes(desk: Desk) -> APIRouter:
    router = APIRouter()

    @router.get("/")
    def caseload(session: Annotated[Session, Depends(desk.door.therapist)], page: Annotated[int, Query(ge=1, le=10_000)] = 1) -> Response:
        now = desk.now()
        needs = sorted(needs_of(desk, session, now), key=first)
        shown = needs[(page - 1) * MOST : page * MOST]
        return desk.page(
            "caseload.html",
            session,
            cases=[case(desk, need, now) for need in shown],
            patients=len(needs),
            page=page,
            pages=max(-(-len(needs) // MOST), 1),
            slots=SLOTS,
            open_alerts=sum(number for need in needs for _, number in need.open),
        )

    return router


def first(need: Need) -> tuple[bool, bool, int, str]:
    """Sorts urgent open alerts first, then the other open ones, then the oldest data; never heard of is oldest."""
    return not need.urgent, not need.open, need.heard or 0, need.patient.id


def needs_of(desk: Desk, session: Session, now: int) -> list[Need]:
    alerts = desk.chart.alerts(therapist=session.therapist, states=[State.OPEN, State.SNOOZED, State.ACKED])
    about: dict[str, list[Alert]] = {}
    for alert in alerts:
        about.setdefault(alert.patient, []).append(alert)
    return [_need(desk, patient, about.get(patient.id, ()), now) for patient in desk.chart.patients(session.therapist)]


def case(desk: Desk, need: Need, now: int) -> Case:
    patient, days = need.patient, last_days(BACK, now, need.patient.zone)
    seen = desk.record(patient, days[0].start, days[0].end)
    today = strip(days[0], seen.minutes, seen.bouts, seen.gaps, now)
    day, those, complete = totals(today), sessions(desk, patient, days[-1].start, now), desk.complete(patient, now)
    plan, no_plan = plan_of(desk, patient, now)
    known = Known(plan, those, lasting(need.alerts), day.longest_still, days, no_plan)
    return Case(
        need,
        lamps(known),
        course(plan, known.today),
        [_slot(one) for one in those if one.outcome is not Outcome.EXTRA][-SLOTS:],
        today,
        hours_of(days[0]),
        day,
        complete if need.heard and complete and complete < need.heard - BEHIND else None,
    )


def sessions(desk: Desk, patient: Patient, start: int, now: int) -> list[Judged]:
    """As they were judged, in the order in which their windows close."""
    kept = [one for one in desk.chart.judgements(patient.id, start, now) if one.finding.kind == KIND and one.state is not Verdict.RETRACTED]
    return sorted((judged(one.finding) for one in kept), key=lambda one: (closes(one), one.occurrence))


def plan_of(desk: Desk, patient: Patient, now: int) -> tuple[Plan | None, str]:
    """The one in force; where there is none, why."""
    try:
        revisions = desk.chart.plans.revisions(patient.id)
    except ValueError:
        return None, "the plan cannot be read: assign it anew"
    return next((one.plan for one in reversed(revisions) if one.since <= now), None), NO_PLAN


def _need(desk: Desk, patient: Patient, alerts: Sequence[Alert], now: int) -> Need:
    mine = [alert for alert in alerts if alert.audience is Audience.THERAPIST and alert.state is State.OPEN]
    kinds = sorted(Counter(alert.kind for alert in mine).items())
    return Need(patient, alerts, kinds, any(urgent(alert, now) for alert in mine), _heard(desk, patient, now))


def _heard(desk: Desk, patient: Patient, now: int) -> int | None:
    """End of the newest minute of which anything was heard, µs UTC; how it was worn is not asked."""
    wearings = desk.chart.wearings(patient.id)
    for back in LOOKS:
        if newest := max((_newest(desk, one, now - back, now) for one in wearings), default=0):
            return newest
    return None


def _newest(desk: Desk, worn: Wearing, start: int, end: int) -> int:
    """As above of one band; 0 where there is nothing."""
    begun, last = max(start, worn.start), min(end, end if worn.end is None else worn.end)
    minutes = desk.store.minutes(worn.dev, begun, last) if begun < last else EMPTY
    heard = minutes["t"][minutes["coverage"] > 0]
    return int(heard[-1]) + MINUTE if len(heard) else 0


def _slot(one: Judged) -> Slot:
    return Slot(one.outcome.value, GLYPHS[one.outcome], f"{one.session}: {WORDS[one.outcome]}")
