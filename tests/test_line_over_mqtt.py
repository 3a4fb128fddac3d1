"""Spool → broker → store and the answer back, over the real embedded broker and a real Mosquitto, also one that forgets everything."""

import shutil
import socket
import subprocess
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

from ingest.batch import CELL, Span, Stream
from ingest.broker import EmbeddedBroker
from ingest.catalog import Catalog
from ingest.ingester import Ingester
from ingest.link import BrokerUnavailable, Link
from ingest.receiver import Receiver, topics
from ingest.sender import Sender
from ingest.spool import Spool
from ingest.stores.sqlite import SqliteStore
from tests.batches import NOON, plain
from tests.verbs import until


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Mosquitto:
    """A real one that keeps nothing on disk."""

    def __init__(self, port: int, folder: Path) -> None:
        self.url = f"mqtt://127.0.0.1:{port}"
        (folder / "m.conf").write_text(f"listener {port} 127.0.0.1\nallow_anonymous true\npersistence false\n")
        self._process = subprocess.Popen(["mosquitto", "-c", str(folder / "m.conf")], stderr=subprocess.DEVNULL)

    def stop(self) -> None:
        self._process.kill()
        self._process.wait()


@pytest.fixture(params=["embedded", "mosquitto"])
def broker(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[[], EmbeddedBroker | Mosquitto]]:
    """Starts the broker, again and again on the same port."""
    if request.param == "mosquitto" and not shutil.which("mosquitto"):
        pytest.skip("mosquitto is not installed; apt-get install mosquitto")
    port = free_port()
    started: list[EmbeddedBroker | Mosquitto] = []

    def start() -> EmbeddedBroker | Mosquitto:
        started.append(EmbeddedBroker(port) if request.param == "embedded" else Mosquitto(port, tmp_path))
        return started[-1]

    yield start
    for one in started:
        with suppress(ProcessLookupError):
            one.stop()


@dataclass
class Ends:
    spool: Spool
    sender: Sender
    receiver: Receiver
    store: SqliteStore
    catalog: Catalog

    def settled(self) -> bool:
        return until(lambda: self.spool.waiting() == 0 and self.catalog.complete_to("d1") == self.spool.heard_to("d1"))


@pytest.fixture
def ends(tmp_path: Path) -> Iterator[Callable[[str], Ends]]:
    running: list[tuple[Ends, Link, Link]] = []

    def join(url: str) -> Ends:
        store, catalog, spool = SqliteStore(tmp_path / "store"), Catalog(tmp_path / "catalog.db"), Spool(tmp_path / "spool.db")
        far, near = Link(url, "ingester", topics("home")), Link(url, "gate", ["keepup/1/home/gate/ack"])
        made = Ends(spool, Sender(spool, near, "keepup/1/home/gate"), Receiver(Ingester(store, catalog, lambda: NOON), far), store, catalog)
        running.append((made, far, near))
        for part in (far, near, made.receiver, made.sender):
            part.start()
        return made

    yield join
    for made, far, near in running:
        for part in (made.sender, made.receiver, near, far):
            part.stop()
        made.spool.close()


def hear(spool: Spool, first: int, last: int) -> None:
    for i in range(first, last):
        batches = [plain(t0=NOON + i * CELL, n=1), plain(Stream.ACC, NOON + i * CELL, 50)]
        spool.commit(batches, [Span("d1", NOON + i * CELL, NOON + (i + 1) * CELL)], {})


def test_everything_committed_is_stored_and_the_spool_runs_empty(broker: Callable[[], EmbeddedBroker], ends: Callable[[str], Ends]) -> None:
    line = ends(broker().url)
    hear(line.spool, 0, 100)
    assert line.settled()
    assert line.store.readings() == line.spool.accepted() == {"d1": 5100}
    assert 1 <= line.catalog.received() <= 100


def test_a_broker_that_forgets_everything_loses_nothing(broker: Callable[[], EmbeddedBroker], ends: Callable[[str], Ends]) -> None:
    #   commits:  0 ........ 30 ........ 60
    #   broker:   |-- up --|   down   |-- up, empty --|
    first = broker()
    line = ends(first.url)
    hear(line.spool, 0, 30)
    first.stop()
    hear(line.spool, 30, 60)
    broker()
    assert line.settled()
    assert line.store.readings() == line.spool.accepted() == {"d1": 3060}


def test_a_taken_port_is_said_with_the_next_step() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(BrokerUnavailable, match="taken by another program"):
            EmbeddedBroker(taken.getsockname()[1])


@pytest.mark.parametrize("url", ["mqtt://broker.example:1883", "http://127.0.0.1", "127.0.0.1:1883", "mqtt://10.0.0.7"])
def test_an_address_that_is_not_safe_or_not_one_is_refused(url: str) -> None:
    with pytest.raises(BrokerUnavailable):
        Link(url, "x")
