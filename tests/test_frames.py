"""Frames become batches: nothing lost, nothing twice, times that ascend, cuts where they must be."""

import struct
import time
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from ingest.batch import CELL, HOUR, MICROS, Batch, Stream
from ingest.body import decode, encode
from ingest.driver import Driver, Feed
from ingest.drivers.heart_rate import DRIVER as STRAP
from ingest.drivers.infinitime import DRIVER as WATCH
from ingest.frames import SLOW_CUT, Cut, Frame, cut

T = 1_767_225_600 * MICROS  # 2026-01-01T00:00Z


def feed(driver: Driver, stream: Stream) -> Feed:
    return next(feed for feed in driver.feeds if feed.stream is stream)


def acc(frames: Sequence[Frame], after: int | None = None, held_to: int | None = None) -> Cut:
    return cut("b-1", WATCH, feed(WATCH, Stream.ACC), frames, after, held_to)


def xyz(i: int) -> bytes:
    return struct.pack("<3h", i % 2000, -(i % 1000), 1024)


def said(batches: Sequence[Batch]) -> list[list[int]]:
    return [row for batch in batches for row in batch.values.tolist()]


def times(batches: Sequence[Batch]) -> list[int]:
    return [int(t) for batch in batches for t in batch.times]


steps = st.integers(0, 40_000).map(lambda n: struct.pack("<I", n))
motions = st.tuples(st.integers(0, 400), st.integers(0, 400), st.integers(0, 400)).map(lambda axes: struct.pack("<3h", *axes))
junk = st.binary(max_size=7)


@st.composite
def conversations(draw: st.DrawFn, payloads: st.SearchStrategy[bytes], longest: int) -> list[Frame]:
    pauses = draw(st.lists(st.one_of(st.sampled_from([0, 1, 4_999, 5_000, 5_001]), st.integers(0, longest)), max_size=40))
    at = np.cumsum([draw(st.integers(0, HOUR)), *pauses])[1:]
    return [(T + int(t), draw(payloads)) for t in at]


@given(frames=conversations(st.one_of(motions, junk), 6 * MICROS), back=st.one_of(st.none(), st.integers(-HOUR, 2 * HOUR)))
def test_every_frame_is_a_reading_or_a_repeat_or_set_aside(frames: list[Frame], back: int | None) -> None:
    after = None if back is None else T + back
    made = acc(frames, after)
    assert sum(batch.n for batch in made.batches) + made.repeats + len(made.aside) == len(frames)
    whole = times(made.batches)
    assert all(a < b for a, b in pairwise(whole))
    assert after is None or all(t > after for t in whole)
    assert all(len(bad.payload) != 6 and "expected 6 bytes" in bad.reason for bad in made.aside)


@given(frames=conversations(motions, 6 * MICROS), alive=st.integers(0, HOUR))
def test_an_acceleration_batch_never_crosses_a_cell_nor_holds_beyond_it(frames: list[Frame], alive: int) -> None:
    held_to = T + alive
    for batch in acc(frames, held_to=held_to).batches:
        assert batch.t0 // CELL == int(batch.times[-1]) // CELL
        assert batch.until is None or int(batch.times[-1]) < batch.until <= min(held_to, (batch.t0 // CELL + 1) * CELL)
        assert batch.values.dtype == np.int16


@given(frames=conversations(steps, 20 * 60 * MICROS))
def test_slow_batches_survive_the_wire(frames: list[Frame]) -> None:
    made = cut("b-1", WATCH, feed(WATCH, Stream.COUNTER), frames, None, T + 48 * HOUR)
    for batch in made.batches:
        back = decode(encode(batch))
        assert back.times.tolist() == batch.times.tolist()
        assert back.values.tolist() == batch.values.tolist()
        assert batch.until == (batch.t0 // SLOW_CUT + 1) * SLOW_CUT


@given(frames=conversations(motions, 6 * MICROS), at=st.integers(0, 40))
def test_cutting_in_two_goes_says_the_same_as_in_one(frames: list[Frame], at: int) -> None:
    whole = acc(frames)
    first = acc(frames[:at])
    after = times(first.batches)[-1] if first.batches else None
    second = acc(frames[at:], after)
    if not second.repeats and not first.repeats and not whole.repeats:
        assert times(first.batches) + times(second.batches) == times(whole.batches)
        assert said(first.batches) + said(second.batches) == said(whole.batches)


def test_a_notification_told_twice_by_the_radio_is_one_reading() -> None:
    # bleak 2002:  a a . . . b b . . . c     told within a millisecond of each other
    frames = [(T, xyz(1)), (T + 900, xyz(1)), (T + 100_000, xyz(2)), (T + 100_900, xyz(2)), (T + 200_000, xyz(3))]
    made = acc(frames)
    assert said(made.batches) == [[1, -1, 1024], [2, -2, 1024], [3, -3, 1024]]
    assert made.repeats == 2


def test_a_heart_that_beats_evenly_is_heard_every_second() -> None:
    frames = [(T + i * MICROS, b"\x00\x48") for i in range(60)]
    made = cut("b-1", STRAP, feed(STRAP, Stream.HR), frames, held_to=T + HOUR)
    assert sum(batch.n for batch in made.batches) == 60
    assert all(batch.until is None for batch in made.batches)  # not on-change: its silence means nothing


def test_equal_values_a_period_apart_are_two_readings_however_short_the_period() -> None:
    fast = Feed(feed(WATCH, Stream.ACC).char, Stream.ACC, scale=1.0, period=2_000)
    assert sum(batch.n for batch in cut("b-1", WATCH, fast, [(T + i * 2_000, xyz(1)) for i in range(10)]).batches) == 10


def test_a_bad_frame_is_set_aside_with_its_reason_and_its_neighbours_are_kept() -> None:
    made = acc([(T, xyz(1)), (T + 100_000, b"\x00"), (T + 200_000, xyz(2))])
    assert said(made.batches) == [[1, -1, 1024], [2, -2, 1024]]
    (bad,) = made.aside
    assert (bad.at, bad.payload) == (T + 100_000, b"\x00")
    assert "expected 6 bytes, not 1" in bad.reason


def test_two_readings_of_one_instant_keep_their_order() -> None:
    assert times(acc([(T, xyz(1)), (T, xyz(2)), (T, xyz(3))], after=T).batches) == [T + 1, T + 2, T + 3]


def test_frames_handed_over_late_take_their_own_place_in_time() -> None:
    made = acc([(T + 300_000, xyz(3)), (T + 100_000, xyz(1)), (T + 200_000, xyz(2))])
    assert said(made.batches) == [[1, -1, 1024], [2, -2, 1024], [3, -3, 1024]]
    assert times(made.batches) == [T + 100_000, T + 200_000, T + 300_000]


def test_nothing_heard_makes_no_batch() -> None:
    assert acc([]) == Cut([], 0, [])


def test_an_hour_of_motion_takes_milliseconds() -> None:
    frames = [(T + i * 100_000, xyz(i)) for i in range(36_000)]
    best = min(_seconds(frames) for _ in range(3))
    assert len(acc(frames).batches) == 720
    assert best < 0.2, f"{best * 1000:.0f} ms for an hour at 10 Hz"  # a few ms at rest; the margin is for a busy machine


def _seconds(frames: list[Frame]) -> float:
    start = time.perf_counter()
    acc(frames)
    return time.perf_counter() - start
