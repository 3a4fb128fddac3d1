"""The ingester's index: what changed, what was heard or is a gap, what is complete, and what was set aside. Knows no person."""

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Any

from ingest.batch import HOUR, Batch, Cause, Span
from ingest.sqlite import connect, transaction, why
from ingest.store import StoreUnavailable


@dataclass(frozen=True, slots=True)
class Dead:
    """Bytes that could not be stored, kept with the reason."""

    spool: str
    seq: int
    """Row of the spool; -1 where even that could not be read."""
    part: int
    """Which body of the row; -1 for the row as a whole."""
    reason: str
    readings: int
    """How many readings the gateway says these bytes hold; 0 where that cannot be read."""
    payload: bytes


@dataclass(frozen=True, slots=True)
class Claim:
    """What one spool says of one band: everything before `upto` (µs UTC) is stored or a gap."""

    spool: str
    dev: str
    upto: int
    turn: int


class Catalog:
    """One SQLite file; safe from several threads. Times are µs UTC. Raises `StoreUnavailable`."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._writes, self._reads = Lock(), Lock()
        try:
            self._db = connect(path, _SCHEMA)
            self._reader = connect(path, "")  # of its own, so that no reader waits for a commit to reach the disk
        except (OSError, sqlite3.Error) as error:
            raise StoreUnavailable(why(path, error)) from error

    def record(
        self,
        batches: Sequence[Batch],
        spans: Sequence[tuple[str, Span]],
        dead: Sequence[Dead],
        claims: Sequence[Claim],
        now: int,
        messages: int = 0,
    ) -> None:
        """What an ingester has just stored, in one transaction; saying it twice changes nothing but the counters.

        `messages`: how many with a parcel this came in.
        """
        with self._writing():
            self._db.execute("update received set messages = messages + ?", (messages,))
            self._touch(_hours(batches, [s for _, s in spans]))
            for spool, span in spans:
                self._lay(spool, span)
            rows = [(d.spool, d.seq, d.part, d.reason, d.readings, d.payload, now) for d in dead]
            self._db.executemany("insert or ignore into dead values (?, ?, ?, ?, ?, ?, ?)", rows)
            self._db.executemany(
                "insert into claim values (?, ?, ?, ?) on conflict do update set upto = excluded.upto, turn = excluded.turn "
                "where excluded.turn > turn",
                [(c.spool, c.dev, c.upto, c.turn) for c in claims],
            )

    def stale(self, dev: str, before: int) -> list[tuple[int, int]]:
        """(hour's start, change counter) of a band's hours that begin before a time and changed since they were last `made`, ascending."""
        return self._all("select hour, counter from change where made < counter and dev = ? and hour < ? order by hour", dev, before)

    def made(self, dev: str, hours: Sequence[tuple[int, int]]) -> None:
        """What follows from these (hour, counter) is made; an hour that changed again meanwhile stays stale."""
        with self._writing():
            rows = [(counter, dev, hour) for hour, counter in hours]
            self._db.executemany("update change set made = ? where dev = ? and hour = ?", rows)

    def hours(self, dev: str, start: int, end: int) -> list[int]:
        """Hours of a band in [start, end) of which something is stored, ascending."""
        rows = self._all("select hour from change where dev = ? and hour >= ? and hour < ? order by hour", dev, start, end)
        return [hour for (hour,) in rows]

    def spans(self, dev: str, start: int, end: int) -> list[Span]:
        """Alive spans and gaps that overlap [start, end), ascending."""
        rows = [
            (t0, t1, cause, final)
            for spool in self._spools(dev)
            for cause, final in _KINDS
            for t0, t1 in self._all(_OVERLAPPING, dev, spool, cause, final, start, end)
            if t1 > start
        ]
        rows.sort(key=lambda row: row[0])
        return [Span(dev, t0, t1, Cause(cause) if cause else None, bool(final)) for t0, t1, cause, final in rows]

    def complete_to(self, dev: str) -> int | None:
        """Everything of the band before this is stored or a gap: the earliest claim of all spools that hold it; `None`: no claim yet."""
        found: int | None = self._all("select min(upto) from claim where dev = ?", dev)[0][0]
        return found

    def bands(self) -> list[str]:
        return [dev for (dev,) in self._all("select distinct dev from change union select distinct dev from claim order by dev")]

    def dead(self) -> list[Dead]:
        return [Dead(*row) for row in self._all("select spool, seq, part, reason, readings, payload from dead order by spool, seq, part")]

    def received(self) -> int:
        """Messages with a parcel that ever came, repeats too."""
        return int(self._all("select messages from received")[0][0])

    def close(self) -> None:
        self._db.close()
        self._reader.close()

    def _spools(self, dev: str) -> list[str]:
        """Spools that said a span of the band, by one leap through the index for each."""
        found: list[str] = []
        while more := self._all(
            "select spool from span where dev = ? and spool > ? order by spool limit 1", dev, found[-1] if found else ""
        ):
            found.append(more[0][0])
        return found

    def _touch(self, hours: Iterable[tuple[str, int]]) -> None:
        (top,) = self._db.execute("select coalesce(max(counter), 0) from change").fetchone()
        rows = [(dev, hour, top + 1) for dev, hour in sorted(set(hours))]
        self._db.executemany("insert into change values (?, ?, ?, 0) on conflict do update set counter = excluded.counter", rows)

    def _lay(self, spool: str, span: Span) -> None:
        """Neighbouring spans of the same kind become one row, so a month of a quiet link is not 43,000 of them."""
        key = (spool, span.dev, str(span.cause or ""), int(span.final))
        same = "spool = ? and dev = ? and cause = ? and final = ?"
        # laid spans of a key are apart, so of those that begin before only the nearest can reach here
        nearest = self._db.execute(f"select t0, t1 from span where {same} and t0 < ? order by t0 desc limit 1", (*key, span.t0))
        inside = self._db.execute(f"select t0, t1 from span where {same} and t0 between ? and ?", (*key, span.t0, span.t1))
        found = [(t0, t1) for t0, t1 in nearest if t1 >= span.t0] + inside.fetchall()
        if any(t0 <= span.t0 and t1 >= span.t1 for t0, t1 in found):
            return
        self._db.executemany(f"delete from span where {same} and t0 = ?", [(*key, t0) for t0, _ in found])
        first, last = min([span.t0, *(t0 for t0, _ in found)]), max([span.t1, *(t1 for _, t1 in found)])
        self._db.execute("insert into span values (?, ?, ?, ?, ?, ?)", (*key, first, last))

    def _all(self, sql: str, *values: object) -> list[tuple[Any, ...]]:
        try:
            with self._reads:
                return self._reader.execute(sql, values).fetchall()
        except sqlite3.Error as error:
            raise StoreUnavailable(why(self.path, error)) from error

    @contextmanager
    def _writing(self) -> Iterator[None]:
        try:
            with self._writes, transaction(self._db):
                yield
        except sqlite3.Error as error:
            raise StoreUnavailable(why(self.path, error)) from error


def _hours(batches: Sequence[Batch], spans: Sequence[Span]) -> Iterator[tuple[str, int]]:
    """Band-hours these touch; a gap changes no minute, for what was not heard is unknown already."""
    stretches = [(b.dev, b.t0, b.end) for b in batches] + [(s.dev, s.t0, s.t1) for s in spans if s.cause is None]
    for dev, start, end in stretches:
        for hour in range(start // HOUR, (end - 1) // HOUR + 1):
            yield dev, hour * HOUR


_KINDS = [(cause, final) for cause in ("", *map(str, Cause)) for final in (0, 1)]
_OVERLAPPING = """
select t0, t1 from (
  select t0, t1 from span where dev = ?1 and spool = ?2 and cause = ?3 and final = ?4 and t0 < ?5 order by t0 desc limit 1)
union all select t0, t1 from span where dev = ?1 and spool = ?2 and cause = ?3 and final = ?4 and t0 >= ?5 and t0 < ?6
"""
"""The nearest before a start, and those that begin between it and an end: laid spans of a key are apart."""
_SCHEMA = """
create table if not exists received(one integer primary key check (one = 1), messages integer not null);
insert or ignore into received values (1, 0);
create table if not exists change(dev text, hour integer, counter integer not null, made integer not null,
  primary key (dev, hour)) without rowid;
create index if not exists change_by_counter on change(counter);
create index if not exists change_stale on change(dev, hour) where made < counter;
create table if not exists span(spool text, dev text, cause text, final integer, t0 integer, t1 integer not null,
  primary key (dev, spool, cause, final, t0)) without rowid;
create table if not exists dead(spool text, seq integer, part integer, reason text not null, readings integer not null,
  payload blob not null, at integer not null, primary key (spool, seq, part, payload));
create table if not exists claim(spool text, dev text, upto integer not null, turn integer not null,
  primary key (spool, dev)) without rowid;
"""
