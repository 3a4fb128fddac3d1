"""The speed table compares jobs that do the same, on the same array."""

import numpy as np
import pytest

from ingest.tile import Tiles, enmo_mg
from lab.bench.tiles import JOBS, judged, plain_enmo, timed, wrist


@pytest.mark.parametrize("job", ["tiles", "tiles with spectrum"])
def test_both_sides_of_the_bench_find_the_same_enmo(job: str) -> None:
    values = wrist(25_000, seed=3)
    tiles: Tiles = JOBS[job](values)  # type: ignore[assignment]  # both jobs of this name give tiles
    assert enmo_mg(tiles) == pytest.approx(1000 * plain_enmo(values), abs=0.1)
    assert np.isfinite(tiles["bins"]).all() == (job == "tiles with spectrum")


def test_the_table_has_a_row_for_each_job_and_one_measure() -> None:
    table = judged(list(timed(wrist(5_000, seed=3))), 5_000)
    assert [timing.job for timing in table] == list(JOBS)
    assert table[0].ratio == 1
    assert all(timing.rows_per_second == pytest.approx(5_000 / timing.seconds) for timing in table)
