"""A watch that was killed, or that the chart failed: what came late is judged all the same."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from alerts.chart import ChartUnavailable
from alerts.watch import REJUDGED, Watch
from ingest.batch import DAY, HOUR, MINUTE, Cause, Span, Stream
from tests.test_watch import DEV, EIGHT, Site, _batch, day, opened


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    with ExitStack() as stack:
        yield opened(tmp_path, stack)


def followed(site: Site) -> Watch:
    """Three days of which the first holds two still hours, 9:00 to 11:00; then late steps show that somebody walked from 9:20 on."""
    #   8:00 WWWWWW | 9:00 ____________ | 11:00 WWWWWW | …                                    3 days later
    #                        WWW   (late)
    site.hear(day("WWWWWW" + "______" * 2 + "WWWWWW"), EIGHT + 4 * HOUR)
    for hour in range(4, 72, 4):
        site.hear(day("WW____" * 4, EIGHT + hour * HOUR), EIGHT + (hour + 4) * HOUR)
    watch = site.watch()
    for hour in range(4, 73, 4):
        watch.judge(EIGHT + hour * HOUR)
    assert first_day(site) == ["closed"]
    walked = [EIGHT + HOUR + n * MINUTE + 1 for n in range(20, 60)]
    site.hear([_batch(Stream.STEPS, walked[:10], [110] * 10), _batch(Stream.STEPS, walked[10:], [110] * 30)], EIGHT + 72 * HOUR, "s2")
    site.hear([], EIGHT + 72 * HOUR)
    return watch


def first_day(site: Site) -> list[str]:
    """What stands of the still hours that it held at first."""
    return [
        state
        for found, state in site.found()
        if found.kind == "still_too_long" and found.start == EIGHT + HOUR and found.end == EIGHT + 3 * HOUR
    ]


def killed(*_: object) -> None:
    raise KeyboardInterrupt


def test_a_watch_that_was_killed_before_it_judged_what_it_made_judges_it_after_the_start(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    watch = followed(site)
    with monkeypatch.context() as patched:
        patched.setattr(Watch, "_judge_all", killed)
        with pytest.raises(KeyboardInterrupt):
            watch.judge(EIGHT + 73 * HOUR)
    assert site.catalog.stale(DEV, EIGHT + 4 * HOUR) == []
    site.watch().judge(EIGHT + 73 * HOUR)
    assert first_day(site) in ([], ["retracted"])


def test_a_chart_that_was_not_there_for_a_moment_loses_nothing(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    watch = followed(site)

    def away(*_: object) -> None:
        raise ChartUnavailable("the database is away")

    with monkeypatch.context() as patched:
        patched.setattr(site.chart, "judgements", away)
        with pytest.raises(ChartUnavailable):
            watch.judge(EIGHT + 73 * HOUR)
    watch.judge(EIGHT + 73 * HOUR + MINUTE)
    assert first_day(site) in ([], ["retracted"])


def test_a_start_changes_nothing_where_all_was_judged(site: Site) -> None:
    # 8:00 walks, then still, over midnight | 4:00 range … 40 h, over midnight … | 20:00 walks and is still, to the next morning
    site.hear([*day("WW" + "_" * 118), Span(DEV, EIGHT + 20 * HOUR, EIGHT + 60 * HOUR, Cause.RANGE)], EIGHT + 60 * HOUR)
    site.hear(day("WW________" * 12, EIGHT + 60 * HOUR), EIGHT + 80 * HOUR)
    site.follow()
    before, events = site.found(), site.chart.audit()
    assert {found.kind for found, _ in before} == {"still_too_long", "silent_band"}
    for n in range(3):
        site.watch().judge(site.now + n * MINUTE)
    assert site.found() == before
    assert site.chart.audit() == events


def test_a_start_changes_nothing_of_a_silence_that_lasts(site: Site) -> None:
    # 8:00 walks 9:00 | not heard for 8 days, in the end because the receiver is off …
    gaps = [Span(DEV, EIGHT + HOUR, EIGHT + 4 * DAY, Cause.RANGE), Span(DEV, EIGHT + 4 * DAY, EIGHT + 8 * DAY, Cause.GATEWAY)]
    site.hear([*day("WWWWWW"), *gaps], EIGHT + 8 * DAY)
    site.follow()
    before, events = site.found(), site.chart.audit()
    assert [found.evidence["cause"] for found, _ in before] == ["gateway"]
    site.watch().judge(site.now)
    assert site.found() == before
    assert site.chart.audit() == events


def test_a_start_looks_no_farther_back_than_late_data_are_judged(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    looked: list[int] = []
    near = Watch._look_near

    def counted(*of: Any) -> None:
        looked.append(of[3])
        near(*of)

    monkeypatch.setattr(Watch, "_look_near", counted)
    site.hear(day("W_"), EIGHT + 30 * DAY)
    watch, now = site.watch(), EIGHT + 30 * DAY
    watch.judge(now)
    assert 13 <= len(looked) <= 15
    assert min(looked) > now - REJUDGED
    looked.clear()
    watch.judge(now + 5 * MINUTE)
    assert len(looked) == 1
