"""The store `influx` on the bad days of its server; over the protocol double."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from config.plugins import store as opener
from ingest import buckets
from ingest.batch import CELL, DAY, HOUR, MINUTE, Batch, Stream
from ingest.bout import Bout
from ingest.broker import free_port
from ingest.influx import place
from ingest.store import Rejected, Store, StoreUnavailable
from ingest.tile import tiled
from lab.influxdb.faults import Fault, Trouble
from lab.influxdb.server import Double
from tests import influx
from tests.batches import NOON, noise, plain
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


def test_what_was_written_in_part_is_made_whole_by_writing_it_again(store: Store, double: Double) -> None:
    # raw ✓ · tiles ✗ · rest – · again: raw is there already, and its tile is as old as it
    double.faults.plan(Fault(Trouble.UNAVAILABLE, after=1))
    with pytest.raises(StoreUnavailable):
        kept(store, plain(Stream.ACC), plain(), arrived=NOON + 1)
    kept(store, plain(Stream.ACC), plain(), arrived=NOON + 9)
    assert store.readings() == {"d1": 6}
    assert len(store.tiles("d1", NOON, NOON + CELL, arrived_by=NOON + 2)) == 1
    assert store.batches("d1", Stream.HR, NOON, NOON + HOUR, arrived_by=NOON + 2) == []


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
    with closing(opener("influx")(f"{both[0].url}/nobody", TOKEN)) as store, pytest.raises(StoreUnavailable, match="no such organisation"):
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
    batches = [noise(Stream.ACC, NOON + i * CELL, 50) for i in range(40)]
    limit, double.api.largest = double.api.largest, 4_000  # of a proxy in front, say
    try:
        kept(store, *batches)
        with pytest.raises(Rejected, match="takes no request of"):
            kept(store, noise(Stream.GYR, n=2_000))
    finally:
        double.api.largest = limit
    assert store.readings() == {"d1": 2_000}


def test_bouts_replaced_half_way_are_the_old_or_the_new_and_never_none(store: Store, double: Double) -> None:
    old, new = (Bout("d1", "walk", NOON + i * MINUTE, NOON + HOUR, evidence='"steps"\\ and\nwords') for i in range(2))
    store.write_bouts("d1", NOON, NOON + HOUR, [old])
    for trouble, then in ((Trouble.RESET, [old]), (Trouble.RESET_AFTER, [new])):
        double.faults.plan(Fault(trouble))
        with pytest.raises(StoreUnavailable):
            store.write_bouts("d1", NOON, NOON + HOUR, [new])
        assert store.bouts("d1", NOON, NOON + HOUR) == then
