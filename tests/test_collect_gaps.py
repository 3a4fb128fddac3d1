"""Every way in which a band is not heard, through the real collector: the gap it leaves and the cause that is told."""

from dataclasses import replace

from ingest.batch import HOUR, MINUTE, Cause, Span, Stream
from ingest.drivers.heart_rate import BATTERY
from ingest.drivers.infinitime import DRIVER as WATCH
from tests.collected import T, causes, collected, readings, spans, walk
from tests.scripted import Ledger, ScriptedBand


def minutes(span: Span) -> tuple[int, int, Cause | None]:
    return round((span.t0 - T) / MINUTE), round((span.t1 - T) / MINUTE), span.cause


def test_a_link_lost_and_soon_made_anew_is_the_radios() -> None:
    _, ledger = collected(10, ScriptedBand("A", drops=[T + 5 * MINUTE]))
    assert causes(ledger) == [Cause.RADIO, None, Cause.RADIO, None]


def test_a_band_that_walked_away_is_out_of_range() -> None:
    _, ledger = collected(60, ScriptedBand("A", away=[(T + 10 * MINUTE, T + 40 * MINUTE)]))
    assert minutes(spans(ledger)[2])[2] == Cause.RANGE
    assert 9 <= minutes(spans(ledger)[2])[0] <= 10
    assert minutes(spans(ledger)[2])[1] == 40


def test_a_band_that_comes_back_charged_was_on_the_charger() -> None:
    #  0:00 ── 40 % ── 0:10 away ┄┄┄┄┄ 1:30 back with 80 %
    away = (T + 10 * MINUTE, T + 90 * MINUTE)
    band = ScriptedBand("A", [(T + 5 * MINUTE, BATTERY, b"\x28"), (away[1] - 1, BATTERY, b"\x50")], away=[away])
    _, ledger = collected(120, band)
    (charging,) = [span for span in ledger.spans if span.cause == Cause.CHARGING]
    ledger.spans.remove(charging)  # it says again what was told as out of range while nobody could know better
    assert causes(ledger) == [Cause.RADIO, None, Cause.RANGE, None]
    silent = spans(ledger)[2]
    assert (charging.t0, charging.t1) == (silent.t0, silent.t1)
    assert charging.final


def test_a_band_that_comes_back_as_it_went_or_after_a_day_was_not_on_the_charger() -> None:
    for charge, back in ((b"\x2a", T + HOUR), (b"\x50", T + 8 * HOUR)):
        away = (T + 10 * MINUTE, back)
        band = ScriptedBand("A", [(T + 5 * MINUTE, BATTERY, b"\x28"), (back - 1, BATTERY, charge)], away=[away])
        _, ledger = collected(9 * 60, band, commit=60)
        assert Cause.CHARGING not in causes(ledger)


def test_a_band_that_falls_silent_with_an_empty_battery_has_run_flat_whatever_it_comes_back_with() -> None:
    away = (T + 10 * MINUTE, T + 90 * MINUTE)
    band = ScriptedBand("A", [(T + 5 * MINUTE, BATTERY, b"\x04"), (away[1] - 1, BATTERY, b"\x50")], away=[away])
    _, ledger = collected(120, band)
    assert causes(ledger) == [Cause.RADIO, None, Cause.BATTERY, None]


def test_what_lies_between_two_runs_is_the_gateways() -> None:
    _, ledger = collected(5, ScriptedBand("A"), sink=Ledger({"b-0": T - HOUR}))
    assert minutes(spans(ledger)[0]) == (-60, 0, Cause.GATEWAY)


def test_gaps_are_final_but_of_a_band_that_keeps_what_it_measured() -> None:
    for history in (False, True):
        band = ScriptedBand("A", drops=[T + 5 * MINUTE], away=[(T + 10 * MINUTE, T + 40 * MINUTE)])
        _, ledger = collected(60, band, sink=Ledger({"b-0": T - HOUR}), driver=replace(WATCH, history=history))
        gaps = [span for span in ledger.spans if span.cause]
        assert {span.cause for span in gaps} == {Cause.GATEWAY, Cause.RADIO, Cause.RANGE}
        assert all(span.final is not history for span in gaps)
        assert all(span.final for span in ledger.spans if not span.cause)


def test_a_band_told_of_by_two_gaps_loses_no_reading() -> None:
    away = (T + 10 * MINUTE, T + 30 * MINUTE)
    band = ScriptedBand("A", [*walk(T + MINUTE, 30), (T + 5 * MINUTE, BATTERY, b"\x28"), (away[1] - 1, BATTERY, b"\x50")], away=[away])
    collector, ledger = collected(40, band)
    assert collector.tally.heard == len(band.told) == collector.tally.accepted
    assert [row[0] for _, row in readings(ledger, Stream.BATTERY)][-1] == 80
    assert ledger.heard_to("b-0") == T + 40 * MINUTE
