"""A gateway whose clock is wrong, through the real collector: every reading is kept, no time goes back, and what was wrong is told."""

from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.batch import HOUR, MICROS, MINUTE, Cause, Clock, Quality, Span, Stream
from ingest.drivers.infinitime import CURRENT_TIME
from lab.clock import Clock as TrueClock
from tests.adrift import SystemClock
from tests.collected import T, collected, readings, walk
from tests.scripted import Ledger, ScriptedBand


def told(ledger: Ledger, cause: Cause | None) -> list[tuple[int, int]]:
    """Whole minutes since T of what was told with this cause, neighbours joined."""
    out: list[tuple[int, int]] = []
    for span in ledger.spans:
        if span.cause == cause:
            start, end = round((span.t0 - T) / MINUTE), round((span.t1 - T) / MINUTE)
            out[-1:] = [(out[-1][0], end)] if out and out[-1][1] == start else [*out[-1:], (start, end)]
    return [one for one in out if one[0] < one[1]]


def test_a_gateway_that_boots_without_network_time_is_corrected_when_its_clock_is_set() -> None:
    #  true      0:00 boots ── 0:10 set ── 0:20
    #  it shows  -8:00 ── -7:50 │ 0:10 ── 0:20
    band = ScriptedBand("A", walk(T + MINUTE, 19 * 60))
    system = SystemClock(TrueClock(T), -8 * HOUR, [(T + 10 * MINUTE, 0)], synced=T + 10 * MINUTE)
    collector, ledger = collected(20, band, system=system)
    assert collector.tally.heard == len(band.told) == collector.tally.accepted
    assert told(ledger, None)[0] == (-480, -470)
    assert told(ledger, None)[-1] == (10, 20)
    assert told(ledger, Cause.GATEWAY) == [(-470, 0)]
    assert told(ledger, Cause.CLOCK) == [(0, 10), (-480, -470)]
    (correction,) = [span for span in ledger.spans if span.off is not None]
    assert correction.cause == Cause.CLOCK
    assert abs(correction.off or 0) // MINUTE == 8 * 60
    assert {batch.clock for batch in ledger.batches if batch.t0 < correction.t1} == {Clock(0, Quality.UNSYNCED)}
    assert {batch.clock for batch in ledger.batches if batch.t0 > correction.t1} == {Clock(0, Quality.SYNCED)}


def test_the_correction_gives_every_wrong_time_back_to_within_a_commit() -> None:
    band = ScriptedBand("A", walk(T + MINUTE, 15 * 60))
    system = SystemClock(TrueClock(T), -8 * HOUR, [(T + 10 * MINUTE, 0)], synced=T + 10 * MINUTE)
    _, ledger = collected(20, band, system=system)
    (correction,) = [span for span in ledger.spans if span.off is not None]
    said = [at for at, _, payload in band.told if len(payload) == 6]
    mended = [at + (correction.off or 0) if correction.t0 <= at < correction.t1 else at for at, _ in readings(ledger, Stream.ACC)]
    assert len(mended) == len(said)
    assert max(abs(one - other) for one, other in zip(mended, said, strict=True)) < 10 * MICROS


def test_a_band_is_told_the_time_again_once_the_gateway_knows_it() -> None:
    band = ScriptedBand("A")
    system = SystemClock(TrueClock(T), -8 * HOUR, [(T + 10 * MINUTE, 0)], synced=T + 10 * MINUTE)
    collected(20, band, system=system)
    hours = [payload[4] for _, char, payload in band.written if char == CURRENT_TIME]
    assert hours == [17, 1]  # in Zurich, where its wearer is: 16:00 and 0:10 UTC
    assert len(band.connections) == 1


def test_a_clock_set_back_costs_no_reading_and_gives_no_time_twice() -> None:
    #  0:00 ── 0:10 set back by 5 min ──── 0:20 caught up ── 0:30
    band = ScriptedBand("A", walk(T + MINUTE, 29 * 60))
    system = SystemClock(TrueClock(T), 0, [(T + 10 * MINUTE, -5 * MINUTE)], synced=T)
    collector, ledger = collected(30, band, system=system)
    assert collector.tally.heard == len(band.told) == collector.tally.accepted
    at = [at for at, _ in readings(ledger, Stream.ACC)]
    assert all(one < other for one, other in pairwise(at))
    assert max(other - one for one, other in pairwise(at[1:])) < 2 * MICROS
    assert told(ledger, Cause.CLOCK) == [(10, 15)]
    jumped = [batch for batch in ledger.batches if batch.clock and batch.clock.quality == Quality.JUMPED]
    assert all(T + 10 * MINUTE <= batch.t0 <= T + 15 * MINUTE for batch in jumped)
    assert max(batch.clock.offset for batch in jumped if batch.clock) < 0
    assert collector.horizon("b-0") == T + 25 * MINUTE


