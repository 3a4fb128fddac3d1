"""A full disk is a state that passes: what is committed stays, what is heard waits, rows still leave, and then all goes on."""

import os
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from ingest.batch import MINUTE, Cause, Span, Stream
from ingest.body import decode
from ingest.reserve import Reserve, free
from ingest.spool import Spool
from ingest.spoolfile import SpoolFull, SpoolUnavailable
from ingest.unwritten import Commit, Unwritten
from ingest.wire import unpack
from tests.batches import NOON, plain
from tests.test_sender import Gate
from tests.test_spool_budget import hear, lost, minute, parcels

DISK = 8 << 20
KEPT = 2 << 20


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of four megabytes."""
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={DISK},mode=700", "tmpfs", str(tmp_path)], capture_output=True, text=True, check=False
    )
    if mounted.returncode:
        pytest.skip(f"A FULL DISK CANNOT BE TRIED HERE: no small file system can be mounted ({mounted.stderr.strip()}); run it as root.")
    yield tmp_path
    subprocess.run(["umount", "-l", str(tmp_path)], check=True)


def fill(disk: Path, leave: int = 0) -> Path:
    """Somebody else's file takes all the room but `leave`."""
    other = disk / "other"
    with other.open("ab", buffering=0) as file:
        while (room := free(disk) - leave) > 0:
            try:
                file.write(bytes(min(room, 1 << 16)))
            except OSError:
                break
    return other


def opened(disk: Path, hold: int = 1 << 20) -> Spool:
    return Spool(disk / "spool.db", reserve=KEPT, hold=hold)


def readings(spool: Spool) -> int:
    return sum(n for days in spool.waiting_by_day().values() for _, n in days)


def test_while_the_disk_is_full_rows_leave_and_what_is_heard_waits_and_is_then_there(disk: Path) -> None:
    #   minutes    0 .... 30 | disk full 30 .... 60 | room again
    #   answered                  1 … 5
    spool = opened(disk)
    hear(spool, range(30))
    other = fill(disk)
    hear(spool, range(30, 60))
    assert spool.full
    waits = spool.waiting() - len(parcels(spool))
    assert waits > 0
    assert spool.waiting() == 60
    assert spool.trim([(1, 5)], []) == 5
    assert readings(spool) == (60 - waits - 5) * 601
    assert spool.accepted() == {"d1": (60 - waits) * 601}
    assert spool.claims() == {"d1": NOON + 5 * MINUTE}
    other.unlink()
    hear(spool, range(60, 61))
    assert not spool.full
    assert spool.accepted() == {"d1": 61 * 601}
    assert list(parcels(spool)) == list(range(6, 62))
    assert [decode(unpack(row.parcel).bodies[0][1]).t0 for row in spool.oldest(0, 99)] == [NOON + i * MINUTE for i in range(5, 61)]
    spool.close()


def test_rows_that_left_make_room_in_a_full_disk_s_file(disk: Path) -> None:
    spool = opened(disk)
    hear(spool, range(60))
    fill(disk)
    hear(spool, range(60, 80))
    waits = spool.waiting() - len(parcels(spool))
    assert waits
    spool.trim([(1, 50)], [])
    hear(spool, range(80, 81))
    assert spool.full
    assert spool.waiting() - len(parcels(spool)) == 0
    spool.close()


def test_a_sender_goes_on_over_a_full_disk(disk: Path) -> None:
    gate = Gate(disk / "spool.db")
    gate.spool.close()
    gate.spool = gate.sender._spool = opened(disk)
    hear(gate.spool, range(30))
    other = fill(disk)
    hear(gate.spool, range(30, 40))
    assert gate.spool.full
    sent = gate.move(100.0)
    assert set(sent) == set(parcels(gate.spool))
    gate.answer(*sent)
    gate.move(101.0)
    hear(gate.spool, range(40, 41))
    other.unlink()
    hear(gate.spool, range(41, 42))
    gate.answer(*gate.move(102.0))
    gate.move(103.0)
    assert gate.spool.waiting() == 0
    assert gate.spool.accepted() == {"d1": 42 * 601}
    gate.spool.close()


def test_a_spool_opens_on_a_full_disk_and_rows_still_leave(disk: Path) -> None:
    spool = opened(disk)
    hear(spool, range(30))
    spool.close()
    fill(disk)
    spool = opened(disk)
    assert spool.full
    assert spool.trim([(1, 10)], []) == 10
    assert len(spool.oldest(0, 99)) == 20
    spool.close()


def test_a_new_spool_on_a_full_disk_says_what_to_do(disk: Path) -> None:
    fill(disk)
    with pytest.raises(SpoolUnavailable, match="Free some space"):
        opened(disk)


