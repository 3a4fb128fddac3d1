"""The therapist's inbox: what was told, by patient, each with its why; and what a therapist does about it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from enum import StrEnum
from itertools import groupby
from typing import Annotated, Literal
from urllib.parse import quote
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, Form, HTTPException, Response
from fastapi.responses import RedirectResponse

from alerts.alert import Alert, Audience, Event, State
from alerts.chart import Patient
from alerts.hours import local
from ingest.batch import MICROS
from web.desk import Desk
from web.door import Session
from web.notices import Notice, notices

MOST = 100
"""Alerts on a page."""
MORNING = time(8)
"""When what was put off comes back, on the therapist's clock."""
CONTACTED = "contacted"
NOT_A_MISS = "not a miss"


class Tab(StrEnum):
    OPEN = "open"
    SNOOZED = "snoozed"
    ACKED = "acknowledged"
    ALL = "all"


STATES = {Tab.OPEN: State.OPEN, Tab.SNOOZED: State.SNOOZED, Tab.ACKED: State.ACKED}


class Snooze(StrEnum):
    TOMORROW = "tomorrow"
    DAYS = "3-days"
    WEEK = "a-week"


DAYS = {Snooze.TOMORROW: 1, Snooze.DAYS: 3, Snooze.WEEK: 7}


@dataclass(frozen=True, slots=True)
class Fold:
    """Alerts of one kind about one patient: the first is read, the others lie behind it."""

    first: Notice
    rest: Sequence[Notice]


@dataclass(frozen=True, slots=True)
class Group:
    patient: Patient
    folds: Sequence[Fold]


@dataclass(frozen=True, slots=True)
class Back:
    """To the page on which the button was."""

    page: Literal["inbox", "patient"]
    show: Tab

    def to(self, alert: Alert) -> Response:
        inbox = "/inbox" if self.show is Tab.OPEN else f"/inbox?show={self.show}"
        return RedirectResponse(f"/patient/{quote(alert.patient, safe='')}" if self.page == "patient" else inbox, 303)


def _back(back: Annotated[Literal["inbox", "patient"], Form()] = "inbox", show: Annotated[Tab, Form()] = Tab.OPEN) -> Back:
    return Back(back, show)


def routes(desk: Desk) -> APIRouter:
    router = APIRouter()
    Signed = Annotated[Session, Depends(desk.door.signed_form)]  # noqa: N806 — a type
    To = Annotated[Back, Depends(_back)]  # noqa: N806 — a type

    @router.get("/alerts")
    def moved(session: Annotated[Session, Depends(desk.door.therapist)]) -> Response:  # noqa: ARG001 — for those inside
        return RedirectResponse("/inbox", 303)

    @router.get("/inbox")
    def inbox(session: Annotated[Session, Depends(desk.door.therapist)], show: Tab = Tab.OPEN) -> Response:
        every = desk.chart.alerts(therapist=session.therapist)
        mine = [alert for alert in every if alert.audience is Audience.THERAPIST]
        counts = {tab: sum(alert.state is state for alert in mine) for tab, state in STATES.items()}
        shown = every if show is Tab.ALL else [alert for alert in mine if alert.state is STATES[show]]
        return desk.page(
            "inbox.html",
            session,
            groups=grouped(notices(desk, session, shown)[:MOST]),
            older=max(len(shown) - MOST, 0),
            tabs=[(tab, counts.get(tab, len(every))) for tab in Tab],
            shown=show,
            open_alerts=counts[Tab.OPEN],
            settled=_settled(desk),
            clock=clock(desk, session),
            me=session.therapist,
        )

    @router.post("/inbox/acknowledge")
    def acknowledge_all(session: Signed, alert: Annotated[list[str] | None, Form()] = None) -> Response:
        """Those whose box is ticked; all of them are looked at before any is moved."""
        ticked = [_mine(desk, session, one) for one in dict.fromkeys(alert or ())]
        for one in ticked:
            desk.chart.acknowledge(one.id, session.therapist, desk.now())
        return RedirectResponse("/inbox", 303)

    @router.post("/inbox/{alert}/acknowledge")
    def acknowledge(alert: str, session: Signed, back: To) -> Response:
        mine = _mine(desk, session, alert)
        desk.chart.acknowledge(mine.id, session.therapist, desk.now())
        return back.to(mine)

    @router.post("/inbox/{alert}/contacted")
    def contacted(alert: str, session: Signed, back: To) -> Response:
        mine = _mine(desk, session, alert)
        desk.chart.acknowledge(mine.id, session.therapist, desk.now(), CONTACTED)
        return back.to(mine)

    @router.post("/inbox/{alert}/not-a-miss")
    def not_a_miss(alert: str, session: Signed, back: To) -> Response:
        mine = _mine(desk, session, alert)
        desk.chart.label(mine.id, session.therapist, NOT_A_MISS, desk.now())
        return back.to(mine)

    @router.post("/inbox/{alert}/snooze")
    def snooze(alert: str, session: Signed, back: To, until: Annotated[Snooze, Form()] = Snooze.TOMORROW) -> Response:
        mine, now = _mine(desk, session, alert), desk.now()
        desk.chart.snooze(mine.id, session.therapist, morning(now, clock(desk, session), DAYS[until]), now)
        return back.to(mine)

    return router


def clock(desk: Desk, session: Session) -> ZoneInfo:
    """The therapist's."""
    return next((one.zone for one in desk.chart.therapists() if one.id == session.therapist), ZoneInfo("UTC"))


def morning(now: int, zone: ZoneInfo, days: int) -> int:
    """08:00 there, so many days on; µs UTC."""
    return int(datetime.combine(local(now, zone).date() + timedelta(days=days), MORNING, zone).timestamp()) * MICROS


def grouped(those: Sequence[Notice]) -> list[Group]:
    """By patient, and within by kind; whoever comes first stays first."""
    patients = {one.patient.id: one.patient for one in those}
    found = []
    for name, patient in patients.items():
        theirs = [one for one in those if one.patient.id == name]
        # folding an open alert behind a settled one would hide it
        kinds = list(dict.fromkeys((one.alert.kind, one.to_settle, one.for_me) for one in theirs))
        order = sorted(theirs, key=lambda one: kinds.index((one.alert.kind, one.to_settle, one.for_me)))
        folds = [list(same) for _, same in groupby(order, key=lambda one: (one.alert.kind, one.to_settle, one.for_me))]
        found.append(Group(patient, [Fold(same[0], same[1:]) for same in folds]))
    return found


def _settled(desk: Desk) -> Callable[[Notice], Event | None]:
    """Who acknowledged it, when and why."""

    def event(one: Notice) -> Event | None:
        if not one.for_me or one.alert.state in (State.OPEN, State.SNOOZED, State.SUPPRESSED):
            return None
        return next((e for e in reversed(desk.chart.events(one.alert.id)) if e.new is State.ACKED), None)

    return event


def _mine(desk: Desk, session: Session, alert: str) -> Alert:
    """Raises 404 for an alert of a colleague, one for a patient, and one that does not exist alike."""
    every = desk.chart.alerts(therapist=session.therapist)
    found = next((one for one in every if one.id == alert and one.audience is Audience.THERAPIST), None)
    if found is None:
        raise HTTPException(404, "There is no such alert on your list.")
    return found