def test_a_clock_that_leapt_ahead_and_is_set_back_leaves_no_false_time_standing() -> None:
    #  true   0:00 ── 0:10 leaps ── 0:20 set back ────────────── 2:20 ── 2:30
    #  shown  0:00 ── 0:10 → 1:10 ─ 1:20 ──── at half speed ──── 2:20 ── 2:30
    band = ScriptedBand("A", walk(T + MINUTE, 140 * 60))
    system = SystemClock(TrueClock(T), 0, [(T + 10 * MINUTE, HOUR), (T + 20 * MINUTE, 0)], synced=T)
    collector, ledger = collected(150, band, system=system)
    assert collector.tally.heard == len(band.told) == collector.tally.accepted
    assert told(ledger, Cause.CLOCK) == [(10, 140)]
    assert collector.horizon("b-0") == T + 150 * MINUTE


def test_a_boot_with_a_clock_ahead_is_no_time_at_which_the_gateway_did_not_run() -> None:
    #  true   -0:30 off ── 0:00 boots ── 0:10 set ── 1:10 caught up
    #  shown            ── 0:30 ──────── 0:40 ────── 1:10
    band = ScriptedBand("A", walk(T + MINUTE, 79 * 60))
    system = SystemClock(TrueClock(T), 30 * MINUTE, [(T + 10 * MINUTE, 0)], synced=T + 10 * MINUTE)
    collector, ledger = collected(80, band, sink=Ledger({"b-0": T - 30 * MINUTE}), system=system)
    assert collector.tally.heard == len(band.told) == collector.tally.accepted
    assert told(ledger, Cause.GATEWAY) == [(-30, 30)]  # of which from 0:00 on another cause is told, which stands over it
    assert told(ledger, Cause.CLOCK) == [(0, 70)]


def test_a_gateway_that_slept_with_its_lid_closed_did_not_run() -> None:
    # the clock that nobody sets slept too: to the collector it is a step of four hours
    system = SystemClock(TrueClock(T), 0, [(T + 10 * MINUTE, 4 * HOUR)], synced=T)
    _, ledger = collected(20, ScriptedBand("A", walk(T + MINUTE, 19 * 60)), system=system)
    assert told(ledger, Cause.GATEWAY) == [(10, 250)]
    assert told(ledger, None)[-1] == (250, 260)
    assert told(ledger, Cause.CLOCK) == []


def test_a_restart_with_a_clock_behind_the_spool_waits_for_nobody() -> None:
    # 02:00 newest reading ── power cut ── the clock shows 01:00, which is never mended in this run
    band = ScriptedBand("A", walk(T + MINUTE, 9 * 60))
    system = SystemClock(TrueClock(T), -HOUR, synced=T + 9 * HOUR)
    collector, ledger = collected(10, band, sink=Ledger({"b-0": T}), system=system)
    assert collector.tally.accepted == len(band.told)
    assert min(batch.t0 for batch in ledger.batches) >= T
    assert {batch.clock for batch in ledger.batches} == {Clock(-HOUR, Quality.UNSYNCED)}


changes = st.lists(st.tuples(st.integers(1, 15), st.integers(-90, 90)), max_size=4)


@settings(max_examples=15, deadline=None)
@given(changes, st.none() | st.integers(0, 15), st.integers(-90, 90))
def test_whatever_the_clock_does_every_reading_is_committed_after_the_one_before(
    changes: list[tuple[int, int]], synced: int | None, off: int
) -> None:
    band = ScriptedBand("A", walk(T + MINUTE, 4 * 60) + walk(T + 8 * MINUTE, 2 * 60), drops=[T + 7 * MINUTE])
    sets = [(T + at * MINUTE, to * MINUTE) for at, to in sorted(changes)]
    system = SystemClock(TrueClock(T), off * MINUTE, sets, None if synced is None else T + synced * MINUTE)
    collector, ledger = collected(16, band, system=system)
    assert collector.tally.heard == len(band.told) == collector.tally.accepted
    for stream in Stream:
        at = [at for at, _ in readings(ledger, stream)]
        assert all(one < other for one, other in pairwise(at))
    assert _without_holes(ledger.spans)
    heard = sorted((span.t0, span.t1) for span in ledger.spans if span.cause != Cause.CLOCK)
    assert all(one[1] <= other[0] for one, other in pairwise(heard))


def _without_holes(spans: list[Span]) -> bool:
    ordered = sorted(spans, key=lambda span: span.t0)
    return all(span.t0 <= max(before.t1 for before in ordered[: i + 1]) for i, span in enumerate(ordered[1:]))
