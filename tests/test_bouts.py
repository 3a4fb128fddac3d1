"""Bouts: walks and exercise told from minutes, and sets and repetitions counted in raw samples."""

from datetime import date
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detectors.bouts import bouts
from detectors.gait import gait
from detectors.reps import sets
from ingest.batch import CELL, DAY, HOUR, MICROS, MINUTE, Batch, Stream
from ingest.bout import Bout
from ingest.minute import Minutes, unknown
from ingest.tile import merged, tiled
from lab.body import Body
from lab.day import Doing, Stretch, midnight
from lab.motion import reps as truly
from lab.persona import STEADY

T0 = 1_700_000_000 * MICROS // HOUR * HOUR
ZONE = ZoneInfo("Europe/Berlin")


def hours(n: float) -> Minutes:
    """A band that heard a calm wrist: still, no steps, heart at 65."""
    out = unknown(T0, T0 + int(n * HOUR))
    out["coverage"], out["still"], out["walking"], out["steps"], out["hr"], out["moving"] = 1, 1, 0, 0, 65, 0
    return out


def walk(minutes: Minutes, first: int, last: int, cadence: float = 110) -> None:
    part = minutes[first:last]
    part["walking"], part["still"], part["steps"], part["cadence"], part["hr"], part["moving"] = 1, 0, cadence, cadence, 90, 1


def lifting(n: int, period: float = 3.0, tilt: float = 75, hz: int = 50, lead: float = 20) -> np.ndarray:
    """An arm that lifts n times, with a rest before and after, units of 1/1024 g; a little unevenness so that it is no machine."""
    rng = np.random.default_rng(n)
    lasts = period * rng.uniform(0.9, 1.1, n)
    phase = np.concatenate([(np.arange(int(one * hz)) / int(one * hz)) for one in lasts])
    rest = np.zeros(int(lead * hz))
    angle = np.radians(-50 + tilt * np.concatenate([rest, (1 - np.cos(2 * np.pi * phase)) / 2, rest]))
    felt = np.column_stack([0.2 * np.cos(angle), np.sin(angle), 0.98 * np.cos(angle)])
    return np.rint(1024 * (felt + rng.normal(0, 0.01, felt.shape))).astype(np.int16)


