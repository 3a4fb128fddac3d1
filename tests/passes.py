"""The passes in which `tests.ordeal` is lived through: when, over which chart, and the judging of each."""

from collections.abc import Sequence
from zoneinfo import ZoneInfo

from alerts.chart import Chart, Patient, Therapist
from alerts.reconcile import reconcile
from ingest.batch import DAY, HOUR, MINUTE
from tests.ordeal import ACTS, BERLIN, EPISODES, NEW_YORK, PEOPLE, at


def _times() -> list[int]:
    turns = {turn for episode in EPISODES for turn in episode.turns} | {act.at for act in ACTS}
    mornings = {at(day, 7, 30, zone) for day in range(10) for zone in (NEW_YORK, BERLIN, ZoneInfo("UTC"))}
    tries = {turn + 6 * MINUTE for turn in turns | mornings}
    return sorted(turns | mornings | tries | set(range(at(0, 0), at(12, 0), 6 * HOUR)))


TIMES: Sequence[int] = _times()
"""Of the passes: when something changes, once a lease has ended after it, and four days longer than anything lasts."""


def furnished(url: str) -> None:
    """The chart as it is before the first day."""
    chart = Chart(url)
    for who in PEOPLE:
        chart.admit(who, at(0, 0) - DAY)
    chart.employ("t-02", "correct horse")
    chart.settle_in(Therapist("t-02", NEW_YORK, 450))
    chart.close()


def judge(chart: Chart, who: Patient, now: int) -> None:
    """One step of the watch over the last ten days."""
    found = [finding for episode in EPISODES if episode.patient is who and (finding := episode.found(now))]
    start = now - 10 * DAY
    chart.record(who.id, reconcile(found, chart.judgements(who.id, start, now), start, now, now), now)
