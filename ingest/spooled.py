"""What a spool's file holds: its tables, how an older file becomes one, and how rows get in. All within the caller's transaction.

For each band and UTC day of a batch's first sample: accepted = answered + thinned + readings of the rows still there.
"""

import sqlite3
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence

from ingest.ahead import note
from ingest.batch import DAY, HOUR, Batch, Cause, Span
from ingest.body import encode
from ingest.charge import keep
from ingest.thinning import weight
from ingest.unwritten import Commit
from ingest.wire import Parcel, pack

PARCEL_BYTES = 60_000
"""A row is cut here, so that a message stays well under every broker's default limit."""
ROTTEN = "changed since it was committed: the disk is failing"
PACE_KEPT = 48
"""Hours whose bytes are remembered, to foretell by."""
Packed = tuple[str, int, int, int, int, int, bytes]
"""(band, oldest time, end, UTC day, readings, weight, parcel)."""
Books = dict[str, list[tuple[int, int]]]
"""Band → (UTC day's number since 1970, readings), days ascending."""


def packed(commit: Commit) -> list[Packed]:
    """The rows of one commit, each of one band and one day."""
    rows: list[Packed] = []
    for dev in dict.fromkeys([b.dev for b in commit.batches] + [s.dev for s in commit.spans]):
        mine = [b for b in commit.batches if b.dev == dev], [s for s in commit.spans if s.dev == dev]
        rows += [(dev, *part) for part in _parts(*mine)]
    return rows


def needed(rows: Sequence[Packed]) -> int:
    """Bytes of the file, at most: each row with its columns and its place in an index, a large one in whole pages, and a commit's rest."""
    return (32 << 10) + sum(100 + len(row[-1]) + (4096 if len(row[-1]) > 1000 else 0) for row in rows)


def insert(db: sqlite3.Connection, rows: Iterable[Packed]) -> None:
    for dev, t0, t1, day, readings, heavy, parcel in rows:
        values = (dev, t0, t1, day, readings, heavy, zlib.crc32(parcel), parcel)
        db.execute("insert into row(dev, t0, t1, day, readings, weight, crc, parcel) values (?, ?, ?, ?, ?, ?, ?, ?)", values)


def remember(db: sqlite3.Connection, commit: Commit) -> None:
    """Where streams and bands have got to."""
    cursors = [(dev, str(stream), at) for (dev, stream), at in commit.cursors.items()]
    db.executemany("insert or replace into cursor values (?, ?, ?)", cursors)
    note(db, commit.reached)
    keep(db, commit.batches)
    db.executemany(
        "insert into band values (?, ?) on conflict do update set heard_to = max(heard_to, excluded.heard_to)", commit.reached.items()
    )


def count(db: sqlite3.Connection, table: str, of: Mapping[tuple[str, int], int]) -> None:
    """`table`: accepted, answered or thinned; `of`: (band, day) → readings."""
    rows = [(dev, day, n) for (dev, day), n in of.items() if n]
    db.executemany(f"insert into {_COUNTS[table]} values (?, ?, ?) on conflict do update set n = n + excluded.n", rows)


def set_aside(db: sqlite3.Connection, seq: int) -> tuple[tuple[str, int], bytes]:
    """Keeps what the disk made of a row; under its number a gap leaves instead, so that its neighbours can and the loss is seen. Gives
    (band, day) of which there are fewer readings now, and the gap."""
    ((dev, t0, t1, day, readings),) = db.execute("select dev, t0, t1, day, readings from row where seq = ?", (seq,)).fetchall()
    gap = pack(Parcel([], [Span(dev, t0, max(t1, t0 + 1), Cause.CORRUPT)]))
    db.execute("insert into aside select seq, ?, readings, parcel from row where seq = ?", (ROTTEN, seq))
    db.execute("update row set readings = 0, weight = 0, crc = ?, parcel = ? where seq = ?", (zlib.crc32(gap), gap, seq))
    count(db, "thinned", {(dev, day): readings})
    return (dev, day), gap


