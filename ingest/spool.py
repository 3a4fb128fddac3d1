"""The gateway's outbox: what this commits is never lost, and leaves only when an ingester says that it is stored."""

import fcntl
import os
import sqlite3
import zlib
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Any
from uuid import uuid4

import structlog

from ingest.batch import Batch, Cause, Span, Stream
from ingest.sqlite import connect, transaction, why
from ingest.wire import Parcel, encode, pack

log = structlog.get_logger()
PARCEL_BYTES = 60_000
"""A row is cut here, so that a message stays well under every broker's default limit."""


class SpoolUnavailable(Exception):
    """The spool cannot be opened or written; the message says which file, why and what to do next."""


@dataclass(frozen=True, slots=True)
class Row:
    seq: int
    dev: str
    parcel: bytes


class Spool:
    """One SQLite file, one process. The collector commits on its thread, the sender reads and trims on its own. Times are µs UTC."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = Lock()
        self._held = _hold(path)
        try:
            self._db = connect(path, _SCHEMA)
            if "t1" not in [column for _, column, *_ in self._db.execute("pragma table_info(row)")]:  # an older spool
                self._db.execute("alter table row add column t1 integer not null default 0")
            with transaction(self._db):
                self.id = self._meta("id", uuid4().hex[:12])
                boot = int(self._meta("boot", "0")) + 1
                self._db.execute("update meta set value = ? where key = 'boot'", (str(boot),))
            self._turn = boot << 32
            self.commits = 0
            """Since it was opened: the sender sees by it that there is something new to claim."""
        except (OSError, sqlite3.Error) as error:
            os.close(self._held)
            raise SpoolUnavailable(why(path, error)) from error

    def commit(
        self,
        batches: Sequence[Batch],
        spans: Sequence[Span],
        cursors: Mapping[tuple[str, Stream], int],
        heard_to: Mapping[str, int] | None = None,
    ) -> None:
        """All of it, durably, or none. `cursors`: last committed sample of each stream. `heard_to`: bands of which all that there will
        ever be before a time is told, where no span says so (a recording). Raises `SpoolUnavailable`."""
        try:
            with self._lock, transaction(self._db):
                for dev in dict.fromkeys([b.dev for b in batches] + [s.dev for s in spans]):
                    self._add([b for b in batches if b.dev == dev], [s for s in spans if s.dev == dev], dev)
                reached = {span.dev: span.t1 for span in sorted(spans, key=lambda span: span.t1)} | dict(heard_to or {})
                self._db.executemany(
                    "insert into band values (?, ?) on conflict do update set heard_to = max(heard_to, excluded.heard_to)", reached.items()
                )
                rows = [(dev, str(stream), at) for (dev, stream), at in cursors.items()]
                self._db.executemany("insert or replace into cursor values (?, ?, ?)", rows)
            self.commits += 1
        except sqlite3.Error as error:
            raise SpoolUnavailable(why(self.path, error)) from error

    def _add(self, batches: Sequence[Batch], spans: Sequence[Span], dev: str) -> None:
        for start, end, part in _parcels(batches, spans):
            packed, readings = pack(part), sum(n for n, _ in part.bodies)
            self._db.execute(
                "insert into row(dev, t0, t1, readings, crc, parcel) values (?, ?, ?, ?, ?, ?)",
                (dev, start, end, readings, zlib.crc32(packed), packed),
            )
            self._db.execute("insert into accepted values (?, ?) on conflict do update set n = n + excluded.n", (dev, readings))

    def cursor(self, dev: str, stream: Stream) -> int | None:
        """Time of the last committed sample of a stream."""
        return self._one("select at from cursor where dev = ? and stream = ?", dev, str(stream))

    def heard_to(self, dev: str) -> int | None:
        """Time up to which the band's link was alive or a gap is recorded."""
        return self._one("select heard_to from band where dev = ?", dev)

    def claim(self, dev: str) -> int | None:
        """Everything of the band before this is stored, or a recorded gap, as far as this spool knows."""
        # in one statement: a commit between two would let the claim run ahead of its row
        sql = "select (select min(t0) from row where dev = ?), (select heard_to from band where dev = ?)"
        return min((at for at in self._all(sql, dev, dev)[0] if at is not None), default=None)

    def claims(self) -> dict[str, int]:
        devs = [dev for (dev,) in self._all("select dev from band")]
        return {dev: claim for dev in devs if (claim := self.claim(dev)) is not None}

    def next_turn(self) -> int:
        self._turn += 1
        return self._turn

    def oldest(self, after: int, limit: int) -> list[Row]:
        """Rows behind `after`, oldest first, for the backlog."""
        return self._rows("select seq, dev, crc, parcel from row where seq > ? order by seq limit ?", after, limit)

    def newest(self, limit: int, without: Collection[int]) -> list[Row]:
        """Newest rows first, for what is live."""
        seqs = [s for (s,) in self._all("select seq from row order by seq desc limit ?", limit + len(without)) if s not in without]
        marks = ",".join("?" * len(seqs[:limit]))
        return self._rows(f"select seq, dev, crc, parcel from row where seq in ({marks}) order by seq desc", *seqs[:limit])

    def trim(self, stored: Sequence[tuple[int, int]], dead: Sequence[int]) -> int:
        """Forget rows an ingester has answered for. Returns how many went."""
        gone = 0
        try:
            with self._lock, transaction(self._db):
                for first, last in [*stored, *((seq, seq) for seq in dead)]:
                    gone += self._db.execute("delete from row where seq between ? and ?", (first, last)).rowcount
        except sqlite3.Error as error:
            raise SpoolUnavailable(why(self.path, error)) from error
        return gone

    def waiting(self) -> int:
        """Rows not yet answered for."""
        return self._one("select count(*) from row") or 0

    def accepted(self) -> dict[str, int]:
        """Readings ever committed, per band."""
        return dict(self._all("select dev, n from accepted"))

    def close(self) -> None:
        self._db.close()
        os.close(self._held)

    def _meta(self, key: str, default: str) -> str:
        self._db.execute("insert or ignore into meta values (?, ?)", (key, default))
        return str(self._db.execute("select value from meta where key = ?", (key,)).fetchone()[0])

    def _one(self, sql: str, *values: object) -> int | None:
        rows = self._all(sql, *values)
        return rows[0][0] if rows else None

    def _all(self, sql: str, *values: object) -> list[tuple[Any, ...]]:
        try:
            with self._lock:
                return self._db.execute(sql, values).fetchall()
        except sqlite3.Error as error:
            raise SpoolUnavailable(why(self.path, error)) from error

    def _rows(self, sql: str, *values: object) -> list[Row]:
        found = self._all(sql, *values)
        return [Row(seq, dev, parcel if zlib.crc32(parcel) == crc else self._set_aside(seq)) for seq, dev, crc, parcel in found]

    def _set_aside(self, seq: int) -> bytes:
        """Keeps what the disk made of a row; under its number a gap leaves instead, so that its neighbours can and the loss is seen."""
        ((dev, start, end),) = self._all("select dev, t0, t1 from row where seq = ?", seq)
        gap = pack(Parcel([], [Span(dev, start, max(end, start + 1), Cause.CORRUPT)]))
        try:
            with self._lock, transaction(self._db):
                self._db.execute("insert into aside select seq, ?, readings, parcel from row where seq = ?", (_ROTTEN, seq))
                self._db.execute("update row set readings = 0, crc = ?, parcel = ? where seq = ?", (zlib.crc32(gap), gap, seq))
        except sqlite3.Error as error:
            raise SpoolUnavailable(why(self.path, error)) from error
        log.error("a row was set aside", row=seq, reason=_ROTTEN, next=f"copy {self.path.name} to another disk")
        return gap


