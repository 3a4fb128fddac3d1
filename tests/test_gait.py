"""Gait of cells: made-up walks whose answer is known, and real wrists with figures that must not get worse."""

import csv
from functools import cache
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detectors.gait import NEIGHBOURS, Gait, gait
from ingest.batch import CELL, Batch, Stream
from ingest.tile import Tiles, merged, tiled
from ingest.tiling import tile_grid

T0 = 1_700_000_000 * 1_000_000 // CELL * CELL
SHARED = Path(__file__).resolve().parents[2] / "shared" / "data"
WRISTS, CADENCES = SHARED / "selfback_wrist_20.npz", SHARED / "selfback_cadence_reference.csv"
recorded = pytest.mark.skipif(not WRISTS.exists(), reason=f"needs the recordings of {SHARED}")


def wrist(seconds: float, steps_per_s: float, hz: float = 50, bounce: float = 0.25, swing: float = 0.0) -> np.ndarray:
    """A wrist that bounces with each step and swings with each stride, in units of 1/1024 g."""
    t = np.arange(int(seconds * hz)) / hz
    size = 1 + bounce * np.cos(2 * np.pi * steps_per_s * t) + swing * np.cos(np.pi * steps_per_s * t + 1)
    return np.rint(1024 * np.column_stack([0.3 * size, 0.1 * size, 0.95 * size])).astype(np.int16)


def tiles_of(values: np.ndarray, hz: float = 50, t0: int = T0) -> Tiles:
    return tile_grid(values, 1 / 1024, t0, round(1e6 / hz))


@settings(max_examples=40, deadline=None)
@given(st.floats(1.15, 2.35), st.sampled_from([10, 12.5, 25, 50, 100]), st.floats(0, 0.3), st.integers(0, CELL))
def test_the_cadence_of_an_even_walk_is_told_within_two_steps_a_minute(steps: float, hz: float, swing: float, late: int) -> None:
    told = gait(tiles_of(wrist(60, steps, hz, swing=swing), hz, T0 + late))[2:-2]
    assert told["walking"].all()
    assert np.abs(told["cadence"] - 60 * steps).max() < 2


def test_a_jog_is_faster_than_any_walk() -> None:
    told = gait(tiles_of(wrist(60, 2.7, bounce=1.2)))
    assert told["walking"].all()
    assert np.median(told["cadence"]) == pytest.approx(162, abs=2)


def test_a_wrist_at_rest_neither_moves_nor_walks() -> None:
    noise = np.random.default_rng(1).normal([0, 0, 1024], 5, (3000, 3)).astype(np.int16)
    told = gait(tiles_of(noise))
    assert not told["moving"].any()
    assert not told["walking"].any()
    assert np.isnan(told["cadence"]).all()


def test_slow_raises_of_the_arm_are_motion_but_no_walk() -> None:
    # One raise by 75 degrees and back every 3 s; the size of the acceleration hardly changes.
    t = np.arange(3000) / 50
    tilt = np.radians(37.5 * (1 - np.cos(2 * np.pi * t / 3)))
    told = gait(tiles_of((1024 * np.column_stack([np.sin(tilt), 0 * t, np.cos(tilt)])).astype(np.int16)))
    assert told["moving"].all()
    assert not told["walking"].any()


def test_quick_repetitions_with_a_bounce_at_each_end_are_no_walk() -> None:
    # One lift in 1.5 s moves the arm far more than the jolt at either end, which comes as often as slow steps would.
    assert not gait(tiles_of(wrist(60, 1.3, bounce=0.1, swing=0.3)))["walking"].any()


def test_fidgeting_without_rhythm_is_no_walk() -> None:
    noise = np.random.default_rng(2).normal([0, 0, 1024], 200, (15000, 3)).astype(np.int16)
    told = gait(tiles_of(noise))
    assert told["moving"].all()
    assert told["walking"].mean() < 0.05


def test_steps_now_and_then_are_no_walk() -> None:
    # Hands at work without rhythm, and 5 s of steps in every 20 s.
    rng = np.random.default_rng(5)
    values = rng.normal([0, 0, 1024], 130, (30000, 3)).astype(np.int16)
    steps = wrist(5, 1.4)
    for i in range(0, 30000, 1000):
        values[i : i + 250] = steps
    told = gait(tiles_of(values))["walking"].reshape(-1, 12)
    assert (told.mean(1) < 0.75).all()  # no minute of walking


def test_walks_on_both_sides_of_a_gap_are_told_apart_from_it() -> None:
    #  walk 30 s, nothing heard for 20 s, walk 30 s
    first, second = tiles_of(wrist(30, 1.8)), tiles_of(wrist(30, 1.8), t0=T0 + 50 * 1_000_000)
    told = gait(np.concatenate([first, second]))
    assert len(told) == 12
    assert told["walking"].all()
    assert np.abs(told["cadence"] - 108).max() < 3


