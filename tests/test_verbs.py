"""A site as it is run: each verb a process of its own, on one folder."""

import csv
import json
import re
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import NamedTuple

import httpx
import pytest
from typer.testing import CliRunner

from cli import main
from cli.line import clinic, receiving
from ingest.batch import MINUTE, Stream
from ingest.broker import EmbeddedBroker, free_port
from ingest.drivers.heart_rate import BATTERY, HEART_RATE
from tests.batches import NOON
from tests.test_bouts import session
from tests.test_epochs_and_sessions import motion
from tests.verbs import Verb, ended, started, until

PASSWORD = "correct horse battery staple"  # noqa: S105 — of nobody
LONG_VERBS = ("ingest", "serve", "watch")


class Site(NamedTuple):
    folder: Path
    page: str
    port: int
    verbs: dict[str, Verb]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """All of it started at once, on a folder that is not there yet."""
    home, port = tmp_path_factory.mktemp("site"), free_port()
    broker, page_port = f"mqtt://127.0.0.1:{port}", free_port()
    (home / "broker").write_text(broker + "\n")
    clinic = home / "clinic"
    with ExitStack() as stack:
        verbs = {
            "ingest": stack.enter_context(started(home / "ingest", "ingest", clinic, "--port", str(port))),
            "serve": stack.enter_context(started(home / "serve", "serve", clinic, "--port", str(page_port))),
            "watch": stack.enter_context(started(home / "watch", "watch", clinic, KEEPUP_BROKER=str(home / "broker"))),
        }
        yield Site(clinic, f"http://127.0.0.1:{page_port}", port, verbs)


def answers(url: str) -> bool:
    try:
        return httpx.get(url).status_code == 200
    except httpx.TransportError:
        return False


def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def test_the_verbs_of_a_site_start_on_an_empty_folder_and_answer(site: Site) -> None:
    assert until(lambda: answers(f"{site.page}/login"))
    assert until(lambda: listens(site.port))
    assert until(lambda: "Watching" in site.verbs["watch"].said)
    assert [name for name, verb in site.verbs.items() if verb.process.poll() is not None] == []


def test_who_begins_a_site_by_accident_is_told_and_an_ingester_says_where_it_listens(site: Site, tmp_path: Path) -> None:
    with started(tmp_path / "said", "serve", tmp_path / "clinc", "--port", "0") as verb:
        assert until(lambda: "The pages are at" in verb.said)
    assert f"{tmp_path / 'clinc'} held no site: a new, empty one is begun there." in verb.said
    assert until(lambda: f"Listening to mqtt://127.0.0.1:{site.port} for the site home" in site.verbs["ingest"].said)


def test_all_that_a_site_keeps_is_for_its_owner_alone(site: Site) -> None:
    test_the_verbs_of_a_site_start_on_an_empty_folder_and_answer(site)

    kept = [site.folder, *site.folder.rglob("*")]
    assert {"chart.db", "chart.db-wal", "catalog.db", "store.db"} <= {path.name for path in kept}
    assert [f"{path.name} {path.stat().st_mode:o}" for path in kept if path.stat().st_mode & 0o077] == []


def test_a_therapist_logs_in_while_the_site_runs_and_sees_the_patient_just_added(site: Site, tmp_path: Path) -> None:
    who = ("p-7f3a", "--zone", "Europe/Berlin", "--therapist", "t-02", "--band", "b-1")
    with (
        started(tmp_path / "patient", "patient", "add", site.folder, *who) as patient,
        started(tmp_path / "therapist", "therapist", site.folder, "t-02", stdin=f"{PASSWORD}\n") as therapist,
    ):
        assert (patient.ended(), therapist.ended()) == (0, 0), patient.said + therapist.said
    assert PASSWORD not in therapist.out + therapist.said

    assert until(lambda: answers(f"{site.page}/login"))
    with httpx.Client(base_url=site.page, follow_redirects=True) as browser:
        token = re.findall(r'name="token" value="([^"]+)"', browser.get("/login").text)[0]
        page = browser.post("/login", data={"token": token, "therapist": "t-02", "password": PASSWORD}).text

    assert "p-7f3a" in page

    code, again = ended(tmp_path / "again", "patient", "add", site.folder, *who)
    assert code == 1
    assert "p-7f3a is in the chart already; nothing was changed. Choose another id, or say --replace" in again.said


def test_they_end_well_and_in_time_when_told_to(site: Site) -> None:
    test_the_verbs_of_a_site_start_on_an_empty_folder_and_answer(site)

    assert {name: verb.stopped() for name, verb in site.verbs.items()} == dict.fromkeys(LONG_VERBS, 0)
    assert [verb.said for verb in site.verbs.values() if "Traceback" in verb.said] == []


def test_a_judgement_that_takes_long_does_not_keep_the_watch_from_ending(tmp_path: Path) -> None:
    script = (
        "import sys, time; from pathlib import Path; import cli.watch as w; w.PATIENCE = 0.1;"
        "w.live = lambda *_: print('judging', flush=True) or time.sleep(60); w.watch(Path(sys.argv[1])); print('in order')"
    )
    with started(tmp_path / "watch", tmp_path / "clinic", script=script) as verb:
        assert until(lambda: "judging" in verb.out)
        assert verb.stopped() == 0
    assert "in order" in verb.out
    assert "Traceback" not in verb.said


