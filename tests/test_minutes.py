"""Minutes: evidence from tiles, counters, slots, pulse and silence; unknown where there is none."""

from collections.abc import Sequence
from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from detectors.minutes import HOLD, minutes
from detectors.steps import counted
from ingest.batch import CELL, HOUR, MICROS, MINUTE, Batch, Cause, Span, Stream
from ingest.minute import MINUTE_DTYPE, Minutes
from ingest.tile import TILE_DTYPE, Tiles, tiled

T0 = 1_790_000_000 * MICROS // HOUR * HOUR
NONE = np.empty(0, TILE_DTYPE)
SECOND = MICROS


def said(stream: Stream, *words: tuple[int, int], until: int | None = None) -> Batch:
    """An irregular batch: (seconds after T0, value)."""
    first = words[0][0]
    offsets = np.array([(second - first) * SECOND for second, _ in words], np.int32)
    values = np.array([[value] for _, value in words], np.int32)
    return Batch("b", stream, T0 + first * SECOND, None, offsets, values, 1.0, None if until is None else T0 + until * SECOND)


def slots(stream: Stream, first: int, *values: int, dt: int = MINUTE) -> Batch:
    """A regular batch that begins at minute `first` after T0."""
    return Batch("b", stream, T0 + first * MINUTE, dt, None, np.array(values, np.int32)[:, None], 1.0)


def alive(start: int, end: int, cause: Cause | None = None) -> Span:
    """Seconds after T0."""
    return Span("b", T0 + start * SECOND, T0 + end * SECOND, cause)


def hour(batches: Sequence[Batch], spans: Sequence[Span], tiles: Tiles = NONE, n: int = 60) -> Minutes:
    return minutes(T0, T0 + n * MINUTE, tiles, batches, spans)


