"""What becomes of the question about a planned session: asked, answered, taken back, asked once more."""

from contextlib import closing
from dataclasses import replace

from alerts.alert import State
from alerts.chart import Chart
from alerts.corrections import TAKEN_BACK
from alerts.reconcile import Change, Turn
from detectors.finding import Finding
from detectors.outcome import SEEN, Judged, Outcome, Source
from ingest.batch import DAY, HOUR
from tests.rounds import ANN, NOON, drain, judge, silent, states, stopped

START, END = NOON - 3 * HOUR, NOON - HOUR


def session(
    outcome: Outcome, source: Source = Source.SENSOR, ask: str | None = None, key: str = "rx/core/2026-11-03", **facts: float
) -> Finding:
    began = {"began": "2026-11-03T14:10Z"} if source is Source.SENSOR and outcome in SEEN else {}
    told: dict[str, float | int | str] = {**facts, **began, **({"ask": ask} if ask else {})}
    return Judged(key, "core", START, END, outcome, None, source, 0.9, told).finding("p-ann", 1)


ASKED = session(Outcome.ASKED, ask="not_seen")


def test_a_session_not_seen_is_asked_about_by_a_message_that_can_be_answered(chart: Chart) -> None:
    assert judge(chart, [ASKED], NOON) == [Turn.OPENED]
    [message] = drain(chart, NOON)
    link = chart.links.open(message.id, NOON)
    assert link is not None
    assert (link.patient, link.occurrence, link.until) == ("p-ann", "rx/core/2026-11-03", END + 24 * HOUR)
    assert message.expires == END + 24 * HOUR
    assert chart.links.open(message.id, END + 24 * HOUR) is None


def test_where_nobody_can_answer_nobody_is_asked() -> None:
    with closing(Chart("sqlite://", answers=False)) as chart:
        chart.admit(ANN, NOON - 30 * DAY)
        judge(chart, [ASKED, silent(NOON, 13)], NOON)
        assert [message.text.count("answer") for message in drain(chart, NOON)] == [0]
        assert chart.asked("p-ann") == {}


def test_what_was_seen_by_the_time_it_was_told_is_not_taken_back_when_it_is_judged_again(chart: Chart) -> None:
    # asked ── the patient says yes ── the band saw it too ── the same once more, as after a restart
    judge(chart, [ASKED], NOON)
    drain(chart, NOON)
    for verdict in (session(Outcome.DONE, Source.PATIENT), session(Outcome.DONE), session(Outcome.DONE)):
        chart.record("p-ann", [Change(Turn.GROWN, verdict)], NOON + HOUR)
    assert states(chart) == [State.RESOLVED]
    assert drain(chart, NOON + HOUR) == []


def test_a_session_that_needs_no_question_is_on_record_alone(chart: Chart) -> None:
    judge(chart, [session(Outcome.ASKED), session(Outcome.DONE, key="rx/core/2026-11-02")], NOON)
    assert chart.alerts() == []
    assert sorted(state for _, state in chart.findings()) == ["closed", "open"]


def test_any_change_of_what_is_known_of_a_session_is_on_record(chart: Chart) -> None:
    judge(chart, [ASKED], NOON)
    assert judge(chart, [session(Outcome.ASKED, ask="not_seen", p=0.4)], NOON) == [Turn.GROWN]
    assert judge(chart, [session(Outcome.PARTIAL, p=0.8)], NOON) == [Turn.CLOSED]
    assert judge(chart, [session(Outcome.DONE, p=0.9)], NOON) == [Turn.GROWN]
    assert judge(chart, [session(Outcome.DONE, p=0.9)], NOON) == []
    assert judge(chart, [ASKED], NOON) == [Turn.REOPENED]


def test_a_session_that_was_asked_about_and_is_seen_after_all_is_taken_back_with_a_correction(chart: Chart) -> None:
    judge(chart, [ASKED], NOON)
    drain(chart, NOON)
    judge(chart, [session(Outcome.LATE)], NOON + HOUR)
    assert states(chart) == [State.RETRACTED]
    assert [message.step for message in drain(chart, NOON + HOUR)] == ["correction"]
    assert judge(chart, [ASKED], NOON + 2 * HOUR) == [Turn.REOPENED]
    assert [message.step for message in drain(chart, NOON + 2 * HOUR)] == ["again"]


def test_a_question_taken_back_is_asked_once_more_and_corrected_once_more_and_then_no_more(chart: Chart) -> None:
    # asked ── seen ── not seen after all ── the next morning seen ── not seen
    steps = []
    for hours in (0, 1, 2, 21, 22):
        judge(chart, [ASKED if hours % 2 == 0 else session(Outcome.LATE)], NOON + hours * HOUR)
        steps.append([message.step for message in drain(chart, NOON + hours * HOUR)])
    assert steps == [["first"], ["correction"], ["again"], ["correction-again"], []]
    assert states(chart) == [State.OPEN]
    assert chart.asked("p-ann") == {}, "whoever was told to put it aside is not taken to have been asked"


