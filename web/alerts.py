"""What was told and why; a therapist acknowledges what was told to them."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Form, HTTPException, Response
from fastapi.responses import RedirectResponse

from alerts.alert import Alert, Audience, State
from alerts.chart import Patient
from alerts.policy import LIVE
from alerts.wording import line
from web.desk import Desk
from web.door import Session

MOST = 100
"""Alerts on a page."""


class Tab(StrEnum):
    OPEN = "open"
    ACKED = "acknowledged"
    ALL = "all"


STATES = {Tab.OPEN: (State.OPEN,), Tab.ACKED: (State.ACKED,), Tab.ALL: ()}
"""No states named: every state."""


@dataclass(frozen=True, slots=True)
class Notice:
    """One alert as it is listed."""

    alert: Alert
    patient: Patient
    why: Sequence[str]
    """The evidence in words, then what is proposed while it lasts."""
    for_me: bool
    """Told to the therapist; otherwise a note that went to the patient."""

    @property
    def to_acknowledge(self) -> bool:
        return self.for_me and self.alert.state is State.OPEN


def routes(desk: Desk) -> APIRouter:
    router = APIRouter()

    @router.get("/alerts")
    def listed(session: Annotated[Session, Depends(desk.door.therapist)], show: Tab = Tab.OPEN) -> Response:
        every = notices(desk, session, desk.chart.alerts(therapist=session.therapist))
        mine = [one for one in every if one.for_me]
        counts = {tab: sum(one.alert.state in STATES[tab] for one in mine) for tab in (Tab.OPEN, Tab.ACKED)}
        shown = every if show is Tab.ALL else [one for one in mine if one.alert.state in STATES[show]]
        tabs = [(tab, counts.get(tab, len(every))) for tab in Tab]
        older = max(len(shown) - MOST, 0)
        return desk.page("alerts.html", session, notices=shown[:MOST], older=older, tabs=tabs, shown=show, open_alerts=counts[Tab.OPEN])

    @router.post("/alerts/{alert}/acknowledge")
    def acknowledge(
        alert: str,
        session: Annotated[Session, Depends(desk.door.signed_form)],
        back: Annotated[Literal["alerts", "patient"], Form()] = "alerts",
    ) -> Response:
        mine = [a for a in desk.chart.alerts(therapist=session.therapist) if a.id == alert and a.audience is Audience.THERAPIST]
        if not mine:
            raise HTTPException(404, "There is no such alert on your list.")
        desk.chart.acknowledge(alert, session.therapist, desk.now())
        return RedirectResponse(f"/patient/{mine[0].patient}" if back == "patient" else "/alerts", 303)

    return router


def told(desk: Desk, session: Session, patient: str | None = None) -> list[Alert]:
    """Open alerts meant for this therapist."""
    found = desk.chart.alerts(therapist=session.therapist, patient=patient, states=[State.OPEN])
    return [alert for alert in found if alert.audience is Audience.THERAPIST]


def notices(desk: Desk, session: Session, alerts: Sequence[Alert]) -> list[Notice]:
    """Those to acknowledge first, then the newest."""
    patients = {patient.id: patient for patient in desk.chart.patients(session.therapist)}
    about = [(alert, patients[alert.patient]) for alert in alerts if alert.patient in patients]
    found = [Notice(alert, who, why(alert, who), alert.audience is Audience.THERAPIST) for alert, who in about]
    return sorted(found, key=lambda one: (not one.to_acknowledge, -one.alert.opened, one.alert.id))


def why(alert: Alert, patient: Patient) -> list[str]:
    """The therapist's lines. Whom they are about stands above them already; what is proposed only while there is something to do."""
    lines = line(alert, patient.zone, virtual=False).removeprefix(f"{alert.patient}: ").splitlines()
    return lines if alert.audience is Audience.THERAPIST and alert.state in LIVE else lines[:1]