def wrist(seconds: int, wave: float, hertz: float = 1.8, start: int = 0) -> Tiles:
    """Tiles of a 50 Hz wrist that swings by `wave` g about 1 g."""
    t = np.arange(seconds * 50) / 50 + start
    values = np.stack([wave * np.sin(np.pi * hertz * t), np.zeros_like(t), 1 + wave * np.sin(2 * np.pi * hertz * t)], 1)
    raw: NDArray[np.int16] = np.rint(values * 1024).astype(np.int16)
    first = T0 + start * SECOND
    batches = [Batch("b", Stream.ACC, first + i * CELL, 20_000, None, raw[i * 250 : (i + 1) * 250], 1 / 1024) for i in range(seconds // 5)]
    return tiled(batches)


def test_two_hours_without_a_motion_are_still_while_the_link_is_alive() -> None:
    # link   ========================================= 2 h
    # xyz
    # steps  4711 (the day before the range's last word)
    # pulse  61 62 61 62 ...
    pulse = said(Stream.HR, *[(i * 300, 61 + i % 2) for i in range(24)][:7])
    later = [said(Stream.HR, (i * 300, 61 + i % 2)) for i in range(7, 24)]
    out = hour([said(Stream.COUNTER, (-5000, 4711)), pulse, *later], [alive(-6000, 7200)], n=120)
    assert (out["coverage"] == 1).all()
    assert (out["still"] == 1).all()
    assert (out["steps"] == 0).all()
    assert (out["moving"] == 0).all()
    assert np.isfinite(out["hr"]).all()
    assert np.isnan(out["worn"]).all()
    assert np.isnan(out["asleep"]).all()


def test_silence_of_a_band_that_was_not_heard_is_nothing() -> None:
    out = hour([said(Stream.COUNTER, (-5000, 4711))], [alive(0, 3600, Cause.RANGE)])
    assert (out["coverage"] == 0).all()
    for name in (MINUTE_DTYPE.names or ())[2:]:
        assert np.isnan(out[name]).all(), name


def test_silence_of_a_strap_that_only_gives_a_pulse_says_nothing_about_motion() -> None:
    out = hour([said(Stream.HR, *[(i * 60, 70 + i % 3) for i in range(30)])], [alive(0, 3600)])
    assert (out["coverage"] == 1).all()
    assert np.isnan(out["still"]).all()
    assert np.isnan(out["steps"]).all()
    assert np.isfinite(out["hr"][:30]).all()


def test_steps_are_the_differences_of_the_counter_in_the_minute_they_were_heard() -> None:
    out = hour([said(Stream.COUNTER, (0, 100), (61, 110), (119, 130), (121, 131))], [alive(0, 3600)], n=4)
    assert out["steps"].tolist() == [0, 30, 1, 0]
    assert out["still"].tolist() == [1, 0, 0, 1]


def test_a_counter_that_starts_again_counts_from_there() -> None:
    out = hour([said(Stream.COUNTER, (0, 8000), (65, 8010), (130, 0), (190, 7))], [alive(0, 3600)], n=5)
    assert out["steps"].tolist() == [0, 10, 0, 7, 0]


def test_yesterdays_sum_sent_after_midnight_is_no_walk() -> None:
    # 8000 | 0 (reset) 8000 (stale) 0 | 5        the minute with the stale word is unknown, the next ones are right
    out = hour([said(Stream.COUNTER, (0, 8000), (60, 0), (70, 8000), (80, 0), (125, 5))], [alive(0, 3600)], n=4)
    assert np.isnan(out["steps"][1])
    assert out["steps"][[0, 2, 3]].tolist() == [0, 5, 0]


def test_steps_taken_out_of_reach_are_no_burst() -> None:
    # link   ======          =======
    # sum    100             900          the minutes between and the one of the return have no steps of their own
    spans = [alive(-60, 600), alive(600, 1815, Cause.RANGE), alive(1815, 3600)]
    out = hour([said(Stream.COUNTER, (0, 100)), said(Stream.COUNTER, (1816, 900)), said(Stream.COUNTER, (1870, 905))], spans)
    assert (out["steps"][:10] == 0).all()
    assert np.isnan(out["steps"][10:31]).all()
    assert out["steps"][31] == 5
    assert (out["steps"][32:] == 0).all()
    assert not (out["walking"] == 1).any()


def test_a_link_lost_and_found_within_a_minute_loses_no_steps() -> None:
    out = hour([said(Stream.COUNTER, (0, 100)), said(Stream.COUNTER, (50, 140))], [alive(-60, 20), alive(40, 3600)], n=2)
    assert out["steps"].tolist() == [40, 0]
    assert out["coverage"].tolist() == pytest.approx([2 / 3, 1])


def test_a_late_word_through_a_second_gateway_is_not_a_reset() -> None:
    out = hour([said(Stream.COUNTER, (0, 100), (10, 110)), said(Stream.COUNTER, (11, 109), (20, 112))], [alive(0, 3600)], n=1)
    assert out["steps"].tolist() == [12]


def test_slots_of_a_minute_band_say_still_walking_and_how_much_was_heard() -> None:
    #         0 1 2  3   4(missing)
    steps, classes = slots(Stream.STEPS, 0, 0, 0, 12, 104), slots(Stream.INTENSITY, 0, 0, 1, 1, 2)
    out = hour([steps, classes], [], n=5)
    assert out["coverage"].tolist() == [1, 1, 1, 1, 0]
    assert out["still"][:4].tolist() == [1, 0, 0, 0]
    assert out["walking"][:4].tolist() == [0, 0, 0, 1]
    assert out["cadence"][3] == 104
    assert np.isnan(out["still"][4])
    assert np.isnan(out["steps"][4])


def test_a_slot_longer_than_a_minute_is_shared_out() -> None:
    out = hour([slots(Stream.STEPS, 0, 300, dt=15 * MINUTE)], [], n=16)
    assert out["steps"][:15].tolist() == [20] * 15
    assert out["coverage"].tolist() == [1] * 15 + [0]


def test_a_bands_own_minutes_stand_over_its_live_counter() -> None:
    out = hour([said(Stream.COUNTER, (0, 100), (30, 110)), slots(Stream.STEPS, 0, 14)], [alive(0, 3600)], n=2)
    assert out["steps"].tolist() == [14, 0]


def test_a_pulse_holds_while_the_link_is_alive_but_not_for_ever_and_nought_is_none() -> None:
    # 70 ............ (10 min)        0        66 | link lost
    pulse = [said(Stream.HR, (5, 70)), said(Stream.HR, (1800, 0)), said(Stream.HR, (2405, 66))]
    out = hour(pulse, [alive(0, 2520)])
    held = HOLD // MINUTE
    assert (out["hr"][: held + 1] == 70).all()
    assert np.isnan(out["hr"][held + 1 : 40]).all()
    assert (out["hr"][40:42] == 66).all()
    assert np.isnan(out["hr"][42:]).all()


def test_the_mean_pulse_of_a_minute_leaves_out_what_was_no_reading() -> None:
    out = hour([said(Stream.HR, (1, 60), (20, 0), (40, 70))], [alive(0, 3600)], n=1)
    assert out["hr"].tolist() == [65]


def test_a_walking_wrist_walks_and_a_resting_one_is_still() -> None:
    tiles = np.concatenate([wrist(300, 0.3), wrist(300, 0.002, start=300)])
    out = hour([], [], tiles, n=11)
    assert (out["walking"][1:4] == 1).all()
    assert (out["still"][:5] == 0).all()
    assert out["steps"][1:4] == pytest.approx(108, abs=4)
    assert (out["still"][6:10] == 1).all()
    assert (out["walking"][6:10] == 0).all()
    assert (out["spread"][6:10] < 13).all()
    assert (out["spread"][:5] > 13).all()
    assert out["coverage"][10] == 0


def test_a_minute_heard_for_less_than_half_is_not_judged() -> None:
    out = hour([], [], wrist(25, 0.002), n=1)
    assert out["coverage"][0] == pytest.approx(25 / 60)
    assert np.isnan(out["still"][0])
    assert np.isnan(out["moving"][0])


def test_motion_before_and_after_the_hour_stays_there() -> None:
    tiles = np.concatenate([wrist(15, 0.3, start=-15), wrist(60, 0.002, start=0), wrist(15, 0.3, start=60)])
    out = hour([], [], tiles, n=1)
    assert out["moving"][0] < 0.3
    assert out["walking"][0] == 0


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32))
def test_the_order_of_arrival_changes_nothing_and_nothing_given_is_changed(seed: int) -> None:
    chance = Random(seed)  # noqa: S311 — test data, not a secret
    counter = [said(Stream.COUNTER, (60 * i, 10 * i), (60 * i + 30, 10 * i + chance.randrange(10))) for i in range(20)]
    batches = [*counter, *(said(Stream.HR, (47 * i, chance.randrange(50, 90))) for i in range(30)), slots(Stream.STEPS, 30, 5, 6)]
    spans = [alive(300 * i, 300 * i + chance.randrange(1, 400)) for i in range(10)]
    tiles = wrist(120, 0.3)
    before, kept = hour(batches, spans, tiles), tiles.tobytes()
    for part in (batches, spans):
        chance.shuffle(part)
    after = hour([*batches, *batches[:3]], spans, tiles[np.random.default_rng(seed).permutation(len(tiles))])
    for name in MINUTE_DTYPE.names or ():
        assert np.allclose(before[name], after[name], equal_nan=True, rtol=1e-5), name
    assert tiles.tobytes() == kept


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(st.integers(1, 400), st.integers(0, 30)), max_size=40), st.integers(0, 5000))
def test_a_counter_heard_all_along_loses_no_step(walk: list[tuple[int, int]], first: int) -> None:
    times = T0 + np.cumsum([0, *(wait for wait, _ in walk)]).astype(np.int64) * SECOND
    values = np.cumsum([first, *(min(steps, 20) for _, steps in walk)]).astype(np.float64)
    grid = T0 + np.arange(300, dtype=np.int64) * MINUTE
    link = (np.array([T0]), np.array([T0 + 300 * MINUTE]))
    assert counted(times, values, link, grid).sum() == values[-1] - first


@pytest.mark.parametrize("n", [0, 1, 60])
def test_nothing_given_is_nothing_known(n: int) -> None:
    out = hour([], [], n=n)
    assert len(out) == n
    assert not out["coverage"].any()