def test_a_cell_depends_on_its_named_neighbours_only() -> None:
    rng = np.random.default_rng(3)
    values = np.concatenate([wrist(40, 1.7), rng.normal([0, 0, 1024], 150, (2000, 3)).astype(np.int16), wrist(40, 2.1)])
    tiles = tiles_of(values)
    whole = gait(tiles)
    for i in range(len(tiles)):
        low = max(i - NEIGHBOURS, 0)
        assert gait(tiles[low : i + NEIGHBOURS + 1])[i - low] == whole[i] or np.isnan(whole["cadence"][i])
        assert gait(tiles[low : i + NEIGHBOURS + 1])["walking"][i - low] == whole["walking"][i]


def test_a_band_that_speaks_on_change_with_jitter_is_read_as_well() -> None:
    rng = np.random.default_rng(4)
    batches = []
    for i in range(12):
        at = np.arange(50) * 100_000 + rng.integers(0, 30_000, 50)
        at -= at[0]
        t = (i * CELL + at) / 1e6
        size = 1 + 0.25 * np.cos(2 * np.pi * 1.85 * t)
        heard = rng.random(50) > 0.08  # a dropped notification reads as an unchanged value
        heard[0] = True
        values = np.rint(1024 * size[:, None] * [0.3, 0.1, 0.95]).astype(np.int16)
        batches.append(
            Batch("b", Stream.ACC, T0 + i * CELL, None, at[heard].astype(np.int32), values[heard], 1 / 1024, T0 + (i + 1) * CELL)
        )
    told = gait(merged(tiled(batches)))
    assert told["walking"].all()
    assert np.median(told["cadence"]) == pytest.approx(111, abs=2)


def test_nothing_heard_is_nothing_told() -> None:
    assert len(gait(tiled([]))) == 0


@cache
def selfback(every: int) -> dict[tuple[int, str], Gait]:
    """Gait of each (person, activity), from every nth of 100 samples a second; whole cells only."""
    with np.load(WRISTS) as archive:
        kept = {name: archive[name] for name in archive.files}
    owner = kept["subject"].astype(int) * 16 + kept["activity"]
    cuts = [0, *(np.flatnonzero(np.diff(owner)) + 1), len(owner)]
    told = {}
    for a, b in pairwise(cuts):
        tiles = tile_grid(kept["xyz_64"][a:b:every], 1 / 64, T0, 10_000 * every)
        told[int(kept["subject"][a]), str(kept["activity_names"][kept["activity"][a]])] = gait(tiles[tiles["n"] == 500 // every])
    return told


def share_walking(told: dict[tuple[int, str], Gait], activity: str) -> float:
    return float(np.concatenate([cells["walking"] for (_, name), cells in told.items() if name == activity]).mean())


@recorded
@pytest.mark.parametrize("every", [1, 10], ids=["100 Hz", "10 Hz"])
@pytest.mark.parametrize(
    ("activity", "least", "most"),
    [
        ("walk_slow", 0.86, 1),
        ("walk_mod", 0.95, 1),
        ("walk_fast", 0.91, 1),
        ("upstairs", 0.78, 1),
        ("downstairs", 0.6, 1),
        ("jogging", 0.985, 1),
        ("lying", 0, 0.002),
        ("sitting", 0, 0.002),
        ("standing", 0, 0.008),
    ],
)
def test_real_wrists_walk_when_their_owners_do(activity: str, least: float, most: float, every: int) -> None:
    assert least <= share_walking(selfback(every), activity) <= most


@recorded
@pytest.mark.parametrize("every", [1, 10], ids=["100 Hz", "10 Hz"])
@pytest.mark.parametrize(("activity", "mean_error", "median_error"), [("walk_slow", 5.5, 5), ("walk_mod", 7, 5), ("walk_fast", 6, 4)])
def test_real_cadence_is_near_that_of_the_thigh(activity: str, mean_error: float, median_error: float, every: int) -> None:
    # The reference is an estimate itself; two slow walks it puts at 167 and 188 steps a minute are left out.
    with CADENCES.open() as rows:
        reference = {(int(row["subject"]), row["activity"]): float(row["cadence_steps_per_min"]) for row in csv.DictReader(rows)}
    told = {key: cells for key, cells in selfback(every).items() if key[1] == activity and reference.get(key, 999) < 150}
    errors = [np.abs(cells["cadence"] - reference[key]) for key, cells in told.items()]
    whole = np.concatenate(errors)
    assert np.nanmean(whole) <= mean_error
    assert np.nanmedian(whole) <= median_error
