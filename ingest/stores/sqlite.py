"""The embedded store: SQLite, raw samples in one file per UTC day so that forgetting a day is unlinking a file."""

import json
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path
from threading import RLock
from typing import Any

import numpy as np
import zstandard

from ingest.batch import DAY, HOUR, MICROS, Batch, Stream
from ingest.body import decode, encode
from ingest.bout import Bout
from ingest.deflate import deflated, inflated
from ingest.minute import MINUTE_DTYPE, Minutes, joined
from ingest.sqlite import connect, transaction, why
from ingest.store import RAW, RAW_KEPT, REST_KEPT, TILES_KEPT, StoreUnavailable
from ingest.tile import TILE_DTYPE, Tiles

OPEN_FILES = 8
PAGE = 16_384  # bytes; a 10-s window of 50 Hz fits a page with little waste


class SqliteStore:
    """`ingest.store.Store` in a folder; several processes may hold it open, writers take turns."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = RLock()
        self._raw: dict[int, sqlite3.Connection] = {}
        with self._spoken(folder / "store.db"):
            self._db = connect(folder / "store.db", _SCHEMA, PAGE)

    def write(self, batches: Sequence[Batch], tiles: dict[str, Tiles], arrived: int) -> None:
        raw: dict[int, list[Batch]] = {}
        rest: list[Batch] = []
        for batch in batches:
            if batch.stream in RAW:
                raw.setdefault(batch.t0 // DAY, []).append(batch)
            else:
                rest.append(batch)
        with self._lock:
            for day, found in sorted(raw.items()):
                with self._spoken(self._path(day)), transaction(self._day(day)):
                    self._day(day).executemany(_KEEP, [_row(b, arrived) for b in found])
            with self._spoken(), transaction(self._db):
                self._db.executemany(_KEEP, [_row(b, arrived) for b in rest])
                for dev, found_tiles in tiles.items():
                    rows = [(dev, int(t["t"]), int(t["part"]), arrived, t.tobytes()) for t in found_tiles]
                    self._db.executemany("insert or ignore into tile values (?, ?, ?, ?, ?)", rows)

    def batches(self, dev: str, stream: Stream, start: int, end: int, arrived_by: int | None = None) -> list[Batch]:
        # no batch is longer than an hour, so none that began earlier can reach into the range
        sql = "select body from batch where dev = ? and stream = ? and t0 > ? and t0 < ? and t1 > ? and arrived < ? order by t0"
        values = (dev, str(stream), start - HOUR - MICROS, end, start, _forever(arrived_by))
        with self._lock, self._spoken():
            files = self._days(start - HOUR, end) if stream in RAW else [self._db]
            return [decode(inflated(body)) for db in files for (body,) in db.execute(sql, values)]

    def before(self, dev: str, stream: Stream, start: int) -> Batch | None:
        sql = "select body from batch where dev = ? and stream = ? and t0 < ? order by t0 desc limit 1"
        with self._lock, self._spoken():
            for db in self._days(None, start, newest_first=True) if stream in RAW else [self._db]:
                row = db.execute(sql, (dev, str(stream), start)).fetchone()
                if row:
                    return decode(inflated(row[0]))
        return None

    def tiles(self, dev: str, start: int, end: int, arrived_by: int | None = None) -> Tiles:
        sql = "select body from tile where dev = ? and t >= ? and t < ? and arrived < ? order by t, part"
        with self._lock, self._spoken():
            blob = b"".join(body for (body,) in self._db.execute(sql, (dev, start, end, _forever(arrived_by))))
        return np.frombuffer(blob, TILE_DTYPE)

    def write_minutes(self, dev: str, minutes: Minutes) -> None:
        if not len(minutes):
            return
        with self._lock, self._spoken(), transaction(self._db):
            hours = minutes["t"] // HOUR
            for hour in np.unique(hours):
                new = minutes[hours == hour]
                old = self._hour(dev, int(hour))
                both = np.concatenate([old[~np.isin(old["t"], new["t"])], new])
                body = zstandard.compress(np.sort(both, order="t").tobytes())
                self._db.execute("insert or replace into minute values (?, ?, ?)", (dev, int(hour), body))

    def minutes(self, dev: str, start: int, end: int) -> Minutes:
        with self._lock, self._spoken():
            rows = self._db.execute(
                "select body from minute where dev = ? and hour >= ? and hour * 3600000000 < ? order by hour", (dev, start // HOUR, end)
            ).fetchall()
        out = joined([_unpacked(body) for (body,) in rows])
        return out[slice(*np.searchsorted(out["t"], (start, end)))]

    def write_bouts(self, dev: str, start: int, end: int, bouts: Sequence[Bout]) -> None:
        with self._lock, self._spoken(), transaction(self._db):
            self._db.execute("delete from bout where dev = ? and start >= ? and start < ?", (dev, start, end))
            rows = [(b.dev, b.kind, b.start, b.end, json.dumps(asdict(b))) for b in bouts]
            self._db.executemany("insert or replace into bout values (?, ?, ?, ?, ?)", rows)

    def bouts(self, dev: str, start: int, end: int) -> list[Bout]:
        with self._lock, self._spoken():
            rows = self._db.execute(
                "select body from bout where dev = ? and start < ? and end > ? order by start, kind", (dev, end, start)
            ).fetchall()
        return [Bout(**json.loads(body)) for (body,) in rows]

    def readings(self) -> dict[str, int]:
        out: dict[str, int] = {}
        with self._lock, self._spoken():
            for db in chain([self._db], self._days(None, None)):
                for dev, n in db.execute("select dev, sum(n) from batch group by dev"):
                    out[dev] = out.get(dev, 0) + n
        return out

    def daily(self, start: int, end: int) -> dict[tuple[str, int], int]:
        out: dict[tuple[str, int], int] = {}
        first, last = -(-start // DAY) * DAY, -(-end // DAY) * DAY
        with self._lock, self._spoken():
            for db in chain([self._db], self._days(first, last)):
                for dev, day, n in _daily(db, first, last):
                    out[dev, day] = out.get((dev, day), 0) + n
        return out

    def trim(self, now: int) -> None:
        with self._lock, self._spoken():
            for path, day in self._files():
                if (day + 1) * DAY < now - RAW_KEPT:
                    if day in self._raw:
                        self._raw.pop(day).close()
                    for file in (path, path.with_name(path.name + "-wal"), path.with_name(path.name + "-shm")):
                        file.unlink(missing_ok=True)
            with transaction(self._db):
                self._db.execute("delete from tile where t < ?", (now - TILES_KEPT,))
                self._db.execute("delete from batch where t1 < ?", (now - REST_KEPT,))
                self._db.execute("delete from minute where hour < ?", ((now - REST_KEPT) // HOUR,))
                self._db.execute("delete from bout where end < ?", (now - REST_KEPT,))

    def close(self) -> None:
        with self._lock:
            for db in [self._db, *self._raw.values()]:
                db.close()
            self._raw.clear()

    def _hour(self, dev: str, hour: int) -> Minutes:
        row = self._db.execute("select body from minute where dev = ? and hour = ?", (dev, hour)).fetchone()
        return _unpacked(row[0]) if row else np.empty(0, MINUTE_DTYPE)

    def _path(self, day: int) -> Path:
        return self._folder / datetime.fromtimestamp(day * 86_400, UTC).strftime(_DATED)

    def _files(self) -> list[tuple[Path, int]]:
        """Day files and the UTC day each holds, ascending."""
        dated = [(path, _told(path.name)) for path in sorted(self._folder.glob("raw-*.db"))]
        return [(path, day) for path, day in dated if day is not None]  # else a copy that somebody left beside them

    def _days(self, start: int | None, end: int | None, newest_first: bool = False) -> Iterator[sqlite3.Connection]:
        """One after the other: a file may be closed again once the next is asked for."""
        for _, day in sorted(self._files(), reverse=newest_first):
            if (start is None or (day + 1) * DAY > start) and (end is None or day * DAY < end):
                yield self._day(day)

    def _day(self, day: int) -> sqlite3.Connection:
        if day not in self._raw:
            while len(self._raw) >= OPEN_FILES:
                self._raw.pop(next(iter(self._raw))).close()
            self._raw[day] = connect(self._path(day), _BATCHES, PAGE)
        return self._raw[day]

    @contextmanager
    def _spoken(self, path: Path | None = None) -> Iterator[None]:
        try:
            yield
        except (sqlite3.Error, OSError) as error:
            raise StoreUnavailable(why(path or self._folder / "store.db", error)) from error


def _told(name: str) -> int | None:
    """The UTC day that a day file's name tells; `None`: it is no day file."""
    try:
        at = datetime.strptime(name, _DATED).replace(tzinfo=UTC)
    except ValueError:
        return None
    return int(at.timestamp()) // 86_400 if at.strftime(_DATED) == name else None


