"""Tiles: what one batch says of its cell, and that parts of a cell add up to the cell."""

from itertools import pairwise
from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.batch import CELL, Batch, Stream
from ingest.tile import BINS, HELD, TILE_DTYPE, Tiles, angle_z, enmo_mg, mad_mg, mean_g, merged, sd_mg, tiled
from ingest.tiling import tile_grid

T0 = 1_700_000_000 * 1_000_000 // CELL * CELL
SCALE = 1 / 1024


def regular(values: np.ndarray, t0: int = T0, dt: int = 20_000) -> Batch:
    return Batch("band", Stream.ACC, t0, dt, None, values.astype(np.int16), SCALE)


def spoken(offsets: list[int], values: list[tuple[int, int, int]], until: int | None, t0: int = T0) -> Batch:
    return Batch("band", Stream.ACC, t0, None, np.array(offsets, np.int32), np.array(values, np.int16), SCALE, until)


def same(one: Tiles, other: Tiles, but: tuple[str, ...] = ()) -> None:
    for name in TILE_DTYPE.names or ():
        if name in but:
            continue
        if name in ("t", "part", "n", "min", "max", "version"):
            assert np.array_equal(one[name], other[name]), name
        elif name == "bins":
            assert np.allclose(one[name], other[name], rtol=0, atol=1e-4 * one["r"].max(initial=1))
        else:
            assert np.allclose(one[name], other[name], rtol=1e-9, atol=1e-9), name


counts = st.integers(-32768, 32767)


@given(
    st.lists(st.tuples(counts, counts, counts), min_size=1, max_size=60),
    st.sets(st.integers(1, 59)),
    st.randoms(use_true_random=False),
)
def test_however_a_cell_is_cut_and_shuffled_its_parts_add_up_to_it(
    rows: list[tuple[int, int, int]], cuts: set[int], chance: Random
) -> None:
    values = np.array(rows)
    ends = [0, *sorted(cut for cut in cuts if cut < len(values)), len(values)]
    parts = [regular(values[a:b], T0 + a * 80_000, 80_000) for a, b in pairwise(ends)]
    chance.shuffle(parts)
    same(merged(tiled(parts)), tiled([regular(values, T0, 80_000)]), but=("mad",))


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 49)), min_size=1, max_size=40, unique=True), st.randoms(use_true_random=False))
def test_the_order_of_arrival_changes_no_bit(places: list[tuple[int, int]], chance: Random) -> None:
    rng = np.random.default_rng(len(places))
    batches = [regular(rng.integers(-2000, 2000, (7, 3)), T0 + cell * CELL + at * 20_000) for cell, at in places]
    first = merged(tiled(batches))
    chance.shuffle(batches)
    assert merged(tiled(batches)).tobytes() == first.tobytes()


def test_a_part_that_comes_twice_counts_once() -> None:
    one = regular(np.arange(30).reshape(10, 3))
    assert merged(tiled([one, one])).tobytes() == tiled([one]).tobytes()


def test_no_batches_make_no_tiles() -> None:
    assert len(tiled([])) == 0
    assert len(merged(tiled([]))) == 0


def test_other_streams_are_passed_over() -> None:
    pulse = Batch("band", Stream.HR, T0, None, np.zeros(1, np.int32), np.array([[70]], np.int16), 1.0)
    assert len(tiled([pulse, regular(np.ones((5, 3))), pulse])) == 1


def test_a_changed_value_holds_until_the_next_one() -> None:
    # ms   0    100  200  300  400 …… 900  1000 (until)
    #      A    ·    ·    B    ·   ……  ·        A for 3 slots, B for 7
    tile = tiled([spoken([0, 300_000], [(0, 0, 1024), (0, 0, 2048)], T0 + 1_000_000)])
    assert tile["n"][0] == 10
    assert mean_g(tile)[0] == pytest.approx([0, 0, 1.7])
    assert enmo_mg(tile)[0] == pytest.approx(700)


def test_a_held_value_ends_with_its_cell() -> None:
    tile = tiled([spoken([0], [(0, 0, 1024)], T0 + 3 * CELL)])
    assert tile["n"][0] == CELL // HELD
    assert np.abs(tile["bins"]).max() < 1e-4  # whole turns of a still wrist cancel


def test_jitter_loses_no_changed_value() -> None:
    offsets = [0, 95_000, 205_000, 298_000, 430_000, 480_000]
    tile = tiled([spoken(offsets, [(i, 0, 0) for i in range(6)], T0 + 600_000)])
    assert tile["max"][0, 0] == pytest.approx(5 * SCALE)
    assert tile["n"][0] == 6


def test_samples_of_other_irregular_streams_count_once() -> None:
    assert tiled([spoken([0, 300_000], [(0, 0, 1024), (0, 0, 2048)], None)])["n"][0] == 2


def test_a_swing_of_one_frequency_stands_in_its_own_bin() -> None:
    t = np.arange(250) / 50
    tile = tiled([regular(np.column_stack([0 * t, 0 * t, 1024 * (1 + 0.2 * np.cos(2 * np.pi * 1.8 * t))]))])
    bins = np.abs(tile["bins"][0])
    assert bins.argmax() + 1 == 9  # 9 / 5 Hz
    assert bins[8] == pytest.approx(250 * 0.2 / 2, rel=1e-3)
    assert np.delete(bins, 8).max() < 0.1
    assert sd_mg(tile)[0] == pytest.approx(200 / np.sqrt(2), rel=1e-3)
    assert mad_mg(tile)[0] == pytest.approx(200 * 2 / np.pi, rel=1e-2)


def test_the_angle_is_that_of_the_axis_to_the_horizontal() -> None:
    poses = np.array([[0, 0, 1024], [1024, 0, 0], [0, 724, -724]])
    tiles = tiled([regular(np.tile(pose, (5, 1)), T0 + i * CELL) for i, pose in enumerate(poses)])
    assert angle_z(tiles) == pytest.approx([90, 0, -45])


@settings(max_examples=60)
@given(
    st.integers(0, 1200),
    st.integers(0, 3 * CELL),
    st.sampled_from([10_000, 20_000, 31_250, 33_333, 40_000, 80_000, 100_000, 1_000_000, 7_000_000]),
    st.integers(0, 2**32),
)
def test_a_whole_recording_gives_the_tiles_of_its_pieces(n: int, late: int, dt: int, seed: int) -> None:
    values = np.random.default_rng(seed).integers(-4000, 4000, (n, 3)).astype(np.int16)
    times = T0 + late + np.arange(n, dtype=np.int64) * dt
    pieces = [values[times // CELL == cell] for cell in np.unique(times // CELL)]
    starts = [int(times[times // CELL == cell][0]) for cell in np.unique(times // CELL)]
    expected = tiled([regular(piece, t0, dt) for piece, t0 in zip(pieces, starts, strict=True)])
    same(tile_grid(values, SCALE, T0 + late, dt), expected)


def test_without_a_spectrum_the_bins_are_unknown_not_zero() -> None:
    tiles = tile_grid(np.ones((600, 3), np.int16), SCALE, T0 + 1_000_000, 20_000, spectrum=False)
    assert len(tiles) == 3
    assert np.isnan(tiles["bins"]).all()
    assert tiles["bins"].shape == (3, BINS)
