"""What becomes of an alert between its opening and its end: held back, put off, labelled, taken back."""

import pytest

from alerts.alert import Audience, Message, State
from alerts.chart import Chart
from ingest.batch import DAY, HOUR, MINUTE
from tests.rounds import NOON, drain, judge, silent, states, still, stopped

START, END = NOON - 3 * HOUR, NOON - HOUR


def mine(chart: Chart) -> str:
    [alert] = [alert for alert in chart.alerts(therapist="t-02") if alert.audience is Audience.THERAPIST]
    return alert.id


# pauses


def test_in_a_pause_nobody_is_told_and_after_it_what_is_still_so_is(chart: Chart) -> None:
    # silent since two days ── pause to 14:00 ── told
    chart.pauses.set("p-ann", None, NOON - DAY, NOON + 2 * HOUR, "t-02", "away", NOON - DAY)
    judge(chart, [silent(NOON, 13)], NOON)
    assert states(chart) == [State.SUPPRESSED]
    assert chart.counts(NOON).messages["queued"] == 0
    assert chart.recover(NOON + 2 * HOUR - 1) == 0
    assert chart.recover(NOON + 2 * HOUR) == 1
    assert [message.step for message in drain(chart, NOON + 2 * HOUR)] == ["first"]
    [alert] = chart.alerts()
    assert [(event.old, event.new) for event in chart.events(alert.id)] == [(None, State.SUPPRESSED), (State.SUPPRESSED, State.OPEN)]
    assert "away" in chart.events(alert.id)[0].why


def test_what_ended_in_the_pause_is_never_told(chart: Chart) -> None:
    chart.pauses.set("p-ann", "still_too_long", NOON - DAY, NOON + 2 * HOUR, "t-02", "away", NOON - DAY)
    judge(chart, [still(NOON)], NOON)
    judge(chart, [still(NOON, end=NOON)], NOON + MINUTE)
    assert states(chart) == [State.RESOLVED]
    assert chart.recover(NOON + 2 * HOUR) == 0
    assert drain(chart, NOON + 2 * HOUR) == []


def test_a_nudge_that_is_no_longer_fresh_when_the_pause_ends_is_not_told(chart: Chart) -> None:
    chart.pauses.set("p-ann", None, NOON - DAY, NOON + 2 * HOUR, "t-02", "away", NOON - DAY)
    judge(chart, [still(NOON)], NOON)
    assert chart.recover(NOON + 2 * HOUR) == 0
    assert states(chart) == [State.SUPPRESSED]


def test_a_pause_of_one_kind_leaves_the_others(chart: Chart) -> None:
    chart.pauses.set("p-ann", "still_too_long", NOON - DAY, NOON + 2 * HOUR, "t-02", "away", NOON - DAY)
    judge(chart, [still(NOON), silent(NOON, 13)], NOON)
    assert len(drain(chart, NOON)) == 1


def test_a_message_already_waiting_when_the_pause_begins_waits_for_its_end(chart: Chart) -> None:
    judge(chart, [silent(NOON, 13)], NOON)
    chart.pauses.set("p-ann", None, NOON, NOON + 2 * HOUR, "t-02", "away", NOON)
    assert drain(chart, NOON) == []
    assert len(drain(chart, NOON + 2 * HOUR)) == 1


# what a therapist does


def test_a_snoozed_alert_wakes_with_a_note_and_until_then_nobody_is_told(chart: Chart) -> None:
    # Tuesday noon: found, snoozed to Thursday ── Friday's digest
    judge(chart, [silent(NOON, 50)], NOON)
    drain(chart, NOON)
    alert = mine(chart)
    until = NOON + 2 * DAY
    assert chart.snooze(alert, "t-02", until, NOON)
    assert [one.until for one in chart.alerts() if one.id == alert] == [until]
    assert drain(chart, NOON + DAY) == []
    assert chart.recover(until - 1) == 0
    assert chart.recover(until) == 1
    assert [(event.old, event.new) for event in chart.events(alert)][1:] == [(State.OPEN, State.SNOOZED), (State.SNOOZED, State.OPEN)]
    assert [message.text for message in drain(chart, NOON + 3 * DAY)] == ["1 new note on your list."]
    assert chart.snooze(alert, "t-02", NOON + 4 * DAY, NOON + 3 * DAY)
    chart.recover(NOON + 4 * DAY)
    assert [message.step for message in drain(chart, NOON + 7 * DAY)] == ["digest"]


