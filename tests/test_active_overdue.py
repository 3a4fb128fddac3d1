"""The step to active exercise: planned too late, or planned and not taken, told from what is known of the sessions."""

from collections.abc import Sequence
from dataclasses import replace

from detectors.finding import Finding
from detectors.outcome import Judged, Outcome
from detectors.plan.occurrence import Revision
from detectors.rules.active_overdue import RULE, Params
from ingest.batch import DAY, HOUR
from tests.lived import ACTIVE, PASSIVE, day, lived, one, phase, plan, revision, session, told

HEAT, CORE = session("heat", PASSIVE), session("core", ACTIVE)
LONG = plan(phase("passive", 0, 21, HEAT), phase("active", 21, 60, CORE))
SHORT = plan(phase("passive", 0, 7, HEAT), phase("active", 7, 60, HEAT, CORE))


def found(judged: Sequence[Judged], days: int, *revisions: Revision, start: int | None = None) -> list[Finding]:
    """Where sessions are given the history is the last day alone, and they were judged before."""
    history = told(judged, days, plans=revisions)
    start = start if start is not None else days - 1 if judged else 0
    history = replace(history, start=day(start), minutes=history.minutes[start * 1440 :])
    return list(RULE.find(history, history.end, Params()))


def spans(findings: Sequence[Finding]) -> list[tuple[int, int | None]]:
    return [((f.start - day(0)) // DAY, None if f.end is None else (f.end - day(0)) // DAY) for f in findings]


def test_two_weeks_of_a_passive_stage_are_borne_and_the_day_after_is_told() -> None:
    assert found((), 14, revision(LONG)) == []
    (finding,) = found((), 15, revision(LONG))
    assert spans([finding]) == [(14, None)]
    assert finding.key == "active_overdue@passive/2026-10-05"
    assert finding.evidence == {"stage": "passive", "days": 15}


def test_it_is_over_when_the_active_stage_begins() -> None:
    assert spans(found((), 22, revision(LONG))) == [(14, 21)]
    assert found((), 26, revision(LONG), start=22) == []


def test_two_passive_phases_in_a_row_are_one_stage() -> None:
    split = plan(phase("passive", 0, 8, HEAT), phase("passive", 8, 21, HEAT), phase("active", 21, 60, CORE))
    assert spans(found((), 16, revision(split))) == [(14, None)]


def test_a_revision_that_begins_the_active_stage_at_once_ends_it() -> None:
    now = plan(phase("passive", 0, 16, HEAT), phase("active", 16, 60, CORE))
    assert spans(found((), 18, revision(LONG), revision(now, day(16)))) == [(14, 16)]


def test_a_revision_that_puts_it_off_does_not_begin_the_count_anew() -> None:
    off = plan(phase("passive", 10, 40, HEAT), phase("active", 40, 60, CORE))
    assert spans(found((), 18, revision(LONG), revision(off, day(10)))) == [(14, None)]


def test_a_plan_written_late_is_not_overdue_before_it_was_written() -> None:
    assert spans(found((), 18, revision(LONG, day(16)))) == [(16, None)]


def test_a_week_of_an_active_stage_without_one_session_is_told() -> None:
    #  h h h h h h h | n n n n n n n   heat goes on all the while
    heat = lived("d" * 16, "heat")
    assert found([*heat, *lived("nnnnnn", first=7)], 14, revision(SHORT)) == []
    (finding,) = found([*heat, *lived("nnnnnnn", first=7)], 15, revision(SHORT))
    assert spans([finding]) == [(14, None)]
    assert finding.key == "active_overdue@active/2026-10-05"
    assert finding.evidence == {"stage": "active", "days": 8, "not_seen": 7, "coverage": 0.95}


def test_the_first_active_session_ends_it_and_one_in_time_prevents_it() -> None:
    (finding,) = found(lived("nnnnnnnnd", first=7), 16, revision(SHORT))
    assert finding.end == day(15) + 8 * HOUR
    assert found(lived("nnndnnnnnn", first=7), 18, revision(SHORT)) == []


def test_exercise_that_was_not_planned_counts_as_the_step_too() -> None:
    extra = replace(one(10, Outcome.DONE), occurrence="extra@2026-10-01T06:00Z", session="exercise", outcome=Outcome.EXTRA, credit=None)
    assert found([*lived("nnnnnnnnnn", first=7), extra], 18, revision(SHORT)) == []


def test_where_the_band_was_off_half_the_time_nothing_is_said() -> None:
    off = [replace(each, coverage=0.4) for each in lived("nnnnnnnnnn", first=7)]
    assert found(off, 18, revision(SHORT)) == []
    assert found(lived("uuuuuuuuuu", first=7), 18, revision(SHORT)) == []
    # unknown sessions have a coverage of 0.2: the mean passes half with the fourth of eight that was covered
    assert spans(found(lived("uuuunnnnnn", first=7), 18, revision(SHORT))) == [(14, None)]


def test_while_the_patient_is_still_asked_or_excused_it_is_not_told() -> None:
    assert found(lived("eeeeaaa", first=7), 15, revision(SHORT)) == []
