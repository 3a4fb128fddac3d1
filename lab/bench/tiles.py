"""How fast a whole recording becomes tiles, beside a plain numpy ENMO on the same array in the same run."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from statistics import median
from time import perf_counter

import numpy as np
from numpy.typing import NDArray

from ingest.batch import CELL, DAY
from ingest.tiling import tile_grid
from lab.bench.job import Bench, Figure, Outcome

HZ, SCALE = 50, 1 / 1024
WEEK = 7 * DAY // (1_000_000 // HZ)
"""Samples in 7 days."""
ROUNDS = 3
GOAL = 0.7
"""Least speed of the tile pass in units of the plain ENMO's, though a tile says some thirty things more of its cell."""

Counts = NDArray[np.int16]


@dataclass(frozen=True, slots=True)
class Timing:
    """One job: its median time over the rounds, and its speed beside the plain ENMO's."""

    job: str
    seconds: float
    rows_per_second: float
    ratio: float


def wrist(rows: int, seed: int) -> Counts:
    """A wrist that rests, fidgets and walks by turns, ±8 g at 1024 to the g, shape (rows, 3)."""
    rng = np.random.default_rng(seed)
    out = np.empty((rows, 3), np.int16)
    stretch = 12_000
    for i in range(0, rows, stretch):
        n = min(stretch, rows - i)
        lively = rng.choice([0.005, 0.05, 0.3])
        beat = lively * np.cos(2 * np.pi * 1.8 / HZ * np.arange(n))
        out[i : i + n] = 1024 * (rng.normal([0.3, 0.1, 0.95], lively, (n, 3)) + beat[:, None])
    return out


def plain_enmo(values: Counts) -> NDArray[np.float32]:
    """5-s means of max(|a| − 1 g, 0), as one writes it in numpy; of four usual spellings the fastest (columns, float32)."""
    x, y, z = (values[:, axis] * np.float32(SCALE) for axis in range(3))
    enmo = np.maximum(np.sqrt(x * x + y * y + z * z) - 1, 0)
    means: NDArray[np.float32] = enmo.reshape(-1, CELL // (1_000_000 // HZ)).mean(1)
    return means


JOBS: dict[str, Callable[[Counts], object]] = {
    "plain numpy ENMO": plain_enmo,
    "tiles": lambda values: tile_grid(values, SCALE, 0, 1_000_000 // HZ, spectrum=False),
    "tiles with spectrum": lambda values: tile_grid(values, SCALE, 0, 1_000_000 // HZ),
}


def timed(values: Counts, rounds: int = ROUNDS) -> Iterator[tuple[str, float]]:
    """(job, seconds), job after job within each round: what else the machine does strikes all alike."""
    for _ in range(rounds):
        for job, run in JOBS.items():
            began = perf_counter()
            run(values)
            yield job, perf_counter() - began


def judged(times: list[tuple[str, float]], rows: int) -> list[Timing]:
    """One timing for each job, from what `timed` gave; the first job is the measure."""
    seconds = {name: median(taken for job, taken in times if job == name) for name in JOBS}
    measure = next(iter(seconds.values()))
    return [Timing(job, taken, rows / taken, measure / taken) for job, taken in seconds.items()]


def run(bench: Bench) -> Outcome:
    values, times = wrist(WEEK, seed=1), []
    for one in timed(values):
        times.append(one)
        bench.moved(len(times) / (ROUNDS * len(JOBS)))
    timings = judged(times, len(values))
    figures = [Figure(timing.job, timing.rows_per_second / 1e6, "million samples/s") for timing in timings]
    return Outcome(figures, timings[1].ratio, GOAL, "tiles (without spectrum) beside the plain ENMO")
