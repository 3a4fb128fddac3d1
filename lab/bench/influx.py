"""Readings into InfluxDB 2 through the store, beside bare requests of the same bytes to the same server.

An hour of heart rates is 3,600 points which dashboards show, and one more that holds the batch.
"""

import time
from collections.abc import Sequence
from pathlib import Path

import httpx
import numpy as np

from ingest.batch import HOUR, MICROS, Batch, Stream
from ingest.influx import PORTION, place
from ingest.lineprotocol import batch_line, reading_lines
from ingest.tile import tiled
from lab.bench.job import Bench, Figure, Outcome, Unmeasured
from lab.bench.processes import standing
from lab.bench.windows import SYNCED, windows
from lab.chaos.storm import Site

BANDS, PER_WRITE = 60, 20
"""Bands, each with an hour of heart rates; batches in one write."""
WINDOWS = 20
"""5-s windows of each band."""
GOAL = "≥ 150,000"
LEAST = 0.4
"""Of the bare requests' speed: the store makes the lines, and asks first what is there."""


def run(bench: Bench) -> Outcome:
    figures, ratio = _measured(bench, "double", "protocol double")
    bench.moved(0.5)
    try:
        more, ratio = _measured(bench, "influx", "InfluxDB 2")
    except Unmeasured as why:
        return Outcome([*figures, Figure(f"InfluxDB 2 NOT MEASURED: {why}", 0, "")], ratio, LEAST, "the store beside bare requests")
    return Outcome([*figures, *more], ratio, LEAST, "the store beside bare requests to InfluxDB 2")


def _measured(bench: Bench, kept: str, name: str) -> tuple[list[Figure], float]:
    folder = bench.folder / kept
    folder.mkdir()
    site, now = bench.line(folder, "embedded", kept), bench.now()
    with standing(site, "store"):
        hearts = [_heart(f"heart-{band}", now) for band in range(BANDS)]
        points = BANDS * (HOUR // MICROS + 1)
        bare = points / _bare(site, folder, [_heart(f"bare-{band}", now) for band in range(BANDS)])
        ours, own = (points / seconds for seconds in _through(site, hearts, now))
        moves = list(windows(BANDS, WINDOWS, 250, now))
        samples = sum(batch.n for batch in moves) / _through(site, moves, now)[0]
    figures = [
        Figure(f"{name}: heart rates through the store", ours, "points/s", GOAL),
        Figure(f"{name}: the store's own part of it", own, "points/s of processor time"),
        Figure(f"{name}: the same bytes, bare", bare, "points/s"),
        Figure(f"{name}: acceleration through the store", samples, "samples/s"),
    ]
    return figures, ours / bare


def _heart(dev: str, now: int) -> Batch:
    values = np.resize(np.arange(60, 120, dtype=np.int16), (HOUR // MICROS, 1))
    return Batch(dev, Stream.HR, (now // HOUR - 2) * HOUR, MICROS, None, values, 1.0, clock=SYNCED)


def _through(site: Site, batches: Sequence[Batch], now: int) -> tuple[float, float]:
    """s, and s of processor time."""
    store = site.store()
    began, used = time.perf_counter(), time.process_time()
    for i in range(0, len(batches), PER_WRITE):
        some = batches[i : i + PER_WRITE]
        moves = [batch for batch in some if batch.stream is Stream.ACC]
        store.write(some, {batch.dev: tiled([batch]) for batch in moves}, now)
    took = time.perf_counter() - began, time.process_time() - used
    store.close()
    return took


def _bare(site: Site, folder: Path, batches: Sequence[Batch]) -> float:
    """Lines ready-made, in requests as long as the store's."""
    lines = [line for batch in batches for line in (*reading_lines(batch), batch_line(batch, batch.t0))]
    per = PORTION // (sum(map(len, lines)) // len(lines) + 1)
    bodies = [b"\n".join(lines[i : i + per]) for i in range(0, len(lines), per)]
    ingester = site.others[-1].command
    at = place(ingester[list(ingester).index("--store") + 1])
    asked = {"org": at.org, "bucket": at.rest, "precision": "us"}
    with httpx.Client(headers={"Authorization": f"Token {(folder / 'token').read_text()}"}, timeout=30) as client:
        began = time.perf_counter()
        for body in bodies:
            client.post(f"{at.url}/api/v2/write", params=asked, content=body).raise_for_status()
        return time.perf_counter() - began
