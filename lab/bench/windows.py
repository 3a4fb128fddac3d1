"""Windows of wrists as gateways send them: what the jobs store and send."""

from collections.abc import Iterator, Sequence
from random import Random

from ingest.batch import CELL, HOUR, MICROS, Batch, Clock, Quality, Span, Stream
from ingest.body import encode
from ingest.wire import Message, Parcel, pack, seal
from lab.bench.tiles import HZ, SCALE, wrist

DT = MICROS // HZ
PER_GATEWAY = 200
"""Bands of one gateway."""
ROWS = 100_000
"""Samples from which windows are taken, each from another place."""
SYNCED = Clock(0, Quality.SYNCED)


def windows(bands: int, each: int, samples: int, now: int) -> Iterator[Batch]:
    """`each` windows of every band in turn, as time goes; they begin an hour before `now`. `samples` fit a cell: at most 250."""
    values, dice = wrist(ROWS, seed=1), Random(1)  # noqa: S311 — the same windows each time
    start = (now - HOUR) // CELL * CELL
    for i in range(each):
        for band in range(bands):
            at = dice.randrange(ROWS - samples)
            yield Batch(f"band-{band:05d}", Stream.ACC, start + i * samples * DT, DT, None, values[at : at + samples], SCALE, clock=SYNCED)


def gateway(dev: str) -> int:
    """The gateway that hears a band of `windows`, from 0."""
    return int(dev.rpartition("-")[2]) // PER_GATEWAY


def message(batches: Sequence[Batch], seq: int) -> bytes:
    """As a gateway's sender would publish a commit that heard one window of each of some bands; its rows begin with `seq`."""
    parcels = [pack(Parcel([(batch.n, encode(batch))], [Span(batch.dev, batch.t0, batch.end)])) for batch in batches]
    claims = {batch.dev: batch.t0 for batch in batches}
    return seal(Message(f"{gateway(batches[0].dev):032x}", seq, claims, list(enumerate(parcels, seq))))
