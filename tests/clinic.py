"""A small clinic with recorded weeks, for the tests of the pages."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import NamedTuple
from zoneinfo import ZoneInfo

import numpy as np

from alerts.chart import Chart, Patient, Wearing
from alerts.reconcile import Change, Turn
from detectors.finding import Finding
from ingest.batch import HOUR, MINUTE, Cause, Span
from ingest.bout import Bout
from ingest.catalog import Catalog
from ingest.gateways import Claim
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
PASSWORD = "correct horse battery staple"  # noqa: S105 — of nobody
STEADY, DESK, SILENT, OTHER = "virtual-steady", "virtual-desk", "virtual-silent", "virtual-other"
SILENT_SINCE = NOW - 71 * HOUR


class Clinic(NamedTuple):
    """What `web.app.app` is given."""

    chart: Chart
    store: SqliteStore
    gaps: Gaps
    complete_to: CompleteTo


@contextmanager
def opened(folder: Path) -> Iterator[Clinic]:
    """The clinic that `furnish` left there."""
    with (
        closing(Chart(f"sqlite:///{folder}/chart.db")) as chart,
        closing(SqliteStore(folder / "store")) as store,
        closing(Catalog(folder / "catalog.db")) as catalog,
    ):
        yield Clinic(chart, store, catalog.spans, catalog.complete_to)


def furnish(folder: Path, days: int) -> None:
    """Three virtual patients of `THERAPIST`, one of `COLLEAGUE`; the third one's band has been silent for three days."""
    dates = last_days(days, NOW, BERLIN)
    with opened(folder) as (chart, store, _, _), closing(Catalog(folder / "catalog.db")) as catalog:
        for therapist in (THERAPIST, COLLEAGUE):
            chart.employ(therapist, PASSWORD)
        for number, (name, therapist) in enumerate({STEADY: THERAPIST, DESK: THERAPIST, SILENT: THERAPIST, OTHER: COLLEAGUE}.items()):
            chart.admit(Patient(name, BERLIN, therapist, True), dates[-1].start)
            chart.hand_over(Wearing(f"band-{number}", name, dates[-1].start))
            lost = _recorded(store, dates, name, number)
            catalog.record([], [("spool", span) for span in lost], [], [Claim("spool", f"band-{number}", NOW, 1)], NOW)
        _judge(chart)


def minutes_of(day: Day, seed: int, *, desk: bool = False, until: int = NOW) -> Minutes:
    """A made-up day: asleep to 6:40, breakfast, desk, lunch walk, exercise at 18:30, band on the charger from 20:10 to 21:00."""
    noise = np.random.default_rng(seed + day.start // HOUR)
    out = np.zeros(day.length, MINUTE_DTYPE)
    clock = np.arange(day.length)
    out["t"] = day.start + clock * MINUTE
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


def _judge(chart: Chart) -> None:
    wrong = Finding(STEADY, "silent_band", "wrong", SILENT_SINCE, None, {"silent_h": 50.0})
    for turn, finding in (
        (Turn.OPENED, Finding(SILENT, "silent_band", "silent", SILENT_SINCE, None, {"silent_h": 71.0})),
        (Turn.OPENED, Finding(OTHER, "silent_band", "silent", SILENT_SINCE, None, {"silent_h": 71.0})),
        (Turn.OPENED, Finding(DESK, "still_too_long", "still", NOW - 64 * MINUTE, None, {"still_min": 64.0, "coverage": 0.97})),
        (Turn.OPENED, wrong),
        (Turn.RETRACTED, wrong),
    ):
        chart.record(finding.patient, [Change(turn, finding)], NOW - 2 * MINUTE)


def _recorded(store: SqliteStore, days: list[Day], name: str, number: int) -> list[Span]:
    """Writes the days and says what was lost."""
    dev, until = f"band-{number}", SILENT_SINCE if name == SILENT else NOW - 4 * MINUTE
    minutes = np.concatenate([minutes_of(day, number, desk=name == DESK, until=until) for day in reversed(days)])
    mornings = [day.start + 9 * HOUR for day in days if (day.date.day + number) % 4 == 0]
    lost = [Span(dev, at, at + 80 * MINUTE, Cause.RANGE) for at in reversed(mornings)]
    for span in lost:
        minutes = minutes[(minutes["t"] < span.t0) | (minutes["t"] >= span.t1)]
    store.write_minutes(dev, minutes)
    evenings = [day.start + 18 * HOUR + 30 * MINUTE for day in days if day.date.weekday() in (0, 2, 4) and name != DESK]
    bouts = [Bout(dev, "exercise", at, at + 22 * MINUTE, reps=60, evidence="periodic motion") for at in evenings if at < until]
    store.write_bouts(dev, days[-1].start, NOW, bouts)
    return [*lost, Span(dev, until, NOW, Cause.RANGE, final=False)] if name == SILENT else lost
