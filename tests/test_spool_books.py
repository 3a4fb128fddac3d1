"""What a spool has accepted, by band and day, in its own file and in one of an earlier KeepUp."""

import sqlite3
import zlib
from contextlib import closing
from pathlib import Path

from ingest.batch import DAY, HOUR, MINUTE, Span, Stream
from ingest.body import encode
from ingest.spool import Spool
from ingest.wire import Parcel, pack
from tests.batches import NOON, plain

TODAY = NOON // DAY
EARLIER = """
create table meta(key text primary key, value text not null);
create table row(seq integer primary key autoincrement, dev text not null, t0 integer not null, t1 integer not null,
  readings integer not null, crc integer not null, parcel blob not null);
create index row_by_band on row(dev, t0);
create table aside(seq integer, reason text not null, readings integer not null, parcel blob not null);
create table cursor(dev text, stream text, at integer not null, primary key (dev, stream));
create table band(dev text primary key, heard_to integer not null);
create table accepted(dev text primary key, n integer not null);
insert into meta values ('id', 'abc'), ('boot', '4');
insert into accepted values ('d1', 100), ('d2', 5);
"""


def test_readings_are_counted_on_the_day_on_which_their_batch_begins(tmp_path: Path) -> None:
    #    22 Nov                 | 23 Nov
    #    23:58  one batch of 3 ...  00:00   00:03 another
    midnight = NOON + 12 * HOUR
    spool = Spool(tmp_path / "spool.db")
    late, early = plain(t0=midnight - 2 * MINUTE, n=4), plain(t0=midnight + 3 * MINUTE)
    spool.commit([late, early], [Span("d1", midnight - HOUR, midnight + HOUR)], {})
    spool.commit([plain(dev="d2")], [], {})
    assert spool.accepted_by_day() == {"d1": [(TODAY, 4), (TODAY + 1, 3)], "d2": [(TODAY, 3)]}
    assert spool.waiting_by_day() == spool.accepted_by_day()
    assert spool.accepted() == {"d1": 7, "d2": 3}
    assert spool.touched() == {("d1", TODAY), ("d1", TODAY + 1), ("d2", TODAY)}
    spool.trim([(1, 1)], [])
    assert spool.waiting_by_day() == {"d1": [(TODAY + 1, 3)], "d2": [(TODAY, 3)]}
    assert spool.books() == {("d1", TODAY): 4, ("d1", TODAY + 1): 3, ("d2", TODAY): 3}
    assert spool.books([("d1", TODAY), ("nobody", TODAY)]) == {("d1", TODAY): 4}


def test_books_tell_of_sixty_days_and_one_absurd_day_hides_no_other(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "spool.db")
    days = [TODAY - 70 + day for day in range(70)] + [TODAY + 10_000]
    spool.commit([plain(t0=day * DAY, n=1) for day in days], [], {})
    assert sorted(day for _, day in spool.books()) == days[-60:]


def test_a_reading_spoilt_by_the_disk_is_no_longer_in_the_books(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "spool.db")
    spool.commit([plain()], [], {})
    with closing(sqlite3.connect(tmp_path / "spool.db")) as db, db:
        db.execute("update row set parcel = x'00'")
    assert len(spool.oldest(0, 9)) == 1
    assert spool.books() == {("d1", TODAY): 0}
    assert spool.thinned_by_day() == {"d1": [(TODAY, 3)]}


def test_the_spool_of_an_earlier_keepup_goes_on_as_it_is(tmp_path: Path) -> None:
    batch = plain(Stream.ACC, n=40)
    parcel = pack(Parcel([(40, encode(batch))], [Span("d1", NOON, NOON + MINUTE)]))
    with closing(sqlite3.connect(tmp_path / "spool.db")) as db, db:
        db.executescript(EARLIER)
        db.execute("insert into row values (7, 'd1', ?, ?, 40, ?, ?)", (NOON, NOON + MINUTE, zlib.crc32(parcel), parcel))
    for _ in range(2):
        with closing(Spool(tmp_path / "spool.db")) as spool:
            assert (spool.id, spool.waiting()) == ("abc", 1)
            assert spool.accepted() == {"d1": 100, "d2": 5}
            assert spool.accepted_by_day() == {"d1": [(0, 60), (TODAY, 40)], "d2": [(0, 5)]}
            assert spool.books() == {("d1", TODAY): 40}
            assert spool.oldest(0, 9)[0].parcel == parcel
    with closing(Spool(tmp_path / "spool.db", budget=1, reserve=1)) as spool:
        spool.commit([plain()], [], {})
        assert spool.thinned_by_day() == {"d1": [(TODAY, 40)]}
