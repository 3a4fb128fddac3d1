"""The collector's links, over bands that keep to a script: made, lost, found dead and made again."""

from itertools import pairwise

from ingest.batch import MICROS, MINUTE, Cause, Stream
from ingest.drivers.heart_rate import BATTERY, HEART_RATE
from ingest.drivers.heart_rate import DRIVER as STRAP
from ingest.drivers.infinitime import CURRENT_TIME, LOCAL_TIME, MOTION, STEPS
from ingest.drivers.infinitime import DRIVER as WATCH
from tests.collected import T, causes, collected, readings, spans, walk
from tests.scripted import WATCH as WATCH_CHARS
from tests.scripted import ScriptedBand


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


def test_the_bands_clock_is_set_to_its_wearers_at_each_connection() -> None:
    band = ScriptedBand("A", drops=[T + 5 * MINUTE])
    collected(10, band)
    assert [char for _, char, _ in band.written] == [CURRENT_TIME, LOCAL_TIME] * 2
    assert band.written[0][2][:5] == bytes([0xEA, 0x07, 1, 1, 1])  # 2026-01-01, one o'clock in Zurich
    assert band.written[1][2] == bytes([4, 0])


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


def test_a_band_that_keeps_failing_is_tried_ever_less_often_but_never_given_up() -> None:
    band = ScriptedBand("A", offers=lambda _: frozenset())
    collected(60, band)
    waits = [(later - sooner) / MICROS for sooner, later in pairwise(band.connections)]
    assert waits[0] < 8  # a second at most, one scan, and connecting
    assert min(waits[8:]) > 30
    assert max(waits) < 67
    assert band.connections[-1] > T + 58 * MINUTE
