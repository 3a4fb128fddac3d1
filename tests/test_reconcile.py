"""What is found against what is known."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.reconcile import Change, Judgement, Turn, Verdict, reconcile
from detectors.finding import Finding
from ingest.batch import HOUR, MINUTE

START, END = 0, 600 * MINUTE


def still(start: int, end: int | None, key: str | None = None, still_min: int | None = None, kind: str = "still_too_long") -> Finding:
    """Times in minutes."""
    minutes = still_min if still_min is not None else (60 if end is None else end - start)
    return Finding("p", kind, key or f"at{start}", start * MINUTE, None if end is None else end * MINUTE, {"still_min": minutes})


def judged(finding: Finding, state: Verdict | None = None, at: int = END) -> Judgement:
    return Judgement(finding, state or (Verdict.OPEN if finding.end is None else Verdict.CLOSED), at)


def applied(known: list[Judgement], changes: list[Change], now: int) -> list[Judgement]:
    """What the chart holds after the changes."""
    rows = {(one.finding.kind, one.finding.key): one for one in known}
    rows |= {(change.finding.kind, change.finding.key): Judgement(change.finding, change.state, now) for change in changes}
    return list(rows.values())


def turns(found: list[Finding], known: list[Judgement], start: int = START, end: int = END, now: int = END) -> list[tuple[Turn, str]]:
    return [(change.kind, change.finding.key) for change in reconcile(found, known, start, end, now)]


def test_a_new_finding_is_opened_under_its_own_key() -> None:
    assert turns([still(10, 50)], []) == [(Turn.OPENED, "at10")]


def test_what_is_known_already_changes_nothing() -> None:
    found = [still(10, 50), still(100, None)]
    assert turns(found, [judged(finding) for finding in found]) == []


def test_a_span_keeps_the_first_key_when_late_data_move_its_start() -> None:
    # known        10 ────── 50
    # found   5 ──────────── 50
    assert turns([still(5, 50)], [judged(still(10, 50))]) == [(Turn.GROWN, "at10")]


def test_an_open_span_that_grew_by_less_than_a_quarter_hour_is_not_worth_a_line() -> None:
    known = [judged(still(10, None, still_min=60))]
    assert turns([still(10, None, still_min=74)], known) == []
    assert turns([still(10, None, still_min=75)], known) == [(Turn.GROWN, "at10")]


def test_the_end_of_an_open_span_is_told_whatever_its_length() -> None:
    assert turns([still(10, 70, still_min=60)], [judged(still(10, None, still_min=60))]) == [(Turn.CLOSED, "at10")]


def test_a_closed_span_that_goes_on_after_all_is_reopened() -> None:
    assert turns([still(540, None)], [judged(still(540, 590))]) == [(Turn.REOPENED, "at540")]


def test_when_two_become_one_the_larger_overlap_keeps_its_key_and_the_other_is_retracted() -> None:
    # known   10 ── 45    55 ─────────── 120
    # found   10 ─────────────────────── 120
    assert turns([still(10, 120)], [judged(still(10, 45)), judged(still(55, 120))]) == [(Turn.RETRACTED, "at10"), (Turn.GROWN, "at55")]


def test_when_one_becomes_two_the_larger_part_keeps_the_key_and_the_other_gets_one_of_its_own() -> None:
    # known   10 ─────────────────────── 120
    # found   10 ── 45    55 ─────────── 120      the first part would be named at10 too
    assert turns([still(10, 45), still(55, 120)], [judged(still(10, 120))]) == [(Turn.OPENED, "at10~2"), (Turn.GROWN, "at10")]


def test_an_open_one_is_not_taken_for_what_began_after_it_was_last_seen() -> None:
    # known   10 ──── (judged at 70)
    # found   10 ────── 80       300 ────────────
    known = [judged(still(10, None), at=70 * MINUTE)]
    assert turns([still(10, 80), still(300, None, still_min=300)], known) == [(Turn.CLOSED, "at10"), (Turn.OPENED, "at300")]


def test_what_was_judged_again_and_not_found_is_retracted() -> None:
    assert turns([], [judged(still(10, 50)), judged(still(550, None))]) == [(Turn.RETRACTED, "at10"), (Turn.RETRACTED, "at550")]


def test_what_lies_outside_the_judged_range_is_left_alone() -> None:
    # range               100 ───────── 200
    # known   10 ── 50  90 ── 130    190 ── 250   300 ──
    known = [judged(still(10, 50)), judged(still(90, 130)), judged(still(190, 250)), judged(still(300, None))]
    assert turns([], known, 100 * MINUTE, 200 * MINUTE) == []


def test_a_span_cut_by_the_edge_of_the_range_is_known_again_and_stays_whole() -> None:
    # range          100 ──────────── 200
    # known   60 ─────── 140    160 ────── 240
    # found          100 140    160 ──(200
    known = [judged(still(60, 140)), judged(still(160, 240))]
    assert turns([still(100, 140), still(160, None, still_min=40)], known, 100 * MINUTE, 200 * MINUTE) == []


def test_a_retracted_finding_is_not_retracted_again() -> None:
    assert turns([], [judged(still(10, 50), Verdict.RETRACTED)]) == []


def test_a_retracted_finding_that_is_found_again_returns_under_its_key() -> None:
    assert turns([still(12, 50)], [judged(still(10, 50), Verdict.RETRACTED)]) == [(Turn.REOPENED, "at10")]


def test_a_live_finding_is_matched_before_a_retracted_one() -> None:
    known = [judged(still(10, 50), Verdict.RETRACTED), judged(still(48, 80, "live"))]
    assert turns([still(10, 80)], known) == [(Turn.GROWN, "live")]


def test_kinds_and_patients_are_never_mixed_up() -> None:
    other = replace(still(10, 50), patient="q")
    assert turns([still(10, 50, kind="other")], [judged(still(10, 50))]) == [(Turn.OPENED, "at10"), (Turn.RETRACTED, "at10")]
    assert turns([other], [judged(other)]) == []


def test_a_silent_band_that_is_heard_again_is_over_and_not_withdrawn() -> None:
    silent = Finding("p", "silent_band", "s", -30 * HOUR, None)
    [change] = reconcile([], [judged(silent)], START, END, END)
    assert (change.kind, change.finding.end) == (Turn.CLOSED, END)


def test_forty_eight_silent_hours_are_a_change_though_nothing_else_is() -> None:
    def silent(hours: float) -> Finding:
        return Finding("p", "silent_band", "s", 0, None, {"silent_h": hours})

    known = [judged(silent(37))]
    assert turns([silent(47.9)], known) == []
    assert turns([silent(48.0)], known) == [(Turn.GROWN, "s")]
    assert turns([silent(49.0)], [judged(silent(48.0))]) == []


def session(key: str, start: int, end: int | None, **evidence: float | str) -> Finding:
    """A planned session, times in minutes."""
    return Finding("p", "planned_session", key, start * MINUTE, None if end is None else end * MINUTE, {"until": 900 * MINUTE, **evidence})


def test_planned_sessions_are_known_by_their_keys_however_they_overlap() -> None:
    known = [judged(session("walk", 100, 300, p=0.9)), judged(session("core", 100, 300, p=0.2))]
    found = [session("core", 100, 300, p=0.8), session("walk", 100, 300, p=0.9)]
    assert turns(found, known) == [(Turn.GROWN, "core")]


def test_a_session_falls_due_to_be_asked_about_though_nothing_else_changes() -> None:
    asked = session("core", 100, None, outcome="asked", ask="not_seen", tell_from=500 * MINUTE)
    assert turns([asked], [judged(asked, at=400 * MINUTE)], now=499 * MINUTE) == []
    assert turns([asked], [judged(asked, at=400 * MINUTE)], now=500 * MINUTE) == [(Turn.GROWN, "core")]
    assert turns([asked], [judged(asked, at=500 * MINUTE)], now=501 * MINUTE) == []


def test_an_open_session_from_before_the_range_that_no_plan_holds_any_more_is_over() -> None:
    assert turns([], [judged(session("core", 50, None))], start=100 * MINUTE) == [(Turn.CLOSED, "core")]
    assert turns([], [judged(session("core", 50, 90))], start=100 * MINUTE) == []


def test_a_state_that_began_just_when_it_was_judged_is_known_again() -> None:
    # found at 600, judged at 600: no minute of it had passed, and it must not be told a second time under another key
    begun = still(600, None, kind="drifting_time", still_min=0)
    assert turns([begun], [judged(begun)], end=700 * MINUTE, now=700 * MINUTE) == []


def test_states_of_one_kind_that_go_on_at_once_keep_their_own_keys() -> None:
    # known   core 100 ────   walk 200 ────   late data move both: each overlaps more with the other
    # found   walk  90 ────   core 210 ────
    def partial(key: str, start: int) -> Finding:
        return Finding("p", "partial_again", key, start * MINUTE, None, {"partials": 3})

    known = [judged(partial("core", 100)), judged(partial("walk", 200))]
    assert turns([partial("walk", 90), partial("core", 210)], known) == [(Turn.GROWN, "walk"), (Turn.GROWN, "core")]


def test_a_state_that_nothing_moved_for_weeks_goes_on_under_its_key() -> None:
    # known   40 ──── (recorded at 50; nothing grew since)
    # found             100 ────────────────────────────── the range begins there, and so does the key
    def low(start: int) -> Finding:
        return Finding("p", "adherence_low", f"low@{start}", start * MINUTE, None, {"level": "amber", "adherence": 0.57})

    assert turns([low(100)], [judged(low(40), at=50 * MINUTE)], start=100 * MINUTE) == []


def test_states_of_two_sessions_are_never_the_same() -> None:
    def partial(name: str, start: int) -> Finding:
        return Finding("p", "partial_again", name, start * MINUTE, None, {"session": name, "partials": 3})

    known = [judged(partial("core", 100))]
    assert turns([partial("walk", 200)], known) == [(Turn.RETRACTED, "core"), (Turn.OPENED, "walk")]


@pytest.mark.parametrize("kind", ["not_seen_in_a_row", "likely_stopped", "partial_again", "drifting_time", "adherence_low"])
def test_what_rests_on_all_that_was_judged_and_is_found_no_more_never_was(kind: str) -> None:
    # weekly   n      n      n      n        late: the fourth was done, so there were never four
    #                       └ the range begins
    assert turns([], [judged(Finding("p", kind, "s", -30 * HOUR, None, {"count": 4}))]) == [(Turn.RETRACTED, "s")]


def bouts(still_minutes: set[int], end: int) -> list[Finding]:
    """A simple rule: runs of at least 30 still minutes."""
    found, begun = [], None
    for minute in range(end + 1):
        if minute in still_minutes and begun is None:
            begun = minute
        if begun is not None and minute not in still_minutes:
            found += [still(begun, minute)] if minute - begun >= 30 else []
            begun = None
    return found


# Ten-minute pieces of a ten-hour day, each still or not; every piece arrives at some time, in any order.
pieces = st.lists(st.booleans(), min_size=60, max_size=60)


@given(pieces, st.permutations(range(60)), st.integers(1, 20))
def test_any_order_of_arrival_ends_with_the_same_findings(day: list[bool], order: list[int], at_once: int) -> None:
    known: list[Judgement] = []
    heard: set[int] = set()
    for at in range(0, 60, at_once):
        heard |= {10 * piece + minute for piece in order[at : at + at_once] if day[piece] for minute in range(10)}
        found = bouts(heard, 600)
        changes = reconcile(found, known, START, END, END)
        keys = [(change.finding.kind, change.finding.key) for change in changes]
        assert len(keys) == len(set(keys))
        known = applied(known, changes, END)
        assert reconcile(found, known, START, END, END) == []
        assert reconcile(reversed(found), known[::-1], START, END, END) == []
    live = {(one.finding.start, one.finding.end) for one in known if one.state is not Verdict.RETRACTED}
    assert live == {(finding.start, finding.end) for finding in bouts(heard, 600)}


@given(pieces, pieces, st.integers(0, 59), st.integers(1, 60))
def test_judging_part_of_the_day_again_touches_nothing_outside_it(before: list[bool], after: list[bool], first: int, last: int) -> None:
    start, end = 10 * min(first, last), 10 * max(first, last)
    heard = {10 * piece + minute for piece in range(60) if before[piece] for minute in range(10)}
    known = applied([], reconcile(bouts(heard, 600), [], START, END, END), END)
    again = {10 * piece + minute for piece in range(60) if after[piece] for minute in range(10) if start <= 10 * piece < end}
    changes = reconcile(bouts(again, end), known, start * MINUTE, end * MINUTE, END)
    untouched = {one.finding.key: one for one in known if one.finding.end is not None and one.finding.end <= start * MINUTE}
    assert not untouched.keys() & {change.finding.key for change in changes}
    assert all(change.finding.end is not None and change.finding.end > change.finding.start for change in changes)