def test_a_session_that_is_no_longer_due_is_taken_back_without_a_word_of_its_being_found(chart: Chart) -> None:
    #  asked ── the patient is elsewhere: the window is yet to come ── asked about that one
    chart.admit(replace(ANN, detail=1), NOON - DAY)
    judge(chart, [ASKED], NOON)
    drain(chart, NOON)
    assert chart.asked("p-ann") == {"rx/core/2026-11-03": NOON}
    judge(chart, [], NOON + HOUR)
    [correction] = drain(chart, NOON + HOUR)
    assert correction.text in {way for ways in TAKEN_BACK for way in ways}
    assert chart.asked("p-ann") == {}
    moved = replace(ASKED, start=START + 5 * HOUR, evidence={**ASKED.evidence, "until": END + 5 * HOUR})
    assert judge(chart, [moved], NOON + 5 * HOUR) == [Turn.REOPENED]
    assert chart.asked("p-ann") == {}
    [again] = drain(chart, NOON + 5 * HOUR)
    assert again.step == "again"
    link = chart.links.open(again.id, NOON + 5 * HOUR)
    assert link is not None
    assert link.until == END + 29 * HOUR
    assert chart.asked("p-ann") == {"rx/core/2026-11-03": NOON + 5 * HOUR}


def test_a_question_that_went_out_before_the_window_was_over_was_not_asked(chart: Chart) -> None:
    judge(chart, [ASKED], NOON)
    drain(chart, NOON)
    judge(chart, [replace(ASKED, start=START + 5 * HOUR, evidence={**ASKED.evidence, "until": END + 5 * HOUR})], NOON + 5 * HOUR)
    assert states(chart) == [State.OPEN]
    assert chart.asked("p-ann") == {}


def test_a_correction_that_is_not_out_yet_is_not_sent_once_it_is_so_after_all(chart: Chart) -> None:
    judge(chart, [stopped(NOON)], NOON)
    drain(chart, NOON)
    judge(chart, [], NOON + HOUR)
    assert judge(chart, [stopped(NOON)], NOON + HOUR) == [Turn.REOPENED]
    assert states(chart) == [State.OPEN]
    assert [message.step for message in drain(chart, NOON + 3 * DAY)] == ["digest"]


def test_what_is_over_and_goes_on_after_all_is_told_again_only_to_who_heard_of_it_long_ago(chart: Chart) -> None:
    #  told ── over ── goes on: known ── over ── goes on, 5 days after the telling: told again ── over ── goes on: never a third time
    told = []
    for hours in (0, 2, 5 * 24, 10 * 24):
        judge(chart, [silent(NOON, 13)], NOON + hours * HOUR)
        assert states(chart) == [State.OPEN]
        told.append([message.step for message in drain(chart, NOON + hours * HOUR)])
        judge(chart, [replace(silent(NOON, 13), end=NOON)], NOON + (hours + 1) * HOUR)
        assert states(chart) == [State.RESOLVED]
    assert told == [["first"], [], ["again"], []]


def test_a_session_seen_before_its_question_went_out_is_taken_back_in_silence(chart: Chart) -> None:
    judge(chart, [ASKED], NOON)
    judge(chart, [session(Outcome.DONE)], NOON)
    assert states(chart) == [State.RETRACTED]
    assert drain(chart, NOON) == []


def test_a_question_that_was_answered_is_over_and_what_the_band_says_later_corrects_nobody(chart: Chart) -> None:
    judge(chart, [ASKED], NOON)
    drain(chart, NOON)
    judge(chart, [session(Outcome.DONE, Source.PATIENT)], NOON + HOUR)
    assert states(chart) == [State.RESOLVED]
    judge(chart, [session(Outcome.DONE)], NOON + 2 * HOUR)
    assert states(chart) == [State.RESOLVED]
    assert drain(chart, NOON + 2 * HOUR) == []


def test_a_miss_that_was_counted_and_is_seen_after_all_is_taken_back(chart: Chart) -> None:
    judge(chart, [ASKED], NOON)
    drain(chart, NOON)
    judge(chart, [session(Outcome.NOT_SEEN)], NOON + DAY)
    assert states(chart) == [State.RESOLVED]
    judge(chart, [session(Outcome.DONE)], NOON + DAY + HOUR)
    assert states(chart) == [State.RETRACTED]
    assert [message.step for message in drain(chart, NOON + DAY + HOUR)] == ["correction"]


def test_a_question_held_for_the_night_is_not_sent_once_it_was_settled(chart: Chart) -> None:
    night = NOON + 10 * HOUR
    judge(chart, [ASKED], night)
    judge(chart, [session(Outcome.EXCUSED, Source.THERAPIST)], night + HOUR)
    assert states(chart) == [State.RESOLVED]
    assert drain(chart, night + 10 * HOUR) == []
