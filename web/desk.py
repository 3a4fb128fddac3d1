"""What every page has at hand: the chart, the record, the clock, the door and the templates."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from fastapi import HTTPException
from fastapi.responses import HTMLResponse
from jinja2 import Environment, PackageLoader, StrictUndefined

from alerts.chart import Chart, Patient
from ingest.store import Store
from web.door import Door, Session
from web.record import Gaps, Record, record
from web.words import FILTERS

CompleteTo = Callable[[str], int | None]
"""dev → everything before is stored or a gap, µs UTC; `None`: nothing is known."""

Bands = Callable[[], Sequence[str]]
"""Every band there is."""
Dead = Callable[[], Sequence[Any]]
"""What the ingester set aside, each with its `reason`."""
NOT_YOURS = "There is no such patient on your list."


@dataclass(frozen=True, slots=True, eq=False)
class Desk:
    chart: Chart
    store: Store
    gaps: Gaps
    complete_to: CompleteTo
    now: Callable[[], int]
    """µs UTC."""
    door: Door
    pages: Environment
    bands: Bands | None = None
    dead: Dead | None = None

    def patient(self, name: str, session: Session) -> Patient:
        """Raises 404 for a patient who does not exist and for one of another therapist alike."""
        found = self.chart.patient(name, session.therapist)
        if found is None:
            raise HTTPException(404, NOT_YOURS)
        return found

    def record(self, patient: Patient, start: int, end: int) -> Record:
        return record(self.store, self.gaps, self.chart.wearings(patient.id), patient.zone, start, end)

    def complete(self, patient: Patient, now: int) -> int | None:
        """The earliest of the patient's present bands, µs UTC; no later than now, whatever a gateway's clock says."""
        known = [self.complete_to(w.dev) for w in self.chart.wearings(patient.id) if w.end is None or w.end > now]
        times = [time for time in known if time is not None]
        return min([now, *times]) if times else None

    def page(self, name: str, session: Session | None, status: int = 200, **values: object) -> HTMLResponse:
        """`session` is `None` where nobody is logged in."""
        frame = {"therapist": session.therapist if session else "", "token": self.door.token(session) if session else ""}
        return HTMLResponse(self.pages.get_template(name).render(now=self.now(), **frame, **values), status)


def pages(site: str) -> Environment:
    """Templates in which everything is escaped and a forgotten value is an error."""
    env = Environment(loader=PackageLoader("web"), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    env.filters.update(FILTERS)
    env.globals.update(site=site, utc=ZoneInfo("UTC"))
    return env
