"""A receiver that meets a defect says so to whoever waits for it, and no two connections bear one name."""

from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

import pytest

from cli import collect, line
from cli.line import clinic, receiving
from cli.replay import _wait
from ingest.broker import free_port
from ingest.ingester import Ingester
from ingest.link import Arrived, Link
from ingest.receiver import Receiver
from ingest.sender import Sender
from ingest.spool import Spool
from ingest.store import StoreUnavailable
from ingest.wire import Ack
from tests.batches import NOON, plain
from tests.verbs import started, until

NOWHERE = "mqtt://127.0.0.1:1"


class Defect(Ingester):
    def take(self, messages: Sequence[tuple[str, bytes]]) -> list[tuple[str, Ack]]:
        raise OverflowError(f"{len(messages)} too many")


def test_who_waits_for_a_receiver_with_a_defect_hears_of_it(tmp_path: Path) -> None:
    link, spool = Link(NOWHERE, "x"), Spool(tmp_path / "spool.db")
    spool.commit([plain()], [], {})
    with clinic(tmp_path / "clinic", lambda: NOON) as behind:
        receiver = Receiver(Defect(behind.store, behind.catalog, lambda: NOON), link)
        receiver.start()
        link.arrived.put(Arrived("keepup/1/home/gate/data", b""))
        assert until(lambda: receiver.failure is not None)
        with pytest.raises(StoreUnavailable, match=r"OverflowError.*start it again"):
            _wait(spool, [Sender(spool, link, "keepup/1/home/gate"), receiver], behind)
        receiver.stop()
    spool.close()


def test_the_ingester_with_a_defect_ends_and_says_what_to_do(tmp_path: Path) -> None:
    with started(tmp_path / "said", "ingest", tmp_path / "clinic", "--port", str(port := free_port()), script=DEFECT) as verb:
        link = Link(f"mqtt://127.0.0.1:{port}", "gate")
        link.start()
        try:
            assert until(lambda: not link.publish("keepup/1/home/gate/data", b"") and verb.process.poll() is not None), verb.said
        finally:
            link.stop()
        assert verb.ended() == 1
    assert "start it again" in verb.said
    assert "Traceback" not in verb.said


DEFECT = """
from ingest.ingester import Ingester
def take(self, messages): raise OverflowError("too many")
Ingester.take = take
import cli.main, sys
cli.main.app(sys.argv[1:])
"""


class Named(Link):
    names: list[str] = []  # noqa: RUF012 — of all of them

    def __init__(self, url: str, name: str, topics: Sequence[str] = (), ca: str | None = None) -> None:
        super().__init__(url, name, topics, ca)
        self.names.append(name)

    def up(self) -> bool:
        return True


def test_two_ingesters_of_a_site_do_not_take_each_others_connection(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(line, "Link", Named)
    Named.names.clear()
    with clinic(tmp_path) as behind, receiving(behind, NOWHERE), receiving(behind, NOWHERE):
        assert len(set(Named.names)) == 2


def test_two_gateways_of_one_name_do_not_take_each_others_connection(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(collect, "Link", Named)
    Named.names.clear()
    for file in ("a.db", "b.db"):
        with ExitStack() as stack:
            spool = Spool(tmp_path / file)
            stack.callback(spool.close)
            collect.sending(stack, spool, NOWHERE, None, "keepup/1/home/gateway")
    assert len(set(Named.names)) == 2
