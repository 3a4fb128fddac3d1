"""A plan without active exercise: told of the plan, from when it is in force, until another one is."""

from dataclasses import replace

from alerts.reconcile import Judgement, Turn, Verdict, reconcile
from detectors.finding import Finding
from detectors.plan.occurrence import Revision
from detectors.plan.plan import Plan
from detectors.rules.no_active_exercise import RULE, Params
from ingest.batch import HOUR
from tests.lived import ACTIVE, PASSIVE, day, phase, plan, revision, session, told

PACKS = plan(phase("passive", 0, 28, session("heat", PASSIVE)))
WALKS = plan(phase("passive", 0, 10, session("heat", PASSIVE)), phase("active", 10, 60, session("core", ACTIVE)))
FADES = plan(phase("active", 0, 10, session("core", ACTIVE)), phase("passive", 10, 60, session("heat", PASSIVE, ACTIVE)))


def found(*revisions: Revision, days: int = 5) -> list[Finding]:
    history = told((), days, plans=revisions)
    return list(RULE.find(history, history.end, Params()))


def test_a_plan_of_packs_alone_is_told_from_the_day_it_holds() -> None:
    (finding,) = found(revision(PACKS, day(2)))
    assert (finding.start, finding.end) == (day(2), None)
    assert finding.evidence == {"plan": "rx-0009", "code": "R01"}


def test_a_plan_that_becomes_active_is_not_told_even_while_it_is_passive() -> None:
    assert found(revision(WALKS)) == []


def test_a_plan_that_ends_passive_is_told_once_nothing_active_is_left() -> None:
    assert found(revision(FADES), days=9) == []
    (finding,) = found(revision(FADES), days=12)
    assert finding.start == day(10)
    assert finding.evidence == {"plan": "rx-0009", "code": "R04", "from": "2026-09-30"}


def test_an_optional_exercise_does_not_make_a_plan_active() -> None:
    optional: Plan = plan(phase("passive", 0, 28, session("heat", PASSIVE, {**ACTIVE, "optional": True})))
    assert len(found(revision(optional))) == 1


def test_a_better_plan_ends_it_when_it_comes_into_force() -> None:
    (finding,) = found(revision(PACKS, day(0)), revision(WALKS, day(3)))
    assert (finding.start, finding.end) == (day(0), day(3))


def test_a_plan_yet_to_come_into_force_is_not_told_of() -> None:
    assert found(revision(PACKS, day(6))) == []


def test_what_another_plan_ended_before_the_history_is_told_no_more() -> None:
    history = replace(told((), 9, plans=(revision(PACKS, day(0)), revision(WALKS, day(3)))), start=day(4))
    assert list(RULE.find(history, history.end, Params())) == []


def test_in_the_chart_it_is_one_finding_from_the_first_night_to_the_new_plan() -> None:
    (known,) = found(revision(PACKS, day(0)), days=1)
    for days in (2, 3):
        assert (
            reconcile(found(revision(PACKS, day(0)), days=days), [Judgement(known, Verdict.OPEN, day(1))], day(0), day(days), day(days))
            == []
        )
    better = found(revision(PACKS, day(0)), revision(WALKS, day(3) + HOUR))
    (change,) = reconcile(better, [Judgement(known, Verdict.OPEN, day(1))], day(0), day(5), day(5))
    assert (change.kind, change.finding.key, change.finding.end) == (Turn.CLOSED, known.key, day(3) + HOUR)
