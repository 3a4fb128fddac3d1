"""A gateway that booted with a clock days ahead, and a time server that sets it: it hears on, and what it cannot place is a gap."""

import asyncio
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from structlog.testing import capture_logs

from cli.collect import go_on
from ingest.batch import DAY, HOUR, MICROS, MINUTE, Cause, Span, Stream
from ingest.body import decode
from ingest.collect import Collector
from ingest.drivers.infinitime import DRIVER as WATCH
from ingest.session import Band, Pace
from ingest.spool import Spool
from ingest.thinning import joined
from ingest.timekeeping import ClockBehind
from ingest.wire import unpack
from lab.clock import Clock as TrueClock
from lab.clock import run
from tests.adrift import StampedRadio, SystemClock
from tests.collected import T, dice, walk
from tests.scripted import ScriptedBand, ScriptedRadio

AHEAD = 3 * DAY


@pytest.fixture
def spool(tmp_path: Path) -> Iterator[Spool]:
    with closing(Spool(tmp_path / "spool.db")) as made:
        made.commit([], [Span("b-0", T - HOUR, T - 30 * MINUTE)], {("b-0", Stream.ACC): T - 31 * MINUTE})
        yield made


class Gateway:
    """Booted at T, and heard with until an hour after it, in as many runs as that takes."""

    def __init__(self, spool: Spool, synced: int | None) -> None:
        self.spool, self.runs = spool, 0
        self.system = SystemClock(TrueClock(T), AHEAD, [(T + 10 * MINUTE, 0)], synced)
        self.band = ScriptedBand("A", walk(T + MINUTE, 50 * 60))

    def collect(self) -> None:
        self.runs += 1
        true, timekeeper = self.system.true, self.system.timekeeper(self.spool.heard_to("b-0"))
        radio = StampedRadio(ScriptedRadio(true, [self.band]), timekeeper)
        band, pace = Band("b-0", self.band.address, WATCH, ZoneInfo("UTC")), Pace(commit=10)
        collector = Collector(radio, [band], self.spool, dice=dice(), pace=pace, timekeeper=timekeeper)

        async def main() -> None:
            job = asyncio.create_task(collector.run())
            await asyncio.wait([job], timeout=(T + HOUR - true.now()) / MICROS)
            collector.stop()
            await job

        run(main(), true)

    def told(self, cause: Cause | None) -> list[tuple[int, int]]:
        """Whole minutes since T of what can be believed today: nothing of days to come."""
        spans = [span for row in self.spool.oldest(0, 9999) for span in unpack(row.parcel).spans if span.t1 < T + DAY]
        return [(round((span.t0 - T) / MINUTE), round((span.t1 - T) / MINUTE)) for span in joined(spans) if span.cause == cause]

    def readings(self) -> list[int]:
        """Times of motion, of those that can be believed."""
        bodies = [decode(body) for row in self.spool.oldest(0, 9999) for _, body in unpack(row.parcel).bodies]
        return [at for one in bodies if one.stream is Stream.ACC for at in one.times.tolist() if at < T + DAY]


def test_a_gateway_whose_clock_was_days_ahead_hears_on_once_a_time_server_sets_it(spool: Spool) -> None:
    #  true   -0:30 off ── 0:00 boots ── 0:10 set ── 1:00
    #  shown            ── three days later ─┤ 0:10 ── 1:00
    gateway = Gateway(spool, T + 10 * MINUTE)
    with capture_logs() as logs:
        go_on(spool, gateway.system.system, gateway.collect)
    assert gateway.runs == 2
    assert [(entry["log_level"], entry["bands"]) for entry in logs if "days ahead" in entry["event"]] == [("error", 1)]
    assert gateway.told(Cause.GATEWAY) == [(-30, 10)]
    assert gateway.told(Cause.CLOCK) == [(0, 10)]
    assert gateway.told(None)[-1] == (10, 60)
    there = gateway.readings()
    assert (there[0] - T) // MINUTE == 10
    assert (there[-1] - T) // MINUTE == 50
    assert spool.heard_to("b-0") == T + HOUR


def test_one_that_was_switched_off_before_its_clock_was_set_goes_on_from_the_same_place(spool: Spool) -> None:
    false = [Span("b-0", T - 30 * MINUTE, T + AHEAD, Cause.GATEWAY), Span("b-0", T + AHEAD, T + AHEAD + MINUTE)]
    spool.commit([], false, {("b-0", Stream.ACC): T + AHEAD})
    assert spool.turn_back(T + AHEAD - DAY + 2 * MINUTE) == []
    assert spool.turn_back(T + HOUR) == ["b-0"]
    assert (spool.heard_to("b-0"), spool.cursor("b-0", Stream.ACC)) == (T - 30 * MINUTE, T - 30 * MINUTE)
    assert spool.turn_back(T + HOUR) == []


def test_where_no_time_server_vouches_for_the_clock_nobody_turns_back(spool: Spool) -> None:
    gateway = Gateway(spool, None)
    with pytest.raises(ClockBehind, match="once a time server vouches for it"):
        go_on(spool, gateway.system.system, gateway.collect)
    assert gateway.runs == 1
