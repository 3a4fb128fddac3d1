"""The watch by the clock, when the line stands still, comes back late, or holds something unreadable."""

from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from alerts.chart import Patient, Wearing
from ingest.batch import DAY, HOUR, MINUTE, Stream
from tests.test_watch import DEV, EIGHT, PATIENT, Site, day, opened
from tests.timeline import BERLIN


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    with ExitStack() as stack:
        yield opened(tmp_path, stack)


def kinds(site: Site) -> Counter[tuple[str, str]]:
    return Counter((kind, state) for kind, _, _, state in site.told())


def test_a_line_that_stands_still_is_told_of_once_however_often_one_looks(site: Site) -> None:
    #   complete:  |--1 h--|                           (frozen)
    #   looks:                       12 h …… 13 h          48 h …… 49 h
    watch = site.watch()
    site.hear(day("WWWWWW"), EIGHT + HOUR)
    for now in [*range(EIGHT + 13 * HOUR, EIGHT + 14 * HOUR, 5 * MINUTE), *range(EIGHT + 49 * HOUR, EIGHT + 50 * HOUR, 5 * MINUTE)]:
        watch.judge(now)
    assert kinds(site) == {("silent_band", "open"): 1}
    assert Counter(str(alert.audience) for alert in site.chart.alerts()) == {"patient": 1, "therapist": 1}


def test_a_band_whose_data_arrive_and_only_wait_for_an_older_gap_to_close_is_not_silent(site: Site) -> None:
    #   spool s1:  claims 1 h, and never again         spool s2:  an hour of data every hour
    watch = site.watch()
    site.hear(day("WWWWWW"), EIGHT + HOUR)
    for hour in range(1, 20):
        site.hear(day("W_W_W_", EIGHT + hour * HOUR), EIGHT + (hour + 1) * HOUR, spool="s2")
        watch.judge(EIGHT + (hour + 1) * HOUR + MINUTE)
    assert site.told() == []


def test_days_that_come_after_the_line_was_away_are_judged_all_of_them(site: Site) -> None:
    #   day:    0    1    2    3    4       each with one still stretch of 100 minutes, all of it told on day 5
    watch = site.watch()
    for n in range(5):
        site.hear(day("WW__________WWWW", EIGHT + n * DAY), EIGHT + n * DAY + 3 * HOUR)
    watch.judge(EIGHT + 4 * DAY + 4 * HOUR)
    assert kinds(site)["still_too_long", "closed"] == 5


def test_a_band_that_was_handed_over_and_never_heard_is_told_of(site: Site) -> None:
    watch = site.watch()
    watch.judge(EIGHT + 11 * HOUR)
    assert site.told() == []
    watch.judge(EIGHT + 13 * HOUR)
    watch.judge(EIGHT + 14 * HOUR)
    assert site.told() == [("silent_band", 0, None, "open")]


def test_one_patients_unreadable_data_keep_no_other_from_being_judged(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    site.chart.admit(Patient("virtual-q", BERLIN, "t-1", virtual=True), EIGHT)
    site.chart.hand_over(Wearing("d2", "virtual-q", EIGHT))
    site.hear(day("WW__________WWWW"), EIGHT + 3 * HOUR)
    whole = site.store.minutes

    def torn(dev: str, start: int, end: int) -> object:
        if dev == "d2":
            raise ValueError("unreadable minutes")
        return whole(dev, start, end)

    monkeypatch.setattr(site.store, "minutes", torn)
    watch = site.watch()
    watch.judge(EIGHT + 3 * HOUR)
    assert list(watch.trouble) == ["virtual-q"]
    assert [found.patient for found, _ in site.found()] == [PATIENT]
    assert site.store.batches(DEV, Stream.HR, EIGHT, EIGHT + HOUR)
