"""All that was done to a patient's chart: events, messages and attempts, what was said and planned; and whether it still is as it was."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends, Response

from alerts.alert import Event
from alerts.chart import Chart
from alerts.trail import Attempt, Sending
from web.desk import Desk
from web.door import Session
from web.notices import told
from web.words import kind

MOST = 500
"""Lines on the page."""
READ = 1000
"""Events read at once."""
NAMES = re.compile(r"\balert [0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b")
"""An alert, by its id, within what was noted."""
SOFTWARE: Mapping[str, str] = {"watch": "KeepUp", "delivery": "KeepUp"}


@dataclass(frozen=True, slots=True)
class Line:
    at: int
    """µs UTC."""
    what: str
    words: str
    by: str
    seq: int | None = None
    """Of an event: its number in the audit."""


def routes(desk: Desk) -> APIRouter:
    router = APIRouter()

    @router.get("/patient/{patient}/audit")
    def audit(patient: str, session: Annotated[Session, Depends(desk.door.therapist)]) -> Response:
        found = desk.patient(patient, session)
        events = events_of(desk.chart, found.id)
        lines = lines_of(desk.chart, found.id, events)
        return desk.page(
            "audit.html",
            session,
            patient=found,
            lines=lines[:MOST],
            older=max(len(lines) - MOST, 0),
            events=len(events),
            faults=desk.chart.verify_of(found.id),
            open_alerts=len(told(desk, session)),
        )

    return router


def events_of(chart: Chart, patient: str) -> list[Event]:
    """All of them, ascending."""
    found: list[Event] = []
    while more := chart.audit(patient=patient, after=found[-1].seq if found else 0, most=READ):
        found += more
    return found


def lines_of(chart: Chart, patient: str, events: Sequence[Event]) -> list[Line]:
    """Newest first; when something was said and of what kind, never what."""
    kinds = {alert.id: kind(alert.kind) for alert in chart.alerts(patient=patient)}
    found = [_event(event, kinds) for event in events]
    for sending in chart.trail.of(patient, MOST):
        found += [_written(sending), *(_attempt(sending, n, one) for n, one in enumerate(sending.attempts, 1))]
    found += [Line(one.at, "said", f"{one.kind}, told by the {one.by}", one.by) for one in chart.reports.of(patient)]
    found += [Line(one.at, "plan", f"{one.plan} handed in", one.by) for one in chart.plans.assigned(patient)]
    return sorted(found, key=lambda one: (-one.at, -(one.seq or 0)))


def _event(event: Event, kinds: Mapping[str, str]) -> Line:
    by = SOFTWARE.get(event.by, event.by)
    if event.alert is None or event.new is None:
        return Line(
            event.at, "note", NAMES.sub(lambda found: kinds.get(found[0].removeprefix("alert "), "alert"), event.why), by, event.seq
        )
    step = f"{event.old} → {event.new}" if event.old else str(event.new)
    return Line(event.at, "alert", f"{kinds.get(event.alert, 'alert')}: {step}, {kind(event.why)}", by, event.seq)


def _written(one: Sending) -> Line:
    return Line(one.written, "message", f"{_which(one)} written; now {one.state}", "KeepUp")


def _attempt(one: Sending, number: int, tried: Attempt) -> Line:
    how = tried.outcome or "not ended"
    return Line(tried.started, "attempt", f"{_which(one)}, attempt {number}: {how}{f' ({tried.code})' if tried.code else ''}", "KeepUp")


def _which(one: Sending) -> str:
    return f"{kind(one.kind)} to the {one.audience} by {one.channel}, {one.step}"
