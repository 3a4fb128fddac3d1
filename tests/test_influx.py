"""The store `influx` where it differs from its siblings."""

from collections.abc import Iterator
from contextlib import ExitStack, closing

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from config.plugins import store as opener
from ingest.batch import CELL, DAY, HOUR, MICROS, MINUTE, Batch, Stream
from ingest.bout import Bout
from ingest.flux import instant
from ingest.influx import place
from ingest.lineprotocol import batch_line, reading_lines
from ingest.minute import unknown
from ingest.store import Rejected, Store
from ingest.tile import tiled
from tests import influx
from tests.batches import NOON, drawn, noise, plain, same
from tests.influx import Influx


@pytest.fixture(scope="module", params=["protocol double", "real InfluxDB 2"])
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Influx]:
    with ExitStack() as stack:
        if request.param == "protocol double":
            yield stack.enter_context(influx.double(tmp_path_factory.mktemp("influx")))[0]
        else:
            yield stack.enter_context(influx.real())


@pytest.fixture
def address(server: Influx) -> str:
    return server.site()


@pytest.fixture
def store(server: Influx, address: str) -> Iterator[Store]:
    with closing(opener("influx")(address, server.token)) as opened:
        yield opened


def kept(store: Store, *batches: Batch, arrived: int = NOON) -> None:
    store.write(batches, {"d1": tiled([b for b in batches if b.stream == Stream.ACC])}, arrived)


def told(server: Influx, address: str, query: str) -> list[dict[str, str]]:
    """What a dashboard would be told."""
    at = place(address)
    with closing(server.server()) as opened:
        asked = f'from(bucket: "{at.rest}") |> range(start: 1970-01-01T00:00:00Z, stop: 2200-01-01T00:00:00Z) |> {query}'
        return list(opened.rows(asked))


@settings(max_examples=30, deadline=None)  # each in buckets of its own
@given(st.lists(drawn(), min_size=1, max_size=6))
def test_any_batches_come_back_to_the_bit(server: Influx, batches: list[Batch]) -> None:
    with closing(opener("influx")(server.site(), server.token)) as store:
        store.write(batches, {}, NOON)
        for batch in batches:
            found = store.batches(batch.dev, batch.stream, batch.t0, batch.t0 + 1)
            first = next(b for b in batches if (b.dev, b.stream, b.t0) == (batch.dev, batch.stream, batch.t0))
            assert [b for b in found if b.t0 == batch.t0 and same(b, first)]


def test_a_tile_that_comes_without_its_batch_keeps_its_first_arrival(store: Store) -> None:
    tiles = tiled([plain(Stream.ACC)])
    for arrived in (NOON + 1, NOON + 9):
        store.write([], {"d1": tiles}, arrived)
    assert len(store.tiles("d1", NOON, NOON + CELL, arrived_by=NOON + 2)) == 1


def test_more_bands_than_are_named_in_a_query_keep_their_first_arrivals(store: Store) -> None:
    crowd = [plain(dev=f"d{i}", t0=NOON + i * MICROS) for i in range(60)]
    for arrived in (NOON + 1, NOON + 9):
        store.write(crowd, {}, arrived)
    assert all(store.batches(b.dev, Stream.HR, NOON, NOON + HOUR, arrived_by=NOON + 2) for b in crowd)


def test_a_backlog_and_what_is_live_are_asked_after_apart(store: Store) -> None:
    kept(store, plain(t0=NOON - 20 * DAY), plain())
    kept(store, plain(t0=NOON - 20 * DAY), plain(), arrived=NOON + 9)
    assert store.readings() == {"d1": 6}


def test_a_batch_longer_than_a_field_holds_is_rejected_before_anything_is_written(store: Store) -> None:
    with pytest.raises(Rejected, match="9000 gyr readings"):
        kept(store, plain(), noise(Stream.GYR, n=9_000))
    assert store.readings() == {}


