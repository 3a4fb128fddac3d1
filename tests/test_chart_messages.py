"""The messages of the chart: who is told, how often, until when, and who is corrected."""

from concurrent.futures import ThreadPoolExecutor
from zoneinfo import ZoneInfo

from alerts import tables
from alerts.alert import Message, MessageState, State
from alerts.chart import Chart
from alerts.reconcile import Change, Turn
from detectors.finding import Finding
from ingest.batch import DAY, HOUR, MICROS, MINUTE
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


def test_eight_dispatchers_at_once_cannot_send_a_patient_more_than_the_day_allows(url: str) -> None:
    chart = Chart(url)
    chart.admit(ANN, NOON)
    chart.admit(BOB, NOON)
    for patient in (ANN, BOB):
        chart.record(patient.id, [Change(Turn.OPENED, still(NOON, patient=patient, key=f"k{n}")) for n in range(8)], NOON)
        chart.record(patient.id, [Change(Turn.OPENED, silent(NOON, 13 + n, patient)) for n in range(8)], NOON)
    charts = [chart, *(Chart(url) for _ in range(7))]
    with ThreadPoolExecutor(8) as threads:
        sent = [message for batch in threads.map(lambda mine: drain(mine, NOON), charts) for message in batch]
    for one in charts:
        one.close()
    assert len({message.id for message in sent}) == len(sent) == 6
    for patient in (ANN, BOB):
        assert sum(message.recipient == patient.id for message in sent) == 3


def test_eight_dispatchers_whose_receiver_fails_over_midnight_try_no_more_than_each_day_allows(url: str) -> None:
    # from 21:00 on every try ends in doubt; at 07:30 there are places again, and no nudge of yesterday's takes one
    evening = NOON + 9 * HOUR
    charts = [Chart(url) for _ in range(8)]
    charts[0].admit(ANN, NOON)
    found = [*(still(evening, key=f"k{n}") for n in range(4)), *(silent(evening, 13 + n) for n in range(6))]
    charts[0].record("p-ann", [Change(Turn.OPENED, finding) for finding in found], evening)
    tried: dict[int, set[str]] = {}

    def dispatch(chart: Chart, now: int) -> None:
        while (message := chart.claim(now)) is not None:
            tried.setdefault((now - NOON + 12 * HOUR) // DAY, set()).add(message.id)
            chart.settle(message.id, "unknown", now, message.attempts, repeat=True)

    with ThreadPoolExecutor(8) as threads:
        for now in range(evening, evening + 30 * HOUR, 30 * MINUTE):
            list(threads.map(dispatch, charts, [now] * 8))
    for chart in charts:
        chart.close()
    assert {day: len(ids) for day, ids in tried.items()} == {0: 3, 1: 3}


def test_on_a_journey_the_day_is_that_of_the_place(chart: Chart) -> None:
    # New York, 20:00: the day's three are sent ── in Tokyo it is tomorrow, 10:00
    evening = NOON + 8 * HOUR
    chart.record("p-ann", [Change(Turn.OPENED, silent(evening, 13 + n)) for n in range(4)], evening)
    assert len(drain(chart, evening)) == 3
    assert drain(chart, evening + MINUTE) == []
    chart.move("p-ann", ZoneInfo("Asia/Tokyo"), evening + HOUR)
    chart.record("p-ann", [Change(Turn.OPENED, silent(evening, 20))], evening + 2 * HOUR)
    assert len(drain(chart, evening + 2 * HOUR)) == 1


def test_a_receiver_that_asks_for_patience_gets_it_within_reason(chart: Chart) -> None:
    judge(chart, [silent(NOON, 13)], NOON)
    now = NOON
    for asked, waited in ((None, 5 * MICROS), (1, MINUTE), (600, 10 * MINUTE), (10**9, 12 * HOUR)):
        message = chart.claim(now)
        assert message is not None
        chart.settle(message.id, "queued", now, message.attempts, retry_after_s=asked, code="429")
        assert chart.claim(now + waited - 1) is None
        now += waited
    night = chart.claim(now)
    assert night is None  # 00:11: what was asked for ends in the quiet hours
    assert chart.claim(NOON + 19 * HOUR + 30 * MINUTE) is not None


def test_an_attempt_given_up_for_lost_cannot_undo_the_next_one(chart: Chart) -> None:
    # first claim ─── lease over, taken back ── second claim ── the first one fails at last ── the second one arrives
    judge(chart, [still(NOON)], NOON)
    first = chart.claim(NOON)
    assert first is not None
    later = NOON + 5 * MINUTE
    assert chart.recover(later, ["mqtt"]) == 1
    second = chart.claim(later)
    assert second is not None
    assert (second.id, second.attempts) == (first.id, 2)
    assert chart.settle(first.id, "dead", later, first.attempts) is MessageState.SENDING
    assert chart.settle(second.id, "sent", later, second.attempts) is MessageState.SENT
    assert chart.settle(first.id, "queued", later, first.attempts) is MessageState.SENT
    with chart._database.reading() as tx:
        assert [row.outcome for row in tx.execute(tables.attempt.select().order_by(tables.attempt.c.n))] == ["queued", "sent"]


def test_claims_of_a_channel_that_is_somebody_elses_are_left_alone(chart: Chart) -> None:
    judge(chart, [still(NOON)], NOON)
    assert chart.claim(NOON) is not None
    assert chart.recover(NOON + HOUR, channels=["email"]) == 0
    assert chart.recover(NOON + HOUR, ["mqtt"], ["mqtt"]) == 1


def test_the_operator_sees_what_waits_what_failed_for_good_and_who_is_alive(chart: Chart) -> None:
    judge(chart, [silent(NOON, 13), still(NOON), still(NOON, 56, key="other")], NOON)
    assert chart.counts(NOON + MINUTE).oldest_due == NOON
    for outcome, code in (("dead", "550"), ("unknown", ""), ("sent", "")):
        message = chart.claim(NOON)
        assert message is not None
        chart.settle(message.id, outcome, NOON, message.attempts, code=code)
    judge(chart, [], NOON + HOUR)
    drain(chart, NOON + HOUR)
    counts = chart.counts(NOON + HOUR)
    assert (counts.messages["dead"], counts.unknown, counts.messages["held"]) == (1, 1, 2)
    assert [(dead.code, dead.attempts, dead.settled) for dead in counts.dead] == [("550", 1, NOON)]
    assert (counts.oldest_due, counts.corrected) == (None, 0)
    drain(chart, NOON + DAY)
    assert chart.counts(NOON + DAY).corrected == 2  # of three messages two arrived, or may have; three a day were sent
    assert chart.counts(NOON + DAY).told == {"sent": 3, "held": 0, "cancelled": 0, "corrected": 2}
    chart.beat("watch", NOON)
    chart.beat("watch", NOON + 1)
    assert chart.heartbeats() == {"watch": NOON + 1}


def test_a_message_row_is_told_by_its_state(chart: Chart) -> None:
    judge(chart, [still(NOON)], NOON)
    message = chart.claim(NOON)
    assert message is not None
    assert message.state is MessageState.SENDING
    assert message.attempts == 1
    assert chart.claim(NOON) is None
