"""What an ingester says of itself: well or not, and its figures, on this machine and to it alone."""

import json
import socket
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from cli.health import health
from cli.line import wall
from ingest.batch import DAY, HOUR, MICROS
from ingest.body import encode
from ingest.broker import free_port
from ingest.catalog import Catalog
from ingest.ingester import Ingester
from ingest.link import Arrived, Link
from ingest.receiver import Receiver
from ingest.store import StoreUnavailable
from tests.batches import NOON, plain
from tests.verbs import started, until
from tests.ward import BAD, STRANGE, Picky, at, told


class Wire(Link):
    """Up or not as a test has it; what is published goes nowhere."""

    connected = True

    def up(self) -> bool:
        return self.connected

    def publish(self, *_: object) -> bool:
        return self.connected


@dataclass
class Here:
    receiver: Receiver
    wire: Wire
    store: Picky
    catalog: Catalog
    url: str

    def hear(self, *messages: tuple[str, bytes]) -> None:
        for gateway, payload in messages:
            self.wire.arrived.put(Arrived(f"{gateway}/data", payload))

    def well(self) -> tuple[int, dict[str, object]]:
        answer = httpx.get(f"{self.url}/healthz")
        return answer.status_code, json.loads(answer.text)

    def figures(self) -> dict[str, float]:
        """Name and labels → value."""
        text = httpx.get(f"{self.url}/metrics").text
        samples = [sample for family in text_string_to_metric_families(text) for sample in family.samples]
        return {" ".join([sample.name, *sample.labels.values()]): sample.value for sample in samples}


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Here]:
    with closing(Picky(tmp_path / "store")) as store, closing(Catalog(tmp_path / "catalog.db")) as catalog:
        wire = Wire("mqtt://127.0.0.1:1", "x")
        receiver = Receiver(Ingester(store, catalog, lambda: NOON), wire)
        with health(receiver, catalog, 0) as port:
            receiver.start()
            yield Here(receiver, wire, store, catalog, f"http://127.0.0.1:{port}")
            receiver.stop()


WELL = {"ok": True, "broker": True, "store": True, "held_since": None, "defect_since": None, "clock_since": None, "last_stored": None}
NOON_STAMP = "2026-11-22T12:00:00Z"


def test_one_that_has_stored_nothing_yet_is_well(here: Here) -> None:
    assert here.well() == (200, WELL)


def test_it_says_when_something_was_last_stored(here: Here) -> None:
    here.hear(told(1, at(0)))
    assert until(lambda: here.well()[1]["last_stored"] == NOON_STAMP)
    assert here.well() == (200, WELL | {"last_stored": NOON_STAMP})


def test_without_a_broker_it_is_not_well(here: Here) -> None:
    here.wire.connected = False
    assert here.well() == (503, WELL | {"ok": False, "broker": False})