def batches(values: np.ndarray, hz: int = 50, t0: int = T0) -> list[Batch]:
    per = 5 * hz
    starts = range(0, len(values), per)
    return [Batch("band", Stream.ACC, t0 + i * MICROS // hz, MICROS // hz, None, values[i : i + per], 1 / 1024) for i in starts]


def on_change(body: Body, start: int, end: int) -> list[Batch]:
    """What a watch that speaks on change says of the body's motion."""
    at, felt = body.acceleration(start, end)
    fresh = np.append(True, (np.diff(felt, axis=0) != 0).any(1))
    out = []
    for cell in range(start // CELL * CELL, end, CELL):
        a, b = np.searchsorted(at, (cell, cell + CELL))
        kept = a + np.flatnonzero(fresh[a:b])
        if len(kept):
            t0 = int(at[kept[0]])
            offsets = (at[kept] - t0).astype(np.int32)
            out.append(Batch("band", Stream.ACC, t0, None, offsets, felt[kept], 1 / 1024, min(cell + CELL, end)))
    return out


def test_a_walk_is_told_with_its_steps_cadence_and_heart() -> None:
    #  min  0        30 walk 50        120
    minutes = hours(2)
    walk(minutes, 30, 50)
    minutes["cadence"][35] = 140
    (found,) = bouts("band", minutes)
    assert found == Bout("band", "walk", T0 + 30 * MINUTE, T0 + 50 * MINUTE, 2200, 110, None, 90, "steps")


def test_a_short_pause_stays_inside_a_walk_and_a_long_one_ends_it() -> None:
    #  min  10 walk 20 · 22 walk 30 ··· 33 walk 40
    minutes = hours(1)
    walk(minutes, 10, 20)
    walk(minutes, 22, 30)
    walk(minutes, 33, 40)
    spans = [((bout.start - T0) // MINUTE, (bout.end - T0) // MINUTE) for bout in bouts("band", minutes)]
    assert spans == [(10, 30), (33, 40)]


def test_a_few_minutes_to_the_kettle_are_no_walk() -> None:
    minutes = hours(1)
    walk(minutes, 10, 14)
    assert bouts("band", minutes) == []


def test_a_rhythm_without_steps_is_no_walk() -> None:
    minutes = hours(1)
    walk(minutes, 10, 30)
    minutes["steps"][10:30] = 12
    assert bouts("band", minutes) == []


def test_unknown_minutes_are_neither_walk_nor_exercise_nor_zero_steps() -> None:
    assert bouts("band", unknown(T0, T0 + HOUR)) == []
    assert bouts("band", unknown(T0, T0)) == []
    minutes = unknown(T0, T0 + HOUR)
    minutes["walking"][10:20] = 1
    (found,) = bouts("band", minutes)
    assert (found.steps, found.cadence, found.hr, found.evidence) == (None, None, None, "gait")


def exercised(first: int, last: int, hr: float) -> Minutes:
    minutes = hours(2)
    minutes["intensity"] = 0
    part = minutes[first:last]
    part["intensity"], part["hr"], part["steps"], part["still"], part["moving"] = 2, hr, 10, 0, np.nan
    return minutes


def test_a_minute_band_tells_exercise_by_its_class_and_the_heart() -> None:
    (found,) = bouts("band", exercised(60, 80, hr=95))
    assert (found.kind, found.start, found.end) == ("exercise", T0 + 60 * MINUTE, T0 + 80 * MINUTE)
    assert (found.steps, found.reps, found.hr) == (200, None, 95)
    assert found.evidence == "the band calls it active, few steps, heart rate +30"


def test_a_calm_heart_belies_the_class() -> None:
    assert bouts("band", exercised(60, 80, hr=70)) == []


def test_without_a_heart_rate_the_class_stands_alone_and_says_so() -> None:
    minutes = exercised(60, 80, hr=95)
    minutes["hr"] = np.nan
    (found,) = bouts("band", minutes)
    assert (found.hr, found.evidence) == (None, "the band calls it active, few steps")


@settings(max_examples=25, deadline=None)
@given(st.integers(6, 14), st.floats(1.5, 4.5), st.floats(50, 90), st.sampled_from([10, 25, 50, 100]))
def test_repetitions_of_a_set_are_counted(n: int, period: float, tilt: float, hz: int) -> None:
    if n * period < 15:
        n = int(15 / period) + 1
    raw = batches(lifting(n, period, tilt, hz), hz)
    (found,) = sets(raw, gait(merged(tiled(raw))))
    assert abs(found.reps - n) <= 1
    assert abs(found.start - (T0 + 20 * MICROS)) < 5 * MICROS
    assert abs((found.end - found.start) / MICROS - n * period) < 2 * period


def session(count: int, rest: float = 40) -> np.ndarray:
    return np.concatenate([lifting(10, lead=rest / 2) for _ in range(count)])


def test_sets_with_rests_between_are_exercise_without_any_heart_rate() -> None:
    raw = batches(session(5))
    minutes = unknown(T0, T0 + 6 * MINUTE)
    (found,) = bouts("band", minutes, tiled(raw), raw)
    assert found.kind == "exercise"
    assert found.reps == pytest.approx(50, abs=2)
    assert (found.steps, found.hr) == (None, None)
    assert found.evidence == "5 sets of about 10"


def test_two_sets_are_too_few_to_be_believed_without_a_heart_rate() -> None:
    raw = batches(session(2, rest=120))
    assert bouts("band", unknown(T0, T0 + 6 * MINUTE), tiled(raw), raw) == []


def test_two_sets_with_a_raised_heart_are_exercise() -> None:
    raw = batches(session(2, rest=120), t0=T0 + HOUR)
    minutes = hours(1.1)
    minutes["hr"][60:] = 88
    (found,) = bouts("band", minutes, None, raw)
    assert found.evidence == "2 sets of about 10, heart rate +23"


def test_a_rest_of_five_minutes_parts_two_sessions() -> None:
    pause = np.tile(lifting(1, lead=1)[:1], (5 * 60 * 50, 1))
    raw = batches(np.concatenate([session(5), pause, session(5)]))
    assert len(bouts("band", unknown(T0, T0 + 16 * MINUTE), tiled(raw), raw)) == 2


def test_the_order_in_which_samples_arrive_does_not_matter() -> None:
    raw = batches(session(4))
    shuffled = [raw[i] for i in np.random.default_rng(7).permutation(len(raw))]
    minutes = unknown(T0, T0 + 6 * MINUTE)
    assert bouts("band", minutes, tiled(shuffled), shuffled) == bouts("band", minutes, tiled(raw), raw)


def test_a_lived_day_gives_its_exercise_with_its_repetitions_and_nothing_else() -> None:
    """A simulated Monday: walks, hours at a desk, housework before and after a session of sets."""
    body = Body("virtual-1", ZONE, STEADY, 1)
    start = midnight(date(2026, 3, 2), ZONE) + 15 * HOUR
    end = start + 6 * HOUR
    raw = on_change(body, start, end)
    exercises = [bout for bout in bouts("band", unknown(start, end), tiled(raw), raw) if bout.kind == "exercise"]
    (true,) = [one for one in body.stretches(start, end) if one.doing == Doing.EXERCISING]
    (found,) = exercises
    assert found.reps == pytest.approx(len(truly(true, body.key)[0]), rel=0.05)
    assert _overlap(found, true) > 0.9


def test_housework_and_sleep_hold_no_exercise() -> None:
    body = Body("virtual-1", ZONE, STEADY, 1)
    start = midnight(date(2026, 3, 3), ZONE)
    assert not any(one.doing == Doing.EXERCISING for one in body.stretches(start, start + DAY))
    raw = on_change(body, start, start + DAY)
    assert [bout for bout in bouts("band", unknown(start, start + DAY), tiled(raw), raw) if bout.kind == "exercise"] == []


def _overlap(found: Bout, true: Stretch) -> float:
    return (min(found.end, true.end) - max(found.start, true.start)) / (max(found.end, true.end) - min(found.start, true.start))
