"""While the store is away nothing is answered, and what is said of it is said once."""

import queue
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from ingest import receiver as room
from ingest.batch import Batch
from ingest.catalog import Catalog
from ingest.ingester import Ingester
from ingest.link import Arrived, Link
from ingest.receiver import Receiver
from ingest.store import StoreUnavailable
from ingest.stores.sqlite import SqliteStore
from ingest.tile import Tiles
from ingest.wire import unseal_ack
from tests.batches import NOON
from tests.verbs import until
from tests.ward import at, told


class Away(SqliteStore):
    """Away for as many writes as it has reasons."""

    reasons: list[str]

    def write(self, batches: Sequence[Batch], tiles: dict[str, Tiles], arrived: int) -> None:
        if self.reasons:
            raise StoreUnavailable(self.reasons.pop(0))
        super().write(batches, tiles, arrived)


class Wire(Link):
    """Keeps what is published, and is never connected."""

    def __init__(self, room: int = 100) -> None:
        super().__init__("mqtt://127.0.0.1:1", "x", room=room)
        self.said: queue.Queue[tuple[str, bytes]] = queue.Queue()

    def publish(self, topic: str, payload: bytes) -> bool:
        self.said.put((topic, payload))
        return True


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Away]:
    with closing(Away(tmp_path / "store")) as opened:
        yield opened


def heard(wire: Wire, seq: int) -> None:
    gateway, payload = told(seq, at(seq))
    wire.arrived.put(Arrived(f"{gateway}/data", payload))


def test_holding_is_said_once_for_each_reason_and_its_end_once(tmp_path: Path, store: Away, monkeypatch: pytest.MonkeyPatch) -> None:
    #  attempts:  refused ─ refused ─ refused ─ full ─ refused ─ stored        said:  refused, full, storing again
    monkeypatch.setattr(room, "HOLD", (0.001,))
    store.reasons = ["refused", "refused", "refused", "disk full", "refused"]
    wire = Wire()
    with closing(Catalog(tmp_path / "catalog.db")) as catalog, capture_logs() as logs:
        receiver = Receiver(Ingester(store, catalog, lambda: NOON), wire)
        heard(wire, 1)
        receiver.start()
        topic, ack = wire.said.get(timeout=20)
        receiver.stop()
    assert (topic, unseal_ack(ack).stored) == ("keepup/1/home/s/ack", [(1, 1)])
    assert [(line["event"], line.get("reason")) for line in logs] == [
        ("holding", "refused"),
        ("holding", "disk full"),
        ("storing again", None),
    ]
    assert all(line["next_try_s"] == 0.001 for line in logs[:2])
    assert receiver.held_since is None
    assert receiver.failure is None


def test_a_receiver_that_holds_ends_at_once_when_told_to_and_has_answered_nothing(tmp_path: Path, store: Away) -> None:
    store.reasons = ["refused"] * 1000
    wire = Wire()
    with closing(Catalog(tmp_path / "catalog.db")) as catalog:
        receiver = Receiver(Ingester(store, catalog, lambda: NOON), wire)
        heard(wire, 1)
        receiver.start()
        assert until(lambda: receiver.held_since is not None)
        receiver.stop()
    assert receiver.held_since == NOON
    assert wire.said.empty()
    assert store.readings() == {}


def test_an_inbox_without_room_is_told_once_until_there_is_room_again() -> None:
    class Message:
        topic, payload, retain = "keepup/1/home/s/data", b"x", False

    wire = Wire(room=2)
    with capture_logs() as logs:
        for _ in range(5):
            wire._heard(None, None, Message())  # type: ignore[arg-type] # as paho's
        assert (wire.left, len(logs)) == (3, 1)
        wire.arrived.get()
        for _ in range(3):
            wire._heard(None, None, Message())  # type: ignore[arg-type] # as paho's
    assert (wire.left, len(logs)) == (5, 2)
    assert wire.arrived.qsize() == 2