def test_a_recording_becomes_cells_and_bouts(tmp_path: Path) -> None:
    file = motion(tmp_path / "sets.csv", session(5))
    with started(tmp_path / "e", "epochs", file) as epochs, started(tmp_path / "s", "sessions", file, "--json") as sessions:
        assert (epochs.ended(), sessions.ended()) == (0, 0), epochs.said + sessions.said
    cells = list(csv.DictReader(epochs.out.splitlines()))
    (bout,) = [json.loads(line) for line in sessions.out.splitlines()]

    assert cells[0]["n"] == "250"
    assert (bout["kind"], bout["reps"]) == ("exercise", pytest.approx(50, abs=2))
    assert cells[0]["time"] <= bout["start"] < bout["end"] <= cells[-1]["time"]


@contextmanager
def brokering() -> Iterator[EmbeddedBroker]:
    broker = EmbeddedBroker(free_port())
    try:
        yield broker
    finally:
        broker.stop()


GATEWAY = """
import sys; from pathlib import Path; import cli.collect, cli.main; from ingest.radios.recording import RecordingRadio
class Played(RecordingRadio):
    def __init__(self, adapter, now): super().__init__(Path(sys.argv[1]))
    async def close(self): pass
cli.collect.BleakRadio = Played
cli.main.app(sys.argv[2:])
"""
"""The real verb, hearing a recording where there is no Bluetooth."""


def test_a_gateway_hears_a_band_keeps_what_it_says_and_sends_it_until_it_is_stored(tmp_path: Path) -> None:
    #  s      0      0.2        0.5 ... 1.45           60
    #  band   heard  connected  70 bpm, twenty times   out of range
    heard = tmp_path / "heard.jsonl"
    beats = [{"at": NOON + 500_000 + i * 50_000, "address": "AA", "char": HEART_RATE, "hex": "0046"} for i in range(20)]
    lines = [
        {"at": NOON, "address": "AA", "event": "heard"},
        {"at": NOON + 200_000, "address": "AA", "event": "connected", "chars": [HEART_RATE, BATTERY]},
        {"at": NOON + 200_000, "address": "AA", "char": BATTERY, "hex": "50", "event": "read"},
        *beats,
        {"at": NOON + MINUTE, "address": "AA", "event": "dropped"},
    ]
    heard.write_text("\n".join(map(json.dumps, [{"keepup-radio": 1}, *lines])))
    record = tmp_path / "record.jsonl"
    args = ("collect", tmp_path / "spool.db", "--band", "b-1,aa,heart_rate", "--record", record)
    with (
        clinic(tmp_path / "clinic", lambda: NOON) as behind,
        brokering() as broker,
        receiving(behind, broker.url),
        started(tmp_path / "said", heard, *args, "--broker", broker.url, script=GATEWAY) as verb,
    ):
        assert until(lambda: sum(b.n for b in behind.store.batches("b-1", Stream.HR, NOON, NOON + MINUTE)) == 20), verb.said
        assert verb.stopped() == 0, verb.said
    assert "Traceback" not in verb.said
    assert record.read_text().count("0046") == 20


def test_a_gateway_without_bluetooth_says_what_to_do(tmp_path: Path) -> None:
    code, verb = ended(tmp_path / "said", "collect", tmp_path / "spool.db", "--band", "b-1,AA:BB:CC:DD:EE:FF,infinitime,Europe/Berlin")

    assert code == 1
    assert "D-Bus cannot be reached: start it" in verb.said
    assert "AA:BB" not in verb.said
    assert "Traceback" not in verb.said


def test_who_only_stores_or_shows_does_not_wait_for_scipy(tmp_path: Path) -> None:
    with started(tmp_path / "said", script="import sys, cli.ingest, cli.serve, cli.patient; print('scipy' in sys.modules)") as verb:
        assert verb.ended() == 0
    assert verb.out == "False\n"


USAGE = {
    "collect SPOOL": "Missing option '--band'",
    "collect SPOOL --band b-1": "Give its id, its address",
    "collect SPOOL --band b-1,AA,nokia": "there are: heart_rate, infinitime",
    "collect SPOOL --band b-1,AA,,Nowhere": "is not a time zone",
    "collect SPOOL --band b-1,AA --gateway a/b": "will not do as a name",
    "serve CLINIC --host 0.0.0.0": "Put a proxy with TLS in front",
    "serve CLINIC --port 70000": "--port",
    "serve CLINIC --secret-file SHORT": "32 are needed",
    "watch": "Missing argument 'folder'",
    "watch SHORT": "is a file",
    "watch CLINIC --broker /no/such/file": "cannot be read",
    "patient add CLINIC p-1 --zone Nowhere --therapist t-1": "is not a time zone",
    "patient add CLINIC virtual-1 --zone UTC --therapist t-1": "simulated patients only",
    "patient add CLINIC Ann.Smith --zone UTC --therapist t-1": "will not do as a name",
    "therapist CLINIC t-1": "give at least 15",
}


@pytest.mark.parametrize("line", USAGE)
def test_a_line_that_cannot_be_meant_is_refused_with_what_could_be(line: str, tmp_path: Path) -> None:
    (tmp_path / "SHORT").write_text("short")
    args = [str(tmp_path / word) if word in {"SPOOL", "CLINIC", "SHORT"} else word for word in line.split()]
    done = CliRunner().invoke(main.app, args, input="short\n")

    assert done.exit_code == 2
    assert USAGE[line] in " ".join(done.stderr.replace("│", " ").split())
    assert {path.name for path in tmp_path.iterdir()} == {"SHORT"}
