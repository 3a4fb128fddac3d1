"""Minutes beside and within gaps: motion that was given up, and times of a wrong clock."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detectors.heard import touched, union, without
from ingest.batch import MINUTE, Cause, Stream
from ingest.minute import MINUTE_DTYPE
from tests.test_minutes import alive, hour, said, wrist


@pytest.mark.parametrize("why", [Cause.THINNED, Cause.OVERFLOW])
def test_motion_that_was_given_up_is_no_rest_and_only_steps_tell_that_somebody_moved(why: Cause) -> None:
    # minute  0    5          10         15         20   25
    # link    ===========================================      alive all along, pulse 105
    # xyz     rest |xxxxxxxxxx given up xxxxxxxxxxx| rest
    # steps   0    | 0          +30 each   0       | 0
    counter = said(Stream.COUNTER, (0, 100), *((600 + 60 * i + 30, 130 + 30 * i) for i in range(5)))
    pulse = said(Stream.HR, *((60 * i, 104 + i % 2) for i in range(25)))
    rest = np.concatenate([wrist(300, 0.002), wrist(300, 0.002, start=1200)])
    out = hour([counter, pulse], [alive(0, 1500), alive(300, 1200, why)], rest, n=25)
    assert (out["coverage"] == 1).all()
    assert np.isfinite(out["hr"]).all()
    assert out["still"][:5].tolist() == out["still"][20:].tolist() == [1] * 5
    assert np.isnan(out["still"][5:10]).all()
    assert (out["still"][10:15] == 0).all()
    assert np.isnan(out["still"][15:20]).all()
    assert np.isnan(out["moving"][5:20]).all()
    assert out["steps"].tolist() == [0] * 10 + [30] * 5 + [0] * 10
    assert (out["walking"] == 0).all()


def test_a_minute_of_which_the_moving_part_was_given_up_is_not_judged_by_the_silence_that_is_left() -> None:
    # 0 s ── moves, given up ── 20 s ── silent: still ── 60 s
    word = said(Stream.COUNTER, (-100, 100))
    out = hour([word], [alive(-100, 180), alive(60, 80, Cause.THINNED)], n=3)
    assert out["still"][[0, 2]].tolist() == [1, 1]
    assert np.isnan(out["still"][1])
    assert np.isnan(out["moving"][1])


def test_what_one_gateway_gave_up_and_another_kept_is_known() -> None:
    out = hour([said(Stream.COUNTER, (-100, 100))], [alive(-100, 120), alive(0, 120, Cause.THINNED)], wrist(120, 0.002), n=2)
    assert out["still"].tolist() == [1, 1]


def test_words_of_a_wrong_clock_count_for_no_minute_outside_its_gap() -> None:
    # minute  0          5 ┄┄┄┄┄┄┄┄ 10         15
    # link    ================================       one gateway heard rightly all along
    # sum     100        |4000 4100 |    500   510   another told of a later time by these stamps
    # pulse   70         |140       |
    right = said(Stream.COUNTER, (0, 100), (270, 110), (630, 500), (690, 510))
    beats = said(Stream.HR, (0, 70), (240, 71))
    wrong = [said(Stream.COUNTER, (330, 4000), (570, 4100)), said(Stream.HR, (400, 140), (590, 141))]
    spans = [alive(-60, 900), alive(300, 600, Cause.CLOCK)]
    out, without = hour([right, beats, *wrong], spans, n=15), hour([right, beats], spans, n=15)
    assert out["steps"].tolist()[:5] == [0, 0, 0, 0, 10]
    assert np.isnan(out["steps"][5:11]).all()  # what it took meanwhile was taken at no known time
    assert out["steps"].tolist()[11:] == [10, 0, 0, 0]
    assert not (out["hr"] > 72).any()
    for name in MINUTE_DTYPE.names or ():
        assert np.array_equal(out[name], without[name], equal_nan=True), name


def test_motion_by_a_wrong_clock_makes_nobody_walk_beside_its_gap() -> None:
    # 0 ── rest ── 55 s ── a swing of 5 s ── 1 min ┄ walks, by a wrong clock ┄ 2 min ── a swing ── rest
    rest = np.concatenate([wrist(55, 0.002), wrist(5, 0.3, start=55), wrist(5, 0.3, start=120), wrist(55, 0.002, start=125)])
    mixed = np.concatenate([rest, wrist(60, 0.3, start=60)])
    out, alone = (hour([], [alive(60, 120, Cause.CLOCK)], tiles, n=3) for tiles in (mixed, rest))
    for name in MINUTE_DTYPE.names or ():
        assert np.array_equal(out[name], alone[name], equal_nan=True), name


@settings(max_examples=200, deadline=None)
@given(*[st.lists(st.tuples(st.integers(0, 60), st.integers(1, 20)), max_size=6)] * 2)
def test_what_is_left_without_the_holes_is_minute_by_minute_what_lies_in_none(
    some: list[tuple[int, int]], others: list[tuple[int, int]]
) -> None:
    stretches, holes = (
        union([(np.array([a * MINUTE for a, _ in x], np.int64), np.array([(a + n) * MINUTE for a, n in x], np.int64))])
        for x in (some, others)
    )
    starts, ends = without(stretches, holes)
    grid = np.arange(0, 90 * MINUTE, MINUTE)
    assert (starts < ends).all()
    assert (ends[:-1] < starts[1:]).all()
    assert (touched(grid, 1, (starts, ends)) == touched(grid, 1, stretches) & ~touched(grid, 1, holes)).all()