def note_pace(db: sqlite3.Connection, at: int, bytes_: int) -> None:
    """`at`: µs UTC, the time that was committed up to."""
    db.execute("insert into pace values (?, ?) on conflict do update set bytes = bytes + excluded.bytes", (at // HOUR, bytes_))
    db.execute("delete from pace where hour < ?", (at // HOUR - PACE_KEPT,))


def books(rows: Sequence[tuple[str, int, int]]) -> Books:
    """(band, day, readings) of each."""
    found: Books = {}
    for dev, day, n in rows:
        found.setdefault(dev, []).append((day, n))
    return found


def forget(db: sqlite3.Connection, answered: Iterable[tuple[int, int]]) -> list[int]:
    """Rows of these inclusive ranges, which were answered for. Gives those that there were."""
    gone: list[int] = []
    counted: Counter[tuple[str, int]] = Counter()
    for first, last in answered:
        for seq, dev, day, readings in db.execute("select seq, dev, day, readings from row where seq between ? and ?", (first, last)):
            gone.append(seq)
            counted[dev, day] += readings
    db.executemany("delete from row where seq = ?", [(seq,) for seq in gone])
    count(db, "answered", counted)
    return gone


def bites(rows: Iterable[tuple[int, int]], size: int, top: int) -> Iterator[tuple[int, int]]:
    """Inclusive ranges of rows cut into such of at most `size`; `top`: the highest row there ever was."""
    for first, last in rows:
        for at in range(first, min(last, top) + 1, size):
            yield at, min(at + size - 1, last)


def used(db: sqlite3.Connection) -> int:
    """Bytes of the file that hold something."""
    pages, unused, size = (db.execute(f"pragma {name}").fetchone()[0] for name in ("page_count", "freelist_count", "page_size"))
    return int((pages - unused) * size)


def unused(db: sqlite3.Connection) -> int:
    """Bytes of the file that hold nothing any more, and may again."""
    return int(db.execute("pragma freelist_count").fetchone()[0] * db.execute("pragma page_size").fetchone()[0])


def modernise(db: sqlite3.Connection) -> None:
    """An older spool's tables as they are now. What it counted before it counted days is put on day 0."""
    columns = [column for _, column, *_ in db.execute("pragma table_info(row)")]
    if "t1" not in columns:
        db.execute("alter table row add column t1 integer not null default 0")
    if "day" not in columns:
        db.execute("alter table row add column day integer not null default 0")
        db.execute("alter table row add column weight integer not null default 2")  # may hold raw motion: thinning will look
        db.execute("update row set day = t0 / ?", (DAY,))
    if "day" not in [column for _, column, *_ in db.execute("pragma table_info(accepted)")]:
        db.execute("alter table accepted rename to before")
        db.execute(_ACCEPTED)
        db.execute("insert into accepted select dev, day, sum(readings) from row group by dev, day having sum(readings) > 0")
        waiting = "coalesce((select sum(readings) from row where row.dev = before.dev), 0)"
        earlier = f"select dev, 0, n - {waiting} from before where n > {waiting}"
        for table in ("accepted", "answered"):
            db.execute(f"insert into {_COUNTS[table]} {earlier}")
        db.execute("drop table before")


def _parts(batches: Sequence[Batch], spans: Sequence[Span]) -> Iterator[tuple[int, int, int, int, int, bytes]]:
    """One band's, each of at most `PARCEL_BYTES` of bodies and one day; the spans ride with the last."""
    part: list[Batch] = []
    bodies: list[tuple[int, bytes]] = []
    for batch in sorted(batches, key=lambda b: b.t0):
        body = encode(batch)
        if part and (sum(len(b) for _, b in bodies) + len(body) > PARCEL_BYTES or part[0].t0 // DAY != batch.t0 // DAY):
            yield _row(part, bodies, [])
            part, bodies = [], []
        part.append(batch)
        bodies.append((batch.n, body))
    yield _row(part, bodies, spans)


def _row(part: Sequence[Batch], bodies: Sequence[tuple[int, bytes]], spans: Sequence[Span]) -> tuple[int, int, int, int, int, bytes]:
    t0, t1 = min([*(b.t0 for b in part), *(s.t0 for s in spans)]), max([*(b.end for b in part), *(s.t1 for s in spans)])
    day = (part[0].t0 if part else t0) // DAY
    return t0, t1, day, sum(b.n for b in part), weight([b.stream for b in part]), pack(Parcel(bodies, spans))


_COUNTS = {name: name for name in ("accepted", "answered", "thinned")}
_ACCEPTED = "create table if not exists accepted(dev text, day integer, n integer not null, primary key (dev, day)) without rowid"
SCHEMA = f"""
create table if not exists meta(key text primary key, value text not null);
create table if not exists row(seq integer primary key autoincrement, dev text not null, t0 integer not null, t1 integer not null,
  day integer not null, readings integer not null, weight integer not null, crc integer not null, parcel blob not null);
create index if not exists row_by_band on row(dev, t0);
create table if not exists aside(seq integer, reason text not null, readings integer not null, parcel blob not null);
create table if not exists cursor(dev text, stream text, at integer not null, primary key (dev, stream));
create table if not exists band(dev text primary key, heard_to integer not null);
{_ACCEPTED};
create table if not exists answered(dev text, day integer, n integer not null, primary key (dev, day)) without rowid;
create table if not exists thinned(dev text, day integer, n integer not null, primary key (dev, day)) without rowid;
create table if not exists pace(hour integer primary key, bytes integer not null);
"""
