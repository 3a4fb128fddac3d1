"""Messages in, store and catalog written, acks out: what is answered is stored, and what is poison harms nothing else."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ingest.batch import CELL, HOUR, Cause, Span, Stream
from ingest.body import encode
from ingest.catalog import Catalog
from ingest.ingester import Ingester
from ingest.spool import Spool
from ingest.store import StoreUnavailable
from ingest.stores.sqlite import SqliteStore
from ingest.wire import Message, Parcel, pack, seal
from tests.batches import NOON, plain


@dataclass
class Line:
    """A spool and what stands behind it, without a broker between."""

    spool: Spool
    store: SqliteStore
    catalog: Catalog
    ingester: Ingester

    def messages(self) -> list[tuple[str, bytes]]:
        rows = self.spool.oldest(0, 1000)
        return [
            ("g", seal(Message(self.spool.id, self.spool.next_turn(), {row.dev: self.spool.claim(row.dev) or 0}, [(row.seq, row.parcel)])))
            for row in rows
        ]

    def deliver(self, messages: list[tuple[str, bytes]]) -> None:
        for _, ack in self.ingester.take(messages):
            self.spool.trim(ack.stored, [seq for seq, _ in ack.dead])
        self.ingester.take([("g", seal(Message(self.spool.id, self.spool.next_turn(), self.spool.claims())))])


@pytest.fixture
def line(tmp_path: Path) -> Iterator[Line]:
    store, catalog = SqliteStore(tmp_path / "store"), Catalog(tmp_path / "catalog.db")
    made = Line(Spool(tmp_path / "spool.db"), store, catalog, Ingester(store, catalog, lambda: NOON + HOUR))
    yield made
    made.spool.close()


def poison(line: Line, seq: int, *bodies: bytes) -> tuple[str, bytes]:
    return "g", seal(Message(line.spool.id, line.spool.next_turn(), {}, [(seq, pack(Parcel([(3, body) for body in bodies])))]))


def test_what_is_acked_is_stored_and_what_is_stored_is_complete(line: Line) -> None:
    line.spool.commit([plain(), plain(Stream.ACC, n=50)], [Span("d1", NOON, NOON + HOUR)], {})
    line.deliver(line.messages())
    assert line.spool.waiting() == 0
    assert line.store.readings() == line.spool.accepted() == {"d1": 53}
    assert line.catalog.complete_to("d1") == NOON + HOUR
    assert len(line.store.tiles("d1", NOON, NOON + CELL)) == 1


def test_a_bad_body_is_set_aside_and_its_neighbours_are_stored(line: Line) -> None:
    ((_, ack),) = line.ingester.take([poison(line, 1, encode(plain()), b"\xff\x00", encode(plain(t0=NOON + HOUR)))])
    assert (ack.stored, [seq for seq, _ in ack.dead]) == ([], [1])
    assert line.store.readings() == {"d1": 6}
    (dead,) = line.catalog.dead()
    assert (dead.part, dead.readings, dead.payload) == (1, 3, b"\xff\x00")
    assert dead.reason


@pytest.mark.parametrize("keep", [0, 1, 20, -1])
def test_a_truncated_message_is_set_aside_and_the_next_is_stored(line: Line, keep: int) -> None:
    line.spool.commit([plain()], [], {})
    (good,) = line.messages()
    line.deliver([("g", good[1][:keep]), good])
    assert line.store.readings() == {"d1": 3}
    assert [d.seq for d in line.catalog.dead()] == [-1]


def test_an_unavailable_store_acks_nothing_and_the_same_messages_do_later(line: Line, tmp_path: Path) -> None:
    line.spool.commit([plain()], [], {})
    messages = line.messages()
    line.store.close()
    with pytest.raises(StoreUnavailable):
        line.ingester.take(messages)
    assert line.spool.waiting() == 1
    again = Ingester(SqliteStore(tmp_path / "store"), line.catalog, lambda: NOON)
    ((_, ack),) = again.take(messages)
    assert ack.stored == [(1, 1)]


def test_a_late_old_claim_does_not_move_completeness(line: Line) -> None:
    line.spool.commit([plain()], [Span("d1", NOON, NOON + HOUR)], {})
    old = line.messages()
    line.deliver(line.messages())
    line.deliver([])
    line.ingester.take(old)
    assert line.catalog.complete_to("d1") == NOON + HOUR


def test_a_band_is_complete_only_as_far_as_every_gateway_that_holds_it(line: Line) -> None:
    for spool, upto in (("a", NOON), ("b", NOON + HOUR)):
        line.ingester.take([("g", seal(Message(spool, 1, {"d1": upto})))])
    assert line.catalog.complete_to("d1") == NOON


def test_a_changed_hour_is_stale_until_it_is_made_and_again_when_it_changes(line: Line) -> None:
    line.ingester.take([poison(line, 1, encode(plain()), encode(plain(t0=NOON + HOUR)))])
    stale = line.catalog.stale("d1", NOON + 2 * HOUR)
    assert [hour for hour, _ in stale] == [NOON, NOON + HOUR]
    assert [hour for hour, _ in line.catalog.stale("d1", NOON + HOUR)] == [NOON]
    line.catalog.made("d1", stale)
    assert line.catalog.stale("d1", NOON + 2 * HOUR) == []
    line.ingester.take([poison(line, 2, encode(plain(t0=NOON + 5)))])
    assert [hour for hour, _ in line.catalog.stale("d1", NOON + 2 * HOUR)] == [NOON]


def test_an_hour_that_changes_while_it_is_made_stays_stale(line: Line) -> None:
    line.ingester.take([poison(line, 1, encode(plain()))])
    stale = line.catalog.stale("d1", NOON + HOUR)
    line.ingester.take([poison(line, 2, encode(plain(t0=NOON + 5)))])
    line.catalog.made("d1", stale)
    assert len(line.catalog.stale("d1", NOON + HOUR)) == 1


def test_spans_of_a_quiet_link_become_one_and_gaps_stay_apart(line: Line) -> None:
    for i in range(100):
        line.spool.commit([], [Span("d1", NOON + i * CELL, NOON + (i + 1) * CELL)], {})
    line.spool.commit([], [Span("d1", NOON + 100 * CELL, NOON + 101 * CELL, Cause.RANGE)], {})
    line.deliver(line.messages())
    assert line.catalog.spans("d1", NOON, NOON + HOUR) == [
        Span("d1", NOON, NOON + 100 * CELL),
        Span("d1", NOON + 100 * CELL, NOON + 101 * CELL, Cause.RANGE),
    ]


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_any_order_any_repeats_end_the_same_and_no_claim_runs_ahead(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    folder = tmp_path_factory.mktemp("line")
    store, catalog = SqliteStore(folder / "store"), Catalog(folder / "catalog.db")
    line = Line(Spool(folder / "spool.db"), store, catalog, Ingester(store, catalog, lambda: NOON))
    for i in range(6):
        line.spool.commit([plain(t0=NOON + i * CELL, n=1)], [Span("d1", NOON + i * CELL, NOON + (i + 1) * CELL)], {})
    while line.spool.waiting():
        waiting = line.messages()
        line.deliver(data.draw(st.lists(st.sampled_from(waiting), min_size=1, max_size=4)))
        claim = catalog.complete_to("d1") or NOON
        assert sum(b.n for b in store.batches("d1", Stream.HR, NOON, claim)) == (claim - NOON) // CELL
    assert store.readings() == {"d1": 6}
    assert catalog.complete_to("d1") == NOON + 6 * CELL
    assert [(s.t0, s.t1) for s in _joined(catalog.spans("d1", NOON, NOON + HOUR))] == [(NOON, NOON + 6 * CELL)]
    line.spool.close()


def test_one_of_many_spans_is_found_without_a_look_at_the_others(line: Line) -> None:
    laid = [("s1", Span("b", NOON + i * HOUR, NOON + i * HOUR + HOUR // 2, None)) for i in range(5000)]
    line.catalog.record([], laid, [], [], NOON)
    steps = 0

    def count() -> int:
        nonlocal steps
        steps += 1
        return 0

    line.catalog._index.reader.set_progress_handler(count, 100)
    last = laid[-1][1]
    assert line.catalog.spans("b", last.t1 - 1, last.t1 + HOUR) == [last]
    assert steps < 100


def _joined(spans: list[Span]) -> list[Span]:
    out: list[Span] = []
    for span in spans:
        if out and out[-1].t1 == span.t0:
            out[-1] = Span(span.dev, out[-1].t0, span.t1)
        else:
            out.append(span)
    return out
