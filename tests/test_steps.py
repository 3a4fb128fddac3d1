"""Steps by a counter that only says its sum: what is known of a minute at its end stays so, whatever is said later."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detectors.minutes import minutes
from ingest.batch import MICROS, MINUTE, Batch, Cause, Span, Stream
from ingest.minute import MINUTE_DTYPE, Minutes
from tests.test_minutes import T0, alive, hour, said, wrist

N = 40


def until_cut(batches: list[Batch], spans: list[Span], cut: int) -> Minutes:
    """What is known when everything at `cut` and after it has not happened yet."""
    earlier = [part for batch in batches for part in _before(batch, cut)]
    clipped = [replace(span, t1=min(span.t1, cut)) for span in spans if span.t0 < cut]
    tiles = wrist(120, 0.3, start=300)
    return minutes(T0, T0 + N * MINUTE, tiles[tiles["t"] < cut], earlier, clipped)


def _before(batch: Batch, cut: int) -> list[Batch]:
    n = int(np.sum(batch.times < cut))
    if not n or batch.offsets is None:
        return [batch] if n else []
    until = None if batch.until is None else min(batch.until, cut)
    return [replace(batch, offsets=batch.offsets[:n], values=batch.values[:n], until=until)]


word = st.tuples(st.integers(1, 600), st.sampled_from([0, 5, 300]))
stretch = st.tuples(st.integers(1, 200), st.integers(60, 400))


@settings(max_examples=150, deadline=None)
@given(st.lists(word, min_size=3, max_size=8), st.lists(stretch, min_size=3, max_size=8), st.integers(0, N * 60))
def test_nothing_said_later_changes_what_is_known_of_a_minute(words: list[tuple[int, int]], links: list[tuple[int, int]], cut: int) -> None:
    times, sums = np.cumsum([wait for wait, _ in words]).tolist(), np.cumsum([steps for _, steps in words]).tolist()
    batches = [said(Stream.COUNTER, (at, total)) for at, total in zip(times, sums, strict=True)]
    batches += [said(Stream.HR, (at + 7, 60 + at % 9)) for at in times]
    edges = np.cumsum(links).reshape(-1, 2).tolist()
    spans = [alive(start, end) for start, end in edges]
    whole, early = until_cut(batches, spans, T0 + N * MINUTE), until_cut(batches, spans, T0 + cut * MICROS)
    past = whole["t"] < T0 + (cut - 60) * MICROS - MINUTE
    for name in MINUTE_DTYPE.names or ():
        assert np.array_equal(whole[name][past], early[name][past], equal_nan=True), name


@pytest.mark.parametrize("later", [[], [said(Stream.COUNTER, (1200, 103))], [said(Stream.COUNTER, (1200, 600))]])
def test_the_minute_in_which_a_link_ends_is_unknown_whatever_is_said_later(later: list[Batch]) -> None:
    # link   ========== 10:40         =====
    # sum    100                      ? 103, or 600, or nothing any more
    out = hour([said(Stream.COUNTER, (0, 100)), *later], [alive(0, 640), alive(1200, 3600)], n=20)
    assert (out["still"][:10] == 1).all()
    assert np.isnan(out["steps"][10:]).all()
    assert np.isnan(out["still"][10:]).all()


def test_a_minute_heard_almost_wholly_is_known() -> None:
    out = hour([said(Stream.COUNTER, (0, 100)), said(Stream.COUNTER, (1200, 600))], [alive(0, 655), alive(1200, 3600)], n=21)
    assert out["steps"][10] == 0
    assert np.isnan(out["steps"][11:]).all()


def test_silence_of_a_link_that_came_back_is_stillness_until_the_next_word() -> None:
    # link   =====10:40    20:00==========
    # sum    100                   25:00 600: the steps were taken while nobody listened, or just now
    out = hour([said(Stream.COUNTER, (0, 100)), said(Stream.COUNTER, (1500, 600))], [alive(0, 640), alive(1200, 3600)], n=30)
    assert (out["steps"][20:25] == 0).all()
    assert np.isnan(out["steps"][25])
    assert (out["steps"][26:] == 0).all()


def test_a_minute_says_how_many_steps_where_the_band_spoke_after_its_last_silence() -> None:
    first, second = said(Stream.COUNTER, (0, 100)), said(Stream.COUNTER, (50, 140))
    assert hour([first, second], [alive(0, 20), alive(40, 3600)], n=1)["steps"].tolist() == [40]
    assert np.isnan(hour([first, second], [alive(0, 20), alive(30, 52)], n=1)["steps"][0])


@pytest.mark.parametrize("after", [2999, 2000, 1501, 1500, 40])
def test_a_counter_that_fell_out_of_reach_was_reset_however_little_it_fell(after: int) -> None:
    # link   ====== 10 min       30 min ========      the band was restarted in between, and walked about
    # sum    3000                after  +1 a second
    there = said(Stream.COUNTER, (60, 3000))
    back = said(Stream.COUNTER, (1800, after), *((1800 + i, after + i) for i in range(1, 600)))
    out = hour([there, back], [alive(0, 600), alive(600, 1800, Cause.RANGE), alive(1800, 3600)], n=40)
    assert np.isnan(out["steps"][10:31]).all()
    assert out["steps"][31:].tolist() == [60] * 9
