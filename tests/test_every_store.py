"""What every store must keep to; a new file in `ingest/stores` is tested by being there."""

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from config.plugins import store as store_of
from config.plugins import stores
from ingest.batch import CELL, DAY, HOUR, Batch, Stream
from ingest.bout import Bout
from ingest.minute import unknown
from ingest.store import Store, StoreUnavailable
from ingest.tile import tiled
from tests import influx
from tests.batches import NOON, plain, same
from tests.influx import Influx

PLACES = {"influx": ["influx on the protocol double", "influx on a real InfluxDB 2"]}
"""Stores that are tested in more places than one; any other is a folder."""
FIXTURES = dict(zip(PLACES["influx"], ["influx_double", "influx_real"], strict=True))
Opener = Callable[[], Store]
"""Opens the same store again and again."""


@pytest.fixture(scope="module")
def influx_double(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Influx]:
    with influx.double(tmp_path_factory.mktemp("influx")) as (server, _):
        yield server


@pytest.fixture(scope="module")
def influx_real() -> Iterator[Influx]:
    with influx.real() as server:
        yield server


@pytest.fixture(params=[place for name in stores() for place in PLACES.get(name, [name])])
def opener(request: pytest.FixtureRequest, tmp_path: Path) -> Opener:
    name = request.param
    if name in FIXTURES:
        server: Influx = request.getfixturevalue(FIXTURES[name])
        address = server.site()
        return lambda: store_of("influx")(address, server.token)
    return lambda: store_of(name)(tmp_path / "store")


@pytest.fixture
def store(opener: Opener) -> Iterator[Store]:
    opened = opener()
    yield opened
    opened.close()


def kept(store: Store, *batches: Batch, arrived: int = NOON) -> None:
    store.write(batches, {"d1": tiled([b for b in batches if b.stream == Stream.ACC])}, arrived)


@pytest.mark.parametrize("stream", list(Stream))
def test_a_batch_comes_back_as_it_was_kept(store: Store, stream: Stream) -> None:
    kept(store, plain(stream))
    (found,) = store.batches("d1", stream, NOON, NOON + HOUR)
    assert same(found, plain(stream))
    assert store.batches("d2", stream, NOON, NOON + HOUR) == []


def test_writing_twice_is_writing_once(store: Store) -> None:
    for arrived in (NOON + 1, NOON + 2):
        kept(store, plain(), plain(Stream.ACC, n=50), arrived=arrived)
    assert store.readings() == {"d1": 53}
    assert len(store.tiles("d1", NOON, NOON + CELL)) == 1
    assert len(store.batches("d1", Stream.HR, NOON, NOON + HOUR, arrived_by=NOON + 2)) == 1


def test_a_past_now_sees_only_what_had_arrived(store: Store) -> None:
    kept(store, plain(Stream.ACC), arrived=NOON + 10)
    kept(store, plain(Stream.ACC, NOON + CELL), arrived=NOON + 20)
    assert [len(store.tiles("d1", NOON, NOON + HOUR, at)) for at in (NOON + 10, NOON + 11, NOON + 21)] == [0, 1, 2]
    assert [len(store.batches("d1", Stream.ACC, NOON, NOON + HOUR, at)) for at in (NOON + 10, NOON + 11, NOON + 21)] == [0, 1, 2]


def test_a_batch_that_reaches_into_the_range_is_found(store: Store) -> None:
    hour = plain(Stream.HR, NOON, 60)
    kept(store, hour)
    assert len(store.batches("d1", Stream.HR, NOON + HOUR - CELL, NOON + HOUR)) == 1
    assert store.batches("d1", Stream.HR, NOON + HOUR, NOON + 2 * HOUR) == []


@pytest.mark.parametrize("stream", [Stream.COUNTER, Stream.ACC])
def test_the_last_word_before_a_time_is_found_however_long_ago(store: Store, stream: Stream) -> None:
    kept(store, plain(stream, NOON - 9 * DAY), plain(stream, NOON - 3 * DAY), plain(stream, NOON))
    found = store.before("d1", stream, NOON)
    assert found is not None
    assert found.t0 == NOON - 3 * DAY
    assert store.before("d1", stream, NOON - 9 * DAY) is None
    assert store.before("d2", stream, NOON) is None


