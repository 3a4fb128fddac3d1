"""What the demo's virtual patients live through, and what comes of it: all of it from readings and reports, nothing from a name."""

from collections import Counter

import pytest

from alerts.alert import Audience, MessageState, State
from alerts.wording import CORRECTION, FIRST
from cli.demo import SAME_END
from detectors.outcome import KIND, Outcome, Source
from ingest.batch import HOUR
from tests.stories import Life, Story, Told, in_general, told_twice


@pytest.fixture(scope="module")
def week(tmp_path_factory: pytest.TempPathFactory) -> tuple[Story, Story]:
    return told_twice(tmp_path_factory.mktemp("week"), 1)


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> tuple[Story, Story]:
    return told_twice(tmp_path_factory.mktemp("course"), 8)


@pytest.mark.long
def test_every_alert_of_a_week_arose_from_readings_and_reports_and_none_from_a_name(week: tuple[Story, Story]) -> None:
    theirs, turned = week
    assert {life.player.patient for life in theirs.values()} == {life.player.patient for life in turned.values()}
    assert all(theirs[name].player.patient != turned[name].player.patient for name in theirs)
    assert sum(len(life.alerts) for life in theirs.values()) > 20
    assert in_general(theirs) == in_general(turned)


@pytest.mark.long
def test_in_a_weeks_story_late_data_take_back_what_was_told_and_both_who_heard_it_hear_that(week: tuple[Story, Story]) -> None:
    held_back(week[0]["held"])


@pytest.mark.long
def test_in_a_weeks_story_a_session_without_the_band_is_asked_about_and_done_as_the_patient_says(week: tuple[Story, Story]) -> None:
    asked_and_answered(week[0]["off"])


@pytest.mark.long
def test_in_a_weeks_story_an_empty_battery_is_foretold_before_the_band_is_silent(week: tuple[Story, Story]) -> None:
    foretold(week[0]["silent"])


@pytest.mark.long
def test_every_alert_of_eight_weeks_arose_from_readings_and_reports_and_none_from_a_name(course: tuple[Story, Story]) -> None:
    assert in_general(course[0]) == in_general(course[1])


@pytest.mark.long
def test_who_keeps_it_up_gives_the_therapist_nothing_to_do(course: tuple[Story, Story]) -> None:
    steady = course[0]["steady"]
    assert [alert for alert in steady.alerts if alert.audience is Audience.THERAPIST] == []
    assert steady.outcomes[Outcome.DONE] > 40
    assert steady.outcomes[Outcome.NOT_SEEN] == 0


@pytest.mark.long
def test_who_drifts_away_does_less_then_misses_some_in_a_row_then_has_likely_stopped(course: tuple[Story, Story]) -> None:
    drifting = course[0]["drifting"]
    in_a_row, (stopped,) = (drifting.of(kind, Audience.THERAPIST) for kind in ("not_seen_in_a_row", "likely_stopped"))
    assert min(alert.opened for alert in in_a_row) < stopped.opened
    assert stopped.state is State.OPEN
    assert drifting.outcomes[Outcome.PARTIAL] > 0
    assert drifting.outcomes[Outcome.NOT_SEEN] > 4


@pytest.mark.long
def test_who_makes_sessions_up_is_late_and_no_business_of_the_therapists(course: tuple[Story, Story]) -> None:
    late = course[0]["late"]
    assert late.outcomes[Outcome.LATE] > 4
    assert late.outcomes[Outcome.NOT_SEEN] == 0
    assert [alert for alert in late.alerts if alert.audience is Audience.THERAPIST] == []


@pytest.mark.long
def test_who_sits_too_long_is_nudged_within_the_budget_and_nobody_gets_more_than_three_messages_a_day(course: tuple[Story, Story]) -> None:
    nudges = Counter(one.day for one in sent(course[0]["desk"]) if one.nudge)
    assert len(nudges) > 20
    assert max(nudges.values()) == 2
    for life in course[0].values():
        assert max(Counter(one.day for one in sent(life)).values(), default=0) <= 3


@pytest.mark.long
def test_in_the_whole_story_too_bands_that_are_off_held_back_or_empty_are_no_misses(course: tuple[Story, Story]) -> None:
    story = course[0]
    asked_and_answered(story["off"])
    held_back(story["held"])
    foretold(story["silent"])
    for name in ("off", "held", "silent"):
        assert story[name].outcomes[Outcome.NOT_SEEN] == 0


@pytest.mark.long
def test_a_plan_without_active_exercise_is_told_to_the_therapist_though_the_patient_keeps_to_it(course: tuple[Story, Story]) -> None:
    passive = course[0]["passive"]
    (alert,) = passive.of("no_active_exercise", Audience.THERAPIST)
    assert alert.state is State.OPEN
    assert passive.sessions == []


def sent(life: Life) -> list[Told]:
    """To the patient."""
    return [one for one in life.told if one.to is Audience.PATIENT and one.state is MessageState.SENT]


def asked_and_answered(off: Life) -> None:
    #  band on its charger, session done without it ── window over: asked ── half an hour: "yes" ── done, by the patient's word
    by_word = [one for one in off.sessions if one.source is Source.PATIENT]
    asked = {alert.key for alert in off.of(KIND, Audience.PATIENT)}
    assert by_word
    assert {one.outcome for one in by_word} == {Outcome.DONE}
    assert {one.occurrence for one in by_word} <= asked
    assert {one.kind for one in sent(off)} >= {KIND}


def held_back(held: Life) -> None:
    #  line down ── nothing heard: patient, then therapist told ── line up, all of it comes: both told that it was not so
    silent = [alert for alert in held.alerts if alert.kind == "silent_band"]
    assert {(alert.audience, alert.state) for alert in silent} == {
        (Audience.PATIENT, State.RETRACTED),
        (Audience.THERAPIST, State.RETRACTED),
    }
    told = [(one.to, one.step, one.state) for one in held.told if one.kind == "silent_band"]
    assert set(told) == {
        (Audience.PATIENT, FIRST, MessageState.SENT),
        (Audience.PATIENT, CORRECTION, MessageState.SENT),
        (Audience.THERAPIST, FIRST, MessageState.DIGEST),
        (Audience.THERAPIST, CORRECTION, MessageState.HELD),  # for the next working day's digest
    }
    assert len(told) == 4
    since = held.player.held_from or 0
    core = [one for one in held.sessions if one.session == "core" and since <= one.start and one.end <= SAME_END - HOUR]
    assert {(one.outcome, one.source) for one in core} == {(Outcome.DONE, Source.SENSOR)}


def foretold(silent: Life) -> None:
    #  battery low: told in the evening ── empty, into a drawer ── a day: patient told ── two: therapist told
    flat = silent.player.band.body.flat_from or 0
    told = {kind: [one.at for one in sent(silent) if one.kind == kind] for kind in ("low_battery", "silent_band")}
    assert told["low_battery"]
    assert max(told["low_battery"]) < flat < min(told["silent_band"])
    assert {alert.audience for alert in silent.alerts if alert.kind == "silent_band" and alert.state is State.OPEN} == set(Audience)
