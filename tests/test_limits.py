"""When somebody may be written to: the quiet hours of the plan in force, its nudges, a therapist's night, and pauses set meanwhile."""

from collections.abc import Iterator
from contextlib import closing
from zoneinfo import ZoneInfo

import pytest

from alerts import audit
from alerts.alert import Audience
from alerts.chart import Chart, Therapist
from alerts.hours import local
from alerts.reconcile import Change, Turn
from detectors.finding import Finding
from detectors.plan.read import read
from ingest.batch import DAY, HOUR, MINUTE
from tests.rounds import ANN, NEW_YORK, NOON, drain, judge, silent, still, stopped

BERLIN = ZoneInfo("Europe/Berlin")
MIDNIGHT = NOON - 12 * HOUR


@pytest.fixture
def chart() -> Iterator[Chart]:
    """No promise here rests on the engine, so one will do."""
    with closing(Chart("sqlite://")) as opened:
        opened.admit(ANN, NOON - 30 * DAY)
        yield opened


def planned(chart: Chart, *parts: str, since: int = NOON - DAY, id: str = "rx-1") -> None:  # noqa: A002 — the plan's
    """Ann's plan, with these lines of its own."""
    lines = [
        "rx: 1",
        f"id: {id}",
        "patient: p-ann",
        "therapist: t-02",
        "timezone: America/New_York",
        "issued: 2026-11-02",
        "region: low_back",
        *parts,
        "phases: [{name: course, stage: active, from: 2026-11-02, to: 2026-12-31}]",
    ]
    text = "\n".join(lines) + "\n"
    plan = read(text).plan
    assert plan is not None
    chart.plans.assign("p-ann", text, plan, since, "t-02", NOON - DAY)


def told(chart: Chart, start: int, end: int, step: int = 10 * MINUTE) -> list[str]:
    """When messages went out, on Ann's clock."""
    return [f"{local(now, NEW_YORK):%a %H:%M}" for now in range(start, end, step) for _ in drain(chart, now)]


def asks(chart: Chart, now: int, *hours: int) -> None:
    chart.record("p-ann", [Change(Turn.OPENED, silent(now, 13 + n)) for n in hours], now)


# quiet hours


def test_without_a_plan_nights_are_quiet_from_half_past_nine_to_half_past_seven(chart: Chart) -> None:
    asks(chart, NOON + 10 * HOUR, 0)
    assert told(chart, NOON + 10 * HOUR, NOON + DAY) == ["Wed 07:30"]


def test_a_plans_quiet_hours_stand_in_the_stead_of_the_usual_ones(chart: Chart) -> None:
    #  22:00 not quiet by the plan ── 22:30–06:00 and 12:30–14:00 are
    planned(chart, 'quiet_hours: ["22:30-06:00", "12:30-14:00"]')
    for n, (hours, sent) in enumerate(((10, "Tue 22:00"), (11, "Wed 06:00"), (25, "Wed 14:00"))):
        found = NOON + hours * HOUR
        asks(chart, found, 9 * n)
        assert told(chart, found, found + 10 * HOUR) == [sent]


def test_the_revision_in_force_says_when_it_is_quiet(chart: Chart) -> None:
    # rx-1 till midnight ── rx-2: quiet to 10:00
    planned(chart, 'quiet_hours: ["21:00-06:00"]')
    planned(chart, 'quiet_hours: ["21:00-10:00"]', since=MIDNIGHT + DAY, id="rx-2")
    asks(chart, NOON + 8 * HOUR + 30 * MINUTE, 0)
    assert told(chart, NOON + 8 * HOUR + 30 * MINUTE, NOON + 9 * HOUR) == ["Tue 20:30"]
    asks(chart, NOON + 9 * HOUR, 1)
    assert told(chart, NOON + 9 * HOUR, NOON + DAY) == ["Wed 10:00"]