def test_while_it_holds_it_is_not_well_and_says_since_when_and_is_well_again_after(here: Here, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ingest.receiver.HOLD", (0.01,))
    away = True

    def write(*_: object) -> None:
        if away:
            raise StoreUnavailable("the disk is full")

    monkeypatch.setattr(here.store, "write", write)
    here.hear(told(1, at(0)))
    assert until(lambda: here.well()[0] == 503)
    assert here.well() == (503, WELL | {"ok": False, "store": False, "held_since": NOON_STAMP})
    assert here.figures()["keepup_holding"] == 1
    away = False
    assert until(lambda: here.well()[0] == 200)
    assert here.figures()["keepup_holding"] == 0


def test_while_a_defect_sets_everything_aside_it_is_not_well_until_something_is_stored(here: Here) -> None:
    here.hear(told(1, at(0, STRANGE)), told(2, at(1, STRANGE)))
    assert until(lambda: here.well()[0] == 503)
    assert here.well() == (503, WELL | {"ok": False, "defect_since": NOON_STAMP, "last_stored": NOON_STAMP})
    here.hear(told(3, at(2)))
    assert until(lambda: here.well()[0] == 200)


def test_while_its_clock_is_in_doubt_it_is_not_well_until_that_is_set(here: Here) -> None:
    here.receiver.ingester._unset = lambda: True
    here.hear(told(1, encode(plain(t0=NOON + 3 * DAY))))
    assert until(lambda: here.well()[0] == 503)
    assert here.well() == (503, WELL | {"ok": False, "clock_since": NOON_STAMP})
    here.receiver.ingester._unset = lambda: False
    here.hear(told(2, at(2)))
    assert until(lambda: here.well()[0] == 200)


def test_one_whose_storing_has_ended_is_not_well(here: Here) -> None:
    here.receiver.failure = StoreUnavailable("ended")
    assert here.well() == (503, WELL | {"ok": False, "store": False})


def test_the_figures_add_up(here: Here) -> None:
    here.hear(told(1, at(0), at(1, BAD), claim=NOON - HOUR), told(2, at(2)), told(3, b"\xff"))
    assert until(lambda: here.figures().get("keepup_messages_total") == 3)
    found = here.figures()
    wanted = {
        "keepup_batches_total": 2,
        "keepup_readings_total": 6,
        "keepup_dead_total rejected": 1,
        "keepup_dead_total unreadable": 1,
        "keepup_dead_total defect": 0,
        "keepup_dead_letters": 2,
        "keepup_inbox_messages": 0,
        "keepup_inbox_left_total": 0,
        "keepup_broker_up": 1,
        "keepup_holding": 0,
    }
    assert {name: found[name] for name in wanted} == wanted
    assert found["keepup_commit_seconds_count"] == found["keepup_commit_seconds_bucket +Inf"] >= 1
    assert found["keepup_commit_seconds_sum"] > 0
    assert found["keepup_complete_lag_seconds d1"] == pytest.approx((wall() - NOON + HOUR) / MICROS, abs=60)


def test_a_catalog_that_cannot_be_read_takes_no_other_figure_with_it(here: Here) -> None:
    here.hear(told(1, at(0), claim=NOON))
    assert until(lambda: "keepup_complete_lag_seconds d1" in here.figures())
    here.catalog.close()
    found = here.figures()
    assert found["keepup_messages_total"] == 1
    assert not {"keepup_complete_lag_seconds d1", "keepup_dead_letters"} & found.keys()


@pytest.mark.parametrize("host", ["127.0.0.1:9", "localhost", "localhost:9", "[::1]:9"])
def test_it_answers_this_machine(here: Here, host: str) -> None:
    assert httpx.get(f"{here.url}/healthz", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize("host", ["evil.example", "evil.example:80", "", "10.0.0.7", "[::1", "127.0.0.1.evil.example"])
def test_a_name_that_was_made_to_mean_this_machine_is_told_nothing(here: Here, host: str) -> None:
    answer = httpx.get(f"{here.url}/metrics", headers={"Host": host})
    assert (answer.status_code, "keepup_" in answer.text) == (421, False)


def test_where_others_may_ask_it_answers_to_the_name_they_know_it_by(here: Here) -> None:
    named = socket.gethostname()
    try:
        with health(here.receiver, here.catalog, 0, named) as port:
            assert httpx.get(f"http://{named}:{port}/healthz").status_code == 200
            assert httpx.get(f"http://{named}:{port}/healthz", headers={"Host": "evil.example"}).status_code == 421
    except OSError as error:
        pytest.skip(f"this machine's own name leads nowhere: {error}")


def test_there_is_nothing_else_and_nothing_can_be_changed(here: Here) -> None:
    assert httpx.get(f"{here.url}/").status_code == 404
    assert httpx.post(f"{here.url}/healthz").status_code == 501


def test_somebody_who_says_nothing_keeps_nobody_waiting(here: Here) -> None:
    port = int(here.url.rpartition(":")[2])
    with socket.create_connection(("127.0.0.1", port)):
        assert here.well()[0] == 200


def test_the_verb_tells_of_itself_where_it_is_told_to_and_a_taken_port_is_said(tmp_path: Path) -> None:
    health_port, ports = str(free_port()), [str(free_port()) for _ in range(3)]
    with started(tmp_path / "one", "ingest", tmp_path / "a", "--port", ports[0], "--health-port", health_port) as verb:
        assert until(lambda: answers(f"http://127.0.0.1:{health_port}/healthz")), verb.said
        with started(tmp_path / "two", "ingest", tmp_path / "b", "--port", ports[1], "--health-port", health_port) as second:
            assert second.ended() == 1
        assert verb.stopped() == 0
    assert f"127.0.0.1:{health_port}: Address already in use. Another program listens there: choose another port" in second.said
    assert "Traceback" not in verb.said + second.said


def answers(url: str) -> bool:
    try:
        return httpx.get(url).status_code == 200
    except httpx.TransportError:
        return False
