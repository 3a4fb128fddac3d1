"""Messages that were given up: a person has them tried once more, or drops them, and the audit says who."""

import pytest

from alerts import audit
from alerts.alert import Message, MessageState
from alerts.chart import Chart, Therapist
from alerts.policy import BACKOFF, MESSAGE_LASTS
from alerts.reconcile import Change, Turn
from detectors.finding import Finding
from detectors.outcome import Judged, Outcome, Source
from ingest.batch import DAY, HOUR, MINUTE
from tests.rounds import ANN, BOB, NEW_YORK, NOON, drain, judge, silent, still


def gone(chart: Chart, finding: Finding, now: int = NOON) -> Message:
    """Its message, refused for good."""
    chart.record(finding.patient, [Change(Turn.OPENED, finding)], now)
    return refused(chart, now)


def refused(chart: Chart, now: int) -> Message:
    message = chart.claim(now)
    assert message is not None
    assert chart.settle(message.id, "dead", now, message.attempts, code="550") is MessageState.DEAD
    return message


def given_up(chart: Chart) -> list[str]:
    return [one.id for one in chart.counts(NOON).dead]


def whys(chart: Chart, patient: str = ANN.id) -> list[tuple[str, str]]:
    with chart._database.reading() as tx:
        return [(event.by, event.why) for event in audit.lines(tx, patient, None, 0, 100) if event.alert is None]


def test_a_message_given_up_is_sent_again_when_somebody_says_so(chart: Chart) -> None:
    # noon refused ── 10 h later, at night: tried again ── 07:30
    message = gone(chart, silent(NOON, 13))
    assert given_up(chart) == [message.id]
    assert chart.retry(message.id, "t-02", NOON + 10 * HOUR)
    assert given_up(chart) == []
    assert drain(chart, NOON + 10 * HOUR) == []
    [again] = drain(chart, NOON + 19 * HOUR + 30 * MINUTE)
    assert (again.id, again.attempts, again.expires) == (message.id, 2, NOON + 10 * HOUR + MESSAGE_LASTS)
    assert whys(chart) == [("t-02", f"message {message.id} to p-ann tried again")]
    assert chart.verify() == []


def test_its_tries_still_count(chart: Chart) -> None:
    judge(chart, [silent(NOON, 13)], NOON)
    now = NOON
    for _ in range(len(BACKOFF) + 1):
        while (message := chart.claim(now)) is None:
            now += HOUR
        chart.settle(message.id, "queued", now, message.attempts)
    noon = NOON + 3 * DAY
    [dead] = given_up(chart)
    assert chart.retry(dead, "t-02", noon)
    once_more = chart.claim(noon)
    assert once_more is not None
    assert (once_more.id, once_more.attempts) == (dead, len(BACKOFF) + 2)
    assert chart.settle(dead, "queued", noon, once_more.attempts) is MessageState.DEAD


def test_a_message_given_up_can_be_dropped(chart: Chart) -> None:
    message = gone(chart, silent(NOON, 13))
    assert chart.drop(message.id, "t-02", NOON + HOUR)
    assert given_up(chart) == []
    assert drain(chart, NOON + HOUR) == []
    assert chart.counts(NOON + HOUR).told["cancelled"] == 1
    assert not chart.drop(message.id, "t-02", NOON + HOUR)
    assert not chart.retry(message.id, "t-02", NOON + HOUR)
    assert whys(chart) == [("t-02", f"message {message.id} to p-ann dropped")]


@pytest.mark.parametrize("outcome", ["sent", "unknown", "queued"])
def test_what_was_not_given_up_is_left_alone(chart: Chart, outcome: str) -> None:
    judge(chart, [silent(NOON, 13)], NOON)
    message = chart.claim(NOON)
    assert message is not None
    for _ in range(2):  # while it is under way, and once it has ended
        assert not chart.retry(message.id, "t-02", NOON)
        assert not chart.drop(message.id, "t-02", NOON)
        chart.settle(message.id, outcome, NOON, message.attempts)
    assert not chart.retry("nothing", "t-02", NOON)
    assert whys(chart) == []


def test_a_nudge_is_not_tried_again_on_another_day(chart: Chart) -> None:
    nudge = gone(chart, still(NOON))
    assert not chart.retry(nudge.id, "t-02", NOON + DAY)
    assert chart.retry(nudge.id, "t-02", NOON + HOUR)
    assert [message.id for message in drain(chart, NOON + HOUR)] == [nudge.id]


def test_a_question_is_tried_again_for_as_long_as_it_can_be_answered(chart: Chart) -> None:
    asked = Judged("rx/core/2026-11-03", "core", NOON - 3 * HOUR, NOON, Outcome.ASKED, None, Source.SENSOR, 0.9, {"ask": "off"})
    message = gone(chart, asked.finding("p-ann", 1))
    assert chart.retry(message.id, "t-02", NOON + HOUR)
    again = refused(chart, NOON + HOUR)
    assert again.expires == NOON + DAY
    assert not chart.retry(message.id, "t-02", NOON + DAY)


def test_what_is_over_is_not_tried_again(chart: Chart) -> None:
    message = gone(chart, silent(NOON, 13))
    judge(chart, [], NOON + HOUR)
    assert not chart.retry(message.id, "t-02", NOON + HOUR)
    assert chart.drop(message.id, "t-02", NOON + HOUR)


def test_a_digest_given_up_is_in_the_audit_of_all_it_is_about(chart: Chart) -> None:
    chart.employ("t-02", "correct horse")
    chart.settle_in(Therapist("t-02", NEW_YORK, 450))
    chart.admit(type(BOB)(BOB.id, BOB.zone, "t-02", True), NOON)
    for patient in (ANN, BOB):
        chart.record(patient.id, [Change(Turn.OPENED, Finding(patient.id, "partial_again", "k", NOON - DAY, None, {}))], NOON)
    morning = NOON + 19 * HOUR + 30 * MINUTE
    digest = refused(chart, morning)
    assert digest.alert is None
    assert chart.retry(digest.id, "t-02", morning + HOUR)
    assert [message.text for message in drain(chart, morning + HOUR)] == ["2 new notes on your list. 1 of them virtual."]
    assert whys(chart) == whys(chart, BOB.id) == [("t-02", f"message {digest.id} to t-02 tried again")]
