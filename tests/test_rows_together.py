"""Rows that travel in one message are judged one by one, as if each had come alone."""

from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import cbor2
import pytest

from ingest.body import encode
from ingest.catalog import Catalog
from ingest.link import Arrived
from ingest.sender import BYTES, PUBLISHED, ROWS, Sender
from ingest.wire import Message, Parcel, pack, seal, seal_ack, unseal
from tests.batches import NOON, changed, noise, plain
from tests.test_sender import Gate
from tests.ward import Picky, Ward

SECOND = 1_000_000


@pytest.fixture
def ward(tmp_path: Path) -> Iterator[Ward]:
    with closing(Picky(tmp_path / "store")) as store, closing(Catalog(tmp_path / "catalog.db")) as catalog:
        yield Ward(store, catalog)


def row(i: int, **change: object) -> bytes:
    body = encode(plain(t0=NOON - i * SECOND))
    return pack(Parcel([(3, changed(body, change) if change else body)]))


def sealed(*rows: bytes, **change: object) -> tuple[str, bytes]:
    payload = seal(Message("s", 5, {}, list(enumerate(rows, 1))))
    return "keepup/1/home/s", cbor2.dumps(cbor2.loads(payload) | change) if change else payload


def test_one_bad_row_is_set_aside_and_its_neighbours_are_stored(ward: Ward) -> None:
    stored, dead = ward.take(sealed(row(0), b"\x02junk", row(2, x=-1.0), row(3)))
    assert stored == Counter([("s", 1), ("s", 4)])
    assert set(dead) == {("s", 2), ("s", 3)}
    assert ward.store.readings() == {"d1": 6}


def test_a_message_that_cannot_be_read_is_kept_and_all_its_rows_are_answered_for(ward: Ward) -> None:
    newer = sealed(row(0), row(1), v=9)
    stored, dead = ward.take(newer)
    assert (stored, set(dead)) == (Counter(), {("s", 1), ("s", 2)})
    assert ward.payloads() == {newer[1]}
    [letter] = ward.catalog.letters.all()
    assert letter.dead.readings == 6


@pytest.mark.parametrize("rows", [7, [7], [[]], [["1", b"x"]], [[-1, b"x"], [2**70, b"x"]], [{1: 2}]])
def test_rows_that_are_none_are_kept_and_harm_nobody(ward: Ward, rows: object) -> None:
    stored, dead = ward.take(sealed(row(0)), sealed(rows=rows))
    assert (stored, dead) == (Counter([("s", 1)]), {})
    assert len(ward.payloads()) == 1


def test_a_commit_of_many_bands_leaves_together_and_no_message_grows_too_large(tmp_path: Path) -> None:
    gate = Gate(tmp_path / "spool.db")
    sent = gate.link.sent
    with closing(gate.spool):
        gate.spool.commit([plain(dev=f"band-{i}") for i in range(120)], [], {})
        gate.move(100.0)
        assert [len(message.rows) for message in map(unseal, sent) if message.rows] == [ROWS, ROWS, 20]
        assert set(unseal(sent[0]).claims) <= {f"band-{i}" for i in range(120)}
        sent.clear()
        for i in range(9):
            gate.spool.commit([noise(t0=NOON + i * 5 * SECOND, n=250, dev=f"band-{k}") for k in range(12)], [], {})
        gate.move(101.0)
        sizes = [sum(len(parcel) for _, parcel in message.rows) for message in map(unseal, sent) if message.rows]
        assert len(sizes) >= 2
        assert max(sizes) <= BYTES


def test_rows_that_came_together_are_answered_for_one_by_one(tmp_path: Path, ward: Ward) -> None:
    gate = Gate(tmp_path / "other.db")
    with closing(gate.spool):
        gate.hear(3)
        rows = [(one.seq, one.parcel) for one in gate.spool.oldest(0, 9)]
        rows[1] = rows[1][0], b"\x02junk"
        [(_, ack)] = ward.ingester.take([("keepup/1/home/gate", seal(Message(gate.spool.id, gate.spool.next_turn(), {}, rows)))])
        assert (ack.stored, [seq for seq, _ in ack.dead]) == ([(1, 1), (3, 3)], [2])
        gate.link.arrived.put(Arrived("ack", seal_ack(ack)))
        gate.sender.turn(100.0)
        assert gate.spool.waiting() == 0


def test_one_row_at_a_time_makes_the_same_messages_whenever_they_leave(tmp_path: Path) -> None:
    gate = Gate(tmp_path / "spool.db")
    with closing(gate.spool):
        alone = Sender(gate.spool, gate.link, "keepup/1/home/gate", rows=1)
        gate.hear(700)
        while alone.turn(100.0):
            pass
        sizes = [len(message.rows) for message in map(unseal, gate.link.sent) if message.rows]
        assert sizes == [1] * PUBLISHED
