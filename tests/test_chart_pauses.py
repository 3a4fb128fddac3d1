"""Pauses a therapist sets, and what they leave behind."""

import pytest

from alerts import audit
from alerts.chart import Chart
from alerts.pauses import Pause, paused
from ingest.batch import DAY, HOUR
from tests.rounds import ANN, BOB, NOON

BY = "t-02"


def deeds(chart: Chart) -> list[tuple[str, str]]:
    with chart._database.reading() as tx:
        return [(event.by, event.why) for event in audit.lines(tx, ANN.id, None, 0, 100)]


def test_a_pause_is_kept_with_who_set_it_and_why(chart: Chart) -> None:
    later = chart.pauses.set(ANN.id, "still_too_long", NOON + DAY, NOON + 2 * DAY, BY, "long flight", NOON)
    all_of_it = chart.pauses.set(ANN.id, None, NOON, NOON + 7 * DAY, BY, "", NOON)
    assert chart.pauses.of(ANN.id) == [all_of_it, later]
    assert later == Pause(later.id, ANN.id, "still_too_long", NOON + DAY, NOON + 2 * DAY, BY, "long flight")
    assert chart.pauses.of(BOB.id) == []


def test_a_pause_that_cannot_be_is_refused(chart: Chart) -> None:
    with pytest.raises(ValueError, match="give a later end"):
        chart.pauses.set(ANN.id, None, NOON, NOON, BY, "", NOON)
    with pytest.raises(ValueError, match="p-nobody is not in the chart; admit"):
        chart.pauses.set("p-nobody", None, NOON, NOON + 1, BY, "", NOON)


def test_a_pause_ended_early_still_covers_what_it_has_covered(chart: Chart) -> None:
    #   set  |==========|            |
    #        noon       ended at +3 h   was to end at +1 d
    pause = chart.pauses.set(ANN.id, None, NOON, NOON + DAY, BY, "", NOON)
    assert chart.pauses.end(pause.id, BY, NOON + 3 * HOUR)
    assert [(one.start, one.end) for one in chart.pauses.of(ANN.id)] == [(NOON, NOON + 3 * HOUR)]
    assert not chart.pauses.end(pause.id, BY, NOON + 4 * HOUR)
    assert [(one.start, one.end) for one in chart.pauses.of(ANN.id)] == [(NOON, NOON + 3 * HOUR)]


def test_a_pause_that_has_not_begun_is_gone_once_it_is_ended(chart: Chart) -> None:
    for start in (NOON, NOON + 1):
        pause = chart.pauses.set(ANN.id, None, start, NOON + DAY, BY, "", NOON)
        assert chart.pauses.end(pause.id, BY, NOON)
    assert chart.pauses.of(ANN.id) == []
    assert not chart.pauses.end("nothing", BY, NOON)


@pytest.mark.parametrize(
    ("kind", "at", "found"),
    [
        ("still_too_long", NOON - 1, None),
        ("still_too_long", NOON, "still"),
        ("still_too_long", NOON + HOUR - 1, "still"),
        ("still_too_long", NOON + HOUR, None),
        ("silent_band", NOON, None),
        ("silent_band", NOON + 2 * HOUR, "all"),
    ],
)
def test_a_pause_holds_for_its_kind_and_its_time(kind: str, at: int, found: str | None) -> None:
    #   still_too_long  |--1 h--|
    #   every kind                      |--1 h--|
    pauses = [
        Pause("still", ANN.id, "still_too_long", NOON, NOON + HOUR, BY, ""),
        Pause("all", ANN.id, None, NOON + 2 * HOUR, NOON + 3 * HOUR, BY, ""),
    ]
    pause = paused(pauses, kind, at)
    assert (pause and pause.id) == found


def test_setting_and_ending_a_pause_is_in_the_audit(chart: Chart) -> None:
    pause = chart.pauses.set(ANN.id, "still_too_long", NOON, NOON + DAY, BY, "", NOON)
    chart.pauses.end(pause.id, "t-03", NOON + HOUR)
    assert deeds(chart) == [
        (BY, "still_too_long paused"),
        ("t-03", "pause of still_too_long ended"),
    ]