def test_what_never_came_to_the_disk_is_said_at_the_end(disk: Path) -> None:
    spool = opened(disk)
    hear(spool, range(5))
    fill(disk)
    hear(spool, range(5, 60))
    with pytest.raises(SpoolFull, match="the time is a gap"):
        spool.close()
    (disk / "other").unlink()
    with closing(opened(disk)) as again:
        heard = again.heard_to("d1")
        assert heard == NOON + len(parcels(again)) * MINUTE
        assert again.cursor("d1", Stream.HR) is None


def test_where_memory_runs_out_too_gaps_come_to_the_disk_instead(disk: Path) -> None:
    spool = opened(disk, hold=100_000)
    hear(spool, range(5))
    other = fill(disk)
    hear(spool, range(5, 300))
    other.unlink()
    hear(spool, range(300, 301))
    kept = parcels(spool)
    gaps = [time for parcel in kept.values() for time in lost(parcel)]
    all_lost = [(s.t0, s.t1) for parcel in kept.values() for s in parcel.spans if s.cause is Cause.OVERFLOW]
    gone = {start // MINUTE * MINUTE for start, end in all_lost for start in range(start, end, MINUTE)}
    there = {decode(body).t0 // MINUTE for parcel in kept.values() for _, body in parcel.bodies if decode(body).stream == Stream.ACC}
    alive = [(s.t0, s.t1) for parcel in kept.values() for s in parcel.spans if s.cause is None]
    assert gaps
    for i in range(301):
        at = NOON + i * MINUTE
        assert (at // MINUTE in there) != any(start <= at < end for start, end in gaps)
        assert any(start <= at < end for start, end in alive) == (at not in gone)
    spool.close()


def test_the_reserve_is_there_before_and_after_but_not_during(disk: Path) -> None:
    spool, reserve = opened(disk), Reserve(disk / "spool.db", KEPT)
    assert reserve.kept
    other = fill(disk)
    hear(spool, range(200))
    assert not reserve.kept
    other.unlink()
    spool.trim([(1, 999)], [])
    hear(spool, range(200, 201))
    assert reserve.kept
    assert os.stat(reserve.path).st_mode & 0o777 == 0o600
    spool.close()


def test_a_stream_goes_on_after_what_waits_in_memory(disk: Path) -> None:
    spool = opened(disk)
    hear(spool, range(5))
    fill(disk)
    for i in range(5, 40):
        batches, spans = minute(i)
        spool.commit(batches, spans, {("d1", Stream.ACC): batches[-2].last})
    assert spool.cursor("d1", Stream.ACC) == NOON + 40 * MINUTE - 100_000
    with pytest.raises(SpoolFull):
        spool.close()


def test_commits_in_memory_lose_raw_motion_first_then_all_and_never_the_time() -> None:
    held = Unwritten(room=60_000)
    gone = 0
    for i in range(2_000):
        held.add(Commit(*minute(i), {("d1", Stream.HR): NOON + i * MINUTE}, {"d2": NOON + i}))
        gone += held.shed()
    first = held.first
    assert {batch.stream for batch in first.batches} <= {Stream.HR}
    assert held.cursor("d1", Stream.HR) == NOON + 1999 * MINUTE
    alive = [span for span in first.spans if span.cause is None]
    (all_, motion), reach = [[s for s in first.spans if s.cause is cause] for cause in (Cause.OVERFLOW, Cause.THINNED)], alive[0].t1
    assert (all_, alive) == ([Span("d1", NOON, alive[0].t0, Cause.OVERFLOW)], [Span("d1", alive[0].t0, reach)])
    assert motion == [Span("d1", NOON, reach, Cause.THINNED)]
    assert gone == (reach - NOON) // MINUTE * 601 - len(first.batches)
    assert first.reached == {"d1": reach, "d2": NOON + (reach - NOON) // MINUTE - 1}


def test_an_error_of_the_disk_other_than_a_lack_of_room_is_told(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "spool.db")
    with closing(sqlite3.connect(tmp_path / "spool.db")) as db:
        db.execute("drop table row")
    with pytest.raises(SpoolUnavailable, match="no such table"):
        spool.commit([plain()], [], {})


def test_a_disk_where_somebody_takes_even_the_reserve_ends_nothing(disk: Path) -> None:
    gate = Gate(disk / "spool.db")
    gate.spool.close()
    gate.spool = gate.sender._spool = opened(disk)
    hear(gate.spool, range(400))
    sent = gate.move(100.0)
    for i in range(400, 420):
        fill(disk)
        hear(gate.spool, range(i, i + 1))
    gate.answer(*sent)
    for _ in range(20):
        gate.sender._step()
    (disk / "other").unlink()
    hear(gate.spool, range(420, 421))
    gate.link.connections += 1
    for second in range(20):
        gate.answer(*gate.move(200.0 + second))
    assert gate.spool.waiting() == 0
    assert gate.spool.accepted() == {"d1": 421 * 601}
    gate.spool.close()
