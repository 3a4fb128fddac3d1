"""A course of exercise for a patient of the clinic: the plan, what became of its sessions, and what was sent about them."""

from datetime import date
from zoneinfo import ZoneInfo

from alerts.chart import Chart
from alerts.reconcile import Change, Turn
from detectors import dates
from detectors.finding import Finding
from detectors.outcome import Judged, Outcome, Source
from detectors.plan.occurrence import Occurrence
from detectors.plan.read import read
from detectors.plan.schedule import occurrences
from ingest.batch import DAY, HOUR, MINUTE
from tests.clinic import BERLIN, NOW, STEADY
from web.day import day_of

BEGUN = date(2026, 10, 19)
"""A Monday, five weeks before `tests.clinic.NOW`."""
SESSION = """\
      - name: core
        when: {days: [mon, wed, fri], at: "18:30"}
        window: {early: 1h, late: 2h}
        make_up: 24h
        items:
          - {exercise: sit_to_stand, kind: strength, sets: 3, reps: 10, hands: crossed_on_chest}
      - name: walk
        when: {per_week: 3}
        items:
          - {exercise: walk, kind: aerobic, minutes: 25}
"""
PLAN = """\
rx: 1
id: rx-0009
patient: {patient}
therapist: t-02
timezone: Europe/Berlin
issued: 2026-10-16
region: low_back
phases:
  - name: course
    stage: active
    from: 2026-10-19
    to: 2026-12-13
    sessions:
{sessions}"""
CORE = [
    Outcome.DONE, Outcome.DONE, Outcome.PARTIAL,
    Outcome.DONE, Outcome.UNKNOWN, Outcome.DONE,
    Outcome.LATE, Outcome.NOT_SEEN, Outcome.DONE,
    Outcome.EXCUSED, Outcome.UNCLEAR, Outcome.DONE,
    Outcome.DONE, Outcome.UNVERIFIABLE, Outcome.ASKED,
]  # fmt: skip
"""Of the sessions at fixed times, in their order; week by week."""
CREDIT = {Outcome.DONE: 1.0, Outcome.PARTIAL: 0.5, Outcome.LATE: 0.9, Outcome.NOT_SEEN: 0.0}


def prescribe(chart: Chart, patient: str = STEADY, sessions: str = SESSION, zone: ZoneInfo = BERLIN) -> list[Occurrence]:
    """The plan alone, in force from its first day; gives what it plans until the end of its sixth week."""
    text, since = PLAN.replace("{patient}", patient).replace("{sessions}", sessions), day_of(BEGUN, zone).start
    plan = read(text).plan
    assert plan is not None, read(text).remarks
    assert chart.plans.assign(patient, text, plan, since, "t-02", since)
    return occurrences(chart.plans.revisions(patient), chart.zones(patient), since, since + 42 * DAY)


def judge(chart: Chart, patient: str, *those: Judged, now: int = NOW - MINUTE) -> None:
    chart.record(patient, [Change(Turn.OPENED, one.finding(patient, 1)) for one in those], now)


def judged(one: Occurrence, outcome: Outcome, source: Source = Source.SENSOR, **facts: float | int | str) -> Judged:
    """As the judge has it, five minutes late where it was done."""
    planned = one.start + 12 * HOUR + 2 * DAY * (int(one.id[-1]) - 1) if one.planned is None else one.planned
    began = planned + (26 * HOUR if outcome is Outcome.LATE else 5 * MINUTE)
    known: dict[str, float | int | str] = {"due_by": dates.minute(one.end), "week": dates.week(planned, [(0, BERLIN)])}
    known |= {} if one.planned is None else {"planned": dates.minute(one.planned)}
    if outcome in CREDIT and outcome is not Outcome.NOT_SEEN and source is Source.SENSOR:
        known |= {"began": dates.minute(began), "ended": dates.minute(began + 22 * MINUTE), "seen_min": 22.0, "dose": CREDIT[outcome]}
    known |= {"ask": "not_seen"} if outcome is Outcome.ASKED else {}
    known |= {"why": "travel"} if outcome is Outcome.EXCUSED else {}
    coverage = 0.31 if outcome is Outcome.UNKNOWN else None if outcome is Outcome.EXCUSED else 0.97
    return Judged(one.id, one.session.name, one.start, one.grace, outcome, CREDIT.get(outcome), source, coverage, known | facts)


def extra(at: int, patient_zone: ZoneInfo = BERLIN) -> Judged:
    facts: dict[str, float | int | str] = {"week": dates.week(at, [(0, patient_zone)]), "dose": 0.8, "seen_min": 20.0}
    facts |= {"began": dates.minute(at), "ended": dates.minute(at + 20 * MINUTE)}
    return Judged(f"extra@{at}", "exercise", at, at + 20 * MINUTE, Outcome.EXTRA, None, Source.SENSOR, None, facts)


def take(chart: Chart, patient: str = STEADY) -> None:
    """The whole course so far: every outcome there is, a message that was sent, an alert for the therapist."""
    due = prescribe(chart, patient)
    core = [one for one in due if not one.quota]
    of_core = [judged(one, outcome) for one, outcome in zip(core, CORE, strict=False)]
    of_core[1] = judged(core[1], Outcome.DONE, Source.PATIENT)
    walks = [judged(one, Outcome.DONE if n % 5 else Outcome.NOT_SEEN) for n, one in enumerate(due) if one.quota and one.end < NOW]
    judge(chart, patient, *of_core, *walks, extra(NOW - 29 * HOUR))
    while (message := chart.claim(NOW - MINUTE)) is not None:
        chart.settle(message.id, "sent", NOW - MINUTE)


def happen(chart: Chart, patient: str, number: int) -> None:
    """A silence that both hear of: two alerts, an event each."""
    key = f"silence-{number}"
    told = Finding(patient, "silent_band", key, NOW - 60 * HOUR, None, {"silent_h": 60.0})
    chart.record(patient, [Change(Turn.OPENED, told)], NOW + number)
