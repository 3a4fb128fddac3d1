"""Low adherence: amber after two weeks, red by the last two weeks, well again by the last; nothing where too much is unknown."""

from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alerts.alert import State
from alerts.chart import Chart, Patient
from alerts.reconcile import Judgement, Turn, Verdict, reconcile
from detectors.finding import Finding
from detectors.history import History
from detectors.localtime import midnight
from detectors.outcomes import DAYS
from detectors.rules.adherence_low import RULE, Params
from ingest.batch import DAY, HOUR, MINUTE
from tests.lived import day, lived, told
from tests.timeline import BERLIN


def found(history: History) -> list[Finding]:
    return list(RULE.find(history, history.end, Params()))


def levels(findings: Sequence[Finding]) -> list[tuple[str, int, int | None]]:
    """Level, first day, last day, counted from 0."""
    return [(str(f.evidence["level"]), (f.start - day(0)) // DAY, None if f.end is None else (f.end - day(0)) // DAY) for f in findings]


def after(line: str) -> History:
    """As of a minute past the midnight after the line's last day."""
    history = told(lived(line), len(line) + 1)
    keep = (day(len(line)) - history.start) // MINUTE + 1
    return replace(history, end=history.start + keep * MINUTE, minutes=history.minutes[:keep])


def test_a_steady_patient_is_never_told_of() -> None:
    assert found(after("ddddddddddndddddddnnd")) == []


def test_two_weeks_below_seventy_percent_are_amber() -> None:
    #  4 of 7 (57 %)   4 of 7
    (finding,) = found(after("dndndnddndndnd"))
    assert levels([finding]) == [("amber", 14, None)]
    assert finding.key == "adherence_low@amber/2026-10-05"
    assert finding.evidence == {
        "level": "amber",
        "adherence": 0.57,
        "low": 0.57,
        "high": 0.57,
        "coverage": 0.95,
        "days": 14,
        "eligible": 14,
    }


def test_one_bad_week_after_a_good_one_is_not_yet_told() -> None:
    assert found(after("ddddddddndndnd")) == []


def test_less_than_half_of_two_weeks_is_red() -> None:
    assert levels(found(after("nndnndnndnndnn")))[-1][::2] == ("red", None)


def test_when_amber_turns_red_the_one_ends_where_the_other_begins() -> None:
    # 57 %, 57 %, then nothing
    findings = found(after("dndndnddndndndnnnnn"))
    (amber, since, until), (red, from_, open_) = levels(findings)
    assert (amber, since, red, open_) == ("amber", 14, "red", None)
    assert until == from_
    assert len({finding.key for finding in findings}) == 2


def test_red_does_not_fade_to_amber_and_ends_when_the_last_week_is_well() -> None:
    line = "nnnnnnnnnnnnnnddddddd"
    (finding,) = found(after(line))
    level, _, end = levels([finding])[0]
    assert level == "red"
    assert end == 19, "five of the last seven, 71 %"


def test_red_that_is_amber_by_now_stays_one_red_finding() -> None:
    # nothing for two weeks, then 57 % and 57 %
    assert levels(found(after("nnnnnnnnnnnnnndndndnddndndnd"))) == [("red", 14, None)]


def test_where_too_much_is_unknown_nothing_is_said() -> None:
    # 3 of 7 unknown: the bounds are more than 30 points apart
    assert found(after("nunununu" * 2)) == []


def test_unknown_days_leave_a_level_as_it_was() -> None:
    before = levels(found(after("dndndnddndndnd")))
    assert levels(found(after("dndndnddndndnduuuuuuu"))) == before


def test_nothing_changes_between_two_midnights() -> None:
    history = after("dndndnddndndnd")
    later = told(lived("dndndnddndndndn"), 15)
    assert history.end < day(14) + HOUR < later.end
    assert found(history) == found(later)


def test_no_plan_is_not_low_adherence() -> None:
    assert found(after("." * 20)) == []
    assert found(after("e" * 20)) == []


def test_amber_that_turns_red_is_a_finding_of_its_own_in_the_chart() -> None:
    first, then = after("dndndnddndndnd"), after("dndndnddndndndnnnnn")
    (amber,) = found(first)
    changes = reconcile(found(then), [Judgement(amber, Verdict.OPEN, first.end)], then.start, then.end, then.end)
    assert [(change.kind, change.finding.evidence["level"]) for change in changes] == [(Turn.CLOSED, "amber"), (Turn.OPENED, "red")]


def test_what_began_out_of_sight_is_known_again_and_ends_when_it_is_well() -> None:
    #  found on day 15                  ┌ the history begins on day 10
    line = "nnnnnnnnnnnnnnnnnnnnnddddddd"
    (known,) = found(after(line[:16]))
    later = after(line[:24])
    slid = replace(later, start=day(10), minutes=later.minutes[(day(10) - day(0)) // MINUTE :])
    (change,) = reconcile(found(slid), [Judgement(known, Verdict.OPEN, day(16))], slid.start, slid.end, slid.end)
    assert (change.kind, change.finding.key, change.finding.start) == (Turn.GROWN, known.key, known.start)
    well = after(line)
    slid = replace(well, start=day(10), minutes=well.minutes[(day(10) - day(0)) // MINUTE :])
    (change,) = reconcile(found(slid), [Judgement(known, Verdict.OPEN, day(16))], slid.start, slid.end, slid.end)
    assert (change.kind, change.finding.key, change.finding.start) == (Turn.CLOSED, known.key, known.start)


@pytest.mark.parametrize("then", ["dndndnd" * 4, "u" * 28])
def test_amber_that_lasts_is_one_alert_until_it_is_well(then: str) -> None:
    # 57 % a week, for six weeks or with four weeks of nothing known, seen 15 days at a time ──── then 100 %
    chart = Chart("sqlite://")
    chart.admit(Patient("virtual-p", BERLIN, "t-01", virtual=True), day(0))
    line = "dndndnd" * 2 + then + "ddddddd"
    seen_so = []
    for days in range(14, len(line) + 1):
        history = after(line[:days])
        start = max(history.start, midnight(day(days), BERLIN, -DAYS))
        slid = replace(history, start=start, minutes=history.minutes[(start - history.start) // MINUTE :])
        chart.record("virtual-p", reconcile(found(slid), chart.judgements("virtual-p", start, 2**62), start, slid.end, slid.end), slid.end)
        seen_so.append([(alert.key, alert.state) for alert in chart.alerts()])
    assert seen_so[:29] == [[("adherence_low@amber/2026-10-05", State.OPEN)]] * 29
    assert seen_so[-1] == [("adherence_low@amber/2026-10-05", State.RESOLVED)]
    chart.close()


@settings(max_examples=40, deadline=None)
@given(line=st.text("dnpu", min_size=15, max_size=22))
def test_as_days_pass_the_chart_ends_with_what_is_found_at_once(line: str) -> None:
    known: dict[str, Judgement] = {}
    for days in range(14, len(line) + 1):
        history = after(line[:days])
        for change in reconcile(found(history), list(known.values()), history.start, history.end, history.end):
            assert change.kind is not Turn.RETRACTED
            known[change.finding.key] = Judgement(change.finding, change.state, history.end)
    at_once = {finding.key: finding.end for finding in found(after(line))}
    assert {key: judgement.finding.end for key, judgement in known.items()} == at_once