def test_a_snoozed_alert_that_is_over_does_not_wake(chart: Chart) -> None:
    judge(chart, [stopped(NOON)], NOON)
    chart.snooze(mine(chart), "t-02", NOON + DAY, NOON)
    judge(chart, [], NOON + HOUR)
    assert states(chart) == [State.RETRACTED]
    assert chart.recover(NOON + DAY) == 0


def test_only_ones_own_open_alerts_are_snoozed_and_for_a_fortnight_at_most(chart: Chart) -> None:
    judge(chart, [silent(NOON, 50)], NOON)
    alert = mine(chart)
    assert not chart.snooze(alert, "t-03", NOON + DAY, NOON)
    for until in (NOON, NOON - 1, NOON + 14 * DAY + 1):
        with pytest.raises(ValueError, match="14 days at most"):
            chart.snooze(alert, "t-02", until, NOON)
    assert chart.snooze(alert, "t-02", NOON + DAY, NOON)
    assert chart.snooze(alert, "t-02", NOON + 2 * DAY, NOON)
    assert chart.recover(NOON + DAY) == 0
    assert chart.acknowledge(alert, "t-02", NOON + DAY)
    assert not chart.snooze(alert, "t-02", NOON + 2 * DAY, NOON + DAY)


def test_a_label_stays_with_its_alert_and_acknowledges_it(chart: Chart) -> None:
    judge(chart, [silent(NOON, 50)], NOON)
    alert = mine(chart)
    assert not chart.label(alert, "t-03", "not a miss", NOON)
    assert chart.label(alert, "t-02", "not a miss", NOON)
    [labelled] = [one for one in chart.alerts() if one.id == alert]
    assert (labelled.label, labelled.state, labelled.rev) == ("not a miss", State.ACKED, 1)
    assert [event.why for event in chart.audit() if event.by == "t-02"] == [f"alert {alert} labelled: not a miss", "acknowledged"]
    [patients] = [one for one in chart.alerts() if one.audience is Audience.PATIENT]
    assert chart.label(patients.id, "t-02", "band was charged", NOON)
    assert [one.state for one in chart.alerts() if one.id == patients.id] == [State.OPEN]


# corrections


def test_a_correction_never_overtakes_what_it_corrects(chart: Chart) -> None:
    # claimed ── never was ── sent after all ── only then the correction
    judge(chart, [still(NOON)], NOON)
    nudge = chart.claim(NOON)
    assert nudge is not None
    judge(chart, [], NOON + MINUTE)
    assert drain(chart, NOON + MINUTE) == []
    chart.settle(nudge.id, "sent", NOON + MINUTE)
    assert [message.step for message in drain(chart, NOON + 5 * MINUTE)] == ["correction"]


def test_what_was_lost_on_its_way_is_corrected_for_it_may_have_arrived(chart: Chart) -> None:
    # claimed ── † ── taken back into the queue ── never was: not sent again, but corrected
    judge(chart, [still(NOON)], NOON)
    assert chart.claim(NOON) is not None
    chart.recover(NOON + 5 * MINUTE, ["mqtt"])
    judge(chart, [], NOON + 6 * MINUTE)
    assert [message.step for message in drain(chart, NOON + 6 * MINUTE)] == ["correction"]


def test_what_surely_failed_needs_no_correction(chart: Chart) -> None:
    judge(chart, [still(NOON)], NOON)
    nudge = chart.claim(NOON)
    assert nudge is not None
    judge(chart, [], NOON + MINUTE)
    chart.settle(nudge.id, "queued", NOON + MINUTE)
    sent: list[Message] = [message for n in range(4) for message in drain(chart, NOON + n * 5 * MINUTE)]
    assert sent == []
