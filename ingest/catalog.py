"""The ingester's index: what changed, what was heard or is a gap, what is complete, and what was set aside. Knows no person."""

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from ingest import aside, dead, gateways, spans
from ingest.aside import Aside
from ingest.batch import DAY, HOUR, Batch, Cause, Span
from ingest.dead import Dead, Letter, Letters
from ingest.gateways import Claim, Gateways, Told
from ingest.index import Index
from ingest.store import DEAD_KEPT, REST_KEPT

EVERY = DAY
"""How often what is too old is forgotten."""
LAG = 2 * DAY
"""How much later than by the catalog's word something may be gone: a store may forget by a clock of its own, and an ingester that was
down does not say so."""


class Catalog:
    """One SQLite file; safe from several threads. Times are µs UTC. Raises `StoreUnavailable`."""

    def __init__(self, path: Path) -> None:
        self._index = Index(path, _SCHEMA + spans.SCHEMA + gateways.SCHEMA + dead.SCHEMA + aside.SCHEMA)
        self.gateways = Gateways(self._index)
        self.letters = Letters(self._index)

    def record(
        self,
        batches: Sequence[Batch],
        spans_: Sequence[tuple[str, Span]],
        dead_: Sequence[Dead],
        claims: Sequence[Claim],
        now: int,
        messages: int = 0,
        told: Sequence[Told] = (),
        tried: Sequence[Letter] = (),
        aside_: Sequence[Aside] = (),
    ) -> None:
        """What an ingester has just stored, in one transaction; saying it twice changes nothing but the counters.

        `messages`: how many with rows this came in. `tried`: letters that were tried again; those go that are not in `dead_`.
        `aside_`: the time of what is in `dead_`, as far as that can be told.
        """
        with self._index.writing() as db:
            db.execute("update received set messages = messages + ?", (messages,))
            for spool, span in spans_:
                spans.lay(db, spool, span)
            dead.enter(db, dead_, now, tried)
            _touch(db, _hours(batches, [s for _, s in spans_], aside.enter(db, aside_, tried)))
            gateways.enter(db, claims, told, now)

    def stale(self, dev: str, before: int, since: int = 0) -> list[tuple[int, int]]:
        """(hour's start, change counter) of a band's hours that begin before a time and changed since they were last `made`, ascending.

        Of those that begin before `since` only what was never made.
        """
        sql = "select hour, counter from change where made < counter and dev = ? and hour < ? and (hour >= ? or made = 0) order by hour"
        return self._index.all(sql, dev, before, since)

    def made(self, dev: str, hours: Sequence[tuple[int, int]]) -> None:
        """What follows from these (hour, counter) is made; an hour that changed again meanwhile stays stale."""
        with self._index.writing() as db:
            rows = [(counter, dev, hour) for hour, counter in hours]
            db.executemany("update change set made = ? where dev = ? and hour = ?", rows)

    def hours(self, dev: str, start: int, end: int) -> list[int]:
        """Hours of a band in [start, end) of which something is stored, ascending."""
        rows = self._index.all("select hour from change where dev = ? and hour >= ? and hour < ? order by hour", dev, start, end)
        return [hour for (hour,) in rows]

    def spans(self, dev: str, start: int, end: int) -> list[Span]:
        """Alive spans and gaps that overlap [start, end), ascending; what went with a retired spool, or is set aside, is a gap too."""
        laid = spans.laid(self._index, dev, start, end)
        missing = aside.unheard(self._index, dev, min([start, *(s.t0 for s in laid)]), max([end, *(s.t1 for s in laid)]))
        told = [*spans.cut(laid, missing), *missing, *self.gateways.gaps(dev, start, end, laid)]
        return sorted((span for span in told if span.t0 < end and span.t1 > start), key=lambda span: span.t0)

    def complete_to(self, dev: str) -> int | None:
        """Everything of the band before this is stored or a gap: the earliest claim of all spools that hold it; `None`: no claim yet."""
        return self.gateways.complete_to(dev)

    def reached(self) -> int:
        """A time (µs UTC) that has been: the newest at which an ingester wrote here by its clock, but no later than a day after the newest
        that gateways told of, for that clock may have been ahead. 0: nothing came yet."""
        told = self.gateways.told_to()
        own = self._index.all("select max(at) from (select max(heard) as at from spool union all select at from trimmed)")[0][0]
        return 0 if told is None or own is None else min(own, told + DAY)

    def bands(self) -> list[str]:
        return [dev for (dev,) in self._index.all("select distinct dev from change union select distinct dev from claim order by dev")]

    def dead(self) -> list[Dead]:
        rows = self._index.all("select spool, seq, part, reason, readings, payload from dead order by spool, seq, part")
        return [Dead(*row) for row in rows]

    def received(self) -> int:
        """Messages with a parcel that ever came, repeats too."""
        return int(self._index.all("select messages from received")[0][0])

    def due(self, now: int) -> bool:
        """Whether it is time to forget what is too old. A new catalog lets a day pass first: what it is given then may be an old story."""
        if not self._index.all("select 1 from trimmed"):
            with self._index.writing() as db:
                db.execute("insert or ignore into trimmed values (1, ?, null)", (now,))
        return bool(self._index.all("select 1 from trimmed where at <= ?", now - EVERY))

    def trim(self, now: int) -> None:
        """Forget what the store forgets at `now`; to be called before it does, so that nothing is made from what is about to go."""
        with self._index.writing() as db:
            db.execute(
                "insert into trimmed values (1, ?1, ?1) on conflict do update set at = excluded.at, horizon = excluded.horizon", (now,)
            )
            spans.forget(db, now - REST_KEPT)
            aside.forget(db, now - REST_KEPT)
            db.execute("delete from change where hour + ? < ?", (HOUR, now - REST_KEPT))
            db.execute("delete from dead where at < ?", (now - DEAD_KEPT,))
            gateways.forget(db, now - REST_KEPT)

    def held_since(self, kept: int) -> int:
        """From when on what is kept for so long (µs) is surely still held: `RAW_KEPT` and its siblings. 0: nothing was forgotten yet."""
        rows = self._index.all("select horizon from trimmed where horizon is not null")
        return rows[0][0] - kept + LAG if rows else 0

    def close(self) -> None:
        self._index.close()


