"""What stands over a day's strip: windows that were prescribed, alerts that were raised, messages that went out."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from alerts.alert import Alert, Audience, State
from alerts.feed import Sent
from alerts.hours import local
from detectors import dates
from ingest.batch import MINUTE
from web.day import Day
from web.planned import Planned
from web.words import kind

TOLD, NUDGE = "told", "nudge"
NEAR = 60
"""Minutes within which signs would lie on each other on a narrow screen; they stand side by side then."""


@dataclass(frozen=True, slots=True)
class Window:
    """The part of a prescribed window that lies in the day, or the time of a session of the patient's choice: minutes [start, end)
    since the day's midnight, as they passed."""

    planned: Planned
    start: int
    end: int
    row: int
    """How many signs stand before it in the same place."""
    words: str

    @property
    def framed(self) -> bool:
        """Only what has a time has a window."""
        return self.planned.at is not None


@dataclass(frozen=True, slots=True)
class Mark:
    start: int
    """Minutes since the day's midnight, as they passed."""
    what: str
    """`TOLD`: an alert for the therapist; `NUDGE`: a message to the patient."""
    row: int
    clock: str
    words: str


def windows(day: Day, those: Iterable[Planned]) -> list[Window]:
    """Ascending. What may be done on any day of a week is of no day until it was seen."""
    found: list[Window] = []
    for one in those:
        if (span := _span(one, day)) and span[0] < day.end and span[1] > day.start:
            start, end = (min(max((t - day.start) // MINUTE, 0), day.length) for t in span)
            found.append(Window(one, start, max(end, start + 1), _row(start, [w.start for w in found]), one.said(day.zone)))
    return found


def marks(day: Day, alerts: Iterable[Alert], sent: Iterable[Sent]) -> list[Mark]:
    """Ascending."""
    mine = [a for a in alerts if a.audience is Audience.THERAPIST and a.state is not State.SUPPRESSED]
    told = [(a.opened, TOLD, f"{kind(a.kind)}{', taken back' if a.state is State.RETRACTED else ''}") for a in mine]
    nudged = [(s.at, NUDGE, f"{kind(s.kind)}{', a correction' if s.step == 'correction' else ''}{_doubt(s)}") for s in sent]
    found: list[Mark] = []
    for at, what, about in sorted(told + nudged):
        if day.start <= at < day.end:
            start, clock = (at - day.start) // MINUTE, f"{local(at, day.zone):%H:%M}"
            found.append(Mark(start, what, _row(start, [m.start for m in found]), clock, about))
    return found


def _span(one: Planned, day: Day) -> tuple[int, int] | None:
    if not one.quota:
        return one.start, one.end
    if one.judged is None or one.day != day.date:
        return None
    began, ended = (one.judged.facts.get(fact) for fact in ("began", "ended"))
    first = dates.instant(str(began))
    return first, dates.instant(str(ended)) if ended is not None else first + MINUTE


def _row(start: int, others: Sequence[int]) -> int:
    return sum(abs(start - other) < NEAR for other in others)


def _doubt(one: Sent) -> str:
    return "" if one.sure else ", it may not have arrived"
