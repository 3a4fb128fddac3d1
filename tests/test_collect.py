"""The collector, over bands that keep to a script, under virtual time."""

import asyncio
import struct
from collections.abc import Set
from itertools import pairwise
from random import Random
from zoneinfo import ZoneInfo

import pytest

from ingest.batch import CELL, HOUR, MICROS, MINUTE, Batch, Cause, Span, Stream
from ingest.collect import Appetite, ClockBehind, Collector, everything
from ingest.driver import Driver
from ingest.drivers.heart_rate import BATTERY, HEART_RATE
from ingest.drivers.heart_rate import DRIVER as STRAP
from ingest.drivers.infinitime import CURRENT_TIME, LOCAL_TIME, MOTION, STEPS
from ingest.drivers.infinitime import DRIVER as WATCH
from ingest.session import Band, Pace
from lab.clock import Clock, run
from tests.scripted import WATCH as WATCH_CHARS
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
) -> tuple[Collector, Ledger]:
    """Runs a collector over these bands (named b-0, b-1, …) from `T` on, then stops it."""
    clock, ledger = Clock(T), sink or Ledger()

    async def main() -> Collector:
        bands = [Band(f"b-{i}", script.address, driver, ZoneInfo("Europe/Zurich")) for i, script in enumerate(scripts)]
        radio = ScriptedRadio(clock, scripts)
        collector = Collector(radio, bands, ledger, dice=dice(), appetite=appetite, pace=Pace(commit=commit))
        running = asyncio.create_task(collector.run())
        await asyncio.sleep(minutes * 60)
        collector.stop()
        await running
        assert radio.most_connecting <= 1
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


def test_a_dropped_link_becomes_a_gap_and_comes_back() -> None:
    #  0 ── link ── 10 min ✂ back within two minutes ── link ── 20 min
    band = ScriptedBand("A", walk(T + 60 * MICROS, 1000), drops=[T + 10 * MINUTE])
    _, ledger = collected(20, band)
    assert causes(ledger) == [Cause.RADIO, None, Cause.RADIO, None]
    gap = spans(ledger)[2]
    assert T + 10 * MINUTE - MICROS < gap.t0 <= T + 10 * MINUTE < gap.t1 < T + 11 * MINUTE
    assert len(band.connections) == 2
    assert not [at for at, _ in readings(ledger, Stream.ACC) if gap.t0 < at < gap.t1]
    assert sum(batch.n for batch in ledger.batches) == len(band.told)


def test_a_band_carried_away_is_out_of_range_until_it_is_heard_again() -> None:
    band = ScriptedBand("A", away=[(T + 10 * MINUTE, T + 70 * MINUTE)])
    _, ledger = collected(80, band)
    assert causes(ledger) == [Cause.RADIO, None, Cause.RANGE, None]
    gap = spans(ledger)[2]
    assert T + 9 * MINUTE <= gap.t0 <= T + 10 * MINUTE  # alive as far as the last proof, and no further
    assert T + 70 * MINUTE < gap.t1 < T + 71 * MINUTE


def test_a_band_that_dies_with_an_empty_battery_is_told_apart() -> None:
    band = ScriptedBand("A", [(T + 5 * MINUTE, BATTERY, b"\x04")], away=[(T + 10 * MINUTE, T + 90 * MINUTE)])
    assert causes(collected(60, band)[1]) == [Cause.RADIO, None, Cause.BATTERY]


def test_a_dead_link_that_nobody_reports_is_found_by_asking() -> None:
    #  link up, but from minute 10 on no reading is answered: three failures, then a new connection
    band = ScriptedBand("A", walk(T + 60 * MICROS, 300), numb=[(T + 10 * MINUTE, T + 15 * MINUTE)])
    _, ledger = collected(30, band)
    assert causes(ledger) == [Cause.RADIO, None, Cause.RADIO, None]
    gap = spans(ledger)[2]
    assert T + 9 * MINUTE <= gap.t0 <= T + 10 * MINUTE
    assert gap.t1 > T + 15 * MINUTE
    assert spans(ledger)[-1].cause is None


def test_a_bad_frame_is_set_aside_and_its_neighbours_are_kept() -> None:
    start = T + MINUTE
    band = ScriptedBand("A", [(start, MOTION, xyz(1)), (start + 100_000, MOTION, b"\x01\x02"), (start + 200_000, MOTION, xyz(2))])
    collector, ledger = collected(2, band)
    assert [row for _, row in readings(ledger, Stream.ACC)][1:] == [[1, -1, 1024], [2, -2, 1024]]
    (bad,) = collector.malformed
    assert (bad.dev, bad.stream, bad.at, bad.payload) == ("b-0", Stream.ACC, start + 100_000, b"\x01\x02")
    assert collector.tally.heard == collector.tally.accepted + collector.tally.malformed


def test_the_bands_clock_is_set_to_its_wearers_at_each_connection() -> None:
    band = ScriptedBand("A", drops=[T + 5 * MINUTE])
    collected(10, band)
    assert [char for _, char, _ in band.written] == [CURRENT_TIME, LOCAL_TIME] * 2
    assert band.written[0][2][:5] == bytes([0xEA, 0x07, 1, 1, 1])  # 2026-01-01, one o'clock in Zurich
    assert band.written[1][2] == bytes([4, 0])


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


def test_a_connection_that_lacks_a_characteristic_is_made_again() -> None:
    band = ScriptedBand("A", walk(T + MINUTE, 60), offers=lambda nth: WATCH_CHARS if nth else WATCH_CHARS - {BATTERY})
    _, ledger = collected(5, band)
    assert len(band.connections) == 2
    assert readings(ledger, Stream.BATTERY)


def test_a_band_that_is_not_what_its_driver_needs_is_reported_in_words() -> None:
    collector, _ = collected(5, ScriptedBand("A", offers=lambda _: frozenset({STEPS, MOTION})), driver=WATCH)
    assert "does not offer " in str(collector.troubles()["b-0"])


def test_a_strap_without_a_battery_service_is_heard_in_the_end() -> None:
    beats = [(T + i * MICROS, HEART_RATE, bytes([0, 60 + i % 30])) for i in range(600)]
    band = ScriptedBand("A", beats, offers=lambda _: frozenset({HEART_RATE}))
    _, ledger = collected(10, band, driver=STRAP)
    assert len(band.connections) == 3
    assert len(readings(ledger, Stream.HR)) > 550


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


def test_a_band_that_keeps_failing_is_tried_ever_less_often_but_never_given_up() -> None:
    band = ScriptedBand("A", offers=lambda _: frozenset())
    collected(60, band)
    waits = [(later - sooner) / MICROS for sooner, later in pairwise(band.connections)]
    assert waits[0] < 8  # a second at most, one scan, and connecting
    assert min(waits[8:]) > 30
    assert max(waits) < 67
    assert band.connections[-1] > T + 58 * MINUTE