def test_batches_over_midnight_come_in_order(store: Store) -> None:
    midnight = (NOON // DAY + 1) * DAY
    kept(store, *(plain(Stream.ACC, midnight + i * CELL) for i in (1, -1, 0, -2)))
    assert [b.t0 for b in store.batches("d1", Stream.ACC, midnight - HOUR, midnight + HOUR)] == [
        midnight + i * CELL for i in (-2, -1, 0, 1)
    ]


def test_a_month_of_days_is_read_and_counted_like_one(store: Store) -> None:
    kept(store, *(plain(Stream.ACC, NOON + i * DAY, 50) for i in range(20)))
    assert store.readings() == {"d1": 1000}
    assert len(store.batches("d1", Stream.ACC, NOON, NOON + 20 * DAY)) == 20
    oldest = store.before("d1", Stream.ACC, NOON + 1)
    assert oldest is not None
    assert oldest.t0 == NOON


def test_the_readings_of_each_day_are_counted_by_where_their_batches_begin(store: Store) -> None:
    midnight = NOON // DAY * DAY + DAY
    kept(store, plain(Stream.HR, midnight - HOUR // 2, 60), plain(Stream.ACC, midnight + CELL, n=50))
    assert store.daily(midnight - DAY, midnight + DAY) == {("d1", midnight // DAY - 1): 60, ("d1", midnight // DAY): 50}
    assert store.daily(midnight - HOUR, midnight + DAY) == {("d1", midnight // DAY): 50}
    assert store.daily(midnight - DAY, midnight) == {("d1", midnight // DAY - 1): 60}


def test_readings_are_counted_by_day_of_every_band_and_stream_whatever_days_lie_empty_between(store: Store) -> None:
    # day      0    1    2    3
    # d1      acc   ·    ·  acc, hr
    # d2       ·   hr    ·    ·
    today, there = NOON // DAY, [("d1", Stream.ACC, 0), ("d1", Stream.ACC, 3), ("d1", Stream.HR, 3), ("d2", Stream.HR, 1)]
    store.write([plain(stream, NOON + day * DAY, 10, dev=dev) for dev, stream, day in there], {}, NOON)
    held = {("d1", today): 10, ("d1", today + 3): 20, ("d2", today + 1): 10}
    for first in range(5):
        for last in range(first, 5):
            wanted = {(dev, day): n for (dev, day), n in held.items() if first <= day - today < last}
            assert store.daily((today + first) * DAY, (today + last) * DAY) == wanted


def test_minutes_replace_those_of_the_same_time_and_leave_the_rest(store: Store) -> None:
    minutes = unknown(NOON, NOON + 2 * HOUR)
    minutes["steps"] = 5
    store.write_minutes("d1", minutes)
    later = unknown(NOON + HOUR, NOON + HOUR + 60_000_000)
    later["steps"] = 7
    store.write_minutes("d1", later)
    found = store.minutes("d1", NOON, NOON + 3 * HOUR)
    assert len(found) == 120
    assert (np.flatnonzero(found["steps"] == 7) == [60]).all()
    assert np.isnan(found["hr"]).all()


def test_bouts_of_the_range_are_replaced(store: Store) -> None:
    one, two = (Bout("d1", "walk", NOON + i * HOUR, NOON + i * HOUR + 600_000_000, steps=900, hr=None) for i in range(2))
    store.write_bouts("d1", NOON, NOON + DAY, [one, two])
    store.write_bouts("d1", NOON + HOUR, NOON + 2 * HOUR, [])
    assert store.bouts("d1", NOON, NOON + DAY) == [one]


def test_forgetting_keeps_what_is_young(store: Store) -> None:
    kept(store, plain(Stream.ACC), plain(Stream.HR))
    kept(store, plain(Stream.ACC, NOON + 40 * DAY))
    store.trim(NOON + 41 * DAY)
    assert store.batches("d1", Stream.ACC, NOON, NOON + HOUR) == []
    assert len(store.tiles("d1", NOON, NOON + HOUR)) == 1
    assert len(store.batches("d1", Stream.HR, NOON, NOON + HOUR)) == 1
    assert len(store.batches("d1", Stream.ACC, NOON + 40 * DAY, NOON + 41 * DAY)) == 1


def test_everything_is_there_after_reopening(opener: Opener) -> None:
    opened = opener()
    kept(opened, plain(), plain(Stream.ACC, n=50))
    opened.close()
    again = opener()
    assert again.readings() == {"d1": 53}
    again.close()


def test_a_read_only_store_is_unavailable_and_says_what_to_do(tmp_path: Path) -> None:
    store_of("sqlite")(tmp_path).close()
    (tmp_path / "store.db").chmod(0o444)
    with pytest.raises(StoreUnavailable, match="read-only"):
        store_of("sqlite")(tmp_path)
