"""The demo as a whole, a week of it: one command, and through a kill of the ingester nothing is lost."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from cli.demo import SAME_END
from cli.processes import running, virtual_gateway
from detectors.outcome import Outcome
from ingest.batch import DAY
from ingest.broker import free_port
from ingest.catalog import Catalog
from ingest.stores.sqlite import SqliteStore
from lab.gateway import Orders
from lab.people import VIRTUAL, cast

LONG = 60.0  # s, a limit, not a wait
WEEK = ("demo", "--once", "--seed", "3", "--patients", "3", "--weeks", "1", "--json")

Books = dict[str, dict[str, int]]


def until(true: Callable[[], bool]) -> bool:
    end = time.monotonic() + LONG
    while not true() and time.monotonic() < end:
        time.sleep(0.02)
    return true()


@pytest.fixture(scope="module")
def told() -> list[str]:
    """What two demos of one seed said, run side by side."""
    quiet = os.environ | {"OPENBLAS_NUM_THREADS": "1"}
    command = [sys.executable, "-m", "cli.main", *WEEK]
    both = [subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=quiet) for _ in range(2)]
    try:
        said = [process.communicate(timeout=180) for process in both]
    finally:
        for process in both:
            process.kill()
    assert [(process.returncode, errors) for process, (_, errors) in zip(both, said, strict=True)] == [(0, "")] * 2
    return [out for out, _ in said]


def test_promise_5_one_command_shows_it_all_and_says_what_came_of_it(told: list[str]) -> None:
    books = json.loads(told[0])
    assert list(books) == ["patients", "readings", "messages_through_broker", "sessions", "messages", "alerts", "seconds"]
    assert books["patients"] == 3
    assert 0 < books["messages_through_broker"] < 60_000
    alerts = {(alert["kind"], alert["audience"]) for alert in books["alerts"]}
    assert alerts >= {("still_too_long", "patient"), ("silent_band", "patient"), ("silent_band", "therapist")}


def test_it_says_what_became_of_the_sessions_and_of_the_messages(told: list[str]) -> None:
    books = json.loads(told[0])
    assert list(books["sessions"]) == [outcome.value for outcome in Outcome]
    assert books["sessions"].keys() >= {"done", "partial", "late", "asked", "not_seen", "unknown"}
    # three sessions a week for the first and the third, whose band is in a drawer at the end, two for the second; and the first's walks
    assert 6 <= books["sessions"]["done"] <= 3 + 3 + 2 + 4
    assert books["sessions"]["unknown"] > 0
    assert books["sessions"]["not_seen"] == 0
    assert list(books["messages"]) == ["sent", "held", "cancelled", "corrected"]
    assert books["messages"]["sent"] > 5
    assert books["messages"]["corrected"] == 0


def test_promise_1_every_reading_of_the_demo_is_stored(told: list[str]) -> None:
    readings = json.loads(told[0])["readings"]
    assert readings["lost"] == 0
    assert readings["accepted"] == readings["stored"] + readings["dead"]
    assert readings["notified"] == readings["accepted"] > 100_000


def test_promise_3_the_same_seed_tells_the_same_story(told: list[str]) -> None:
    first, second = ({**json.loads(text), "seconds": None} for text in told)
    assert first == second


def test_every_virtual_patient_and_band_says_that_it_is_one() -> None:
    players = cast(3, 7, SAME_END)
    assert len({player.patient for player in players}) == 7
    assert all(player.patient.startswith(VIRTUAL) for player in players)
    assert all(player.band.address.startswith("virtual:") for player in players)


def test_promise_1_an_ingester_killed_at_its_work_loses_nothing(tmp_path: Path) -> None:
    #  bands:     a week, two of them, as fast as it goes ──────────────────────────────── done
    #  ingester:  starts ── has stored something ✂ kill -9 ── starts again, same port ── all stored
    port, site = free_port(), tmp_path / "site"
    serve = ("cli.main", "ingest", str(site), "--port", str(port), "--past")
    orders = Orders(
        seed=3, patients=2, start=SAME_END - 7 * DAY, end=SAME_END, broker=f"mqtt://127.0.0.1:{port}", spool=tmp_path / "spool.db"
    )
    with running(*serve) as doomed, virtual_gateway(orders) as gateway:
        assert until((site / "catalog.db").exists)
        with closing(Catalog(site / "catalog.db")) as catalog:
            assert until(lambda: catalog.received() > 20)
            doomed.send_signal(signal.SIGKILL)
            doomed.wait()
            before = catalog.received()
        with running(*serve):
            gateway.done = gateway.said.get(timeout=LONG).get("done")
            while gateway.done is None:
                gateway.done = gateway.said.get(timeout=LONG).get("done")
    with closing(SqliteStore(site / "store")) as store, closing(Catalog(site / "catalog.db")) as catalog:
        stored = sum(store.readings().values())
        assert catalog.dead() == []
        assert catalog.received() > before
    assert stored == gateway.done["accepted"] == gateway.done["notified"]
