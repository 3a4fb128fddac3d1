"""A spool's file that is brought back from a copy numbers its rows anew: no answer to what it was before strikes what it is now."""

import shutil
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from ingest.batch import MINUTE
from ingest.catalog import Catalog
from ingest.ingester import Ingester
from ingest.link import Arrived
from ingest.spool import Spool
from ingest.stores.sqlite import SqliteStore
from ingest.wire import LIFE, Ack, Message, seal, seal_ack, unseal_ack
from tests.batches import NOON, plain
from tests.test_sender import Gate

LATER = NOON + 5 * MINUTE


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """Of a spool as it was before it had heard anything."""
    with closing(Spool(tmp_path / "spool.db", opened=NOON)):
        pass
    return Path(shutil.copy(tmp_path / "spool.db", tmp_path / "copy.db"))


@pytest.fixture
def before(tmp_path: Path, copy: Path) -> Iterator[Spool]:
    """One life after the copy was made."""
    assert copy.exists()
    with closing(Spool(tmp_path / "spool.db", opened=LATER)) as spool:
        yield spool


def heard(spool: Spool, t0: int) -> list[bytes]:
    spool.commit([plain(t0=t0)], [], {})
    return [seal(Message(spool.id, spool.next_turn(), {}, [(row.seq, row.parcel)])) for row in spool.oldest(0, 10)]


def test_answers_to_what_a_spool_was_before_it_was_brought_back_free_nothing(tmp_path: Path, copy: Path, before: Spool) -> None:
    #   first life  row 1 ── sent, the store is down ............... stored and answered
    #   brought back                     another row 1, not yet sent ──┘ stays
    sent = heard(before, NOON)
    gate = Gate(tmp_path / "unused.db")
    gate.spool.close()
    with closing(Spool(copy, opened=LATER + MINUTE)) as gate.spool, closing(SqliteStore(tmp_path / "store")) as store:
        gate.sender._spool = gate.spool
        assert gate.spool.id == before.id
        again = heard(gate.spool, NOON + MINUTE)
        with closing(Catalog(tmp_path / "catalog.db")) as catalog:
            ingester = Ingester(store, catalog, lambda: LATER)
            [(_, late)] = ingester.take([("keepup/1/home/gate", sent[0])])
            gate.link.arrived.put(Arrived("ack", seal_ack(late)))
            gate.sender.turn(100.0)
            assert gate.spool.waiting() == 1
            [(_, own)] = ingester.take([("keepup/1/home/gate", again[0])])
            gate.link.arrived.put(Arrived("ack", seal_ack(own)))
            gate.sender.turn(101.0)
            assert gate.spool.waiting() == 0
            assert sum(store.readings().values()) == 6


def test_a_message_that_cannot_be_read_is_answered_to_the_life_it_came_from(tmp_path: Path, before: Spool) -> None:
    newer = seal(Message(before.id, before.next_turn(), {}, [(7, b"\x02not a parcel")]))
    with closing(SqliteStore(tmp_path / "store")) as store, closing(Catalog(tmp_path / "catalog.db")) as catalog:
        [(_, ack)] = Ingester(store, catalog, lambda: LATER).take([("keepup/1/home/gate", newer)])
    assert [seq for seq, _ in ack.dead] == [7]
    assert ack.life == before.life


def test_an_answer_that_names_no_life_is_one_of_an_older_ingester_and_counts(tmp_path: Path) -> None:
    gate = Gate(tmp_path / "spool.db")
    gate.hear(1)
    answer = seal_ack(Ack(gate.spool.id, [(1, 1)]))
    assert unseal_ack(answer).life is None
    gate.link.arrived.put(Arrived("ack", answer))
    gate.sender.turn(100.0)
    assert gate.spool.waiting() == 0


def test_a_life_begins_later_than_all_that_went_before(copy: Path, before: Spool) -> None:
    with closing(Spool(copy, opened=LATER + MINUTE)) as back:
        assert back.next_turn() > before.next_turn() > LATER // MINUTE << LIFE
    with closing(Spool(copy, opened=NOON)) as back:  # a clock that nobody has set yet
        assert back.life == LATER // MINUTE + 2
