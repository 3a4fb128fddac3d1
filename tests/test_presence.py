"""Spans tile time, whatever links and scans do; a gap's cause is what was known of it."""

from contextlib import closing
from itertools import pairwise
from pathlib import Path
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from ingest.batch import HOUR, MICROS, MINUTE, Cause, Span, Stream
from ingest.collect import Collector
from ingest.drivers.infinitime import DRIVER as WATCH
from ingest.presence import Presence
from ingest.session import Band
from ingest.spool import Spool
from lab.clock import Clock
from tests.batches import plain
from tests.collected import dice
from tests.scripted import ScriptedRadio

T = 1_767_225_600 * MICROS


def told(spans: list[Span]) -> list[tuple[float, float, Cause | None]]:
    return [((span.t0 - T) / MINUTE, (span.t1 - T) / MINUTE, span.cause) for span in spans]


moves = st.lists(
    st.tuples(st.integers(0, 10 * MINUTE), st.sampled_from(["came", "answered", "went", "heard", "missed", "take"])), max_size=40
)


@given(moves=moves, before=st.one_of(st.none(), st.integers(0, HOUR)))
def test_spans_of_a_band_tile_time(moves: list[tuple[int, str]], before: int | None) -> None:
    now, recorded = T, None if before is None else T - before
    presence, spans = Presence("b", recorded, T), []
    alive = 0
    for pause, move in moves:
        now += pause
        if move == "came" and not presence.linked:
            presence.came(now)
        elif move == "answered" and presence.linked:
            alive += now - presence.proven
            presence.answered(now)
        elif move == "went" and presence.linked:
            presence.went(now)
        elif move in ("heard", "missed"):
            presence.listened(now, move == "heard")
        elif move == "take":
            spans += presence.take(now)
            assert presence.to == (spans[-1].t1 if spans else T)
    spans += presence.take(now, closing=True)
    assert all(span.t0 < span.t1 for span in spans)
    assert all(one.t1 == next_.t0 for one, next_ in pairwise(spans))
    assert not spans or spans[0].t0 == (T if recorded is None else recorded)
    assert sum(span.t1 - span.t0 for span in spans if span.cause is None) == alive


def test_a_link_that_is_soon_back_was_lost_to_the_radio() -> None:
    # 0 ──link──> 10          11 ──link──> 20
    presence = Presence("b", None, T)
    presence.came(T)
    presence.answered(T + 10 * MINUTE)
    presence.went(presence.proven)
    assert told(presence.take(T + 10 * MINUTE + 30 * MICROS)) == [(0, 10, None)]  # too early to know the cause
    assert presence.to == T + 10 * MINUTE
    presence.came(T + 11 * MINUTE)
    presence.answered(T + 20 * MINUTE)
    assert told(presence.take(T + 20 * MINUTE)) == [(10, 11, Cause.RADIO), (11, 20, None)]


def test_a_band_that_no_scan_hears_is_out_of_range_until_it_is_back() -> None:
    presence = Presence("b", None, T)
    presence.came(T)
    presence.answered(T + MINUTE)
    presence.went(presence.proven)
    presence.listened(T + 5 * MINUTE, heard=False)
    assert told(presence.take(T + 5 * MINUTE)) == [(0, 1, None), (1, 5, Cause.RANGE)]
    presence.listened(T + 50 * MINUTE, heard=True)
    presence.came(T + 50 * MINUTE + 10 * MICROS)
    assert [span.cause for span in presence.take(T + 51 * MINUTE)] == [Cause.RANGE]


def test_a_band_that_is_heard_but_cannot_be_connected_is_the_radios_fault_from_then_on() -> None:
    presence = Presence("b", None, T)
    presence.listened(T + 5 * MINUTE, heard=False)
    presence.listened(T + 10 * MINUTE, heard=True)
    presence.listened(T + 30 * MINUTE, heard=True)
    assert told(presence.take(T + 30 * MINUTE)) == [(0, 10, Cause.RANGE), (10, 30, Cause.RADIO)]


