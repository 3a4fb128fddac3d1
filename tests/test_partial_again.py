"""The same session partial again and again: three of the last five, until it was full twice in a row."""

from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from detectors.finding import Finding
from detectors.outcome import Judged
from detectors.rules.partial_again import RULE, Params
from ingest.batch import DAY
from tests.lived import day, lived, told


def found(judged: Sequence[Judged], params: Params | None = None) -> list[Finding]:
    history = told(judged, 15)
    return list(RULE.find(history, history.end, params or Params()))


def spans(findings: Sequence[Finding]) -> list[tuple[int, int | None]]:
    return [((f.start - day(0)) // DAY, None if f.end is None else (f.end - day(0)) // DAY) for f in findings]


def test_three_partial_ones_of_five_are_again_and_two_are_not() -> None:
    assert found(lived("pdpdd")) == []
    (finding,) = found(lived("dpdpp"))
    assert spans([finding]) == [(1, None)]
    assert finding.key == "partial_again@rx-0009/core/2026-09-22"
    assert finding.evidence == {"session": "core", "partials": 3, "of": 5}


def test_three_partial_ones_far_apart_are_not_again() -> None:
    # the last five      ┌───┐
    assert found(lived("pddpdp")) == []


def test_one_full_session_does_not_end_it_and_two_in_a_row_do() -> None:
    assert spans(found(lived("pppd"))) == [(0, None)]
    assert spans(found(lived("pppdpd"))) == [(0, None)]
    assert spans(found(lived("pppdl"))) == [(0, 4)]
    assert spans(found(lived("pppdd" + "ppp"))) == [(0, 4), (5, None)]


def test_what_does_not_count_in_adherence_is_passed_over() -> None:
    assert spans(found(lived("puuupecvap"))) == [(0, None)]


def test_partial_ones_of_different_sessions_are_not_the_same_again() -> None:
    assert found([*lived("p.p"), *lived(".p", "walk")]) == []


def test_what_was_over_before_the_history_is_told_no_more() -> None:
    history = replace(told(lived("pppdd"), 9), start=day(5))
    assert list(RULE.find(history, history.end, Params())) == []


@given(line=st.text("dplnu", max_size=14))
def test_whoever_was_never_partial_thrice_in_five_is_never_told_of(line: str) -> None:
    counted = [mark for mark in line if mark in "dpln"]
    often = any(counted[max(0, n - 4) : n + 1].count("p") >= 3 for n in range(len(counted)))
    assert bool(found(lived(line))) == often


def test_more_partial_ones_than_are_looked_at_are_refused() -> None:
    with pytest.raises(ValidationError, match="can never be"):
        Params(partials=6, of=5)
