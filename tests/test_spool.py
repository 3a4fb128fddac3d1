"""The gateway's outbox: nothing committed is lost, nothing is trimmed that was not answered for."""

import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.batch import CELL, HOUR, Batch, Cause, Span, Stream
from ingest.body import decode
from ingest.spool import Spool
from ingest.spooled import PARCEL_BYTES
from ingest.spoolfile import SpoolUnavailable
from ingest.wire import Parcel, ranges, unpack
from tests.batches import NOON, drawn, noise, plain, same


def test_what_was_committed_is_there_after_reopening(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "spool.db")
    spool.commit([plain()], [Span("d1", NOON, NOON + CELL)], {("d1", Stream.HR): NOON})
    first = spool.id
    spool.close()
    again = Spool(tmp_path / "spool.db")
    (row,) = again.oldest(0, 10)
    assert same(decode(unpack(row.parcel).bodies[0][1]), plain())
    assert (again.id, again.cursor("d1", Stream.HR), again.heard_to("d1")) == (first, NOON, NOON + CELL)


def test_a_new_file_has_another_id_and_turns_rise_over_restarts(tmp_path: Path) -> None:
    one, other = Spool(tmp_path / "a.db"), Spool(tmp_path / "b.db")
    assert one.id != other.id
    last = one.next_turn()
    one.close()
    assert Spool(tmp_path / "a.db").next_turn() > last


def test_a_second_collector_on_one_spool_is_refused(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "spool.db")
    with pytest.raises(SpoolUnavailable, match="Another collector"):
        Spool(tmp_path / "spool.db")
    spool.close()
    Spool(tmp_path / "spool.db").close()


def test_a_second_collector_is_refused_by_whatever_name_it_calls_the_spool(tmp_path: Path) -> None:
    (tmp_path / "card").mkdir()
    (tmp_path / "link.db").symlink_to(tmp_path / "card" / "spool.db")
    (tmp_path / "disk").symlink_to(tmp_path / "card")
    with closing(Spool(tmp_path / "link.db")) as spool:
        spool.commit([plain()], [], {})
        for name in ("card/spool.db", "disk/spool.db", "link.db"):
            with pytest.raises(SpoolUnavailable, match="Another collector"):
                Spool(tmp_path / name)
    with closing(Spool(tmp_path / "disk" / "spool.db")) as spool:
        assert spool.waiting() == 1


def test_a_read_only_spool_is_refused_with_what_to_do(tmp_path: Path) -> None:
    Spool(tmp_path / "spool.db").close()
    (tmp_path / "spool.db").chmod(0o444)
    with pytest.raises(SpoolUnavailable, match="read-only"):
        Spool(tmp_path / "spool.db")


def test_a_file_that_is_no_spool_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "spool.db").write_bytes(b"a letter to the clinic" * 100)
    with pytest.raises(SpoolUnavailable, match="not a KeepUp file"):
        Spool(tmp_path / "spool.db")
    assert (tmp_path / "spool.db").read_bytes().startswith(b"a letter")


def test_a_row_that_the_disk_changed_is_set_aside_and_a_gap_and_its_neighbours_leave(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "spool.db")
    for i in range(3):
        spool.commit([plain(t0=NOON + i * HOUR)], [], {})
    with closing(sqlite3.connect(tmp_path / "spool.db")) as db, db:
        db.execute("update row set parcel = x'00' where seq = 2")
    for rows in (spool.oldest(0, 9), spool.newest(9, ())[::-1]):
        first, lost, last = rows
        assert [row.seq for row in rows] == [1, 2, 3]
        assert unpack(lost.parcel) == Parcel([], [Span("d1", NOON + HOUR, plain(t0=NOON + HOUR).end, Cause.CORRUPT)])
        assert all(same(decode(unpack(row.parcel).bodies[0][1]), plain(t0=t0)) for row, t0 in ((first, NOON), (last, NOON + 2 * HOUR)))
    assert spool.accepted() == {"d1": 9}
    spool.close()
    with closing(sqlite3.connect(tmp_path / "spool.db")) as db:
        ((seq, reason, parcel),) = db.execute("select seq, reason, parcel from aside").fetchall()
    assert (seq, parcel) == (2, b"\0")
    assert "disk" in reason


def test_a_long_commit_is_cut_into_messages_a_broker_takes(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "spool.db")
    batches = [noise(Stream.ACC, NOON + i * CELL, 50) for i in range(720)]
    spool.commit(batches, [Span("d1", NOON, NOON + 720 * CELL)], {})
    rows = spool.oldest(0, 1000)
    assert 1 < len(rows) < 720
    assert all(len(row.parcel) < PARCEL_BYTES * 1.1 for row in rows)
    assert sum(len(unpack(row.parcel).bodies) for row in rows) == 720


def test_the_claim_stops_at_what_is_unanswered_and_goes_on_when_it_is(tmp_path: Path) -> None:
    #   |--row 1--|--row 2--|       answered: 2 first, then 1
    spool = Spool(tmp_path / "spool.db")
    spool.commit([plain(t0=NOON)], [Span("d1", NOON, NOON + CELL)], {})
    spool.commit([plain(t0=NOON + CELL)], [Span("d1", NOON + CELL, NOON + 2 * CELL)], {})
    assert spool.claim("d1") == NOON
    spool.trim([(2, 2)], [])
    assert spool.claim("d1") == NOON
    spool.trim([], [1])
    assert spool.claim("d1") == NOON + 2 * CELL
    assert spool.claim("unheard of") is None


@settings(max_examples=30, deadline=None)
@given(batches=st.lists(drawn(), min_size=1, max_size=8, unique_by=lambda b: (b.dev, b.stream, b.t0)), data=st.data())
def test_only_answered_rows_leave_and_every_reading_is_counted(
    tmp_path_factory: pytest.TempPathFactory, batches: list[Batch], data: st.DataObject
) -> None:
    spool = Spool(tmp_path_factory.mktemp("spool") / "spool.db")
    for batch in batches:
        spool.commit([batch], [], {})
    answered = data.draw(st.sets(st.integers(1, len(batches))))
    spool.trim(ranges(answered), [])
    assert {row.seq for row in spool.oldest(0, 100)} == set(range(1, len(batches) + 1)) - answered
    assert sum(spool.accepted().values()) == sum(b.n for b in batches)
    spool.close()


def test_a_killed_collector_leaves_whole_commits_only(tmp_path: Path) -> None:
    """A process that dies in the middle of its n-th commit: n - 1 commits are there, and no half one."""
    program = f"""
import os
from pathlib import Path
from ingest import spooled as module
from ingest.spool import Spool
from ingest.batch import Stream
from tests.batches import NOON, plain
spool = Spool(Path({str(tmp_path / "spool.db")!r}))
for i in range(5):
    if i == 4:
        module.pack = lambda parcel, pack=module.pack, calls=[]: (calls.append(1), os._exit(9) if len(calls) > 1 else pack(parcel))[1]
    spool.commit([plain(t0=NOON + i), plain(t0=NOON + i, dev="d2")], [], {{}})
"""
    died = subprocess.run([sys.executable, "-c", program], cwd=Path(__file__).parents[1], env=os.environ | {"PYTHONPATH": "."}, check=False)
    assert died.returncode == 9
    spool = Spool(tmp_path / "spool.db")
    assert spool.waiting() == 8
    assert spool.accepted() == {"d1": 12, "d2": 12}
