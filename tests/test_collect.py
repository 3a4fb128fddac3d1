"""The collector, over bands that keep to a script, under virtual time."""

import asyncio
from collections.abc import Set
from zoneinfo import ZoneInfo

import pytest

from ingest.batch import CELL, HOUR, MICROS, MINUTE, Batch, Cause, Span, Stream
from ingest.collect import Collector
from ingest.drivers.heart_rate import BATTERY, HEART_RATE
from ingest.drivers.infinitime import DRIVER as WATCH
from ingest.drivers.infinitime import MOTION, STEPS
from ingest.session import Band
from ingest.timekeeping import ClockBehind
from lab.clock import Clock, run
from tests.collected import T, causes, collected, dice, readings, spans, walk
from tests.scripted import Ledger, ScriptedBand, ScriptedRadio, xyz


def test_everything_a_band_says_is_committed_once_and_at_its_time() -> None:
    band = ScriptedBand("A", walk(T + 20 * MICROS, 300))
    collector, ledger = collected(6, band)
    for char, stream in ((MOTION, Stream.ACC), (STEPS, Stream.COUNTER), (BATTERY, Stream.BATTERY), (HEART_RATE, Stream.HR)):
        said = [
            (at, WATCH.decode(feed, [payload])[0].tolist())
            for at, about, payload in band.told
            for feed in WATCH.feeds
            if feed.char == about == char
        ]
        assert readings(ledger, stream) == said
    assert len(readings(ledger, Stream.ACC)) == 3001
    tally = collector.tally
    assert tally.heard == len(band.told) == tally.accepted == sum(batch.n for batch in ledger.batches)
    assert all(batch.t0 // CELL == int(batch.times[-1]) // CELL for batch in ledger.batches if batch.stream == Stream.ACC)


def test_two_hours_of_a_motionless_wrist_are_alive_and_not_unknown() -> None:
    #  0:00 ─ connect ───────── not one notification ───────── 2:00
    band = ScriptedBand("A")
    collector, ledger = collected(120, band, commit=3600)
    searching, alive = spans(ledger)
    assert (searching.cause, alive.cause) == (Cause.RADIO, None)
    assert searching.t1 - searching.t0 < 10 * MICROS
    assert alive.t1 == T + 2 * HOUR == collector.horizon("b-0")
    assert len(band.connections) == 1
    (still,) = [batch for batch in ledger.batches if batch.stream == Stream.ACC]
    assert still.n == 1  # as read at connecting
    assert still.until is not None
    assert still.until == still.t0 // CELL * CELL + CELL


def test_a_bad_frame_is_set_aside_and_its_neighbours_are_kept() -> None:
    start = T + MINUTE
    band = ScriptedBand("A", [(start, MOTION, xyz(1)), (start + 100_000, MOTION, b"\x01\x02"), (start + 200_000, MOTION, xyz(2))])
    collector, ledger = collected(2, band)
    assert [row for _, row in readings(ledger, Stream.ACC)][1:] == [[1, -1, 1024], [2, -2, 1024]]
    (bad,) = collector.malformed
    assert (bad.dev, bad.stream, bad.at, bad.payload) == ("b-0", Stream.ACC, start + 100_000, b"\x01\x02")
    assert collector.tally.heard == collector.tally.accepted + collector.tally.malformed


def test_stopping_disconnects_and_commits_the_last_moment() -> None:
    band = ScriptedBand("A", walk(T + 20 * MICROS, 90))
    collector, ledger = collected(1, band, commit=3600)
    assert not band.connected
    assert ledger.commits == 1
    assert collector.horizon("b-0") == T + MINUTE
    assert sum(batch.n for batch in ledger.batches) == len(band.told) > 400


def test_cancelling_is_stopping() -> None:
    band, clock, ledger = ScriptedBand("A"), Clock(T), Ledger()

    async def main() -> None:
        bands = [Band("b-0", "A", WATCH, ZoneInfo("UTC"))]
        running = asyncio.create_task(Collector(ScriptedRadio(clock, [band]), bands, ledger, dice=dice()).run())
        await asyncio.sleep(60)
        assert band.connected
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)

    run(main(), clock)
    assert not band.connected
    assert spans(ledger)[-1].t1 == T + MINUTE


def test_what_is_wanted_may_change_while_connected() -> None:
    #  motion wanted in [2, 4) min only; steps always
    def appetite(_dev: str, now: int) -> Set[Stream]:
        return {Stream.COUNTER, Stream.ACC} if T + 2 * MINUTE <= now < T + 4 * MINUTE else {Stream.COUNTER}

    band = ScriptedBand("A", walk(T + 20 * MICROS, 340))
    _, ledger = collected(6, band, appetite=appetite)
    motion = [at for at, _ in readings(ledger, Stream.ACC)]
    assert (motion[0], motion[-1]) == (T + 2 * MINUTE, T + 4 * MINUTE)  # read at once when wanted anew
    assert len(motion) > 1190
    assert len(readings(ledger, Stream.COUNTER)) == len([1 for _, char, _ in band.told if char == STEPS])
    assert len(band.connections) == 1
    assert all((batch.until or 0) <= T + 4 * MINUTE for batch in ledger.batches if batch.stream == Stream.ACC)


def test_a_restart_begins_where_the_last_run_ended_and_calls_the_time_between_its_own() -> None:
    ledger = Ledger({"b-0": T - HOUR})
    collected(5, ScriptedBand("A"), sink=ledger)
    assert causes(ledger) == [Cause.GATEWAY, Cause.RADIO, None]
    assert spans(ledger)[0] == Span("b-0", T - HOUR, T, Cause.GATEWAY)


def test_a_clock_far_behind_the_spool_is_not_trusted() -> None:
    with pytest.raises(ClockBehind, match="Wait until the clock is set"):
        collected(1, ScriptedBand("A"), sink=Ledger({"b-0": T + HOUR}))


def test_three_bands_share_one_commit_and_the_same_dice_give_the_same_run() -> None:
    def once() -> tuple[int, list[Span], list[Batch]]:
        scripts = [ScriptedBand(name, walk(T + MINUTE, 30), drops=[T + 90 * MICROS]) for name in "ABC"]
        _, ledger = collected(4, *scripts)
        return ledger.commits, ledger.spans, ledger.batches

    commits, first, batches = once()
    again = once()
    assert (commits, first) == again[:2]
    assert [(batch.dev, batch.t0, batch.values.tolist()) for batch in batches] == [(b.dev, b.t0, b.values.tolist()) for b in again[2]]
    assert commits <= 25
    assert {span.dev for span in first} == {"b-0", "b-1", "b-2"}


def test_a_sink_that_fails_ends_the_run_with_every_band_disconnected() -> None:
    class Full(Ledger):
        def commit(self, *_: object) -> None:
            raise OSError("disk full")

    band = ScriptedBand("A")
    with pytest.raises(OSError, match="disk full"):
        collected(1, band, sink=Full())
    assert not band.connected