def _touch(db: sqlite3.Connection, hours: Iterable[tuple[str, int]]) -> None:
    (top,) = db.execute("select coalesce(max(counter), 0) from change").fetchone()
    rows = [(dev, hour, top + 1) for dev, hour in sorted(set(hours))]
    db.executemany("insert into change values (?, ?, ?, 0) on conflict do update set counter = excluded.counter", rows)


def _hours(batches: Sequence[Batch], told: Sequence[Span], aside_: Sequence[Span]) -> Iterator[tuple[str, int]]:
    """Band-hours these touch; a gap changes no minute, for what was not heard is unknown already: but where times are now called wrong,
    where what was said was given up, and where what was heard is set aside, or is no longer."""
    changing = [*(span for span in told if span.cause in _TELLING), *aside_]
    stretches = [(b.dev, b.t0, b.end) for b in batches] + [(s.dev, s.t0, s.t1) for s in changing]
    for dev, start, end in stretches:
        for hour in range(start // HOUR, (end - 1) // HOUR + 1):
            yield dev, hour * HOUR


_TELLING = (None, Cause.CLOCK, Cause.THINNED, Cause.OVERFLOW)
_SCHEMA = """
create table if not exists received(one integer primary key check (one = 1), messages integer not null);
insert or ignore into received values (1, 0);
create table if not exists change(dev text, hour integer, counter integer not null, made integer not null,
  primary key (dev, hour)) without rowid;
create index if not exists change_by_counter on change(counter);
create index if not exists change_stale on change(dev, hour) where made < counter;
create table if not exists trimmed(one integer primary key check (one = 1), at integer not null, horizon integer);
"""
