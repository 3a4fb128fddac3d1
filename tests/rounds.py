"""Two patients and a therapist's rounds of them: what is found, judged and sent."""

from zoneinfo import ZoneInfo

from alerts.alert import Message, State
from alerts.chart import Chart, Patient
from alerts.reconcile import Turn, reconcile
from detectors.finding import Finding
from ingest.batch import DAY, HOUR, MICROS, MINUTE

NEW_YORK = ZoneInfo("America/New_York")
NOON = 1_793_725_200 * MICROS
"""Tuesday 3 November 2026, 12:00 in New York."""
ANN = Patient("p-ann", NEW_YORK, "t-02", False)
BOB = Patient("virtual-bob", NEW_YORK, "t-03", True)


def still(now: int, minutes: int = 55, end: int | None = None, patient: Patient = ANN, key: str | None = None) -> Finding:
    start = now - minutes * MINUTE
    return Finding(patient.id, "still_too_long", key or f"s{start}", start, end, {"still_min": minutes, "coverage": 0.97})


def silent(now: int, hours: float, patient: Patient = ANN) -> Finding:
    start = now - round(hours * HOUR)
    return Finding(patient.id, "silent_band", f"s{start}", start, None, {"silent_h": hours})


def stopped(now: int, patient: Patient = ANN, count: int = 4) -> Finding:
    """What a therapist hears of at once."""
    return Finding(patient.id, "likely_stopped", "likely_stopped@rx/core/1", now - 5 * DAY, None, {"count": count})


def judge(chart: Chart, found: list[Finding], now: int, patient: Patient = ANN) -> list[Turn]:
    """One step of the watch over the last ten days."""
    changes = reconcile(found, chart.judgements(patient.id, now - 10 * DAY, now), now - 10 * DAY, now, now)
    chart.record(patient.id, changes, now)
    return [change.kind for change in changes]


def states(chart: Chart, **which: str) -> list[State]:
    return [alert.state for alert in chart.alerts(**which)]  # type: ignore[arg-type]  # the keywords are the chart's own


def drain(chart: Chart, now: int) -> list[Message]:
    """Sends all that may go out now."""
    sent = []
    while (message := chart.claim(now)) is not None:
        chart.settle(message.id, "sent", now)
        sent.append(message)
    return sent
