"""A small clinic with recorded weeks, for the tests of the pages."""

from pathlib import Path
from typing import NamedTuple
from zoneinfo import ZoneInfo

import numpy as np

from alerts.chart import Chart, Patient, Wearing
from alerts.hours import local
from alerts.reconcile import Change, Turn
from detectors.finding import Finding
from ingest.batch import HOUR, MINUTE, Cause, Span
from ingest.bout import Bout
from ingest.minute import MINUTE_DTYPE, Minutes
from ingest.stores.sqlite import SqliteStore
from web.day import Day, last_days
from web.desk import CompleteTo
from web.record import Gaps

BERLIN = ZoneInfo("Europe/Berlin")
NOW = 1_795_357_380 * 1_000_000
"""Sunday 22 November 2026, 15:23 in Berlin."""
SECRET = b"a secret of thirty-two bytes, ok"
THERAPIST, COLLEAGUE = "t-02", "t-03"
PASSWORD = "correct horse battery staple"
STEADY, DESK, SILENT, OTHER = "virtual-steady", "virtual-desk", "virtual-silent", "virtual-other"
SILENT_SINCE = NOW - 71 * HOUR


class Clinic(NamedTuple):
    chart: Chart
    store: SqliteStore
    gaps: Gaps
    complete_to: CompleteTo


def minutes_of(day: Day, seed: int, *, desk: bool = False, until: int = NOW) -> Minutes:
    """A made-up day: asleep to 6:40, breakfast, desk, lunch walk, exercise at 18:30, band on the charger from 20:10 to 21:00."""
    noise = np.random.default_rng(seed + day.start // HOUR)
    out = np.zeros(day.length, MINUTE_DTYPE)
    out["t"] = day.start + np.arange(day.length) * MINUTE
    clock = np.array([local(int(t), day.zone).hour * 60 + local(int(t), day.zone).minute for t in out["t"]])
    out["coverage"], out["worn"], out["hr"], out["asleep"] = 1, 1, 70, (clock < 400) | (clock > 1370)
    busy = 0.15 if desk else 0.5
    out["still"] = noise.random(day.length // 6 + 1).repeat(6)[: day.length] > busy
    walks = (clock % 170 < 7) & (clock > 420) | (clock > 740) & (clock < (745 if desk else 772))
    out["walking"] = walks & (out["asleep"] == 0)
    out["still"][(out["walking"] == 1)] = 0
    out["still"][out["asleep"] == 1] = 1
    off = (clock > 1210) & (clock < 1260)
    out["worn"][off] = 0
    out["asleep"][off] = 0
    return out[out["t"] < until]


def clinic(folder: Path) -> Clinic:
    """Three virtual patients of `THERAPIST`, one of `COLLEAGUE`; the third one's band has been silent for three days."""
    chart, store = Chart(f"sqlite:///{folder}/chart.db"), SqliteStore(folder / "store")
    for therapist in (THERAPIST, COLLEAGUE):
        chart.employ(therapist, PASSWORD)
    spans: dict[str, list[Span]] = {}
    for number, (name, therapist) in enumerate({STEADY: THERAPIST, DESK: THERAPIST, SILENT: THERAPIST, OTHER: COLLEAGUE}.items()):
        days = last_days(28, NOW, BERLIN)
        chart.admit(Patient(name, BERLIN, therapist, True), days[-1].start)
        chart.hand_over(Wearing(f"band-{number}", name, days[-1].start))
        spans[f"band-{number}"] = _recorded(store, days, name, number)
    for name in (SILENT, OTHER):
        _judged(chart, name, Turn.OPENED, Finding(name, "silent_band", "silent", SILENT_SINCE, None, {"silent_h": 71.0}))
    told = Finding(DESK, "still_too_long", "still", NOW - 64 * MINUTE, None, {"still_min": 64.0, "coverage": 0.97})
    _judged(chart, DESK, Turn.OPENED, told)
    wrong = Finding(STEADY, "silent_band", "wrong", SILENT_SINCE, None, {"silent_h": 50.0})
    _judged(chart, STEADY, Turn.OPENED, wrong)
    _judged(chart, STEADY, Turn.RETRACTED, wrong)
    return Clinic(chart, store, lambda dev, start, end: [s for s in spans[dev] if s.t0 < end and s.t1 > start], lambda _: NOW)


def _judged(chart: Chart, patient: str, turn: Turn, finding: Finding) -> None:
    chart.record(patient, [Change(turn, finding)], NOW - 2 * MINUTE)


def _recorded(store: SqliteStore, days: list[Day], name: str, number: int) -> list[Span]:
    """Writes the days and says what was lost."""
    dev, until = f"band-{number}", SILENT_SINCE if name == SILENT else NOW - 4 * MINUTE
    lost = []
    for day in days:
        minutes = minutes_of(day, number, desk=name == DESK, until=until)
        if (day.date.day + number) % 4 == 0:
            lost.append(Span(dev, day.start + 9 * HOUR, day.start + 9 * HOUR + 80 * MINUTE, Cause.RANGE))
            minutes = minutes[(minutes["t"] < lost[-1].t0) | (minutes["t"] >= lost[-1].t1)]
        store.write_minutes(dev, minutes)
        at = day.start + 18 * HOUR + 30 * MINUTE
        if at < until and day.date.weekday() in (0, 2, 4) and name != DESK:
            store.write_bouts(dev, day.start, day.end, [Bout(dev, "exercise", at, at + 22 * MINUTE, reps=60, evidence="periodic motion")])
    return [*lost, Span(dev, until, NOW, Cause.RANGE, final=False)] if name == SILENT else lost