def test_a_plan_in_the_chart_that_cannot_be_read_any_more_leaves_the_usual_night(chart: Chart) -> None:
    planned(chart, 'quiet_hours: ["01:00-02:00"]')
    with chart._database.writing() as tx:
        tx.exec_driver_sql("UPDATE plan SET text = 'rx: 9'")
    asks(chart, NOON + 10 * HOUR, 0)
    assert told(chart, NOON + 10 * HOUR, NOON + DAY) == ["Wed 07:30"]


def test_where_the_whole_day_is_quiet_nothing_is_sent_and_nothing_hangs(chart: Chart) -> None:
    planned(chart, 'quiet_hours: ["00:00-12:00", "12:00-00:00"]')
    asks(chart, NOON, 0)
    judge(chart, [still(NOON)], NOON)
    assert told(chart, NOON, NOON + 5 * DAY, HOUR) == []
    assert chart.counts(NOON + 5 * DAY).told["cancelled"] == 2


def test_a_message_over_the_days_budget_waits_for_the_first_hour_that_is_not_quiet(chart: Chart) -> None:
    # a nap is quiet, the night is not: the day's places are new at midnight
    planned(chart, 'quiet_hours: ["13:00-14:00"]')
    asks(chart, NOON, 0, 1, 2, 3)
    assert told(chart, NOON, NOON + DAY) == ["Tue 12:00"] * 3 + ["Wed 00:00"]


# nudges


def nudged(chart: Chart) -> int:
    """Of four long still periods, an hour apart."""
    over: list[Finding] = []
    for now in range(NOON, NOON + 4 * HOUR, HOUR):
        judge(chart, [*over, still(now)], now)
        drain(chart, now)
        over.append(still(now, end=now + MINUTE))
    return chart.counts(NOON + 5 * HOUR).told["sent"]


@pytest.mark.parametrize(("most", "sent"), [(0, 0), (1, 1), (2, 2), (3, 2)])
def test_a_plan_may_ask_for_fewer_nudges_than_the_house_allows_and_never_gets_more(chart: Chart, most: int, sent: int) -> None:
    planned(chart, f"sedentary: {{max_nudges_per_day: {most}}}")
    assert nudged(chart) == sent


def test_a_plan_without_nudges_still_tells_the_rest(chart: Chart) -> None:
    planned(chart, "sedentary: {max_nudges_per_day: 0}")
    asks(chart, NOON, 0)
    assert told(chart, NOON, NOON + HOUR) == ["Tue 12:00"]


# the therapist's night


@pytest.mark.parametrize(
    ("digest_at", "found", "sent"),
    [
        (450, 0, "Tue 12:00"),
        (450, 7 * HOUR + 50 * MINUTE, "Tue 19:50"),
        (450, 8 * HOUR, "Wed 07:30"),
        (450, 15 * HOUR, "Wed 07:30"),
        (540, 20 * HOUR, "Wed 09:00"),
        (1260, 9 * HOUR + 30 * MINUTE, "Wed 12:00"),  # a digest at 21:00 is no reason to keep what is urgent for a day
    ],
)
def test_what_is_urgent_waits_for_the_morning_at_night(chart: Chart, digest_at: int, found: int, sent: str) -> None:
    chart.employ("t-02", "correct horse")
    chart.settle_in(Therapist("t-02", NEW_YORK, digest_at))
    judge(chart, [stopped(NOON)], NOON + found)
    assert told(chart, NOON + found, NOON + found + DAY) == [sent]


def test_the_night_is_that_of_the_therapist_and_not_of_the_patient(chart: Chart) -> None:
    # 16:00 in New York is 22:00 in Berlin ── 07:30 there is 01:30 here
    chart.employ("t-02", "correct horse")
    chart.settle_in(Therapist("t-02", BERLIN, 450))
    judge(chart, [stopped(NOON)], NOON + 4 * HOUR)
    assert told(chart, NOON + 4 * HOUR, NOON + DAY) == ["Wed 01:30"]


