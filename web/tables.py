"""Sessions, alerts and adherence as CSV (RFC 4180) and the plan as iCalendar. Times are ISO 8601 UTC; an empty cell is unknown."""

import csv
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException, Response
from fastapi.responses import StreamingResponse

from alerts.alert import Alert
from alerts.chart import Patient
from alerts.wording import line
from detectors.outcome import Source
from detectors.plan.calendar import calendar
from ingest.batch import MICROS
from web.calendar import course, spans
from web.desk import Desk
from web.door import Session
from web.planned import Planned

FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""A spreadsheet would reckon with a text that begins so (OWASP, "CSV Injection")."""
FACTS = ("dose", "began", "ended", "seen_min", "expected_min", "said")
SESSIONS = ("occurrence", "session", "day", "planned", "window_start", "window_end", "outcome", "credit", "source", "coverage", *FACTS)
ALERTS = ("id", "kind", "for", "state", "label", "start", "end", "noticed", "changed", "text")
ADHERENCE = ("patient", "span", "adherence", "low", "high", "enough_data", "done", "of", "unknown", "excused", "coverage")
BY = tuple(f"by_{source.value}" for source in Source)

MOST_DETAIL = 2
"""Of `Patient.detail`: only who asked for it has exercises on their calendar."""

Cell = str | int | float | None


def routes(desk: Desk) -> APIRouter:
    router = APIRouter()
    inside = Annotated[Session, Depends(desk.door.therapist)]

    @router.get("/patient/{patient}/sessions.csv")
    def sessions(patient: str, session: inside) -> Response:
        found = desk.patient(patient, session)
        return table("sessions", SESSIONS, (_session(one) for one in course(desk, found, desk.now())))

    @router.get("/patient/{patient}/alerts.csv")
    def alerts(patient: str, session: inside) -> Response:
        found = desk.patient(patient, session)
        return table("alerts", ALERTS, (_alert(one, found) for one in desk.chart.alerts(therapist=session.therapist, patient=found.id)))

    @router.get("/adherence.csv")
    def adherence(session: inside) -> Response:
        patients, now = desk.chart.patients(session.therapist), desk.now()
        return table("adherence", ADHERENCE + BY, (row for one in patients for row in _adherence(desk, one, now)))

    @router.get("/patient/{patient}/plan.ics")
    def plan(patient: str, session: inside) -> Response:
        found = desk.patient(patient, session)
        revisions = desk.chart.plans.readable(found.id)
        if not revisions:
            raise HTTPException(404, "Nothing was prescribed yet, so there is no calendar.")
        diary = calendar(revisions, desk.chart.zones(found.id), desk.now(), detail=found.detail == MOST_DETAIL)
        return Response(diary, media_type="text/calendar", headers=_named("plan.ics"))

    return router


def table(name: str, header: Sequence[str], rows: Iterable[Sequence[Cell]]) -> Response:
    """Row by row, as they are made."""
    return StreamingResponse(written(header, rows), media_type="text/csv; charset=utf-8", headers=_named(f"{name}.csv"))


def written(header: Sequence[str], rows: Iterable[Sequence[Cell]]) -> Iterator[str]:
    line = csv.writer(_Line())
    yield line.writerow(header)
    for row in rows:
        yield line.writerow([safe(cell) for cell in row])


def safe(cell: Cell) -> Cell:
    """Numbers may begin with a minus; a text that does is quoted, as spreadsheets have it."""
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(FORMULA) else cell


class _Line:
    """Gives back what is written: `csv` hands on what `write` returns."""

    def write(self, text: str) -> str:
        return text


def _session(one: Planned) -> list[Cell]:
    told = one.judged
    known = told.facts if told else {}
    window = [_time(one.at), _time(one.start), _time(one.end)]
    verdict: list[Cell] = [told.credit, told.source.value, told.coverage] if told else [None, None, None]
    return [one.id, one.session, one.day.isoformat() if one.day else None, *window, one.outcome, *verdict, *(known.get(f) for f in FACTS)]


def _alert(one: Alert, patient: Patient) -> list[Cell]:
    times = [_time(instant) for instant in (one.start, one.end, one.opened, one.changed)]
    said = line(one, patient.zone, patient.virtual).splitlines()[0]
    return [one.id, one.kind, one.audience.value, one.state.value, one.label, *times, said]


def _adherence(desk: Desk, patient: Patient, now: int) -> Iterator[list[Cell]]:
    for span in spans(course(desk, patient, now), patient, now):
        kept = span.kept
        shares: list[Cell] = [kept.mid, kept.low, kept.high]
        counts: list[Cell] = ["yes" if kept.enough else "no", kept.done, kept.eligible, kept.unknown, kept.excused, kept.coverage]
        yield [patient.id, span.name, *(_rounded(share) for share in shares), *(_rounded(each) for each in counts), *span.by.values()]


def _rounded(cell: Cell) -> Cell:
    return round(cell, 4) if isinstance(cell, float) else cell


def _time(instant: int | None) -> str | None:
    return None if instant is None else f"{datetime.fromtimestamp(instant // MICROS, UTC):%Y-%m-%dT%H:%M:%SZ}"


def _named(file: str) -> dict[str, str]:
    """No name of a patient gets among the downloads by itself."""
    return {"Content-Disposition": f'attachment; filename="{file}"'}
