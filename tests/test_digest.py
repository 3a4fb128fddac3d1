"""The therapist's digest: one a working day, in the stead of all that can wait."""

from dataclasses import replace
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from alerts.alert import Audience, Message, State
from alerts.chart import Chart, Therapist
from alerts.digest import text
from alerts.hours import digest_time, local
from alerts.people import Patient
from alerts.reconcile import Change, Turn
from detectors.finding import Finding
from ingest.batch import DAY, HOUR, MINUTE
from tests.rounds import ANN, BOB, NEW_YORK, NOON, drain, judge, silent, states, stopped

CAT = Patient("p-cat", NEW_YORK, "t-02", False)


def quiet_run(now: int, patient: Patient = ANN, n: int = 1) -> Finding:
    return Finding(patient.id, "not_seen_in_a_row", f"not_seen_in_a_row@rx/core/{n}", now - 3 * DAY, None, {"count": 2})


def told(chart: Chart, now: int) -> list[str]:
    return [message.text for message in drain(chart, now) if message.audience is Audience.THERAPIST]


def at_home(chart: Chart) -> None:
    """The therapist reads in New York, at half past seven. NOON is a Tuesday there."""
    chart.employ("t-02", "correct horse")
    chart.settle_in(Therapist("t-02", NEW_YORK, 450))
    chart.admit(CAT, NOON - 30 * DAY)


MORNING = NOON + 19 * HOUR + 30 * MINUTE


def test_what_can_wait_is_one_message_the_next_morning(chart: Chart) -> None:
    # Tuesday noon: two notes ── Wednesday 07:30: one message
    at_home(chart)
    judge(chart, [quiet_run(NOON)], NOON)
    judge(chart, [quiet_run(NOON, CAT)], NOON + HOUR, CAT)
    assert told(chart, MORNING - MINUTE) == []
    assert told(chart, MORNING) == ["2 new notes on your list."]
    assert told(chart, MORNING + DAY) == []


def test_at_the_weekend_nobody_is_written_to(chart: Chart) -> None:
    at_home(chart)
    friday = NOON + 3 * DAY
    judge(chart, [quiet_run(friday)], friday)
    hours = [hour for hour in range(80) if told(chart, friday + hour * HOUR + 30 * MINUTE)]
    assert [f"{local(friday + hour * HOUR + 30 * MINUTE, NEW_YORK):%A %H:%M}" for hour in hours] == ["Monday 07:30"]


def test_a_note_that_comes_after_the_days_digest_waits_for_the_next_one(chart: Chart) -> None:
    at_home(chart)
    judge(chart, [quiet_run(NOON)], NOON)
    assert told(chart, MORNING) == ["1 new note on your list."]
    judge(chart, [quiet_run(NOON, CAT)], MORNING, CAT)  # the very minute
    assert told(chart, MORNING) == []
    assert told(chart, MORNING + DAY) == ["1 new note on your list."]


def test_what_is_over_or_answered_by_then_is_not_in_it(chart: Chart) -> None:
    at_home(chart)
    judge(chart, [quiet_run(NOON)], NOON)
    judge(chart, [quiet_run(NOON, CAT)], NOON, CAT)
    [alert] = chart.alerts(patient="p-ann")
    chart.acknowledge(alert.id, "t-02", NOON + HOUR)
    judge(chart, [], NOON + 2 * HOUR, CAT)
    assert told(chart, MORNING) == []


def test_a_digest_that_failed_says_at_the_next_try_what_is_so_by_then(chart: Chart) -> None:
    # 07:30 folded, broker down ── one of two is over ── 07:31 sent
    at_home(chart)
    judge(chart, [quiet_run(NOON)], NOON)
    judge(chart, [quiet_run(NOON, CAT)], NOON, CAT)
    first = chart.claim(MORNING)
    assert first is not None
    chart.settle(first.id, "queued", MORNING)
    judge(chart, [], MORNING, CAT)
    again = chart.claim(MORNING + MINUTE)
    assert again is not None
    assert (again.id, again.text) == (first.id, "1 new note on your list.")