_ROTTEN = "changed since it was committed: the disk is failing"
_SCHEMA = """
create table if not exists meta(key text primary key, value text not null);
create table if not exists row(seq integer primary key autoincrement, dev text not null, t0 integer not null, t1 integer not null,
  readings integer not null, crc integer not null, parcel blob not null);
create index if not exists row_by_band on row(dev, t0);
create table if not exists aside(seq integer, reason text not null, readings integer not null, parcel blob not null);
create table if not exists cursor(dev text, stream text, at integer not null, primary key (dev, stream));
create table if not exists band(dev text primary key, heard_to integer not null);
create table if not exists accepted(dev text primary key, n integer not null);
"""


def _hold(path: Path) -> int:
    """Keeps every other process off this spool while the returned descriptor is open. Raises `SpoolUnavailable`."""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        held = os.open(path.with_name(path.name + ".lock"), os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise SpoolUnavailable(why(path, error)) from error
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        os.close(held)
        raise SpoolUnavailable(f"Another collector is using {path}. Stop it first, or give this one a spool of its own.") from error
    return held


def _parcels(batches: Sequence[Batch], spans: Sequence[Span]) -> Iterator[tuple[int, int, Parcel]]:
    """(oldest time, end, parcel) of one band, each of at most `PARCEL_BYTES` of bodies; the spans ride with the last."""
    bodies: list[tuple[int, bytes]] = []
    size, oldest, end = 0, None, 0
    for batch in sorted(batches, key=lambda b: b.t0):
        body = encode(batch)
        if oldest is not None and size + len(body) > PARCEL_BYTES:
            yield oldest, end, Parcel(bodies)
            bodies, size, oldest, end = [], 0, None, 0
        oldest, end = batch.t0 if oldest is None else oldest, max(end, batch.end)
        bodies.append((batch.n, body))
        size += len(body)
    starts = [s.t0 for s in spans] + ([] if oldest is None else [oldest])
    yield min(starts), max([end, *(s.t1 for s in spans)]), Parcel(bodies, spans)
