"""What a sample of three axes at 50 Hz takes on the wire, by the real spool's rows, and on the disk once all is in its place."""

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import numpy as np

from ingest.batch import CELL, MICROS, Batch, Span, Stream
from ingest.spool import Spool
from ingest.stores.sqlite import SqliteStore
from ingest.tile import tiled
from ingest.wire import Message, seal
from lab.bench.job import Bench, Figure, Outcome
from lab.bench.tiles import HZ, SCALE, wrist
from lab.bench.windows import DT, SYNCED

COMMITS = (1, 10)
"""s between commits: the default, and that for SD cards."""
BANDS, SECONDS = 20, 300
GOAL = 8
"""Bytes a sample; as three bare int16 it takes 6."""
TOPIC = "keepup/1/clinic/gateway-1/data"
ASKEW = 2 * MICROS
"""Commits do not begin with cells."""


def run(bench: Bench) -> Outcome:
    figures = []
    for i, commit in enumerate(COMMITS):
        wire, raw, tiles = _taken(bench.folder / str(commit), commit, bench.now())
        figures += [
            Figure(f"on the wire, a commit in {commit} s", wire, "bytes/sample", f"≤ {GOAL}"),
            Figure(f"on the disk, a commit in {commit} s", raw, "bytes/sample", f"≤ {GOAL}"),
            Figure(f"tiles on the disk, a commit in {commit} s", tiles, "bytes/sample"),
        ]
        bench.moved((i + 1) / len(COMMITS))
    worst = max(figure.value for figure in figures if figure.goal)
    return Outcome(figures, GOAL / worst, 1.0, f"{GOAL} bytes beside the most that a sample takes")


def _taken(folder: Path, commit: int, now: int) -> tuple[float, float, float]:
    """Bytes a sample on the wire, among raw readings on the disk, and in tiles and what else is indexed."""
    spool, store = Spool(folder / "spool.db"), SqliteStore(folder / "store")
    sent = seq = 0
    for commits in _commits(commit, now):
        spool.commit(commits, [Span(dev, commits[0].t0, commits[-1].end) for dev in {batch.dev for batch in commits}], {})
        for row in spool.oldest(seq, BANDS):
            seq = row.seq
            claim = {row.dev: spool.claim(row.dev) or 0}
            sent += _framed(seal(Message(spool.id, spool.next_turn(), claim, [(row.seq, row.parcel)])))
        devs = {batch.dev for batch in commits}
        store.write(commits, {dev: tiled([batch for batch in commits if batch.dev == dev]) for dev in devs}, now)
    spool.close()
    store.close()  # with the last connection SQLite puts its journal in its place
    raw = sum(path.stat().st_size for path in (folder / "store").glob("raw-*"))
    samples = BANDS * SECONDS * HZ
    return sent / samples, raw / samples, (folder / "store" / "store.db").stat().st_size / samples


def _framed(payload: bytes) -> int:
    """Bytes of an MQTT publication of QoS 1: header, length, topic, number."""
    rest = 2 + len(TOPIC) + 2 + len(payload)
    return 1 + (1 if rest < 1 << 7 else 2 if rest < 1 << 14 else 3) + rest


def _commits(commit: int, now: int) -> Iterator[list[Batch]]:
    values = wrist(BANDS * SECONDS * HZ, seed=2).reshape(BANDS, SECONDS * HZ, 3)
    start = (now // CELL - SECONDS // 5 - 1) * CELL + ASKEW
    edges = np.arange(start, start + SECONDS * MICROS + 1, commit * MICROS).tolist()
    for first, last in pairwise(edges):
        cells = range(first // CELL * CELL + CELL, last, CELL)
        pieces = list(pairwise([first, *cells, last]))
        yield [
            _batch(f"band-{band:05d}", values[band, (a - start) // DT : (b - start) // DT], a) for band in range(BANDS) for a, b in pieces
        ]


def _batch(dev: str, values: "np.typing.NDArray[np.int16]", t0: int) -> Batch:
    return Batch(dev, Stream.ACC, t0, DT, None, values, SCALE, clock=SYNCED)