def test_what_nobody_answered_for_three_days_is_counted(chart: Chart) -> None:
    at_home(chart)
    judge(chart, [quiet_run(NOON)], NOON)
    assert told(chart, MORNING) == ["1 new note on your list."]
    judge(chart, [quiet_run(NOON, CAT)], NOON + 3 * DAY, CAT)
    assert told(chart, MORNING + 5 * DAY) == ["1 new note on your list. 1 note has waited for 3 days."]


def test_what_may_have_arrived_is_said_once(chart: Chart) -> None:
    # an urgent note whose sending nobody knows the end of ── two digests
    at_home(chart)
    judge(chart, [stopped(NOON)], NOON)
    urgent = chart.claim(NOON)
    assert urgent is not None
    chart.settle(urgent.id, "unknown", NOON)
    judge(chart, [stopped(NOON), quiet_run(NOON)], NOON)
    assert told(chart, MORNING) == ["1 new note on your list. 1 note may have reached you already."]
    judge(chart, [quiet_run(NOON, CAT)], MORNING + HOUR, CAT)
    assert told(chart, MORNING + DAY) == ["1 new note on your list."]


def test_what_a_digest_told_wrongly_the_next_one_takes_back(chart: Chart) -> None:
    at_home(chart)
    judge(chart, [quiet_run(NOON)], NOON)
    assert told(chart, MORNING) == ["1 new note on your list."]
    judge(chart, [], MORNING + HOUR)
    assert states(chart) == [State.RETRACTED]
    assert told(chart, MORNING + DAY) == ["Please set 1 note aside."]


def test_about_a_patient_who_has_another_therapist_only_that_one_is_told(chart: Chart) -> None:
    # Tuesday noon: a note for t-02 ── 14:00: Ann is t-03's ── Wednesday 07:30, either's digest
    at_home(chart)
    chart.employ("t-03", "battery staple")
    chart.settle_in(Therapist("t-03", NEW_YORK, 450))
    judge(chart, [quiet_run(NOON)], NOON)
    judge(chart, [quiet_run(NOON, CAT)], NOON, CAT)
    chart.admit(replace(ANN, therapist="t-03"), NOON + 2 * HOUR)
    assert chart.recover(NOON + 2 * HOUR) == 1
    assert chart.recover(NOON + 2 * HOUR) == 0
    sent = [(message.recipient, message.text) for message in drain(chart, MORNING)]
    assert sorted(sent) == [("t-02", "1 new note on your list."), ("t-03", "1 new note on your list.")]
    assert chart.verify() == []


def test_what_went_out_already_is_told_to_the_next_therapist_and_to_the_first_again_once_the_patient_is_theirs(chart: Chart) -> None:
    judge(chart, [stopped(NOON)], NOON)
    to = [message.recipient for message in drain(chart, NOON)]
    for n, therapist in enumerate(("t-03", "t-03", "t-02"), 1):
        chart.admit(replace(ANN, therapist=therapist), NOON + n * HOUR)
        chart.recover(NOON + n * HOUR)
        chart.recover(NOON + n * HOUR + MINUTE)
        to += [message.recipient for message in drain(chart, NOON + n * DAY)]
    assert to == ["t-02", "t-03", "t-02"]


def test_before_anybody_tends_to_it_no_digest_and_no_urgent_message_goes_to_who_has_the_patient_no_more(chart: Chart) -> None:
    # 07:30 a digest that did not go out ── an urgent note ── Ann is t-03's ── both tried again
    at_home(chart)
    judge(chart, [quiet_run(NOON)], NOON)
    digest = chart.claim(MORNING)
    assert digest is not None
    chart.settle(digest.id, "queued", MORNING)
    judge(chart, [quiet_run(NOON), stopped(MORNING)], MORNING)
    chart.admit(replace(ANN, therapist="t-03"), MORNING)
    assert told(chart, MORNING + DAY) == []
    assert [event.why for event in chart.audit(patient="p-ann") if event.alert is None] == [
        f"message of alert {alert.id} not sent: t-02 has them no more" for alert in chart.alerts() if alert.kind == "likely_stopped"
    ]


