"""Runs of sessions not seen: what counts, what breaks one, what late data do to it, here and in the chart."""

from collections.abc import Sequence
from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from alerts.reconcile import Judgement, Turn, Verdict, reconcile
from detectors.finding import Finding
from detectors.outcome import SEEN, Judged, Outcome
from detectors.report import Answer, Pain, Said
from detectors.rules.likely_stopped import RULE as STOPPED
from detectors.rules.not_seen_in_a_row import RULE, Params
from ingest.batch import DAY, HOUR, MINUTE
from tests.lived import MARKS, day, lived, one, told
from tests.practised import bouts, mornings, planned, practised, says
from tests.timeline import MIDNIGHT

LINES = st.text("dplnucvae.", min_size=1, max_size=14)


def found(judged: Sequence[Judged], days: int = 15, in_a_row: int = 2, **more: object) -> list[Finding]:
    history = told(judged, days, **more)
    return list(RULE.find(history, history.end, Params(in_a_row=in_a_row)))


def spans(findings: Sequence[Finding]) -> list[tuple[int, int | None]]:
    """First and last day, counted from 0."""
    return [((f.start - day(0)) // DAY, None if f.end is None else (f.end - day(0)) // DAY) for f in findings]


def test_one_session_not_seen_is_nobodys_business_and_two_are() -> None:
    # dddn      dddnn
    assert found(lived("dddn")) == []
    (finding,) = found(lived("dddnn"))
    assert spans([finding]) == [(3, None)]
    assert finding.key == "not_seen_in_a_row@rx-0009/core/2026-09-24"
    assert finding.evidence == {"count": 2, "sessions": "core"}


def test_what_is_unknown_excused_or_not_yet_answered_neither_counts_nor_breaks() -> None:
    for mark in "ucvae":
        assert found(lived(f"n{mark}{mark}{mark}")) == [], MARKS[mark]
        assert spans(found(lived(f"n{mark}n"))) == [(0, None)], MARKS[mark]


def test_any_session_that_is_seen_ends_the_run_where_it_began() -> None:
    # what is late here began 200 minutes late
    for mark, began in (("d", 480), ("p", 480), ("l", 680)):
        (finding,) = found(lived(f"nn{mark}n"))
        assert (finding.start, finding.end) == (day(0) + 7 * HOUR, day(2) + began * MINUTE), MARKS[mark]


def test_something_done_though_nothing_was_planned_ends_it_too() -> None:
    extra = replace(one(2, Outcome.DONE), occurrence="extra@2026-09-23T06:00Z", outcome=Outcome.EXTRA, credit=None)
    assert spans(found([*lived("nn.n"), extra])) == [(0, 2)]


def test_a_session_made_up_later_ends_a_run_when_it_was_done_not_when_it_was_planned() -> None:
    # planned  n m n n      m: of day 1, made up on day 4
    made_up = one(1, Outcome.LATE, late=3 * 1440)
    assert spans(found([*lived("n.nn"), made_up])) == [(0, 4)]


def test_sessions_of_different_names_are_one_run() -> None:
    (finding,) = found(sorted([*lived("n.n"), *lived(".n", "walk")], key=lambda each: each.start))
    assert finding.evidence == {"count": 3, "sessions": "core, walk"}


def quota(number: int, outcome: Outcome) -> Judged:
    """Of the week of days 0 to 6."""
    week = one(0, outcome, "walk", late=None)
    return replace(week, occurrence=f"rx-0009/walk/2026-W39/{number}", start=day(0), end=day(7), facts={})


def test_walks_not_done_in_a_week_in_which_something_was_done_are_no_run() -> None:
    # core    . d . d . d .  | . n       five walks of the week: one done, four not seen; or none seen
    walks = [quota(1, Outcome.DONE), *(quota(n, Outcome.NOT_SEEN) for n in range(2, 6))]
    assert found([*walks, *lived(".d.d.d.")]) == []
    assert found(walks) == [], "a walk of the same quota is something done too"
    assert found([*(quota(n, Outcome.NOT_SEEN) for n in range(1, 6)), *lived(".d.d.d.")]) == []
    (finding,) = found([*walks, *lived(".d.d.d..nn")])
    assert (finding.evidence["count"], spans([finding])) == (2, [(8, None)])


def test_a_weeks_walks_add_one_to_a_run_by_its_end() -> None:
    # core    . . . . . . .  | n d       five walks of the week, none seen
    walks = [quota(n, Outcome.NOT_SEEN) for n in range(1, 6)]
    assert found(walks) == []
    assert list(STOPPED.find(told([*walks, *lived("n", first=7)], 15), day(15), STOPPED.params())) == []
    (finding,) = found([*walks, *lived("n", first=7)])
    assert (finding.evidence["count"], spans([finding])) == (2, [(0, None)])
    assert spans(found([*walks, *lived("nd", first=7)])) == [(0, 8)]


def test_a_run_of_what_was_said_while_the_line_is_down_does_not_end_before_it_begins() -> None:
    # 9:00 the line goes down | Tue "not today"  Wed "not today"  Thu "yes"
    said = [says(word, MIDNIGHT + (n + 1) * DAY, f"set/2026-09-{22 + n}", n) for n, word in enumerate(["not_today", "not_today", "yes"])]
    history = practised("______WWW_________", planned(mornings()), reports=said)
    for hours in (3, 4, 6):
        for finding in RULE.find(history, history.end + hours * DAY, Params()):
            assert finding.end is None or finding.start <= finding.end


def test_a_walk_of_the_week_that_the_patient_told_of_ends_a_run_when_they_said_so() -> None:
    said = Answer(id="answer-0001", patient="virtual-p", at=day(3), occurrence="rx-0009/walk/2026-W39/1", said=Said.YES)
    assert spans(found([quota(1, Outcome.DONE), *lived("nn..n")], reports=(said,))) == [(0, 3)]


def test_what_is_said_a_moment_after_what_is_complete_ends_the_run_inside_the_history() -> None:
    history = told([quota(1, Outcome.DONE), *lived("nn")], 3)
    said = Answer(id="answer-0001", patient="virtual-p", at=history.end + MINUTE, occurrence="rx-0009/walk/2026-W39/1", said=Said.YES)
    history = replace(history, told=replace(history.told, reports=(said,)))
    (finding,) = RULE.find(history, history.end + HOUR, Params())
    assert finding.end == history.end


def test_the_last_pain_told_goes_with_it_unless_it_is_stale() -> None:
    pain = Pain(id="pain-00001", patient="virtual-p", at=day(1), score=0)
    assert found(lived("nn"), 3, reports=(pain,))[0].evidence["pain"] == 0
    assert "pain" not in found(lived("nn"), 12, reports=(pain,))[0].evidence


def test_a_run_that_was_over_before_the_history_is_told_no_more() -> None:
    history = replace(told(lived("nndnn"), 9), start=day(4))
    assert spans(list(RULE.find(history, history.end, Params()))) == [(3, None)]


def test_four_in_a_row_have_likely_stopped() -> None:
    history = told(lived("dnnn"), 9)
    assert list(STOPPED.find(history, history.end, STOPPED.params())) == []
    history = told(lived("dnnnn"), 9)
    (finding,) = STOPPED.find(history, history.end, STOPPED.params())
    assert finding.kind == "likely_stopped"
    assert finding.key == "likely_stopped@rx-0009/core/2026-09-22"
    assert finding.evidence["count"] == 4


@given(line=LINES)
def test_a_longer_run_is_always_a_shorter_one_too(line: str) -> None:
    assert {f.start for f in found(lived(line), in_a_row=4)} <= {f.start for f in found(lived(line), in_a_row=2)}


@given(line=LINES)
def test_there_are_as_many_in_a_run_as_were_not_seen_between_two_that_were(line: str) -> None:
    kinds = [MARKS[mark] for mark in line if mark in MARKS]
    decided = "".join("n" if kind is Outcome.NOT_SEEN else "d" for kind in kinds if kind in SEEN or kind is Outcome.NOT_SEEN)
    assert [f.evidence["count"] for f in found(lived(line))] == [len(run) for run in decided.split("d") if len(run) >= 2]


def test_late_data_that_show_one_of_two_was_done_take_the_run_back() -> None:
    (known,) = found(lived("dnn"))
    (change,) = reconcile(found(lived("ddn")), [Judgement(known, Verdict.OPEN, day(4))], day(0), day(15), day(15))
    assert change.kind is Turn.RETRACTED


def test_late_data_that_show_the_first_of_three_was_done_shorten_the_run_under_its_key() -> None:
    (known,) = found(lived("dnnn"))
    (change,) = reconcile(found(lived("ddnn")), [Judgement(known, Verdict.OPEN, day(5))], day(0), day(15), day(15))
    assert (change.kind, change.finding.key, change.finding.start) == (Turn.GROWN, known.key, day(2) + 7 * HOUR)


@settings(max_examples=40, deadline=None)
@given(line=LINES, order=st.permutations(range(14)))
def test_in_whatever_order_outcomes_become_known_the_chart_ends_with_the_same_runs(line: str, order: list[int]) -> None:
    final = lived(line)
    known: dict[str, Judgement] = {}
    for n in range(len(order) + 1):
        clear = set(order[:n])
        judged = [each if at in clear else replace(each, outcome=Outcome.UNKNOWN, credit=None) for at, each in enumerate(final)]
        for change in reconcile(found(judged), list(known.values()), day(0), day(15), day(15)):
            known[change.finding.key] = Judgement(change.finding, change.state, day(15))
    standing = [each.finding for each in known.values() if each.state is not Verdict.RETRACTED]
    assert sorted((f.start, f.end or 0) for f in standing) == sorted((f.start, f.end or 0) for f in found(final))


MORNINGS = planned(mornings(), until="2026-09-23")
DAYS_OFF = ("_" * 24) * 4
"""Four days, worn, an hour to a character: nothing is seen in any of them."""
ASKED = {f"rx-01/set/2026-09-{n}": day(n - 21) + 10 * HOUR for n in (21, 22, 23)}


def test_sessions_nobody_saw_and_nobody_answered_for_make_a_run_that_a_walk_brought_late_takes_back() -> None:
    #  Mon 8:00 walk planned   Tue 8:00   Wed 8:00        asked at 10:00 each day; it is Friday
    nothing = practised(DAYS_OFF, MORNINGS, each=60, start=day(0), asked=ASKED)
    (known,) = RULE.find(nothing, nothing.end, Params())
    assert (known.key, known.evidence["count"], known.end) == ("not_seen_in_a_row@rx-01/set/2026-09-21", 3, None)

    walks = [*bouts("W" * 4, start=day(1) + 8 * HOUR), *bouts("W" * 4, start=day(2) + 8 * HOUR)]
    synced = replace(nothing, bouts=walks)
    (change,) = reconcile(list(RULE.find(synced, nothing.end, Params())), [Judgement(known, Verdict.OPEN, day(3))], day(0), day(4), day(4))
    assert change.kind is Turn.RETRACTED


def test_nobody_who_was_not_asked_has_a_run() -> None:
    quiet = practised(DAYS_OFF, MORNINGS, each=60, start=day(0))
    assert list(RULE.find(quiet, quiet.end, Params())) == []


def test_a_band_that_was_off_makes_no_run() -> None:
    off = practised(DAYS_OFF.replace("_", "o"), MORNINGS, each=60, start=day(0), asked=ASKED)
    assert list(RULE.find(off, off.end, Params())) == []