def _daily(db: sqlite3.Connection, start: int, end: int) -> Iterator[tuple[str, int, int]]:
    """(band, UTC day, readings), leaping from one to the next through the index: bodies of weeks are many gigabytes."""
    dev = ""
    while found := db.execute("select dev from batch where dev > ? order by dev limit 1", (dev,)).fetchone():
        (dev,), at = found, start
        while found := db.execute(
            "select t0 from batch where dev = ? and t0 >= ? and t0 < ? order by t0 limit 1", (dev, at, end)
        ).fetchone():
            day = found[0] // DAY
            at = (day + 1) * DAY
            yield dev, day, db.execute("select sum(n) from batch where dev = ? and t0 >= ? and t0 < ?", (dev, day * DAY, at)).fetchone()[0]


def _row(batch: Batch, arrived: int) -> tuple[Any, ...]:
    return batch.dev, str(batch.stream), batch.t0, batch.end, batch.n, arrived, deflated(encode(batch))


def _forever(arrived_by: int | None) -> int:
    return 2**62 if arrived_by is None else arrived_by


def _unpacked(body: bytes) -> Minutes:
    return np.frombuffer(zstandard.decompress(body), MINUTE_DTYPE)


_DATED = "raw-%Y-%m-%d.db"
_KEEP = "insert or ignore into batch values (?, ?, ?, ?, ?, ?, ?)"
_BATCHES = """
create table if not exists batch(dev text, stream text, t0 integer, t1 integer not null, n integer not null, arrived integer not null,
  body blob not null, primary key (dev, stream, t0)) without rowid;
create index if not exists batch_counted on batch(dev, t0, n);
"""
_SCHEMA = (
    _BATCHES
    + """
create table if not exists tile(dev text, t integer, part integer, arrived integer not null, body blob not null,
  primary key (dev, t, part)) without rowid;
create table if not exists minute(dev text, hour integer, body blob not null, primary key (dev, hour)) without rowid;
create table if not exists bout(dev text, kind text, start integer, end integer not null, body text not null,
  primary key (dev, kind, start)) without rowid;
"""
)
OPEN = SqliteStore
