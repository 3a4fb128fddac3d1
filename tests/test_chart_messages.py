"""The messages of the chart: who is told, how often, until when, and who is corrected."""

from concurrent.futures import ThreadPoolExecutor

from alerts.alert import Message, MessageState, State
from alerts.chart import Chart
from alerts.reconcile import Change, Turn
from detectors.finding import Finding
from ingest.batch import HOUR, MINUTE
from tests.rounds import ANN, BOB, NOON, drain, judge, silent, states, still


def test_a_nudge_is_not_sent_once_its_bout_is_over(chart: Chart) -> None:
    judge(chart, [still(NOON)], NOON)
    judge(chart, [still(NOON, end=NOON)], NOON + MINUTE)
    assert states(chart) == [State.RESOLVED]
    assert drain(chart, NOON + MINUTE) == []


def test_a_nudge_in_the_quiet_hours_is_never_sent_though_the_alert_is_there(chart: Chart) -> None:
    night = NOON + 10 * HOUR
    judge(chart, [still(night)], night)
    assert states(chart) == [State.OPEN]
    assert drain(chart, night) == drain(chart, night + 10 * HOUR) == []


def test_a_nudge_never_outlives_its_day(chart: Chart) -> None:
    # 21:29 claimed, broker down ─── midnight ─── 07:31
    evening = NOON + 9 * HOUR + 29 * MINUTE
    judge(chart, [still(evening)], evening)
    message = chart.claim(evening)
    assert message is not None
    chart.settle(message.id, "queued", evening)
    assert drain(chart, evening + 2 * MINUTE) == []
    assert drain(chart, NOON + 19 * HOUR + 31 * MINUTE) == []


def test_late_data_retract_an_alert_and_correct_who_was_told(chart: Chart) -> None:
    judge(chart, [still(NOON)], NOON)
    drain(chart, NOON)
    judge(chart, [], NOON + HOUR)
    assert states(chart) == [State.RETRACTED]
    assert [(message.step, message.recipient) for message in drain(chart, NOON + HOUR)] == [("correction", "p-ann")]


def test_who_was_not_told_is_not_corrected(chart: Chart) -> None:
    judge(chart, [still(NOON)], NOON)
    judge(chart, [], NOON + HOUR)
    assert drain(chart, NOON + HOUR) == []


def test_who_was_told_more_than_72_hours_ago_is_not_corrected(chart: Chart) -> None:
    judge(chart, [still(NOON)], NOON)
    drain(chart, NOON)
    judge(chart, [], NOON + 73 * HOUR)
    assert states(chart) == [State.RETRACTED]
    assert drain(chart, NOON + 73 * HOUR) == []


def test_texts_about_a_virtual_patient_are_marked(chart: Chart) -> None:
    judge(chart, [still(NOON, patient=BOB)], NOON, BOB)
    [message] = drain(chart, NOON)
    assert message.virtual
    assert message.text.startswith("Virtual: ")


def test_a_patient_gets_at_most_two_nudges_and_three_messages_a_local_day(chart: Chart) -> None:
    sent: list[Message] = []
    over: list[Finding] = []
    for now in range(NOON, NOON + 4 * HOUR, HOUR):
        judge(chart, [*over, still(now)], now)
        sent += drain(chart, now)
        over.append(still(now, end=now + MINUTE))
    assert len(chart.alerts()) == 4
    assert len(sent) == 2
    for n in range(2):
        chart.record("p-ann", [Change(Turn.OPENED, silent(NOON, 20 + n))], NOON + 5 * HOUR)
    assert len(drain(chart, NOON + 5 * HOUR)) == 1
    assert drain(chart, NOON + 9 * HOUR) == []
    assert len(drain(chart, NOON + 20 * HOUR)) == 1  # the fourth waits for the next morning


def test_four_threads_cannot_send_a_patient_more_than_the_day_allows(url: str) -> None:
    chart = Chart(url)
    chart.admit(ANN, NOON)
    chart.admit(BOB, NOON)
    for patient in (ANN, BOB):
        chart.record(patient.id, [Change(Turn.OPENED, still(NOON, patient=patient, key=f"k{n}")) for n in range(8)], NOON)
        chart.record(patient.id, [Change(Turn.OPENED, silent(NOON, 13 + n, patient)) for n in range(8)], NOON)
    with ThreadPoolExecutor(4) as threads:
        sent = [message for batch in threads.map(lambda _: drain(chart, NOON), range(4)) for message in batch]
    chart.close()
    assert len({message.id for message in sent}) == len(sent) == 6
    for patient in (ANN, BOB):
        assert sum(message.recipient == patient.id for message in sent) == 3


def test_a_message_row_is_told_by_its_state(chart: Chart) -> None:
    judge(chart, [still(NOON)], NOON)
    message = chart.claim(NOON)
    assert message is not None
    assert message.state is MessageState.SENDING
    assert message.attempts == 1
    assert chart.claim(NOON) is None