def test_what_is_over_or_has_nobody_to_be_told_by_waits_for_nothing(url: str) -> None:
    ways = {"t-02": ["mqtt"]}
    chart = Chart(url, channels=lambda recipient: ways.get(recipient, []))
    chart.admit(ANN, NOON - DAY)
    judge(chart, [quiet_run(NOON)], NOON)
    chart.admit(replace(ANN, therapist="t-03"), NOON)
    assert chart.recover(NOON + HOUR) == 0
    ways["t-03"] = ["email"]
    judge(chart, [], NOON + HOUR)
    assert chart.recover(NOON + HOUR) == 0
    chart.close()


def test_what_no_digest_told_needs_no_correction(chart: Chart) -> None:
    at_home(chart)
    judge(chart, [quiet_run(NOON)], NOON)
    judge(chart, [], NOON + HOUR)
    assert told(chart, MORNING) == []


def test_about_one_patient_there_is_one_urgent_message_a_week_and_the_rest_waits(chart: Chart) -> None:
    at_home(chart)
    low = Finding("p-ann", "adherence_low", "adherence_low@red/2026-11-03", NOON - DAY, None, {"level": "red"})
    judge(chart, [stopped(NOON)], NOON)
    assert len(told(chart, NOON)) == 1
    judge(chart, [stopped(NOON), low], NOON + HOUR)
    assert told(chart, NOON + HOUR) == []
    assert told(chart, MORNING) == ["1 new note on your list."]
    judge(chart, [stopped(NOON, CAT)], NOON + HOUR, CAT)
    assert len(told(chart, NOON + HOUR)) == 1
    week = NOON + 7 * DAY
    chart.record("p-ann", [Change(Turn.OPENED, Finding("p-ann", "likely_stopped", "another", week - DAY, None, {}))], week)
    assert len(told(chart, week)) == 1


def test_each_channel_has_its_own_and_a_therapist_without_any_reads_the_page_alone(url: str) -> None:
    ways = {"t-02": ["mqtt", "email"], "p-ann": ["ntfy"]}
    chart = Chart(url, channels=lambda recipient: ways.get(recipient, []))
    for patient in (ANN, BOB):
        chart.admit(patient, NOON - DAY)
        judge(chart, [silent(NOON, 50, patient)], NOON, patient)
    sent: list[Message] = drain(chart, NOON + DAY)
    assert sorted((message.recipient, message.channel) for message in sent) == [("p-ann", "ntfy"), ("t-02", "email"), ("t-02", "mqtt")]
    assert len(chart.alerts(patient="virtual-bob")) == 2
    chart.close()


def test_about_simulated_patients_it_says_so(chart: Chart) -> None:
    judge(chart, [silent(NOON, 50, BOB)], NOON, BOB)
    [message] = [message for message in drain(chart, NOON + DAY) if message.audience is Audience.THERAPIST]
    assert (message.virtual, message.text) == (True, "Virtual: 1 new note on your list.")
    assert text(2, 1, 0, 0, 1) == "2 new notes on your list. Please set 1 note aside. 1 of them virtual."


@given(st.integers(0, 400 * DAY), st.integers(0, 1439), st.sampled_from(["America/New_York", "Australia/Lord_Howe", "UTC"]))
def test_a_digest_is_due_on_a_working_day_within_four(after: int, minutes: int, name: str) -> None:
    zone, now = ZoneInfo(name), NOON + after
    at = digest_time(now, zone, minutes)
    assert now <= at < now + 4 * DAY + HOUR
    assert local(at, zone).weekday() < 5
    assert digest_time(at, zone, minutes) == at
