"""Plans in the chart: kept as written, each from its instant on, and none that rewrites what was judged."""

import pytest
from ruamel.yaml import YAML

from alerts import audit
from alerts.chart import Chart
from alerts.reconcile import Change, Turn
from detectors.finding import Finding
from detectors.outcome import KIND
from detectors.plan.plan import Plan
from ingest.batch import DAY, HOUR
from tests.rounds import ANN, BOB, NOON

BY = "t-02"


def text(id: str = "rx-0001", patient: str = "p-ann", at: str = "18:30") -> str:  # noqa: A002 — the plan's
    return f"""# Ann likes the evening.
rx: 1
id: {id}
patient: {patient}
therapist: {BY}
timezone: America/New_York
issued: 2026-11-02
region: low_back
wear: {{wrist: left, dominant: right}}
phases:
  - name: start moving
    stage: active
    from: 2026-11-02
    to: 2026-12-31
    sessions:
      - name: core
        when: {{days: [mon, wed, fri], at: "{at}"}}
        items:
          - {{exercise: sit_to_stand, kind: strength, sets: 2, reps: 8, tempo: 2-0-2, rest: 60s}}
      - name: walk
        when: {{days: [tue, thu, sat], at: "08:00"}}
        items:
          - {{exercise: walk, kind: aerobic, minutes: 20, effort: easy}}
"""


def plan(written: str) -> Plan:
    return Plan.model_validate(YAML(typ="safe").load(written))


def assign(chart: Chart, written: str, since: int, patient: str = ANN.id) -> bool:
    return chart.plans.assign(patient, written, plan(written), since, BY, NOON)


def judge(chart: Chart, key: str, start: int) -> None:
    evidence: dict[str, float | int | str] = {"session": "core", "outcome": "done", "source": "sensor", "until": start + HOUR}
    chart.record(ANN.id, [Change(Turn.OPENED, Finding(ANN.id, KIND, key, start, start + HOUR, evidence))], start + HOUR)


def deeds(chart: Chart) -> list[tuple[str, str]]:
    with chart._database.reading() as tx:
        return [(event.by, event.why) for event in audit.lines(tx, ANN.id, None, 0, 100)]


def test_a_plan_is_kept_as_the_therapist_wrote_it(chart: Chart) -> None:
    assert assign(chart, text(), NOON)
    assert chart.plans.text(ANN.id, NOON) == text()
    assert chart.plans.text(ANN.id, NOON + 1) is None
    assert chart.plans.text(BOB.id, NOON) is None
    (kept,) = chart.plans.assigned(ANN.id)
    assert (kept.patient, kept.plan, kept.by, kept.at) == (ANN.id, "rx-0001", BY, NOON)


def test_revisions_follow_each_other_in_time(chart: Chart) -> None:
    #   rx-0001 18:30        rx-0001 07:15
    #   |--------------------|------------ …
    #   noon                 noon + 1 d
    first, second = text(), text(at="07:15")
    assert assign(chart, first, NOON)
    assert assign(chart, second, NOON + DAY)
    assert [(one.since, one.plan) for one in chart.plans.revisions(ANN.id)] == [(NOON, plan(first)), (NOON + DAY, plan(second))]
    assert chart.plans.revisions(BOB.id) == []


def test_the_same_text_again_changes_nothing(chart: Chart) -> None:
    assert assign(chart, text(), NOON)
    assert not assign(chart, text(), NOON)
    assert not assign(chart, text(), NOON + DAY)
    assert [one.since for one in chart.plans.assigned(ANN.id)] == [NOON]


@pytest.mark.parametrize("since", [NOON, NOON - 1], ids=["at the same instant", "earlier"])
def test_another_text_never_takes_the_place_of_a_revision(chart: Chart, since: int) -> None:
    assign(chart, text(), NOON)
    with pytest.raises(ValueError, match=r"p-ann has plan rx-0001 .*give a later start"):
        assign(chart, text(at="07:15"), since)
    assert chart.plans.text(ANN.id, NOON) == text()


def test_a_plan_for_somebody_else_is_refused_with_what_to_write(chart: Chart) -> None:
    with pytest.raises(ValueError, match=r"rx-0001 is p-ann's, not virtual-bob's; .*write patient: virtual-bob"):
        assign(chart, text(), NOON, BOB.id)
    with pytest.raises(ValueError, match="p-nobody is not in the chart; admit"):
        assign(chart, text(patient="p-nobody"), NOON, "p-nobody")
    assert chart.plans.assigned(BOB.id) == []


def test_a_revision_does_not_begin_before_a_session_that_was_judged(chart: Chart) -> None:
    #   rx-0001 from noon       core judged, noon + 6 h
    #   |-----------------------|=|
    #            ^ refused         ^ taken
    assign(chart, text(), NOON)
    judge(chart, "rx-0001/core/2026-11-03", NOON + 6 * HOUR)
    with pytest.raises(ValueError, match=r"judged by plan rx-0001, and that stays so; start now, or on a later day"):
        assign(chart, text(at="07:15"), NOON + HOUR)
    with pytest.raises(ValueError, match="judged by plan rx-0001"):
        assign(chart, text(at="07:15"), NOON + 6 * HOUR)
    assert assign(chart, text(at="07:15"), NOON + 6 * HOUR + 1)


def test_a_session_nobody_planned_binds_no_revision(chart: Chart) -> None:
    assign(chart, text(), NOON)
    judge(chart, f"extra@{NOON + 6 * HOUR}", NOON + 6 * HOUR)
    assert assign(chart, text(at="07:15"), NOON + HOUR)


def test_an_assignment_is_in_the_audit_and_a_refused_one_is_not(chart: Chart) -> None:
    assign(chart, text(), NOON)
    assign(chart, text(), NOON)
    with pytest.raises(ValueError, match="later start"):
        assign(chart, text(at="07:15"), NOON)
    assert deeds(chart) == [(BY, "plan rx-0001 assigned")]