@pytest.mark.parametrize("dev", ["", "d\n1", "d\\", "\x00"])
def test_a_name_that_line_protocol_cannot_carry_is_rejected(store: Store, dev: str) -> None:
    with pytest.raises(Rejected, match="Enrol the band"):
        store.write([plain(dev=dev)], {}, NOON)
    with pytest.raises(Rejected, match="Enrol the band"):
        store.write_minutes(dev, unknown(NOON, NOON + HOUR))
    with pytest.raises(Rejected, match="Enrol the band"):
        store.write_bouts(dev, NOON, NOON + HOUR, [])


@pytest.mark.parametrize("dev", ["a b", "a,b=c", 'say "hi"', "é✓", "${x}", "a' or true"])
def test_a_strange_name_is_only_a_name(store: Store, dev: str) -> None:
    store.write([plain(dev=dev), plain(dev="other")], {}, NOON)
    assert [b.dev for b in store.batches(dev, Stream.HR, NOON, NOON + HOUR)] == [dev]
    assert store.readings() == {dev: 3, "other": 3}
    minutes = unknown(NOON, NOON + HOUR)
    minutes["hr"] = 60
    store.write_minutes(dev, minutes)
    minutes["hr"] = np.nan
    store.write_minutes(dev, minutes)  # deletes by name
    assert np.isnan(store.minutes(dev, NOON, NOON + HOUR)["hr"]).all()


def test_a_walk_and_an_exercise_may_begin_together(store: Store) -> None:
    walk, exercise = Bout("d1", "walk", NOON, NOON + HOUR), Bout("d1", "exercise", NOON, NOON + MINUTE)
    store.write_bouts("d1", NOON, NOON + HOUR, [walk, exercise])
    assert store.bouts("d1", NOON, NOON + HOUR) == [exercise, walk]
    store.write_bouts("d1", NOON, NOON + HOUR, [walk])
    assert store.bouts("d1", NOON, NOON + HOUR) == [walk]


def test_a_bout_that_began_before_the_range_is_found(store: Store) -> None:
    bout = Bout("d1", "walk", NOON - 20 * HOUR, NOON + MINUTE)
    store.write_bouts("d1", NOON - DAY, NOON, [bout])
    assert store.bouts("d1", NOON, NOON + HOUR) == [bout]
    with pytest.raises(Rejected, match="longer than a day"):
        store.write_bouts("d1", NOON, NOON + HOUR, [Bout("d1", "walk", NOON, NOON + DAY + 1)])


def test_dashboards_see_what_is_known_and_nothing_else(server: Influx, store: Store, address: str) -> None:
    hr = plain(Stream.HR, n=3)
    hr.values[1] = 0  # the band's own "no reading"
    kept(store, hr, plain(Stream.BATTERY, n=1, value=80))
    seen = {
        (row["_field"], instant(row["_time"])): row["_value"]
        for row in told(server, address, 'filter(fn: (r) => r._measurement == "reading")')
    }
    assert seen == {("hr", NOON): "70", ("hr", NOON + 2 * MINUTE): "70", ("battery", NOON): "80"}


def test_what_is_no_longer_known_of_a_minute_leaves_the_dashboards(server: Influx, store: Store, address: str) -> None:
    minutes = unknown(NOON, NOON + 2 * MINUTE)
    minutes["hr"] = 70
    store.write_minutes("d1", minutes)
    minutes["hr"][1] = np.nan
    store.write_minutes("d1", minutes)
    rows = told(server, address, 'filter(fn: (r) => r._measurement == "minute" and r._field == "hr")')
    assert [instant(row["_time"]) for row in rows] == [NOON]


def test_lines_are_what_the_documentation_says() -> None:
    line = batch_line(plain(dev="a b"), 5).decode()
    assert line.startswith('hr,dev=a\\ b body="')
    assert line.endswith(f'",n=3i,t1={plain().end}i,arrived=5i {NOON}')
    assert list(reading_lines(plain(Stream.STEPS, n=1, value=0))) == [b"reading,dev=d1 steps=0.0 %d" % NOON]
    assert not list(reading_lines(plain(Stream.ACC)))
