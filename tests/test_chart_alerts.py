"""The alerts of the chart: opened by what is found, and ended by what is found later."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from alerts.alert import Audience, State
from alerts.chart import Chart
from alerts.policy import OURS
from alerts.reconcile import Turn
from detectors.finding import Finding
from detectors.plan.overrides import personal
from detectors.plan.plan import Sedentary
from detectors.rules.still_too_long import Params
from ingest.batch import DAY, HOUR, MINUTE
from tests.practised import STILL, practised
from tests.prescribed import fixed, phase, plan
from tests.rounds import ANN, NOON, drain, judge, silent, states, still


def test_a_still_bout_in_the_afternoon_is_told_to_the_patient_alone(chart: Chart) -> None:
    assert judge(chart, [still(NOON)], NOON) == [Turn.OPENED]
    [alert] = chart.alerts()
    assert (alert.audience, alert.state, alert.evidence["still_min"]) == (Audience.PATIENT, State.OPEN, 55)
    [message] = drain(chart, NOON)
    assert (message.recipient, message.channel, message.step, message.alert) == ("p-ann", "mqtt", "first", alert.id)
    assert message.expires == NOON + 12 * HOUR  # midnight in New York


def test_the_same_findings_again_change_nothing_and_tell_nobody(chart: Chart) -> None:
    judge(chart, [still(NOON)], NOON)
    drain(chart, NOON)
    assert judge(chart, [still(NOON)], NOON) == []
    assert drain(chart, NOON) == []


def test_a_bout_found_when_it_is_over_is_on_record_and_told_to_nobody(chart: Chart) -> None:
    judge(chart, [still(NOON, end=NOON - MINUTE)], NOON)
    assert [state for _, state in chart.findings("p-ann")] == ["closed"]
    assert chart.alerts() == []


def test_stillness_seen_hours_ago_is_no_reason_to_nudge_now(chart: Chart) -> None:
    judge(chart, [still(NOON - 3 * HOUR)], NOON)
    assert chart.alerts() == []


def test_thirty_still_minutes_are_noted_and_fifty_are_told(chart: Chart) -> None:
    start = NOON - 35 * MINUTE
    judge(chart, [still(NOON, 35)], NOON)
    assert chart.alerts() == []
    later = start + 50 * MINUTE
    judge(chart, [still(later, 50)], later)
    assert states(chart) == [State.OPEN]


@pytest.mark.parametrize("minutes", [40, 60])
def test_a_plan_may_say_how_long_still_is_too_long(chart: Chart, minutes: int) -> None:
    course = plan(phase("2026-09-21", "2026-12-31", fixed("18:30"))).model_copy(update={"sedentary": Sedentary(still_minutes=minutes)})
    own = personal("still_too_long", Params(), practised(STILL, course))
    assert isinstance(own, Params)
    for now, still_min in ((NOON, minutes - 1), (NOON + MINUTE, minutes)):
        told = still(now, still_min, key="s")
        judge(chart, [replace(told, evidence={**told.evidence, "nudge_min": own.nudge_minutes})], now)
        assert len(chart.alerts()) == (still_min == minutes == own.still_minutes)


def test_a_silent_band_is_told_to_the_patient_after_12_hours_and_to_the_therapist_after_48(chart: Chart) -> None:
    # last heard Tuesday noon ── +12 h (midnight, held to 07:30) ── +48 h (Thursday noon) ── the digest, Friday 07:30 UTC
    step = 5 * MINUTE
    seen: list[tuple[int, Audience]] = []
    for now in range(NOON + 11 * HOUR, NOON + 72 * HOUR, step):
        judge(chart, [silent(now, (now - NOON) / HOUR)] if now >= NOON + 12 * HOUR else [], now)
        seen += [((now - NOON) // MINUTE, message.audience) for message in drain(chart, now)]
    assert seen == [(19 * 60 + 30, Audience.PATIENT), (62 * 60 + 30, Audience.THERAPIST)]
    assert states(chart, therapist="t-02") == [State.OPEN, State.OPEN]


def test_a_band_heard_again_resolves_its_alerts_and_corrects_nobody(chart: Chart) -> None:
    judge(chart, [silent(NOON, 50)], NOON)
    assert len(drain(chart, NOON + DAY)) == 2
    judge(chart, [replace(silent(NOON, 50), end=NOON)], NOON + DAY + HOUR)
    assert states(chart) == [State.RESOLVED, State.RESOLVED]
    assert drain(chart, NOON + 2 * DAY) == []


@pytest.mark.parametrize("why", sorted(OURS))
def test_a_silence_that_lies_with_the_receiver_is_the_therapists_alone(chart: Chart, why: str) -> None:
    # last heard Tuesday noon ── the receiver is known to be at fault ── +12 h: nobody ── +48 h: the therapist
    for hours in (12, 47, 48):
        judge(chart, [because(why, silent(NOON + hours * HOUR, hours))], NOON + hours * HOUR)
    assert [(alert.audience, alert.state) for alert in chart.alerts()] == [(Audience.THERAPIST, State.OPEN)]


def test_who_was_told_to_look_at_the_band_hears_that_it_was_the_receiver(chart: Chart) -> None:
    # last heard Tuesday noon ── no gap known, 13 h: patient told ── the gateway is back, says since when it was off; the band is heard
    told = silent(NOON, 13)
    judge(chart, [told], NOON)
    assert [message.step for message in drain(chart, NOON)] == ["first"]
    judge(chart, [because("gateway", replace(told, end=NOON))], NOON + HOUR)
    assert states(chart) == [State.RETRACTED]
    assert [message.step for message in drain(chart, NOON + HOUR)] == ["correction"]
    judge(chart, [because("gateway", replace(told, end=NOON))], NOON + 2 * HOUR)
    assert drain(chart, NOON + 2 * HOUR) == []


def test_a_cause_that_comes_late_takes_back_what_was_over_already(chart: Chart) -> None:
    told = silent(NOON, 13)
    judge(chart, [told], NOON)
    drain(chart, NOON)
    judge(chart, [replace(told, end=NOON)], NOON + HOUR)
    assert states(chart) == [State.RESOLVED]
    judge(chart, [because("gateway", replace(told, end=NOON))], NOON + 2 * HOUR)
    assert states(chart) == [State.RETRACTED]


def test_the_therapist_keeps_a_silence_that_goes_on_whatever_its_cause_and_the_patient_is_let_go(chart: Chart) -> None:
    # 50 h: both told ── the gateway is back, and was off for most of it, but the band is still not heard
    told = silent(NOON, 50)
    judge(chart, [told], NOON)
    drain(chart, NOON + DAY)
    judge(chart, [because("gateway", told)], NOON + DAY)
    assert {alert.audience: alert.state for alert in chart.alerts()} == {
        Audience.PATIENT: State.RETRACTED,
        Audience.THERAPIST: State.OPEN,
    }
    judge(chart, [because("range", told)], NOON + 2 * DAY)
    assert states(chart) == [State.OPEN, State.OPEN]


def because(why: str, found: Finding) -> Finding:
    return replace(found, evidence={**found.evidence, "cause": why})


def test_an_alert_already_resolved_is_still_retracted_when_it_never_was(chart: Chart) -> None:
    judge(chart, [still(NOON)], NOON)
    drain(chart, NOON)
    judge(chart, [still(NOON, end=NOON)], NOON + MINUTE)
    judge(chart, [], NOON + HOUR)
    assert [event.new for event in chart.events(chart.alerts()[0].id)] == [State.OPEN, State.RESOLVED, State.RETRACTED]


def test_what_is_found_again_after_its_retraction_is_on_record_and_told_but_once(chart: Chart) -> None:
    judge(chart, [still(NOON)], NOON)
    judge(chart, [], NOON + MINUTE)
    assert judge(chart, [still(NOON)], NOON + 2 * MINUTE) == [Turn.REOPENED]
    assert [state for _, state in chart.findings()] == ["open"]
    assert states(chart) == [State.OPEN]
    assert [message.step for message in drain(chart, NOON + 2 * MINUTE)] == ["again"]
    judge(chart, [], NOON + 3 * MINUTE)
    judge(chart, [still(NOON)], NOON + 4 * MINUTE)
    assert [message.step for message in drain(chart, NOON + 4 * MINUTE)] == []


def test_two_watchers_at_once_leave_one_alert(url: str) -> None:
    charts = [Chart(url), Chart(url)]
    charts[0].admit(ANN, NOON)
    with ThreadPoolExecutor(2) as threads:
        list(threads.map(lambda chart: judge(chart, [still(NOON)], NOON), charts))
    assert states(charts[0]) == [State.OPEN]
    assert len(drain(charts[1], NOON)) == 1
    for chart in charts:
        chart.close()


def test_therapists_acknowledge_their_own_alerts_once_and_for_all(chart: Chart) -> None:
    judge(chart, [silent(NOON, 50)], NOON)
    [mine] = [alert for alert in chart.alerts(therapist="t-02") if alert.audience is Audience.THERAPIST]
    [patients] = [alert for alert in chart.alerts(therapist="t-02") if alert.audience is Audience.PATIENT]
    assert not chart.acknowledge(mine.id, "t-03", NOON)
    assert not chart.acknowledge(patients.id, "t-02", NOON)
    assert not chart.acknowledge("no such alert", "t-02", NOON)
    assert chart.acknowledge(mine.id, "t-02", NOON)
    assert chart.acknowledge(mine.id, "t-02", NOON + HOUR)
    assert [(event.by, event.old, event.new, event.at) for event in chart.events(mine.id)] == [
        ("watch", None, State.OPEN, NOON),
        ("t-02", State.OPEN, State.ACKED, NOON),
    ]


def test_an_acknowledged_alert_is_resolved_with_its_finding(chart: Chart) -> None:
    judge(chart, [silent(NOON, 50)], NOON)
    for alert in chart.alerts():
        chart.acknowledge(alert.id, "t-02", NOON)
    judge(chart, [replace(silent(NOON, 50), end=NOON)], NOON + HOUR)
    assert states(chart) == [State.RESOLVED, State.RESOLVED]


def test_a_silence_that_never_was_is_taken_back_and_who_was_told_is_told_so(chart: Chart) -> None:
    judge(chart, [silent(NOON, 50)], NOON)
    assert [message.text for message in drain(chart, NOON + DAY) if message.audience is Audience.THERAPIST] == ["1 new note on your list."]
    judge(chart, [], NOON + DAY + HOUR)
    assert states(chart) == [State.RETRACTED, State.RETRACTED]
    corrections = drain(chart, NOON + 2 * DAY)
    assert [(message.audience, message.step) for message in corrections] == [
        (Audience.PATIENT, "correction"),
        (Audience.THERAPIST, "digest"),
    ]
    assert corrections[1].text == "Please set 1 note aside."


def test_an_alert_that_nobody_answered_expires_after_thirty_days(chart: Chart) -> None:
    judge(chart, [still(NOON)], NOON)
    drain(chart, NOON)
    assert chart.recover(NOON + 29 * DAY) == 0
    assert chart.recover(NOON + 30 * DAY) == 1
    assert states(chart) == [State.EXPIRED]
