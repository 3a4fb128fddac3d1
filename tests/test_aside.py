"""While readings are set aside their time is a gap: nothing is made of a silence that was none; once stored, all is as heard."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from detectors.minutes import minutes
from ingest.batch import DAY, HOUR, MICROS, MINUTE, Batch, Cause, Span, Stream
from ingest.body import encode
from ingest.catalog import Catalog
from ingest.minute import Minutes
from ingest.store import REST_KEPT
from ingest.stores.sqlite import SqliteStore
from tests.batches import NOON, plain
from tests.ward import BAD, Picky, Ward, told

JUNK = b"\xff\x00"


@pytest.fixture
def ward(tmp_path: Path) -> Iterator[Ward]:
    with closing(Picky(tmp_path / "store")) as store, closing(Catalog(tmp_path / "catalog.db")) as catalog:
        yield Ward(store, catalog, NOON + HOUR)


def alive(start: float, end: float) -> Span:
    """From one minute after noon to another."""
    return Span("d1", NOON + int(start * MINUTE), NOON + int(end * MINUTE))


def gap(start: int, end: int) -> Span:
    return Span("d1", NOON + start * MINUTE, NOON + end * MINUTE, Cause.CORRUPT, final=False)


def body(minute: int, value: int = 70, n: int = 3) -> bytes:
    """`n` minutes long."""
    return encode(plain(t0=NOON + minute * MINUTE, value=value, n=n))


def spans(ward: Ward) -> list[Span]:
    return ward.catalog.spans("d1", NOON, NOON + HOUR)


def better(ward: Ward) -> Ward:
    """A KeepUp that stores what the one before did not."""
    return Ward(SqliteStore(ward.store._folder), ward.catalog, ward.now)  # type: ignore[arg-type] # one that is easy to please


def test_time_of_what_the_store_will_not_take_is_a_gap_though_the_link_was_alive_all_along(ward: Ward) -> None:
    #  minute  0 ──────────────── 20 ──── 23 ──── 30 ─ 31
    #  alive   ═════════════ told by row 1 ═══════╪═══╡ told by row 2, which comes with the readings of 20 to 23
    ward.take(told(1, spans=[alive(0, 30)]), told(2, body(20, BAD), body(25), spans=[alive(30, 31)]))
    assert spans(ward) == [alive(0, 20), gap(20, 23), alive(23, 31)]
    assert ward.store.readings() == {"d1": 3}


def test_what_cannot_be_read_tells_no_time_and_the_minutes_of_the_link_it_came_over_are_the_gap(ward: Ward) -> None:
    ward.take(told(1, spans=[alive(0, 7.2)]), told(2, JUNK, spans=[alive(7.2, 7.3)]), told(3, spans=[alive(7.3, 30)]))
    assert spans(ward) == [alive(0, 7), gap(7, 8), alive(8, 30)]


def test_once_all_of_a_row_is_stored_it_was_heard(ward: Ward) -> None:
    ward.take(told(1, body(1, BAD), body(10, BAD), spans=[alive(0, 20)]))
    first, second = ward.catalog.letters.all()
    now = better(ward)
    assert now.ingester.retry([first]) == []
    assert gap(1, 4) in spans(ward)
    made(ward)
    assert now.ingester.retry([second]) == []
    assert spans(ward) == [alive(0, 20)]
    assert [hour for hour, _ in ward.catalog.stale("d1", NOON + HOUR)] == [NOON]


def test_what_stays_set_aside_stays_a_gap(ward: Ward) -> None:
    ward.take(told(1, JUNK, spans=[alive(0, 20)]), told(2, body(30, BAD), spans=[alive(20, 40)]))
    assert len(better(ward).ingester.retry(list(ward.catalog.letters.all()))) == 1
    assert spans(ward) == [gap(0, 20), alive(20, 40)]


def test_minutes_are_made_again_when_something_of_them_is_set_aside_and_not_when_that_is_said_twice(ward: Ward) -> None:
    ward.take(told(1, spans=[alive(0, 30)]))
    made(ward)
    late = told(2, body(20, BAD))
    ward.take(late)
    assert [hour for hour, _ in ward.catalog.stale("d1", NOON + HOUR)] == [NOON]
    made(ward)
    ward.take(late)
    assert ward.catalog.stale("d1", NOON + HOUR) == []


@pytest.mark.parametrize("when", [NOON - REST_KEPT, NOON + 3 * DAY])
def test_a_history_of_an_impossible_time_takes_nothing_from_the_link_it_came_over(ward: Ward, when: int) -> None:
    _, dead = ward.take(told(1, encode(plain(t0=when)), spans=[alive(0, 20)]))
    assert list(dead) == [("s", 1)]
    assert ward.catalog.spans("d1", 0, NOON + 9 * DAY) == [alive(0, 20)]


def test_a_clock_that_is_ahead_makes_no_gap_of_a_time_to_come(ward: Ward) -> None:
    ward.take(told(1, JUNK, spans=[Span("d1", NOON, NOON + 40 * DAY)]))
    assert ward.catalog.spans("d1", 0, NOON + 90 * DAY) == []


def test_another_bands_readings_take_nothing_away(ward: Ward) -> None:
    ward.take(told(1, spans=[alive(0, 30)]), told(2, encode(plain(dev="d2", value=BAD)), spool="other"))
    assert spans(ward) == [alive(0, 30)]


def test_a_part_of_the_day_is_asked_for_and_what_is_set_aside_elsewhere_is_not_told(ward: Ward) -> None:
    ward.take(told(1, body(1, BAD), spans=[alive(0, 30)]))
    assert ward.catalog.spans("d1", NOON + 10 * MINUTE, NOON + HOUR) == [alive(4, 30)]


def test_a_letter_that_was_forgotten_leaves_a_gap_for_as_long_as_spans_are_kept(ward: Ward) -> None:
    ward.take(told(1, body(1, BAD), spans=[alive(0, 30)]))
    ward.catalog.trim(NOON + REST_KEPT)
    assert (ward.catalog.letters.count(), spans(ward)) == (0, [alive(0, 1), gap(1, 4), alive(4, 30)])
    ward.catalog.trim(NOON + REST_KEPT + HOUR)
    assert spans(ward) == []


def test_steps_that_are_set_aside_do_not_make_the_walk_a_rest(ward: Ward) -> None:
    #  minute  0 ─────────── 10 ─────────── 20 ─────────── 30
    #  steps   at rest       walking: each  at rest
    #          (stored)      word set aside
    words = [(0, False), *((10 + m, True) for m in range(10)), (20, False)]
    bodies = [counter(minute, BAD if bad else 500) for minute, bad in words]
    for seq, one in enumerate(bodies, 1):
        ward.take(told(seq, one, n=1))
    ward.take(told(99, spans=[alive(0, 30)]))
    found = seen(ward)
    assert (found["steps"][1:10] == 0).all()
    assert np.isnan(found["steps"][10:20]).all()
    assert np.isnan(found["moving"][10:20]).all()


def counter(minute: int, value: int) -> bytes:
    at = NOON + minute * MINUTE + 10 * MICROS
    return encode(Batch("d1", Stream.COUNTER, at, None, np.zeros(1, np.int32), np.array([[value]], np.int32), 1.0))


def seen(ward: Ward) -> Minutes:
    said = ward.store.batches("d1", Stream.COUNTER, 0, NOON + DAY)
    return minutes(NOON, NOON + 30 * MINUTE, ward.store.tiles("d1", NOON, NOON + HOUR), said, spans(ward))


def made(ward: Ward) -> None:
    ward.catalog.made("d1", ward.catalog.stale("d1", NOON + DAY))
