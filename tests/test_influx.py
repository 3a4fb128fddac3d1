"""The store `influx` where it differs from its siblings, and on bad days; over the protocol double."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from config.plugins import store as opener
from ingest import buckets
from ingest.batch import CELL, DAY, HOUR, MICROS, MINUTE, Batch, Stream
from ingest.bout import Bout
from ingest.broker import free_port
from ingest.flux import instant
from ingest.influx import Server, place
from ingest.lineprotocol import batch_line, reading_lines
from ingest.minute import unknown
from ingest.store import Rejected, Store, StoreUnavailable
from ingest.tile import tiled
from lab.influxdb.faults import Fault, Trouble
from lab.influxdb.server import Double
from tests import influx
from tests.batches import NOON, drawn, plain, same
from tests.influx import TOKEN, Influx

QUICK = 0.3
"""s of patience where a server is silent on purpose."""


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Influx, Double]]:
    with influx.double(tmp_path_factory.mktemp("influx")) as found:
        yield found


@pytest.fixture
def double(both: tuple[Influx, Double]) -> Iterator[Double]:
    yield both[1]
    both[1].faults.clear()


@pytest.fixture
def address(both: tuple[Influx, Double]) -> str:
    return both[0].site()


@pytest.fixture
def store(address: str) -> Iterator[Store]:
    with closing(opener("influx")(address, TOKEN, QUICK)) as opened:
        yield opened


def kept(store: Store, *batches: Batch, arrived: int = NOON) -> None:
    store.write(batches, {"d1": tiled([b for b in batches if b.stream == Stream.ACC])}, arrived)


def told(address: str, query: str) -> list[dict[str, str]]:
    """What a dashboard would be told."""
    at = place(address)
    with closing(Server(at.url, at.org, TOKEN)) as server:
        asked = f'from(bucket: "{at.rest}") |> range(start: 1970-01-01T00:00:00Z, stop: 2200-01-01T00:00:00Z) |> {query}'
        return list(server.rows(asked))


@settings(max_examples=30, deadline=None)  # each in buckets of its own
@given(st.lists(drawn(), min_size=1, max_size=6))
def test_any_batches_come_back_to_the_bit(both: tuple[Influx, Double], batches: list[Batch]) -> None:
    with closing(opener("influx")(both[0].site(), TOKEN)) as store:
        store.write(batches, {}, NOON)
        for batch in batches:
            found = store.batches(batch.dev, batch.stream, batch.t0, batch.t0 + 1)
            first = next(b for b in batches if (b.dev, b.stream, b.t0) == (batch.dev, batch.stream, batch.t0))
            assert [b for b in found if b.t0 == batch.t0 and same(b, first)]


def test_what_was_written_in_part_is_made_whole_by_writing_it_again(store: Store, double: Double) -> None:
    # raw ✓ · tiles ✗ · rest – · again: raw is there already, and its tile is as old as it
    double.faults.plan(Fault(Trouble.UNAVAILABLE, after=1))
    with pytest.raises(StoreUnavailable):
        kept(store, plain(Stream.ACC), plain(), arrived=NOON + 1)
    kept(store, plain(Stream.ACC), plain(), arrived=NOON + 9)
    assert store.readings() == {"d1": 6}
    assert len(store.tiles("d1", NOON, NOON + CELL, arrived_by=NOON + 2)) == 1
    assert store.batches("d1", Stream.HR, NOON, NOON + HOUR, arrived_by=NOON + 2) == []


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


def test_an_answer_that_got_lost_is_no_second_copy(store: Store, double: Double) -> None:
    double.faults.plan(Fault(Trouble.RESET_AFTER))
    with pytest.raises(StoreUnavailable, match="does not answer"):
        kept(store, plain(), arrived=NOON + 1)
    kept(store, plain(), arrived=NOON + 9)
    assert store.readings() == {"d1": 3}
    assert store.batches("d1", Stream.HR, NOON, NOON + HOUR, arrived_by=NOON + 2)


@pytest.mark.parametrize(
    ("trouble", "says"),
    [
        (Trouble.THROTTLED, "asks for a pause of 7 s"),
        (Trouble.UNAVAILABLE, "cannot do it now .503"),
        (Trouble.FULL, "no space left on device"),
        (Trouble.UNAUTHORIZED, "does not know this token"),
        (Trouble.HANG, "does not answer .ReadTimeoutError"),
        (Trouble.RESET, "does not answer"),
    ],
)
@pytest.mark.parametrize("path", ["/api/v2/write", "/api/v2/query"])
def test_a_bad_day_of_the_server_is_held_through(store: Store, double: Double, trouble: Trouble, says: str, path: str) -> None:
    double.faults.plan(Fault(trouble, path, seconds=7))
    with pytest.raises(StoreUnavailable, match=says) as refused:
        kept(store, plain())
    assert TOKEN not in str(refused.value)
    kept(store, plain())
    assert store.readings() == {"d1": 3}


def test_a_server_that_is_not_there_is_unavailable(tmp_path: Path) -> None:
    with influx.double(tmp_path) as (server, _):
        address = server.site()
    with closing(opener("influx")(address, TOKEN)) as store, pytest.raises(StoreUnavailable, match="See that it runs"):
        kept(store, plain())


def test_a_server_killed_and_started_again_has_what_it_said_yes_to(tmp_path: Path) -> None:
    port = free_port()
    with influx.double_process(tmp_path, port) as first:
        store = opener("influx")(Influx(f"http://127.0.0.1:{port}", influx.ORG, TOKEN).site(), TOKEN)
        kept(store, plain())
        first.kill()
        first.wait()
        with pytest.raises(StoreUnavailable):
            kept(store, plain(Stream.BATTERY))
    with influx.double_process(tmp_path, port):
        kept(store, plain(Stream.BATTERY))
        assert store.readings() == {"d1": 6}
        store.close()


def test_an_unknown_token_and_a_missing_bucket_say_what_to_do(both: tuple[Influx, Double]) -> None:
    with closing(opener("influx")(both[0].site(), "another")) as store, pytest.raises(StoreUnavailable, match="KEEPUP_INFLUX_TOKEN_FILE"):
        store.readings()
    with closing(opener("influx")(f"{both[0].url}/clinic/nowhere", TOKEN)) as store:
        with pytest.raises(StoreUnavailable, match="keepup influx init makes the buckets"):
            store.readings()
        with pytest.raises(StoreUnavailable, match="keepup influx init makes the buckets"):
            store.write([], {"d1": tiled([plain(Stream.ACC)])}, NOON)


def test_what_a_bucket_is_too_young_for_is_rejected_and_its_neighbours_can_be_stored(tmp_path: Path) -> None:
    with influx.double(tmp_path) as (server, running):
        address = f"{server.url}/clinic"
        with closing(server.server()) as operator:
            buckets.prepare(operator, "clinic", buckets.kept(place(address)))
        running.api._now = lambda: NOON  # the server's clock, which only it can read
        with closing(opener("influx")(address, TOKEN)) as store:
            old = plain(Stream.ACC, NOON - 31 * DAY)
            with pytest.raises(Rejected, match="retention"):
                kept(store, old, plain(Stream.ACC))
            kept(store, plain(Stream.ACC))
            with pytest.raises(Rejected, match="retention"):
                kept(store, old)
            assert store.readings() == {"d1": 3}
            assert len(store.tiles("d1", NOON - 40 * DAY, NOON + HOUR)) == 1


def test_a_request_too_large_is_halved_until_it_fits(store: Store, double: Double) -> None:
    batches = [plain(Stream.ACC, NOON + i * CELL, 50) for i in range(40)]
    limit, double.api._largest = double.api._largest, 4_000  # of a proxy in front, say
    try:
        kept(store, *batches)
        with pytest.raises(Rejected, match="takes no request of"):
            kept(store, plain(Stream.GYR, n=2_000))
    finally:
        double.api._largest = limit
    assert store.readings() == {"d1": 2_000}


def test_a_batch_longer_than_a_field_holds_is_rejected_before_anything_is_written(store: Store) -> None:
    with pytest.raises(Rejected, match="9000 gyr readings"):
        kept(store, plain(), plain(Stream.GYR, n=9_000))
    assert store.readings() == {}


@pytest.mark.parametrize("dev", ["", "d\n1", "d\\", "\x00"])
def test_a_name_that_line_protocol_cannot_carry_is_rejected(store: Store, dev: str) -> None:
    with pytest.raises(Rejected, match="Enrol the band"):
        store.write([plain(dev=dev)], {}, NOON)


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


def test_bouts_replaced_half_way_are_the_old_or_the_new_and_never_none(store: Store, double: Double) -> None:
    old, new = (Bout("d1", "walk", NOON + i * MINUTE, NOON + HOUR, evidence='"steps"\\ and\nwords') for i in range(2))
    store.write_bouts("d1", NOON, NOON + HOUR, [old])
    for trouble, then in ((Trouble.RESET, [old]), (Trouble.RESET_AFTER, [new])):
        double.faults.plan(Fault(trouble))
        with pytest.raises(StoreUnavailable):
            store.write_bouts("d1", NOON, NOON + HOUR, [new])
        assert store.bouts("d1", NOON, NOON + HOUR) == then


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


def test_dashboards_see_what_is_known_and_nothing_else(store: Store, address: str) -> None:
    hr = plain(Stream.HR, n=3)
    hr.values[1] = 0  # the band's own "no reading"
    kept(store, hr, plain(Stream.BATTERY, n=1, value=80))
    seen = {
        (row["_field"], instant(row["_time"])): row["_value"] for row in told(address, 'filter(fn: (r) => r._measurement == "reading")')
    }
    assert seen == {("hr", NOON): "70", ("hr", NOON + 2 * MINUTE): "70", ("battery", NOON): "80"}


def test_what_is_no_longer_known_of_a_minute_leaves_the_dashboards(store: Store, address: str) -> None:
    minutes = unknown(NOON, NOON + 2 * MINUTE)
    minutes["hr"] = 70
    store.write_minutes("d1", minutes)
    minutes["hr"][1] = np.nan
    store.write_minutes("d1", minutes)
    rows = told(address, 'filter(fn: (r) => r._measurement == "minute" and r._field == "hr")')
    assert [instant(row["_time"]) for row in rows] == [NOON]


def test_lines_are_what_the_documentation_says() -> None:
    line = batch_line(plain(dev="a b"), 5).decode()
    assert line.startswith('hr,dev=a\\ b body="')
    assert line.endswith(f'",n=3i,t1={plain().end}i,arrived=5i {NOON}')
    assert list(reading_lines(plain(Stream.STEPS, n=1, value=0))) == [b"reading,dev=d1 steps=0.0 %d" % NOON]
    assert not list(reading_lines(plain(Stream.ACC)))