def test_an_urgent_message_that_failed_is_not_tried_again_at_night(chart: Chart) -> None:
    # 19:59 refused ── 20:00 is night ── 07:30
    chart.employ("t-02", "correct horse")
    chart.settle_in(Therapist("t-02", NEW_YORK, 450))
    evening = NOON + 8 * HOUR - MINUTE
    judge(chart, [stopped(NOON)], evening)
    message = chart.claim(evening)
    assert message is not None
    chart.settle(message.id, "queued", evening, message.attempts)
    assert told(chart, evening + MINUTE, NOON + DAY) == ["Wed 07:30"]


# pauses set once an alert was open


def whys(chart: Chart) -> list[str]:
    with chart._database.reading() as tx:
        return [event.why for event in audit.lines(tx, ANN.id, None, 0, 100) if event.alert is None]


def test_a_pause_set_later_holds_the_message_until_it_is_over(chart: Chart) -> None:
    asks(chart, NOON, 0)
    chart.pauses.set("p-ann", None, NOON, NOON + 2 * HOUR + 20 * MINUTE, "t-02", "at the dentist", NOON)
    assert told(chart, NOON, NOON + DAY) == ["Tue 14:20"]


def test_a_pause_ended_early_lets_the_message_go_within_the_hour(chart: Chart) -> None:
    asks(chart, NOON, 0)
    pause = chart.pauses.set("p-ann", None, NOON, NOON + 2 * DAY, "t-02", "", NOON)
    assert told(chart, NOON, NOON + 2 * HOUR) == []
    chart.pauses.end(pause.id, "t-02", NOON + 2 * HOUR)
    assert told(chart, NOON + 2 * HOUR, NOON + DAY) in (["Tue 14:00"], ["Tue 14:50"])


def test_a_message_whose_time_runs_out_in_a_pause_is_cancelled_and_the_audit_says_why(chart: Chart) -> None:
    asks(chart, NOON, 0)
    [alert] = chart.alerts()
    chart.pauses.set("p-ann", "silent_band", NOON, NOON + 7 * DAY, "t-02", "on leave", NOON)
    assert told(chart, NOON, NOON + 3 * DAY - HOUR, HOUR) == []
    assert chart.counts(NOON + 3 * DAY).told["held"] == 1
    assert told(chart, NOON + 3 * DAY - HOUR, NOON + 8 * DAY, HOUR) == []
    assert chart.counts(NOON + 8 * DAY).told == {"sent": 0, "held": 0, "cancelled": 1, "corrected": 0}
    assert whys(chart) == ["silent_band paused", f"message of alert {alert.id} not sent: its time ran out in a pause"]
    assert chart.verify() == []


def test_a_message_whose_time_ran_out_otherwise_blames_no_pause(chart: Chart) -> None:
    # the pause is over after an hour; nobody delivers for three days
    asks(chart, NOON, 0)
    chart.pauses.set("p-ann", None, NOON, NOON + HOUR, "t-02", "", NOON)
    assert told(chart, NOON + 4 * DAY, NOON + 5 * DAY, HOUR) == []
    assert whys(chart) == ["everything paused"]


def test_what_a_pause_keeps_from_a_digest_is_in_one_after_it(chart: Chart) -> None:
    # found Tuesday ── paused to Thursday midnight ── told on Thursday at 07:30, not at midnight
    chart.employ("t-02", "correct horse")
    chart.settle_in(Therapist("t-02", NEW_YORK, 450))
    chart.record("p-ann", [Change(Turn.OPENED, Finding("p-ann", "partial_again", "k", NOON - DAY, None, {}))], NOON)
    chart.pauses.set("p-ann", None, NOON, MIDNIGHT + 2 * DAY, "t-02", "", NOON)
    [alert] = chart.alerts()
    assert alert.audience is Audience.THERAPIST
    assert told(chart, NOON, NOON + 4 * DAY) == ["Thu 07:30"]
