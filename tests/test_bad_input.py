"""What goes wrong at somebody's desk: each time a plain message with the next step, nothing lost, and never a traceback."""

import gzip
import hashlib
import json
import queue
import socket
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from cli import main
from ingest.batch import MINUTE
from ingest.body import encode
from ingest.broker import free_port
from ingest.catalog import Catalog
from ingest.link import Link
from ingest.spool import Spool
from ingest.stores.sqlite import SqliteStore
from ingest.wire import Message, Parcel, pack, seal, unseal_ack
from tests.batches import NOON, plain
from tests.verbs import LONG, ended, started, until

GATEWAY = "keepup/1/home/gate"


def keepup(*args: str | Path) -> Result:
    """In this process, by way of the front door."""
    done = CliRunner().invoke(main.app, [str(arg) for arg in args])
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    assert "Traceback" not in done.output
    return done


def words(said: str) -> str:
    return " ".join(said.replace("│", " ").split())


def minutes(path: Path, *numbers: int, steps: int = 100) -> Path:
    """One row for each: the minute after noon it is written for."""
    path.write_text("time_us,steps\n" + "".join(f"{NOON + number * MINUTE},{steps}\n" for number in numbers))
    return path


@contextmanager
def taken() -> Iterator[int]:
    """A port on which somebody else listens."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        yield int(other.getsockname()[1])


# a file that cannot be read

READERS = (("replay",), ("epochs", "--every", "1m"), ("sessions",))


@pytest.mark.parametrize("verb", READERS, ids=lambda verb: verb[0])
@pytest.mark.parametrize("what", ["missing", "junk", "truncated", "empty", "header", "semicolons"])
def test_a_file_that_cannot_be_read_is_named_with_what_to_do(verb: tuple[str, ...], what: str, tmp_path: Path) -> None:
    file = tmp_path / "week.csv.gz"
    whole = gzip.compress(minutes(tmp_path / "week.csv", *range(3000)).read_bytes())
    content = {"junk": bytes(range(256)) * 40, "truncated": whole[: len(whole) // 2], "empty": b"", "header": b"time,steps\n"}
    content["semicolons"] = b"time;x;y;z\n2026-03-02T07:00:00Z;0;0;1\n"
    if what in content:
        file.write_bytes(content[what])
    done = keepup(*verb, file)

    assert done.exit_code == 2
    assert "week.csv.gz" in words(done.stderr).replace(" ", "")  # a box breaks long paths
    assert {
        "missing": "does not exist",
        "junk": "Choose with --format, or see README",
        "truncated": "Check that the file is there and whole",
        "empty": "week.csv.gz is empty",
        "header": "has a header and no rows",
        "semicolons": "has its columns separated by ';'",
    }[what] in words(done.stderr)
    assert done.stdout == ""
    assert done.stderr.isascii() or what != "junk"


# a message that was cut off on its way


def test_a_message_cut_short_is_set_aside_and_the_next_one_is_stored(tmp_path: Path) -> None:
    #   seq   (envelope cut)   1: parcel cut   2: whole
    #   ack        -               dead          stored
    port, folder = free_port(), tmp_path / "clinic"
    good = pack(Parcel([(3, encode(plain()))]))
    envelope = seal(Message("spool", 1, {}, [(7, good)]))[:-9]
    cut, whole = seal(Message("spool", 2, {}, [(1, good[:-9])])), seal(Message("spool", 3, {}, [(2, good)]))
    with started(tmp_path / "said", "ingest", folder, "--port", str(port), "--past") as verb:
        acks = _published(port, [envelope, cut, whole])
        assert verb.stopped() == 0
    assert "Traceback" not in verb.said
    assert acks == ({2}, {1})
    with closing(SqliteStore(folder / "store")) as store, closing(Catalog(folder / "catalog.db")) as catalog:
        assert store.readings() == {"d1": 3}
        assert [(letter.seq, letter.payload) for letter in catalog.dead()] == [(-1, envelope), (1, good[:-9])]
        assert all(letter.reason for letter in catalog.dead())


def _published(port: int, payloads: list[bytes]) -> tuple[set[int], set[int]]:
    """Sends them once the ingester listens; gives the rows it says are stored, and dead."""
    link = Link(f"mqtt://127.0.0.1:{port}", "gate", [f"{GATEWAY}/ack"])
    link.start()
    stored, dead = set[int](), set[int]()
    try:
        assert until(link.up)
        sent = 0
        while not (stored and dead):
            # sent again until answered, as a gateway does: the ingester may not have subscribed yet
            sent += sum(link.publish(f"{GATEWAY}/data", payload) for payload in payloads)
            try:
                ack = unseal_ack(link.arrived.get(timeout=1).payload)
            except queue.Empty:
                assert sent < LONG * len(payloads), "no answer came"
                continue
            stored |= {seq for first, last in ack.stored for seq in range(first, last + 1)}
            dead |= {seq for seq, _ in ack.dead}
    finally:
        link.stop()
    return stored, dead


# a clock that jumps back


def test_a_recording_whose_clock_jumps_back_loses_only_what_it_says_twice(tmp_path: Path) -> None:
    #  minute  0 ... 59 | 50 ... 89   the clock is put back by ten minutes after line 61
    file = minutes(tmp_path / "week.csv", *range(60), *range(50, 90))
    told = keepup("epochs", file, "--every", "1m")

    assert told.exit_code == 0
    assert "rows of week.csv were set aside; the first is line" in words(told.stderr)
    steps = [line.split(",")[5] for line in told.stdout.splitlines()[1:]]
    assert sum(float(number) for number in steps if number) == 90 * 100

    replayed = keepup("replay", file, "--json")
    assert replayed.exit_code == 0
    assert "rows of week.csv were set aside; the first is line" in words(replayed.stderr)
    assert all(json.loads(line) for line in replayed.stdout.splitlines())


# a store that cannot be written


def test_a_read_only_store_is_refused_untouched_even_to_root(tmp_path: Path) -> None:
    folder = tmp_path / "clinic"
    with closing(SqliteStore(folder / "store")) as store:
        store.write([plain()], {}, NOON)
    file = folder / "store" / "store.db"
    file.chmod(0o444)
    before = hashlib.sha256(file.read_bytes()).digest()
    lines = [("ingest", "--port", str(free_port())), ("serve", "--port", "0"), ("watch",)]
    with ExitStack() as stack:
        verbs = [stack.enter_context(started(tmp_path / name, name, folder, *more)) for name, *more in lines]
        assert [verb.ended() for verb in verbs] == [1, 1, 1], [verb.said for verb in verbs]
    for verb in verbs:
        assert "store.db cannot be written: it is read-only. Make the file and its folder writable for this user" in verb.said
        assert "Traceback" not in verb.said
    assert hashlib.sha256(file.read_bytes()).digest() == before
    file.chmod(0o600)
    with closing(SqliteStore(folder / "store")) as store:
        assert store.readings() == {"d1": 3}


# a port that somebody else has


def test_a_busy_port_is_said_before_any_long_work(tmp_path: Path) -> None:
    rooms = [tmp_path / name for name in ("demo", "ingest", "serve")]
    (tmp_path / "temporary").mkdir()
    with taken() as port, ExitStack() as stack:
        at = ("--port", str(port))
        verbs = [
            stack.enter_context(started(rooms[0], "demo", *at, TMPDIR=str(tmp_path / "temporary"))),
            stack.enter_context(started(rooms[1], "ingest", tmp_path / "clinic", *at)),
            stack.enter_context(started(rooms[2], "serve", tmp_path / "clinic", *at)),
        ]
        assert [verb.ended() for verb in verbs] == [1, 1, 1], [verb.said for verb in verbs]
    for verb in verbs:
        assert f"{port}" in verb.said
        assert "choose another port" in verb.said
        assert "Traceback" not in verb.said
        assert verb.out == ""
    assert list((tmp_path / "temporary").iterdir()) == []


# a second collector


def test_a_second_collector_on_one_spool_is_turned_away_and_the_first_goes_on(tmp_path: Path) -> None:
    path = tmp_path / "spool.db"
    with closing(Spool(path)) as first:
        first.commit([plain()], [], {})
        code, second = ended(tmp_path / "said", "collect", path, "--band", "b-1,AA:BB:CC:DD:EE:FF")
        assert code == 1
        assert f"Another collector is using {path}. Stop it first, or give this one a spool of its own." in second.said
        assert "Traceback" not in second.said
        first.commit([plain(t0=NOON + 3 * MINUTE)], [], {})
        assert (first.waiting(), first.accepted()) == (2, {"d1": 6})


def test_a_spool_is_free_again_once_its_collector_has_ended_badly(tmp_path: Path) -> None:
    path = tmp_path / "spool.db"
    code, verb = ended(tmp_path / "said", "collect", path, "--band", "b-1,AA:BB:CC:DD:EE:FF")

    assert (code, "bluetooth" in verb.said or "D-Bus" in verb.said) == (1, True)
    with closing(Spool(path)) as next_one:
        assert next_one.waiting() == 0
