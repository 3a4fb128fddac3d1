"""The radio that hears the virtual bands, and the collector behind it."""

import asyncio
from collections.abc import Callable, Coroutine
from random import Random
from typing import Any

import pytest

from ingest.batch import HOUR, MICROS, MINUTE, Cause
from ingest.collect import Collector
from ingest.drivers.infinitime import DRIVER as WATCH
from ingest.radio import Link, Radio, RadioError
from ingest.session import Band, Pace
from lab.band import BATTERY, CHARS, HEART, STEPS, VIRTUAL, VirtualBand
from lab.chaos import wrist
from lab.clock import Clock, run
from lab.day import Doing
from lab.radio import VirtualRadio
from tests.scripted import Ledger
from tests.wrist import BERLIN, START, Frames, band, first


def on_air(act: Callable[[Radio], Coroutine[Any, Any, None]], worn: VirtualBand, start: int = START) -> Clock:
    clock = Clock(start)
    run(act(VirtualRadio([worn], clock)), clock)
    return clock


def test_a_scan_finds_a_band_by_what_an_infinitime_advertises() -> None:
    async def act(radio: Radio) -> None:
        (seen,) = await radio.scan(10)
        assert radio.now() == START + 10 * MICROS
        assert (seen.address, seen.name) == (VIRTUAL + "steady", "InfiniTime")
        assert "0000180d-0000-1000-8000-00805f9b34fb" in seen.services

    on_air(act, band())


def test_a_connected_band_does_not_advertise_and_takes_no_second_central() -> None:
    async def act(radio: Radio) -> None:
        link = await radio.connect(VIRTUAL + "steady", lambda: None)
        assert await radio.scan(5) == []
        with pytest.raises(RadioError, match="connected already"):
            await radio.connect(VIRTUAL + "steady", lambda: None)
        await link.disconnect()
        assert len(await radio.scan(5)) == 1

    on_air(act, band())


def test_two_connects_at_once_cannot_both_succeed() -> None:
    async def act(radio: Radio) -> None:
        both = await asyncio.gather(*(radio.connect(VIRTUAL + "steady", lambda: None) for _ in range(2)), return_exceptions=True)
        assert [isinstance(one, RadioError) for one in both] == [False, True]

    on_air(act, band())


def test_walking_out_of_range_drops_the_link_then_and_once_and_the_band_is_found_again() -> None:
    #            connect                 dropped                       heard again
    # ----|------|-----------|-----------|== walk, out of range ==|----|
    worn = band()
    walk = first(worn, Doing.WALKING, away=True)
    drops: list[int] = []
    frames: Frames = []

    async def act(radio: Radio) -> None:
        link = await radio.connect(VIRTUAL + "steady", lambda: drops.append(radio.now()))
        await link.subscribe(HEART, lambda at, said: frames.append((at, said)))
        await asyncio.sleep(30 * 60)
        assert drops == [walk.start]
        with pytest.raises(RadioError, match="ended"):
            await link.read(BATTERY)
        assert await radio.scan(10) == []
        with pytest.raises(RadioError, match="does not answer"):
            await radio.connect(VIRTUAL + "steady", lambda: None)
        await asyncio.sleep((walk.end - radio.now()) / MICROS)
        again = await radio.connect(VIRTUAL + "steady", lambda: None)
        assert int.from_bytes(await again.read(STEPS), "little") > 1000
        await link.disconnect()

    on_air(act, worn, walk.start - 25 * MINUTE)
    assert frames
    assert max(at for at, _ in frames) < walk.start
    assert len(drops) == 1


def test_a_flat_battery_drops_the_link_for_good() -> None:
    flat = START + 2 * HOUR
    dropped: list[int] = []

    async def act(radio: Radio) -> None:
        await radio.connect(VIRTUAL + "steady", lambda: dropped.append(radio.now()))
        await asyncio.sleep(3 * 24 * 3600)
        assert await radio.scan(10) == []

    on_air(act, band(flat_from=flat))
    assert dropped == [flat]


def test_leaving_ends_the_link_and_tells_so_once() -> None:
    drops: list[int] = []

    async def act(radio: Radio) -> None:
        link = await radio.connect(VIRTUAL + "steady", lambda: drops.append(1))
        await link.disconnect()
        await link.disconnect()
        await asyncio.sleep(3600)

    on_air(act, band())
    assert drops == [1]


def test_an_answer_comes_after_all_that_was_said_before_it() -> None:
    worn = band()
    walk = first(worn, Doing.WALKING)
    frames: Frames = []

    async def act(radio: Radio) -> None:
        link: Link = await radio.connect(VIRTUAL + "steady", lambda: None)
        assert await link.chars() == CHARS
        await link.subscribe(STEPS, lambda at, said: frames.append((at, said)))
        await asyncio.sleep(17)
        assert frames == []
        assert await link.read(STEPS) == frames[-1][1]
        said = len(frames)
        await link.unsubscribe(STEPS)
        await asyncio.sleep(600)
        assert len(frames) == said > 10

    on_air(act, worn, walk.start + 5 * MICROS)


def test_where_time_is_real_a_band_is_heard_within_about_a_second() -> None:
    worn = band()
    walk = first(worn, Doing.WALKING)
    clock = Clock(walk.start - HOUR, present=walk.start + MINUTE)
    late: list[int] = []

    async def act(radio: Radio) -> None:
        link = await radio.connect(VIRTUAL + "steady", lambda: None)
        await asyncio.sleep((walk.start + MINUTE - radio.now()) / MICROS)
        await link.subscribe(STEPS, lambda at, _: late.append(radio.now() - at))
        await asyncio.sleep(1.3)

    run(act(VirtualRadio([worn], clock)), clock)
    assert clock.live
    assert late
    assert max(late) < 5 * MICROS


def test_the_collector_accepts_every_reading_that_a_virtual_band_handed_over() -> None:
    # |-- two hours at home --|== walk, out of range ==|-- one hour at home --|
    worn, ledger = band(), Ledger()
    walk = first(worn, Doing.WALKING, away=True)
    clock = Clock(walk.start - 2 * HOUR)

    async def main() -> Collector:
        watch = Band("b-1", worn.address, WATCH, BERLIN)
        collector = Collector(VirtualRadio([worn], clock), [watch], ledger, dice=Random(1), pace=Pace(commit=60))  # noqa: S311 jitter
        running = asyncio.create_task(collector.run())
        await asyncio.sleep((walk.end + HOUR - clock.now()) / MICROS)
        collector.stop()
        await running
        return collector

    collector = run(main(), clock)
    tally = collector.tally
    assert sum(worn.notified.values()) == tally.heard == tally.accepted + tally.repeats
    assert sum(batch.n for batch in ledger.batches) == tally.accepted > 10_000
    assert any(span.cause is Cause.RANGE and abs(span.t0 - walk.start) < MINUTE + MICROS for span in ledger.spans)


class Running(Clock):
    """Goes on each time it is asked, as real time does."""

    def now(self) -> int:
        self._at += 700_000
        return self._at


def test_time_that_goes_on_while_a_band_is_asked_holds_nobody_up() -> None:
    # asked:      0.7 s apart, so that now and then a band has said more than where it surely stays within reach
    # stays for:  4 s at a time
    worn = wrist.band("restless", 2)
    radio = VirtualRadio([worn], Running(START))

    async def act() -> None:
        while not worn.body.reachable(radio.now()):
            pass
        link = await radio.connect(worn.address, lambda: None)
        while True:
            await link.read(BATTERY)

    with pytest.raises(RadioError, match="has ended"):
        asyncio.run(act())
