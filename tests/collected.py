"""A collector run over scripted bands under virtual time, and what it left in its ledger."""

import asyncio
import struct
from itertools import pairwise
from random import Random
from zoneinfo import ZoneInfo

from ingest.batch import MICROS, Cause, Span, Stream
from ingest.collect import Appetite, Collector, everything
from ingest.driver import Driver
from ingest.drivers.infinitime import DRIVER as WATCH
from ingest.drivers.infinitime import MOTION, STEPS
from ingest.session import Band, Pace
from lab.clock import Clock, run
from tests.adrift import StampedRadio, SystemClock
from tests.scripted import Ledger, ScriptedBand, ScriptedRadio, xyz

T = 1_767_225_600 * MICROS  # 2026-01-01T00:00Z


def dice() -> Random:
    return Random(1)  # noqa: S311 # jitter, no secret


def count(n: int) -> bytes:
    return struct.pack("<I", n)


def collected(
    minutes: float,
    *scripts: ScriptedBand,
    commit: float = 10.0,
    sink: Ledger | None = None,
    appetite: Appetite = everything,
    driver: Driver = WATCH,
    system: SystemClock | None = None,
) -> tuple[Collector, Ledger]:
    """Runs a collector over these bands (named b-0, b-1, …) from `T` on, then stops it. `system`: what the gateway goes by."""
    clock, ledger = system.true if system else Clock(T), sink or Ledger()

    async def main() -> Collector:
        bands = [Band(f"b-{i}", script.address, driver, ZoneInfo("Europe/Zurich")) for i, script in enumerate(scripts)]
        scripted = ScriptedRadio(clock, scripts)
        timekeeper = system.timekeeper(max([at for band in bands if (at := ledger.heard_to(band.dev))], default=None)) if system else None
        radio = StampedRadio(scripted, timekeeper) if timekeeper else scripted
        collector = Collector(radio, bands, ledger, dice=dice(), appetite=appetite, pace=Pace(commit=commit), timekeeper=timekeeper)
        running = asyncio.create_task(collector.run())
        await asyncio.sleep(minutes * 60)
        collector.stop()
        await running
        assert scripted.most_connecting <= 1
        return collector

    return run(main(), clock), ledger


def spans(ledger: Ledger, dev: str = "b-0") -> list[Span]:
    """Spans of a band, checked to tile time, with stretches of one cause joined."""
    joined: list[Span] = []
    mine = [span for span in ledger.spans if span.dev == dev]
    assert all(one.t1 == next_.t0 for one, next_ in pairwise(mine))
    for span in mine:
        if joined and joined[-1].cause == span.cause:
            span = Span(dev, joined.pop().t0, span.t1, span.cause)
        joined.append(span)
    return joined


def causes(ledger: Ledger, dev: str = "b-0") -> list[Cause | None]:
    return [span.cause for span in spans(ledger, dev)]


def readings(ledger: Ledger, stream: Stream, dev: str = "b-0") -> list[tuple[int, list[int]]]:
    mine = [batch for batch in ledger.batches if (batch.dev, batch.stream) == (dev, stream)]
    return [(int(at), row) for batch in mine for at, row in zip(batch.times, batch.values.tolist(), strict=True)]


def walk(start: int, seconds: int) -> list[tuple[int, str, bytes]]:
    """Motion at 10 Hz and a step every half second."""
    moving = [(start + i * 100_000, MOTION, xyz(i)) for i in range(seconds * 10)]
    stepping = [(start + i * 500_000 + 7, STEPS, count(i)) for i in range(seconds * 2)]
    return sorted(moving + stepping)
