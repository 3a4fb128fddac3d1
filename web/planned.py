"""What was prescribed and what became of it, as pages and tables show it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from alerts.chart import Chart, Patient
from alerts.hours import local
from alerts.reconcile import Verdict
from detectors import dates
from detectors.adherence import closes
from detectors.outcome import KIND, Judged, Outcome, Source, judged
from detectors.plan.occurrence import Occurrence, Zones
from detectors.plan.plan import Stage
from detectors.plan.schedule import REACH, occurrences
from detectors.streak import QUOTA

AHEAD, DUE = "ahead", "due"
"""Not judged: the window has not begun; or it has, and nothing can be said yet."""
GLYPHS: Mapping[str, str] = {
    Outcome.DONE: "✔",
    Outcome.PARTIAL: "◐",
    Outcome.LATE: "◷",  # like a clock; the clocks proper are in few fonts
    Outcome.EXTRA: "+",
    Outcome.ASKED: "…",
    Outcome.NOT_SEEN: "✕",
    Outcome.UNCLEAR: "~",
    Outcome.UNKNOWN: "?",
    Outcome.UNVERIFIABLE: "–",
    Outcome.EXCUSED: "E",
    DUE: "◌",
    AHEAD: "○",
}
WORDS: Mapping[str, str] = {
    Outcome.DONE: "done",
    Outcome.PARTIAL: "done in part",
    Outcome.LATE: "done late",
    Outcome.EXTRA: "extra, not planned",
    Outcome.ASKED: "asked, no answer yet",
    Outcome.NOT_SEEN: "not seen",
    Outcome.UNCLEAR: "unclear, may have been done",
    Outcome.UNKNOWN: "unknown",
    Outcome.UNVERIFIABLE: "not for a band to see",
    Outcome.EXCUSED: "excused",
    DUE: "not judged yet",
    AHEAD: "planned",
}
PUT_OFF = "not that day, they say; may be made up"
"""Asked, and answered: the plan leaves time to do it on another day."""
SOURCES: Mapping[Source, str] = {Source.SENSOR: "seen by the band", Source.PATIENT: "the patient says so", Source.THERAPIST: "you say so"}


@dataclass(frozen=True, slots=True)
class Planned:
    """One session that was prescribed, or one done though it was not."""

    id: str
    session: str
    day: date | None
    """The patient's date; `None`: on whichever day of the week."""
    monday: date
    """Of its week."""
    start: int
    """The window, or the time of what was extra: [start, end), µs UTC."""
    end: int
    at: int | None
    """When it was to begin, µs UTC; `None`: no time was set."""
    outcome: str
    """Value of an `Outcome`, or `AHEAD`, or `DUE`."""
    judged: Judged | None
    quota: bool
    stage: Stage | None
    """`None`: its plan no longer tells."""

    @property
    def glyph(self) -> str:
        return GLYPHS[self.outcome]

    @property
    def word(self) -> str:
        answered = self.outcome == Outcome.ASKED and self.judged is not None and self.judged.source is not Source.SENSOR
        return PUT_OFF if answered else WORDS[self.outcome]

    def said(self, zone: ZoneInfo) -> str:
        """All there is to say, on the clock of `zone`."""
        return f"{self.session}{', ' if self.when(zone) else ''}{self.when(zone)}: {', '.join([self.word, *self.facts(zone)])}"

    def when(self, zone: ZoneInfo) -> str:
        """ "planned 18:30, window 17:30–20:30"; nothing where no time was set."""
        if self.at is None:
            return "any day of the week" if self.quota else ""
        first, last, at = (local(instant, zone) for instant in (self.start, self.end, self.at))
        until = f"{last:%H:%M}" if first.date() == last.date() else f"{last:%a %H:%M}"
        return f"planned {at:%H:%M}, window {first:%H:%M}–{until}"

    def facts(self, zone: ZoneInfo) -> list[str]:
        """What the outcome rests on, in words; what is not known is not among them."""
        if self.judged is None:
            return []
        told, one = self.judged.facts, self.judged
        began = told.get("began")
        found = [f"began {local(dates.instant(began), zone):%a %H:%M}"] if isinstance(began, str) else []
        found += [f"{told['seen_min']:g} min seen"] if isinstance(told.get("seen_min"), int | float) and began else []
        found += [f"{100 * float(told['dose']):.0f} % of the dose"] if "dose" in told and self.outcome in DOSED else []
        found += [f"{100 * one.coverage:.0f} % worn and heard"] if one.coverage is not None else []
        found += [str(told["why"])] if "why" in told else []
        return found + ([SOURCES[one.source]] if self.outcome in SPOKEN else [])


DOSED = frozenset({Outcome.DONE, Outcome.PARTIAL, Outcome.LATE})
SPOKEN = frozenset({*DOSED, Outcome.EXTRA, Outcome.NOT_SEEN, Outcome.EXCUSED})
"""Where it matters whose word it is."""


def planned(chart: Chart, patient: Patient, start: int, end: int, now: int) -> list[Planned]:
    """What touches [start, end), µs UTC, ascending: judged sessions as they were judged, and those that are not judged yet."""
    zones = chart.zones(patient.id) or [(0, patient.zone)]
    kept = [one for one in chart.judgements(patient.id, start, end) if one.finding.kind == KIND and one.state is not Verdict.RETRACTED]
    known = {one.finding.key: judged(one.finding) for one in kept}
    due = occurrences(chart.plans.readable(patient.id), zones, start - REACH, end)
    found = [_planned(one, known.pop(one.id, None), zones, now) for one in due if one.end > start or one.id in known]
    found += [_unplanned(one, zones) for one in known.values()]
    return sorted(found, key=lambda one: (one.start, one.id))


def judged_ones(those: Iterable[Planned]) -> list[Judged]:
    return [one.judged for one in those if one.judged is not None]


def _planned(one: Occurrence, verdict: Judged | None, zones: Zones, now: int) -> Planned:
    if verdict is not None:
        outcome = verdict.outcome.value
    elif one.excused is not None:
        outcome = Outcome.EXCUSED.value
    else:
        outcome = AHEAD if now < one.start else DUE
    monday = _monday(dates.day(one.start if one.planned is None else one.planned, zones))
    day = dates.day(one.planned, zones) if one.planned is not None else _begun(verdict, zones)
    return Planned(one.id, one.session.name, day, monday, one.start, one.end, one.planned, outcome, verdict, one.quota, one.stage)


def _unplanned(one: Judged, zones: Zones) -> Planned:
    """Extra, or judged by a plan that has changed since."""
    quota, at = QUOTA.search(one.occurrence) is not None, one.facts.get("planned")
    planned = dates.instant(at) if isinstance(at, str) else None
    day = _begun(one, zones) if quota else dates.day(one.start if planned is None else planned, zones)
    monday = _monday(dates.day(one.start if planned is None else planned, zones))
    return Planned(one.occurrence, one.session, day, monday, one.start, closes(one), planned, one.outcome.value, one, quota, None)


def _begun(one: Judged | None, zones: Zones) -> date | None:
    """The day on which a session of the patient's choice was seen."""
    began = one.facts.get("began") if one is not None and one.outcome in {*DOSED, Outcome.EXTRA} else None
    return dates.day(dates.instant(began), zones) if isinstance(began, str) else None


def _monday(day: date) -> date:
    return day - timedelta(days=day.weekday())


def by_source(those: Sequence[Judged]) -> Mapping[Source, int]:
    """How many that were done, by whose word; extra ones apart from all."""
    return {source: sum(one.outcome in DOSED and one.source is source for one in those) for source in Source}
