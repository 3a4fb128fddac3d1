"""`keepup bench`: the speed table."""

import json
from dataclasses import asdict

import typer
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from cli.options import as_json
from lab.bench import GOAL, HZ, JOBS, ROUNDS, WEEK, Timing, judged, timed, wrist


def bench(json_: as_json = False) -> None:
    """Measure how fast a week of a wrist's samples becomes tiles, beside a plain numpy ENMO in the same run.

    7 days at 50 Hz, three axes, int16; one process, median of three rounds. Exit code 1 where the tiles (without spectrum) are
    slower than 0.7 times the plain ENMO.
    """
    with Progress(console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("measuring", total=1 + ROUNDS * len(JOBS))
        values = wrist(WEEK, seed=1)
        progress.advance(task)
        times = []
        for one in timed(values):
            times.append(one)
            progress.advance(task)
    timings = judged(times, len(values))
    met = timings[1].ratio >= GOAL
    if json_:
        print(json.dumps({"rows": len(values), "hz": HZ, "goal": GOAL, "met": met, "jobs": [asdict(timing) for timing in timings]}))
    else:
        Console().print(_table(timings))
    raise typer.Exit(0 if met else 1)


def _table(timings: list[Timing]) -> Table:
    table = Table(title=f"{WEEK:,} rows: 7 days × {HZ} Hz × 3 axes, int16", caption=f"goal: tiles at least {GOAL} × the plain ENMO")
    table.add_column("job")
    for name in ("median s", "million rows/s", "× plain ENMO"):
        table.add_column(name, justify="right")
    for timing in timings:
        table.add_row(timing.job, f"{timing.seconds:.3f}", f"{timing.rows_per_second / 1e6:.1f}", f"{timing.ratio:.2f}")
    return table
