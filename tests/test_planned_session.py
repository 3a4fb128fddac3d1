"""The rule that tells of planned sessions: one finding each, open while the patient is asked, and back again from what it says."""

from detectors.outcome import KIND, judged
from detectors.outcomes import DAYS, Params, outcomes
from detectors.rules.planned_session import RULE
from ingest.batch import HOUR, MINUTE
from tests.practised import BIRD_DOG, STILL, mornings, planned, practised, reached, says, weekly
from tests.timeline import MIDNIGHT

PLAN = planned(mornings(), mornings(BIRD_DOG, name="core", make_up="24h"), weekly(2))
LINE = "______" + "xx____" + "WWW___" + "_" * 400 + "WWWW____"


def test_each_planned_session_is_one_finding_with_its_outcome_in_the_evidence() -> None:
    history = practised(LINE, PLAN, asked=reached(), reports=[says("not_today")])
    found = list(RULE.find(history, history.end + 30 * HOUR, Params()))
    assert {finding.kind for finding in found} == {KIND}
    assert {finding.patient for finding in found} == {history.patient}
    assert [finding.evidence["outcome"] for finding in found if finding.key == "rx-01/set/2026-09-21"] == ["done"]
    assert [judged(finding) for finding in found] == outcomes(history, history.end + 30 * HOUR, Params())


def test_a_finding_is_open_while_the_patient_is_asked_and_lasts_to_the_grace_end_afterwards() -> None:
    history = practised(STILL, planned(mornings(), until="2026-09-21"), asked=reached())
    (asked,) = RULE.find(history, history.end, Params())
    (settled,) = RULE.find(history, history.end + 24 * HOUR, Params())
    assert (asked.key, asked.start, asked.end) == ("rx-01/set/2026-09-21", MIDNIGHT + 7 * HOUR, None)
    assert (settled.key, settled.start, settled.end) == (asked.key, asked.start, MIDNIGHT + 9 * HOUR)


def test_a_history_without_a_plan_says_nothing() -> None:
    history = practised(LINE, None)
    assert list(RULE.find(history, history.end + 100 * HOUR, Params())) == []


def test_it_sees_enough_days_to_judge_late_data_for_two_weeks() -> None:
    assert RULE.days == DAYS == 15


def test_what_it_says_does_not_tell_when_it_was_judged() -> None:
    history = practised(STILL, planned(mornings(), until="2026-09-21"), asked=reached())
    told = [list(RULE.find(history, history.end + n * MINUTE, Params())) for n in (0, 1, 1439, 1440, 9999, 99999)]
    assert told[0] == told[1] == told[2]
    assert told[3] == told[4] == told[5]