def test_a_band_that_falls_silent_with_five_percent_has_run_flat() -> None:
    presence = Presence("b", None, T)
    presence.came(T)
    presence.charged(T + 1, 5.0)
    presence.answered(T + MINUTE)
    presence.went(presence.proven)
    presence.listened(T + 5 * MINUTE, heard=False)
    assert told(presence.take(T + HOUR)) == [(0, 1, None), (1, 60, Cause.BATTERY)]
    presence.came(T + 2 * HOUR)
    presence.charged(T + 2 * HOUR, 100.0)
    presence.answered(T + 3 * HOUR)
    presence.went(presence.proven)
    presence.listened(T + 4 * HOUR, heard=False)
    assert told(presence.take(T + 4 * HOUR)) == [(60, 120, Cause.BATTERY), (120, 180, None), (180, 240, Cause.RANGE)]


def test_an_almost_empty_band_that_is_soon_back_was_lost_to_the_radio() -> None:
    #  0 ──link, 5 %── 10 ┄ 20 s ┄ link
    presence = Presence("b", None, T)
    presence.came(T)
    presence.charged(T + 1, 5.0)
    presence.answered(T + 10 * MINUTE)
    presence.went(presence.proven)
    presence.listened(T + 10 * MINUTE + 16 * MICROS, heard=False)
    presence.came(T + 10 * MINUTE + 20 * MICROS)
    presence.answered(T + 11 * MINUTE)
    assert [span.cause for span in presence.take(T + 11 * MINUTE)] == [None, Cause.RADIO, None]


def test_an_almost_empty_band_that_scans_still_hear_has_not_run_flat() -> None:
    presence = Presence("b", None, T)
    presence.came(T)
    presence.charged(T + 1, 4.0)
    presence.answered(T + MINUTE)
    presence.went(presence.proven)
    presence.listened(T + 2 * MINUTE, heard=True)
    assert told(presence.take(T + 10 * MINUTE)) == [(0, 1, None), (1, 10, Cause.RADIO)]


def test_a_band_that_ran_flat_is_not_out_of_range_after_a_restart(tmp_path: Path) -> None:
    #  -20 ── link, 4 % ── -10 silent ┄┄ 0 the collector begins again ┄┄ 60
    with closing(Spool(tmp_path / "spool.db")) as spool:
        assert spool.charge("d1") is None
        spool.commit([plain(Stream.BATTERY, T - 20 * MINUTE, 3, value=4)], [Span("d1", T - 20 * MINUTE, T - 10 * MINUTE)], {})
    with closing(Spool(tmp_path / "spool.db")) as spool:
        assert spool.charge("d1") == (T - 18 * MINUTE, 4.0)
        collector = Collector(ScriptedRadio(Clock(T), []), [Band("d1", "A", WATCH, ZoneInfo("UTC"))], spool, dice=dice())
    presence = collector._places["d1"].presence
    presence.listened(T + 5 * MINUTE, heard=False)
    assert told(presence.take(T + HOUR)) == [(-10, 0, Cause.GATEWAY), (0, 60, Cause.BATTERY)]


def test_the_time_a_collector_did_not_run_is_the_gateways_gap() -> None:
    presence = Presence("b", T - HOUR, T)
    presence.came(T + MINUTE)
    presence.answered(T + 2 * MINUTE)
    assert told(presence.take(T + 2 * MINUTE)) == [(-60, 0, Cause.GATEWAY), (0, 1, Cause.RADIO), (1, 2, None)]


def test_a_link_that_was_dead_without_a_sign_was_lost_to_the_radio_however_long() -> None:
    # 0 ──link── 10 ┄┄ nothing answers ┄┄ 14 given up, and soon linked again
    presence = Presence("b", None, T)
    presence.came(T)
    presence.answered(T + 10 * MINUTE)
    presence.went(T + 14 * MINUTE)
    presence.listened(T + 14 * MINUTE + 5 * MICROS, heard=False)
    presence.came(T + 15 * MINUTE)
    presence.answered(T + 16 * MINUTE)
    assert told(presence.take(T + 16 * MINUTE)) == [(0, 10, None), (10, 15, Cause.RADIO), (15, 16, None)]
