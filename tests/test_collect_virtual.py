"""The collector over virtual bands, into a real spool: the books of both ends agree."""

import asyncio
from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from random import Random

from ingest.batch import HOUR, MICROS, Batch, Span, Stream
from ingest.collect import Collector
from ingest.drivers.infinitime import DRIVER
from ingest.session import Band, Pace
from ingest.spool import Spool
from lab.clock import Clock, run
from lab.people import cast
from lab.radio import VirtualRadio

END = 1_790_000_000 * MICROS  # 2026-09-21T14:13:20Z


class Watched(Spool):
    """A spool that minds what is committed."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.spans: list[Span] = []

    def commit(
        self,
        batches: Sequence[Batch],
        spans: Sequence[Span],
        cursors: Mapping[tuple[str, Stream], int],
        heard_to: Mapping[str, int] | None = None,
    ) -> None:
        for batch in batches:
            assert batch.t0 >= (self.heard_to(batch.dev) or 0), "what was called complete was not"
        super().commit(batches, spans, cursors, heard_to)
        self.spans += spans


def test_two_virtual_patients_have_every_reading_in_the_spool_and_no_moment_unaccounted_for(tmp_path: Path) -> None:
    hours = 12
    start = END - hours * HOUR
    players, clock, spool = cast(1, 2, END), Clock(start), Watched(tmp_path / "spool.db")

    def appetite(_dev: str, now: int) -> frozenset[Stream]:
        return frozenset(Stream) if now >= END - 2 * HOUR else frozenset(Stream) - {Stream.ACC}

    async def main() -> Collector:
        bands = [Band(player.patient, player.band.address, DRIVER, player.zone) for player in players]
        radio = VirtualRadio([player.band for player in players], clock)
        dice = Random(1)  # noqa: S311 # jitter, no secret
        collector = Collector(radio, bands, spool, dice=dice, appetite=appetite, pace=Pace(commit=3600))
        running = asyncio.create_task(collector.run())
        await asyncio.sleep(hours * 3600)
        collector.stop()
        await running
        return collector

    collector = run(main(), clock)
    notified = {player.patient: sum(player.band.notified.values()) for player in players}
    assert collector.tally.heard == sum(notified.values())
    assert collector.tally.accepted + collector.tally.repeats == collector.tally.heard
    assert collector.tally.repeats < 10
    assert sum(spool.accepted().values()) == collector.tally.accepted
    assert all(count > 10_000 for count in spool.accepted().values())
    for player in players:
        mine = [span for span in spool.spans if span.dev == player.patient]
        assert (mine[0].t0, mine[-1].t1) == (start, collector.horizon(player.patient))
        assert all(one.t1 == next_.t0 for one, next_ in pairwise(mine))
        alive = sum(span.t1 - span.t0 for span in mine if span.cause is None)
        reachable = sum(60 for at in range(start, END, 60 * MICROS) if player.band.body.reachable(at))
        assert abs(alive / MICROS - reachable) < 600
    spool.close()
