"""A spool is looked over and what can be read is saved; the original stays as it is, byte for byte."""

import json
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from typer.testing import CliRunner

from cli import main
from ingest.batch import DAY, MICROS, Cause, Span, Stream
from ingest.body import decode
from ingest.spool import Spool
from ingest.wire import Parcel, unpack
from tests.batches import NOON, noise, plain, same

TODAY = NOON // DAY
ROWS = 400
ROOT = Path(__file__).parents[1]


class Said(NamedTuple):
    code: int
    found: dict[str, Any]


def doctor(*args: str | Path) -> Said:
    done = CliRunner().invoke(main.app, ["doctor", "spool", *map(str, args), "--json"])
    return Said(done.exit_code, json.loads(done.stdout) if done.stdout else {"said": done.stderr})


def beside(path: Path) -> dict[str, bytes]:
    """Everything in the folder but locks and the salvaged."""
    return {p.name: p.read_bytes() for p in path.parent.iterdir() if not p.name.startswith("new") and p.suffix != ".lock"}


@pytest.fixture(scope="module")
def left(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A spool with ten seconds a row, of which the first fifty are answered; its collector has ended well."""
    path = tmp_path_factory.mktemp("left") / "spool.db"
    with closing(Spool(path)) as spool:
        for i in range(ROWS):
            at = NOON + i * 10 * MICROS
            spool.commit([noise(Stream.ACC, at, 40), plain(t0=at, n=1)], [Span("d1", at, at + 10 * MICROS)], {("d1", Stream.ACC): at})
        spool.trim([(1, 50)], [])
    return path


@pytest.fixture
def path(left: Path, tmp_path: Path) -> Path:
    return Path(shutil.copy(left, tmp_path))


def pages_of_rows(path: Path) -> list[int]:
    """Leaf pages of the table of rows, which hold neither its beginning nor another table."""
    data = path.read_bytes()
    with closing(sqlite3.connect(path)) as db:
        root, size = db.execute("select rootpage from sqlite_master where name = 'row'").fetchone()[0], 4096
    top = (root - 1) * size
    assert data[top] == 5, "a table of several pages"
    cells = int.from_bytes(data[top + 3 : top + 5], "big")
    at = [int.from_bytes(data[top + 12 + 2 * i : top + 14 + 2 * i], "big") for i in range(cells)]
    return [int.from_bytes(data[top + offset : top + offset + 4], "big") for offset in at]


def scribble(path: Path, pages: list[int]) -> None:
    noise = random.Random(5)  # noqa: S311 — no secret
    with path.open("r+b") as file:
        for page in pages:
            file.seek((page - 1) * 4096)
            file.write(noise.randbytes(4096))


def all_read(path: Path) -> dict[int, Parcel]:
    with closing(sqlite3.connect(path)) as db:
        return {seq: unpack(parcel) for seq, parcel in db.execute("select seq, parcel from row")}


def test_a_sound_spool_is_told_and_left_alone(path: Path) -> None:
    before = beside(path)
    code, found = doctor(path)
    assert code == 0
    assert found["sound"] is True
    assert (found["rows"], found["readings"], found["bands"]) == (350, 350 * 41, {"d1": 350 * 41})
    assert found["oldest"] == "2026-11-22T12:08:20Z"
    assert found["salvaged"] is None
    assert beside(path) == before


def test_a_spool_that_was_left_in_the_middle_is_read_with_its_journal_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "spool.db"
    program = f"""
import os
from pathlib import Path
from ingest.spool import Spool
from tests.batches import NOON, plain
spool = Spool(Path({str(path)!r}))
for i in range(20):
    spool.commit([plain(t0=NOON + i)], [], {{}})
os.kill(os.getpid(), {int(signal.SIGKILL)})
"""
    subprocess.run([sys.executable, "-c", program], cwd=ROOT, env=os.environ | {"PYTHONPATH": "."}, check=False)
    before = beside(path)
    assert before["spool.db-wal"]
    code, found = doctor(path, "--into", tmp_path / "new.db")
    assert (code, found["rows"], found["salvaged"]) == (0, 20, 20)
    assert {name: data for name, data in beside(path).items() if not name.endswith("-shm")} == {
        name: data for name, data in before.items() if not name.endswith("-shm")
    }
    with closing(Spool(path)) as again, closing(Spool(tmp_path / "new.db")) as saved:
        assert again.waiting() == saved.waiting() == 20


def test_a_salvaged_spool_goes_on_where_the_old_one_was(path: Path) -> None:
    #   old: rows 51 … 400, turn n            new: the same rows, a higher turn, next row 401
    with closing(Spool(path)) as old:
        name, turn, rows = old.id, old.next_turn(), old.oldest(0, 999)
        heard, cursor = old.heard_to("d1"), old.cursor("d1", Stream.ACC)
    code, found = doctor(path, "--into", path.with_name("new.db"))
    assert (code, found["salvaged"]) == (0, 350)
    assert path.with_name("new.db").stat().st_mode & 0o777 == 0o600
    with closing(Spool(path.with_name("new.db"))) as new:
        assert (new.id, new.heard_to("d1"), new.cursor("d1", Stream.ACC)) == (name, heard, cursor)
        assert new.next_turn() > turn + 1
        assert new.oldest(0, 999) == rows
        assert new.accepted() == {"d1": ROWS * 41}
        assert new.books() == {("d1", TODAY): ROWS * 41}
        assert new.trim([(51, 400)], []) == 350
        new.commit([plain()], [], {})
        assert [row.seq for row in new.oldest(0, 9)] == [401]


def test_a_row_that_is_not_what_was_committed_is_told_and_saved_as_a_gap(path: Path) -> None:
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("update row set parcel = x'00' where seq = 77")
    code, found = doctor(path, "--into", path.with_name("new.db"))
    assert (code, found["rotten"], found["sound"]) == (1, [77], False)
    with closing(Spool(path.with_name("new.db"))) as new:
        assert [s.cause for s in all_read(new.path)[77].spans] == [Cause.CORRUPT]
        assert new.thinned_by_day() == {"d1": [(TODAY, 41)]}
        assert new.books() == {("d1", TODAY): (ROWS - 1) * 41}
        assert len(new.oldest(0, 999)) == 350
    assert doctor(path.with_name("new.db")).found["aside"] == 1


def test_around_damaged_pages_every_row_is_saved_and_what_is_lost_is_a_gap_with_its_time(path: Path) -> None:
    before = all_read(path)
    leaves = pages_of_rows(path)
    scribble(path, [leaves[3], leaves[4], leaves[-2]])
    was = beside(path)
    code, found = doctor(path, "--into", path.with_name("new.db"))
    assert code == 1
    lost = set(found["lost"])
    assert 10 < len(lost) < 100
    assert found["salvaged"] == 350 - len(lost)
    assert beside(path) == was
    new = all_read(path.with_name("new.db"))
    assert set(new) == set(before)
    for seq, parcel in before.items():
        if seq in lost:
            (gap,) = new[seq].spans
            at = NOON + (seq - 1) * 10 * MICROS
            assert gap == Span("d1", at, at + 10 * MICROS, Cause.CORRUPT)
        else:
            assert [same(decode(a), decode(b)) for (_, a), (_, b) in zip(parcel.bodies, new[seq].bodies, strict=True)] == [True, True]
    with closing(Spool(path.with_name("new.db"))) as spool:
        assert spool.books() == {("d1", TODAY): (ROWS - len(lost)) * 41}
        assert sum(n for _, n in spool.waiting_by_day()["d1"]) + 50 * 41 == spool.books()[("d1", TODAY)]


def test_where_the_list_of_rows_is_gone_altogether_it_is_said_and_no_row_is_made_up(path: Path) -> None:
    with closing(sqlite3.connect(path)) as db:
        roots = [page for (page,) in db.execute("select rootpage from sqlite_master where name in ('row', 'row_by_band')")]
    scribble(path, roots)
    code, found = doctor(path, "--into", path.with_name("new.db"))
    assert code == 1
    assert (found["rows"], found["salvaged"], found["lost"]) == (0, 0, [])
    assert any("damaged" in fault for fault in found["faults"])
    with closing(Spool(path.with_name("new.db"))) as new:
        assert new.accepted() == {"d1": ROWS * 41}
        new.commit([plain()], [], {})
        assert [row.seq for row in new.oldest(0, 9)] == [401]


def a_letter(path: Path) -> Path:
    path.with_name("letter").write_bytes(b"a letter to the clinic" * 100)
    return path.with_name("letter")


def another_database(path: Path) -> Path:
    with closing(sqlite3.connect(path.with_name("other.db"))) as db:
        db.execute("create table row(seq)")
    return path.with_name("other.db")


@pytest.mark.parametrize(("what", "words"), [(a_letter, "not a KeepUp file"), (another_database, "not a spool")])
def test_a_file_that_is_no_spool_is_said(path: Path, what: Callable[[Path], Path], words: str) -> None:
    other = what(path)
    before = other.read_bytes()
    code, found = doctor(other)
    assert code == 1
    assert words in found["said"]
    assert other.read_bytes() == before


def test_a_spool_in_use_is_refused(path: Path) -> None:
    with closing(Spool(path)):
        code, found = doctor(path)
    assert code == 1
    assert "Another collector is using" in found["said"]


def test_nothing_is_written_over(path: Path) -> None:
    path.with_name("new.db").write_text("mine")
    done = CliRunner().invoke(main.app, ["doctor", "spool", str(path), "--into", str(path.with_name("new.db"))])
    assert done.exit_code == 2
    assert path.with_name("new.db").read_text() == "mine"


def test_in_words_it_says_what_waits_what_is_broken_and_what_to_do(path: Path) -> None:
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("update row set parcel = x'00' where seq = 77")
    done = CliRunner().invoke(main.app, ["doctor", "spool", str(path)])
    assert done.exit_code == 1
    assert "350 rows" in done.stdout
    assert "not what was committed: 1" in done.stdout
    assert "--into" in done.stdout


def test_a_spool_that_will_soon_be_full_is_told(tmp_path: Path) -> None:
    with closing(Spool(tmp_path / "spool.db", 1 << 20, reserve=1)) as spool:
        for i in range(240):
            at = NOON + i * 60 * MICROS
            spool.commit([noise(Stream.ACC, at, 40)], [Span("d1", at, at + 60 * MICROS)], {})
        left = spool.days_left()
    assert left is not None
    code, found = doctor(tmp_path / "spool.db")
    assert code == 0
    assert found["days_left"] == pytest.approx(left, abs=0.05)
    assert left < 3
    assert "soon be full" in CliRunner().invoke(main.app, ["doctor", "spool", str(tmp_path / "spool.db")]).stdout
